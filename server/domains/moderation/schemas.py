"""The queue as moderators see it, and what they say to it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from server.domains.hosting.models import Reason
from server.domains.messages.schemas import MessageShown
from server.domains.moderation.models import Note, State
from server.domains.prayer.schemas import FlagShown, TeamRequest
from server.domains.replies.models import Kind as ReplyKind
from server.domains.subjects.models import Kind, Team, Verdict

Version = Annotated[
    int, Meta(ge=1, description="The subject's version that was read; another one is 409 `changed`.")
]
Line = Annotated[str, Meta(min_length=1, max_length=1000)]


class ReplyHeldShown(msgspec.Struct, frozen=True):
    """Words somebody wants to add below a prayer request."""

    id: UUID
    request: UUID
    kind: ReplyKind
    body: str
    name: str
    below: str  # the beginning of the request's words


class ReportedShown(msgspec.Struct, frozen=True):
    """A report of a message; who reported stays with the hosts' list."""

    reason: Reason
    note: str
    at: datetime


class CareShown(msgspec.Struct, frozen=True):
    """Somebody who asks for a person to pray with; the case's reason is `second` when one is there and two must be."""

    id: UUID
    name: str
    language: str
    topic: str
    minor: bool


class CaseShown(msgspec.Struct, frozen=True, omit_defaults=True):
    """A case with what it is about, as everybody who works on this queue sees it. Newest state by `id`.

    One of `request`, `reply`, `message`, `care` is there while it is open; flags and reports beside them. A concern has
    none: what was told is read by itself, with `subject`, by whom it is not about.
    One that is decided or closed shows who and what, and none of the words.
    """

    id: UUID
    kind: Kind
    team: Team
    state: State
    weight: int
    version: int
    subject: UUID
    subject_version: int
    opened_at: datetime
    reason: str = ""
    crisis: str = ""
    request: TeamRequest | None = None
    reply: ReplyHeldShown | None = None
    message: MessageShown | None = None
    room: str = ""  # title of the message's room
    care: CareShown | None = None
    flags: tuple[FlagShown, ...] = ()
    reports: tuple[ReportedShown, ...] = ()
    notes: int = 0
    claimed_by: UUID | None = None
    claimed_by_name: str = ""
    claimed_until: datetime | None = None
    assigned_to: UUID | None = None
    assigned_to_name: str = ""
    verdict: str = ""
    decided_by_name: str = ""
    decided_at: datetime | None = None
    undo_until: datetime | None = None


class QueueSnapshot(msgspec.Struct, frozen=True):
    """The open cases of one team, the heaviest and oldest first, at most 100; `waiting` counts all."""

    cases: list[CaseShown]
    waiting: int
    oldest_at: datetime | None


class Waiting(msgspec.Struct, frozen=True):
    """How many cases wait on a queue, and since when the oldest does."""

    waiting: int
    oldest_at: datetime | None


class Decide(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A decision over the version that was read; `public_body` is the wording that is put up with it."""

    verdict: Verdict
    version: Version
    public_body: Annotated[str, Meta(max_length=20_000)] | UnsetType = UNSET


class Assign(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose case it is; null: anybody's."""

    to: UUID | None = None


class NewNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A remark for the team."""

    body: Line


class NoteShown(msgspec.Struct, frozen=True):
    """A remark of the team."""

    id: UUID
    body: str
    name: str
    at: datetime

    @classmethod
    def of(cls, note: Note) -> NoteShown:
        """Show a note."""
        return cls(note.id, note.body, note.author_name, note.at)


class WorkerShown(msgspec.Struct, frozen=True):
    """Somebody who works on the caller's queues, and on which of them."""

    id: UUID
    name: str
    teams: list[Team]


class QueueWeek(msgspec.Struct, frozen=True):
    """One week of the queue in figures: median seconds from opened to decided, by kind, and how many."""

    decided: dict[str, int]
    waiting_seconds: dict[str, float]
    open: int
    oldest_at: datetime | None
