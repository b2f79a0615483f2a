"""What can be done with a message that stands, and what is told of it to whom; pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from realtime.topics import Topic
from server.domains.messages.errors import AlreadyDecided, BadSearch, Removed, TooManyPins
from server.domains.messages.models import Act, Message
from server.domains.messages.schemas import Decision, HeldShown, MessageShown, encode
from server.domains.messages.signals import Posted
from server.kit.errors import FieldError
from server.kit.log import Draft
from server.kit.scope import Rule

READ = Rule(anyone=True)
TAKE_PART = Rule(
    frozenset({"owner", "admin", "pastor", "moderator", "prayer_team", "member"}),
    api_scope="chat:write",
    guests=True,
)
MOST_PINS = 10
SEARCH = (2, 100)  # characters
NOBODY = UUID(int=0)  # the author of what the church itself says, and of what was erased


def check_pin(message: Message, pins: int, *, pinned: bool) -> None:
    """Raise Removed or TooManyPins unless this message may be pinned; taking one off is always allowed."""
    if not pinned:
        return
    if message.state != "posted":
        raise Removed()
    if message.pinned_at is None and pins >= MOST_PINS:
        raise TooManyPins(f"A room has at most {MOST_PINS} pinned messages: take one off first.")


def check_waiting(message: Message) -> None:
    """Raise AlreadyDecided for a message that does not wait for a host."""
    if message.state not in ("held", "shadow"):
        raise AlreadyDecided()


def as_before(message: Message, act: Act, before: Message, *, may_pin: bool) -> Message:
    """Return a message as it shall stand once an act is taken back; one that was approved keeps its newer words."""
    if act == "approve":
        return msgspec.structs.replace(message, state=before.state, posted_at=None, pinned_at=None)
    return msgspec.structs.replace(
        before, number=message.number, pinned_at=before.pinned_at if may_pin else None
    )


def in_room(message: Message) -> Message:
    """Return a message as its room shows it: one that stands there no more keeps its place and nothing else."""
    if message.state in ("posted", "removed"):
        return message
    return msgspec.structs.replace(message, state="removed", body="", pinned_at=None, removed_by="host")


def check_search(text: str) -> str:
    """Return what to look for; raise BadSearch."""
    text = unicodedata.normalize("NFC", text).strip()
    least, most = SEARCH
    if not least <= len(text) <= most or not text.isprintable():
        raise BadSearch(errors=(FieldError("/q", "bad_search", f"{least} to {most} characters.", most),))
    return text


def heard_by(
    messages: Sequence[Message], deaf: set[tuple[UUID, UUID]]
) -> list[tuple[Message, tuple[UUID, ...]]]:
    """Return each message with the mentioned who want to hear of its author; `deaf` is (who, of whom)."""
    return [
        (
            message,
            tuple(person for person in message.mentions if (person, message.author.id) not in deaf),
        )
        for message in messages
    ]


def at_of(message: Message) -> datetime:
    """Return when a message was posted, or sent while it waits."""
    return message.posted_at or message.created_at


# ---- what is told


Told = tuple[Topic, Draft]


def me_of(tenant: str, person: UUID) -> Topic:
    """Return the address of what concerns one person alone."""
    return Topic(tenant, "me", str(person))


def changed(tenant: str, message: Message, event: str, *, new: bool = False) -> Told:
    """Tell a room the state of a message; what stood in its log before is blanked, unless the message is new."""
    topic = Topic(tenant, "chat", str(message.room_id))
    return topic, Draft(message.id, event, encode(MessageShown.of(message)), new=new)


def waiting(tenant: str, message: Message, *, new: bool = False) -> tuple[Told, Told]:
    """Show a message that waits to the hosts of its room and to its author; a shadow-held one looks posted to them."""
    held = HeldShown.of(message)
    event = "message.held" if message.state == "held" else "message.posted"
    return (
        (_held_of(tenant, message), Draft(message.id, "message.held", encode(held), new=new)),
        (me_of(tenant, message.author.id), Draft(message.id, event, encode(held.message), new=new)),
    )


def decided(tenant: str, message: Message, *, to_author: bool) -> list[Told]:
    """Take the waiting copies of a message away: from the hosts' list, and from its author's own topic."""
    is_posted = message.state == "posted"
    decision = encode(Decision(message.id, message.room_id, "posted" if is_posted else "declined"))
    draft = Draft(message.id, "message.approved" if is_posted else "message.declined", decision)
    told = [(_held_of(tenant, message), draft)]
    return [*told, (me_of(tenant, message.author.id), draft)] if to_author else told


def shadow_removed(tenant: str, message: Message) -> Told:
    """Let the author of a shadow-held message see it go as any posted one does."""
    seen = MessageShown.of(msgspec.structs.replace(message, state="removed"))
    return me_of(tenant, message.author.id), Draft(message.id, "message.removed", encode(seen))


def handed_over(tenant: str, messages: Iterable[Message]) -> Iterator[Told]:
    """Tell whoever sees these messages whose they are now."""
    for message in messages:
        if message.state == "posted":
            yield changed(tenant, message, "message.handed_over")
        elif message.state in ("held", "shadow"):
            yield from waiting(tenant, message)


def posts_of(messages: Sequence[Message], deaf: set[tuple[UUID, UUID]]) -> dict[UUID, tuple[Posted, ...]]:
    """Return by room what is announced of posted messages."""
    by_room: dict[UUID, tuple[Posted, ...]] = {}
    for message, mentions in heard_by(messages, deaf):
        assert message.number is not None
        post = Posted(message.id, message.author.id, message.number, message.reply_to, mentions)
        by_room[message.room_id] = (*by_room.get(message.room_id, ()), post)
    return by_room


def _held_of(tenant: str, message: Message) -> Topic:
    return Topic(tenant, "held", str(message.room_id))
