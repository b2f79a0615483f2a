"""Facts about messages."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from server.domains.messages.models import Message
from server.kit.outbox import Signal


class Posted(msgspec.Struct, frozen=True):
    """One message that stands in its room; `mentions` are those who want to hear of its author."""

    message_id: UUID
    author_id: UUID
    number: int
    reply_to: UUID | None = None
    mentions: tuple[UUID, ...] = ()


class _OfRoom(Signal, frozen=True, kw_only=True):
    room_id: UUID

    @property
    def key(self) -> str:
        """Order by room."""
        return str(self.room_id)


class MessagesPosted(_OfRoom, frozen=True, kw_only=True, tag="chat.posted"):
    """Messages stand in a room; those of one commit are told together."""

    posts: tuple[Posted, ...]


class MessageHeld(_OfRoom, frozen=True, kw_only=True, tag="chat.held"):
    """A message waits for a host. `crisis` names a need that was found: somebody should look at once."""

    message_id: UUID
    author_id: UUID
    reason: str
    crisis: str = ""

    @classmethod
    def of(cls, message: Message) -> MessageHeld:
        """Tell of a message."""
        reason, _, crisis = message.reason.partition(":")
        return cls(
            room_id=message.room_id,
            message_id=message.id,
            author_id=message.author.id,
            reason=reason,
            crisis=crisis,
        )


class MessageInNeed(_OfRoom, frozen=True, kw_only=True, tag="chat.in_need"):
    """Words that speak of a great need reached a private room: somebody should be told, without the words."""

    message_id: UUID
    author_id: UUID
    crisis: str

    @classmethod
    def of(cls, message: Message, crisis: str) -> MessageInNeed:
        """Tell of a message."""
        return cls(room_id=message.room_id, message_id=message.id, author_id=message.author.id, crisis=crisis)


class MessageDecided(_OfRoom, frozen=True, kw_only=True, tag="chat.decided"):
    """A host approved or declined a held message."""

    message_id: UUID
    author_id: UUID
    approved: bool
    by: UUID | None

    @classmethod
    def of(cls, message: Message, by: UUID | None) -> MessageDecided:
        """Tell what a message has become."""
        return cls(
            room_id=message.room_id,
            message_id=message.id,
            author_id=message.author.id,
            approved=message.state == "posted",
            by=by,
        )


class MessageEdited(_OfRoom, frozen=True, kw_only=True, tag="chat.edited"):
    """An author changed the words of a message, posted or waiting."""

    message_id: UUID


class MessagesRemoved(_OfRoom, frozen=True, kw_only=True, tag="chat.removed"):
    """Messages were taken down."""

    messages: tuple[UUID, ...]
    by: UUID | None
    how: str

    @classmethod
    def of(cls, messages: Sequence[Message], by: UUID | None, how: str) -> MessagesRemoved:
        """Tell of messages of one room."""
        ids = tuple(message.id for message in messages)
        return cls(room_id=messages[0].room_id, messages=ids, by=by, how=how)


class MessagePinned(_OfRoom, frozen=True, kw_only=True, tag="chat.pinned"):
    """A message was pinned, or taken off."""

    message_id: UUID
    pinned: bool


class ReactionsGiven(_OfRoom, frozen=True, kw_only=True, tag="chat.reacted"):
    """Reactions to these messages were given or taken back."""

    messages: tuple[UUID, ...]


class HandingOverGoesOn(Signal, frozen=True, kw_only=True, tag="chat.handing_over"):
    """One transaction was not enough for all that a guest wrote before they turned out to be a person."""

    guest_id: UUID
    person_id: UUID

    @property
    def key(self) -> str:
        """Order by guest."""
        return str(self.guest_id)
