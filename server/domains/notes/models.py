"""A note for the hosts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class Note(msgspec.Struct, frozen=True):
    """What somebody left for the hosts of a gathering; `need` names the kind of need that its words speak of."""

    id: UUID
    room_id: UUID
    room_title: str
    author_id: UUID
    author_name: str
    body: str
    need: str
    at: datetime
