"""A reply as a value."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

Kind = Literal["update", "testimony", "encouragement"]
State = Literal["held", "posted", "declined", "removed"]


class Reply(msgspec.Struct, frozen=True):
    """Something added below a request; `author_id` is null for the asker of an anonymous one."""

    id: UUID
    request_id: UUID
    kind: Kind
    state: State
    version: int
    body: str
    reason: str
    crisis: str
    author_id: UUID | None
    author_name: str
    created_at: datetime
    decided_at: datetime | None
