"""Messages as they stand, and what decisions over new ones need to know."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from server.domains.reactions.models import Counted, Totals

State = Literal["posted", "held", "shadow", "declined", "removed"]
RemovedBy = Literal["author", "host", "erasure"]
AuthorKind = Literal["person", "guest", "api_key", "system"]


class Author(msgspec.Struct, frozen=True):
    """Who wrote a message, as it was then. `mark` tells two of one name apart, `label` is a host's badge."""

    id: UUID
    kind: AuthorKind
    name: str
    mark: str = ""
    label: str = ""


class Message(msgspec.Struct, frozen=True):
    """One message; `number` is its place in the room's order, None until it is posted."""

    id: UUID
    room_id: UUID
    number: int | None
    state: State
    reason: str
    author: Author
    body: str
    reply_to: UUID | None
    mentions: tuple[UUID, ...]
    sketch: tuple[int, ...]
    created_at: datetime
    posted_at: datetime | None
    edited_at: datetime | None = None
    pinned_at: datetime | None = None
    removed_at: datetime | None = None
    removed_by: RemovedBy | None = None


Act = Literal["remove", "approve", "decline"]
"""What a host does about one message and may take back for a minute."""


class Kept(msgspec.Struct, frozen=True):
    """A message as it was before a host acted, with the reactions (person, emoji) that went with it."""

    message: Message
    given: tuple[tuple[UUID, str], ...] = ()


class Page(msgspec.Struct, frozen=True):
    """Some messages in the room's order with their reactions; `older` and `newer` tell whether there are more."""

    messages: list[Message]
    reactions: dict[UUID, Totals]
    versions: dict[UUID, int]  # of the reactions
    older: bool
    newer: bool

    @classmethod
    def of(cls, messages: list[Message], counted: dict[UUID, Counted], *, older: bool, newer: bool) -> Page:
        """Put messages and what was counted of them together."""
        totals = {id: one.totals for id, one in counted.items()}
        return cls(messages, totals, {id: one.version for id, one in counted.items()}, older, newer)


class Earlier(msgspec.Struct, frozen=True, array_like=True):
    """Something the same author said a short while ago."""

    at: datetime
    sketch: tuple[int, ...]


class Known(msgspec.Struct, frozen=True, array_like=True):
    """A message whose id is asked for again."""

    id: UUID
    room_id: UUID
    author_id: UUID
    state: State
    reason: str
    at: datetime


class Voice(msgspec.Struct, frozen=True, array_like=True):
    """Somebody who has spoken in this church; `known` once a message of theirs was posted."""

    person_id: UUID
    kind: AuthorKind
    name: str
    name_key: str
    known: bool


class Inputs(msgspec.Struct, frozen=True):
    """All that the decisions over one batch need to know, read in one statement."""

    known: dict[UUID, Known]
    replies: dict[UUID, UUID]  # message → its room, of those that are there to be answered
    earlier: dict[UUID, list[Earlier]]  # author → newest first
    last_in: dict[tuple[UUID, UUID], datetime]  # (room, author) → their latest message, in slow rooms
    heads: dict[UUID, int]  # room → number of its last message
    voices: dict[UUID, Voice]
    namesakes: dict[str, list[Voice]]  # name as it looks → who speaks under it
