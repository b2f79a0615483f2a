"""A guest as a value."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class Guest(msgspec.Struct, frozen=True):
    """A visitor who gave a nickname and agreed; `person_id` is set once the guest turned out to be a member."""

    id: UUID
    nickname: str
    consent: str
    site: str
    locale: str
    created_at: datetime
    person_id: UUID | None
