"""What hosts see and say."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from server.domains.hosting.models import Act, Reason, Report
from server.domains.messages.models import Message
from server.domains.messages.schemas import HeldShown, MessageShown


class HeldList(msgspec.Struct, frozen=True):
    """What waits for a decision in one room, oldest first."""

    held: list[HeldShown]


class ReportBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the hosts should look at a message."""

    reason: Reason
    note: Annotated[str, Meta(max_length=500)] = ""


class ReportShown(msgspec.Struct, frozen=True):
    """A message somebody asks the hosts to look at."""

    message: MessageShown
    reporter: UUID
    reason: Reason
    note: str
    at: datetime

    @classmethod
    def of(cls, report: Report, message: Message) -> ReportShown:
        """Show a report to hosts."""
        shown = MessageShown.of(message)
        return cls(shown, report.reporter_id, report.reason, report.note, report.at)


class WordsRead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which words of a message were read: of its last change, null for its first ones; left out, it is not asked."""

    edited_at: datetime | UnsetType | None = UNSET


class Undo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shall be taken back: it must be the newest act about the message, so that nobody undoes another's."""

    act: Act


class Clear(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose messages are taken down: in one room, or without `room` in all."""

    person: UUID
    room: UUID | None = None


class Cleared(msgspec.Struct, frozen=True):
    """How many messages were taken down."""

    removed: int


class Exported(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a room's export."""

    number: int
    at: datetime
    state: str
    author: str = ""
    author_id: UUID | None = None
    body: str = ""
    reply_to: UUID | None = None
    edited_at: datetime | None = None
    reactions: dict[str, int] = {}
    id: UUID | None = None
