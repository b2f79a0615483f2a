"""An alarm."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

AlarmKind = Literal["self_harm", "abuse", "unsafe", "unattended"]
About = Literal["prayer", "reply", "message", "note", "care", "concern", "queue"]


class Alarm(msgspec.Struct, frozen=True):
    """Something that must not wait: a need that was found, somebody who felt unsafe, a queue nobody looks at."""

    id: UUID
    kind: AlarmKind
    about: About
    subject: UUID | None
    raised_at: datetime
    told: tuple[UUID, ...]
    seen_by: UUID | None
    seen_by_name: str
    seen_at: datetime | None
