"""A shift, and somebody who is here now."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from server.kit.scope import Rule

# who prays with people; a moderator of the chat does not
VOLUNTEER = Rule.of("owner", "admin", "pastor", "prayer_team")

Duty = Literal["prayer", "leader"]


class Shift(msgspec.Struct, frozen=True):
    """A planned time of one person; a weekly one stays at the same hour of its zone."""

    id: UUID
    person_id: UUID
    duty: Duty
    starts_at: datetime
    ends_at: datetime
    zone: str
    weekly: bool
    until: date | None
    languages: tuple[str, ...]
    created_at: datetime


class Present(msgspec.Struct, frozen=True):
    """Somebody who said that they are here now; over at `here_until` unless they say so again."""

    person_id: UUID
    name: str
    languages: tuple[str, ...]
    here_since: datetime
    here_until: datetime
