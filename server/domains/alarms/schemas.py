"""Alarms as those who are called see them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from server.domains.alarms.models import About, Alarm, AlarmKind


class AlarmShown(msgspec.Struct, frozen=True, omit_defaults=True):
    """An alarm on the screens of those who are called; gone from all of them once somebody has seen to it.

    `subject` is the id of the request, reply, message, note, conversation or concern to look at; the queue has none.
    """

    id: UUID
    kind: AlarmKind
    about: About
    at: datetime
    subject: UUID | None = None
    seen: bool = False
    seen_by: str = ""

    @classmethod
    def of(cls, alarm: Alarm) -> AlarmShown:
        """Show an alarm."""
        seen = alarm.seen_at is not None
        return cls(
            alarm.id, alarm.kind, alarm.about, alarm.raised_at, alarm.subject, seen, alarm.seen_by_name
        )
