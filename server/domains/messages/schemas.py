"""Messages as everyone, their author or hosts see them: over HTTP, in frames, in the log."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from realtime.log import Position
from server.domains.messages.models import Author, Message, Page, RemovedBy
from server.domains.rooms.schemas import RoomShown, SeatShown

MOST_CHARACTERS = 2_000


class AuthorShown(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who wrote it. `mark` stands behind a name that another person here has too; `label` is a host's badge."""

    id: UUID
    kind: str
    name: str
    mark: str = ""
    label: str = ""


class MessageShown(msgspec.Struct, frozen=True, omit_defaults=True):
    """The full public state of a message. A client keeps the newest state by `id` and orders by `number`.

    A message that was taken down keeps its place and nothing else: `state` is `removed`. Only its author and hosts
    ever see one that is `held` or `declined`; it has no number.
    """

    id: UUID
    room: UUID
    number: int | None
    at: datetime
    author: AuthorShown | None = None
    body: str = ""
    reply_to: UUID | None = None
    mentions: tuple[UUID, ...] = ()
    edited_at: datetime | None = None
    pinned: bool = False
    state: Literal["posted", "held", "declined", "removed"] = "posted"
    removed_by: RemovedBy | None = None

    @classmethod
    def of(cls, message: Message) -> MessageShown:
        """Show a message to everyone who may see it; a shadow-held one looks posted to its author."""
        at = _utc(message.posted_at or message.created_at)
        if message.state == "removed":
            return cls(
                message.id,
                message.room_id,
                message.number,
                at,
                state="removed",
                removed_by=message.removed_by,
            )
        return cls(
            message.id,
            message.room_id,
            message.number if message.state == "posted" else None,
            at,
            _author(message.author),
            message.body,
            message.reply_to,
            message.mentions,
            None if message.edited_at is None else _utc(message.edited_at),
            message.pinned_at is not None,
            "posted" if message.state == "shadow" else message.state,
        )


class HeldShown(msgspec.Struct, frozen=True):
    """A message that waits, as hosts see it."""

    message: MessageShown
    reason: str
    shadow: bool

    @classmethod
    def of(cls, message: Message) -> HeldShown:
        """Show a held message to hosts."""
        return cls(MessageShown.of(message), message.reason, message.state == "shadow")


class Decision(msgspec.Struct, frozen=True):
    """What became of a held message."""

    id: UUID
    room: UUID
    state: Literal["posted", "declined"]


class ReactionTotals(msgspec.Struct, frozen=True):
    """All reactions to one message; of two such values the one with the higher `version` counts."""

    message: UUID
    totals: dict[str, int]
    version: int


class Reactions(msgspec.Struct, frozen=True):
    """The reactions to a message after one was given or taken back."""

    totals: dict[str, int]


class ReadState(msgspec.Struct, frozen=True):
    """How far I have read, and how many messages of others came after (100 means: or more)."""

    number: int
    unread: int


class Seen(msgspec.Struct, frozen=True):
    """How far somebody has read in a room for two."""

    person: UUID
    number: int


class ReadMark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The number of the last message that was seen; a mark never goes back."""

    number: Annotated[int, Meta(ge=0, le=2**53 - 1, examples=[42])]


class Rooms(msgspec.Struct, frozen=True):
    """The rooms I see."""

    rooms: list[SeatShown]


class MeSnapshot(msgspec.Struct, frozen=True):
    """What concerns me alone: messages that only I see as sent, and whom I blocked."""

    held: list[MessageShown]
    blocked: list[UUID]


OwnWaiting = dict[UUID, list[MessageShown]]  # by author
OwnSnapshot = tuple[Position, MeSnapshot]


class History(msgspec.Struct, frozen=True):
    """Messages in the room's order. Go on with `before` the first number or `after` the last one."""

    messages: list[MessageShown]
    reactions: dict[UUID, dict[str, int]]
    versions: dict[UUID, int]
    older: bool
    newer: bool

    @classmethod
    def of(cls, page: Page) -> History:
        """Show a page."""
        shown = [MessageShown.of(message) for message in page.messages]
        return cls(shown, page.reactions, page.versions, page.older, page.newer)


class RoomSnapshot(msgspec.Struct, frozen=True):
    """What a client needs to show a room: the newest messages with their reactions, the pins, the room's state.

    `versions` are those of the reactions: what is told later with a lower one was counted before.
    """

    room: RoomShown
    messages: list[MessageShown]
    reactions: dict[UUID, dict[str, int]]
    versions: dict[UUID, int]
    pins: list[MessageShown]
    older: bool

    @classmethod
    def of(cls, room: RoomShown, page: Page, pins: Iterable[Message]) -> RoomSnapshot:
        """Show a room with its newest page."""
        shown = [MessageShown.of(message) for message in page.messages]
        pinned = [MessageShown.of(message) for message in pins]
        return cls(room, shown, page.reactions, page.versions, pinned, page.older)


class Mine(msgspec.Struct, frozen=True):
    """What only I see of a room: how far I have read, what I reacted, what of mine waits, until when I pause."""

    read_to: int
    unread: int
    reactions: dict[UUID, list[str]]
    held: list[MessageShown]
    timeout_until: datetime | None


def _author(author: Author) -> AuthorShown:
    return AuthorShown(author.id, author.kind, author.name, author.mark, author.label)


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def encode(shown: msgspec.Struct) -> bytes:
    """Encode public state as it stands in the log and in frames."""
    return _encode(shown)


_encode = msgspec.json.Encoder().encode
