"""What people say to a room, over HTTP and in frames."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from server.domains.chat.models import Post
from server.domains.messages.models import Message
from server.domains.messages.schemas import MessageShown
from server.kit.scope import Scope

MOST_MENTIONS = 20

Body = Annotated[
    str,
    Meta(
        max_length=8_000,  # what is looked at; what may be kept is counted when marks and hidden characters are gone
        description="1 to 2,000 code points of plain text; links are shown as text until somebody opens them.",
        examples=["Good morning from Lagos!"],
    ),
]
Mentions = Annotated[list[UUID], Meta(max_length=MOST_MENTIONS)]
Emoji = Annotated[str, Meta(min_length=1, max_length=32, examples=["❤️"])]


class Send(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message to send. `id` is a UUID of the client's making: sending it again is safe and gets the first answer."""

    body: Body
    id: UUID | None = None
    reply_to: UUID | None = None
    mentions: Mentions = []

    def post(self, scope: Scope, room_id: UUID, id: UUID) -> Post:
        """Make the draft of it."""
        return Post(scope, room_id, id, self.body, self.reply_to, tuple(dict.fromkeys(self.mentions)))


class Edit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The new words of a message."""

    body: Body


class Edited(MessageShown, frozen=True, omit_defaults=True):
    """The answer to an edit: the message as it is now. `card` names a helpline card to show to the author.

    Words that speak of a great need are not put into a message that stands: they wait for a host as a message of their
    own (`held`), and that one is answered.
    """

    card: str = ""

    @classmethod
    def answer(cls, message: Message, card: str) -> Edited:
        """Show a message to who has changed it."""
        shown = msgspec.structs.asdict(MessageShown.of(message))
        return cls(**shown, card=card)


class EmojiBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One emoji."""

    emoji: Emoji
