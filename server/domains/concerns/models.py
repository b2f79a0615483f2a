"""A concern."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from server.kit.scope import Rule

ConcernReason = Literal["unsafe", "unkind", "private", "other"]
READ = Rule.of("owner", "pastor")  # no key, no admin


class Concern(msgspec.Struct, frozen=True):
    """What somebody who was in a conversation tells the pastors about it; told again, it has another `version`."""

    id: UUID
    session_id: UUID
    by_id: UUID | None
    by_name: str
    about: tuple[UUID, ...]  # who else was in the conversation: they neither read nor settle it
    about_names: tuple[str, ...]
    reason: ConcernReason
    note: str
    round: int
    version: int
    at: datetime
    settled_at: datetime | None
