"""What becomes of each draft of a batch, and who may change a message; pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from server.domains.chat.errors import (
    BadMessage,
    IdTaken,
    NameTaken,
    NotYours,
    SlowMode,
    TooLate,
)
from server.domains.chat.models import Post, Receipt
from server.domains.chat.schemas import MOST_MENTIONS
from server.domains.messages.errors import Removed
from server.domains.messages.models import Author, AuthorKind, Earlier, Inputs, Known, Message, State, Voice
from server.domains.rooms.models import Right, Room
from server.domains.safety.models import HOST, Recent, Said, Verdict
from server.kit.errors import AppError, FieldError
from server.kit.scope import Actor, Rule, Scope
from server.kit.text import name_key, shown_name

WRITE = Rule(
    frozenset({"owner", "admin", "pastor", "moderator", "prayer_team", "member"}),
    api_scope="chat:write",
    guests=True,
)
PIN = WRITE  # a member may be host of a room they were invited to; the room decides
EDITABLE = timedelta(minutes=15)
EDIT_PAUSE = timedelta(seconds=2)  # between two changes of one message: everybody in the room is told of each
NOBODY = UUID(int=0)  # the author of what the church itself says
_ONCE = UUID("6f0e7f0b-52c1-4c39-9f1c-0d5d4b7a6c11")  # sets ids of Idempotency-Keys apart from all others

Judge = Callable[[UUID, Said], Verdict | AppError]


# ---- a batch


class Batch:
    """Decides over the drafts of one transaction in order; each sees what those before it have changed.

    `messages` and `voices` are what is to be written.
    """

    def __init__(
        self, inputs: Inputs, judge: Judge, sketch: Callable[[str], tuple[int, ...]], now: datetime
    ) -> None:
        self.messages: list[Message] = []
        self.voices: dict[UUID, Voice] = {}
        self._inputs = inputs
        self._judge = judge
        self._sketch = sketch
        self._now = now

    def take(self, post: Post, body: str, room: Room, right: Right, label: str) -> Receipt:
        """Return the answer to one draft, which is then written or was before; raise an AppError to refuse it."""
        actor = post.scope.actor
        author_id = actor.id or NOBODY
        known = self._inputs.known.get(post.id)
        if known is not None:
            return _again(known, post, author_id)
        if post.id == post.room_id:
            raise IdTaken()
        self._check_answers(post)
        author = self._author(actor, author_id, label if right is Right.HOST else "")
        sketch = () if right is Right.HOST else self._sketch(body)
        verdict = self._verdict(author, body, room, right, sketch)
        self._check_pace(author_id, room, right)
        return self._write(post, body, room, author, sketch, verdict)

    def _check_answers(self, post: Post) -> None:
        if post.reply_to is not None and self._inputs.replies.get(post.reply_to) != post.room_id:
            detail = "The message you answer is not in this room any more."
            raise BadMessage(detail, errors=(FieldError("/reply_to", "no_such_message", detail),))
        if len(post.mentions) > MOST_MENTIONS:
            detail = f"A message mentions at most {MOST_MENTIONS} people."
            raise BadMessage(detail, errors=(FieldError("/mentions", "too_many", detail, MOST_MENTIONS),))

    def _author(self, actor: Actor, id: UUID, label: str) -> Author:
        kind = _KINDS.get(actor.kind, "system")
        name = shown_name(actor.name)
        mark = ""
        if kind == "guest":
            others = [
                voice for voice in self._inputs.namesakes.get(name_key(name), ()) if voice.person_id != id
            ]
            if any(voice.kind != "guest" for voice in others):
                raise NameTaken(errors=(FieldError("/name", "name_taken", f"{name} is somebody else here."),))
            mark = id.hex[-4:] if others else ""
        return Author(id, kind, name, mark, label)

    def _verdict(
        self, author: Author, body: str, room: Room, right: Right, sketch: tuple[int, ...]
    ) -> Verdict:
        voice = self._inputs.voices.get(author.id)
        said = Said(
            body,
            right is Right.HOST,
            author.kind == "guest",
            voice is not None and voice.known,
            room.hold,
            sketch,
            tuple(Recent(*_pair(earlier)) for earlier in self._inputs.earlier.get(author.id, ())),
            private=room.kind == "care",
        )
        verdict = self._judge(author.id, said)
        if isinstance(verdict, AppError):
            raise verdict
        return verdict

    def _check_pace(self, author_id: UUID, room: Room, right: Right) -> None:
        last = self._inputs.last_in.get((room.id, author_id))
        if not room.slow_seconds or last is None or right is Right.HOST:
            return
        wait = (last + timedelta(seconds=room.slow_seconds) - self._now).total_seconds()
        if wait > 0:
            raise SlowMode(retry_after=max(wait, 0.1))

    def _write(
        self, post: Post, body: str, room: Room, author: Author, sketch: tuple[int, ...], verdict: Verdict
    ) -> Receipt:
        state, reason = _STATES[verdict.act], reason_of(verdict)
        number = None
        if state == "posted":
            number = self._inputs.heads[room.id] = self._inputs.heads.get(room.id, 0) + 1
        posted_at = self._now if number is not None else None
        message = Message(
            post.id, room.id, number, state, reason, author, body, post.reply_to, post.mentions, sketch,
            self._now, posted_at,
        )  # fmt: skip
        self.messages.append(message)
        self._remember(message)
        return _receipt(message.id, self._now, state, reason)

    def _remember(self, message: Message) -> None:
        """Let the next drafts of this batch see this one."""
        id, author = message.id, message.author
        self._inputs.known[id] = Known(
            id, message.room_id, author.id, message.state, message.reason, self._now
        )
        if message.state == "posted":
            self._inputs.replies[id] = message.room_id
        self._inputs.earlier.setdefault(author.id, []).insert(0, Earlier(self._now, message.sketch))
        self._inputs.last_in[message.room_id, author.id] = self._now
        self._introduce(author, posted=message.state == "posted")

    def _introduce(self, author: Author, *, posted: bool) -> None:
        before = self._inputs.voices.get(author.id)
        known = posted or (before is not None and before.known)
        if before is not None and (before.known, before.name, before.kind) == (
            known,
            author.name,
            author.kind,
        ):
            return
        voice = Voice(author.id, author.kind, author.name, name_key(author.name), known)
        self.voices[author.id] = self._inputs.voices[author.id] = voice
        self._inputs.namesakes.setdefault(voice.name_key, []).append(voice)


_KINDS: dict[str, AuthorKind] = {"person": "person", "guest": "guest", "api_key": "api_key"}
_STATES: dict[str, State] = {"take": "posted", "hold": "held", "shadow": "shadow"}


def reason_of(verdict: Verdict) -> str:
    """Return a verdict's reason as a message keeps it; a need that was found stands behind it."""
    return f"{verdict.reason}:{verdict.crisis}" if verdict.crisis else verdict.reason


def id_once(scope: Scope, now: datetime) -> UUID | None:
    """Return the id of the message that is sent with an Idempotency-Key, None without one.

    A day's requests with one key are one message, though a process dies before it has kept its answer; what was
    answered is remembered by the key itself, for as long as any key holds.
    """
    once = scope.origin.once
    if once is None:
        return None
    return uuid5(_ONCE, "\n".join((scope.tenant.id, once.actor, f"{now:%Y-%m-%d}", once.key)))


def _pair(earlier: Earlier) -> tuple[datetime, tuple[int, ...]]:
    return earlier.at, earlier.sketch


def _again(known: Known, post: Post, author_id: UUID) -> Receipt:
    """Give a retry the first answer; raise IdTaken for another author's or room's message."""
    if known.author_id != author_id or known.room_id != post.room_id:
        raise IdTaken()
    return _receipt(known.id, known.at, known.state, known.reason)


def _receipt(id: UUID, at: datetime, state: State, reason: str) -> Receipt:
    held = state in ("held", "declined")
    return Receipt(id, at, "held" if held else "posted", reason.partition(":")[2])


# ---- one message


def check_edit(message: Message, scope: Scope, now: datetime) -> None:
    """Raise NotYours, Removed or TooLate unless the caller may change these words."""
    if message.author.id != scope.actor.id:
        raise NotYours()
    if message.state in ("removed", "declined"):
        raise Removed()
    if now - (message.posted_at or message.created_at) > EDITABLE:
        raise TooLate()


def check_edit_pace(message: Message, room: Room, now: datetime) -> None:
    """Raise SlowMode for a second change of a message right after the first; in slow mode it waits as words do."""
    if message.edited_at is None:
        return
    wait = (message.edited_at + edit_pause(room) - now).total_seconds()
    if wait > 0:
        raise SlowMode("You have just changed this: wait a moment.", retry_after=max(wait, 0.1))


def edit_pause(room: Room) -> timedelta:
    """Return how long one waits between two changes."""
    return max(EDIT_PAUSE, timedelta(seconds=room.slow_seconds))


def check_apart_pace(said: Said, since: datetime) -> None:
    """Raise SlowMode for words that would wait as a message of their own right after others."""
    if said.recent and said.recent[0].at > since:
        wait = max((said.recent[0].at - since).total_seconds(), 0.1)
        raise SlowMode("You have just said something: wait a moment.", retry_after=wait)


def id_apart(message: Message, body: str) -> UUID:
    """Return the id under which words wait that may not stand in a message's place; the same for a retry."""
    return uuid5(message.id, body)


def apart(message: Message, id: UUID, said: Said, verdict: Verdict, now: datetime) -> Message:
    """Return a message of its own with the words that an author wanted to put into one that stands; it waits."""
    return Message(
        id, message.room_id, None, "held", reason_of(verdict), message.author, said.text, message.reply_to, (),
        said.sketch, now, None,
    )  # fmt: skip


def beside(message: Message, earlier: Sequence[Earlier]) -> tuple[Recent, ...]:
    """Return what somebody said lately beside one message."""
    return tuple(Recent(*_pair(one)) for one in earlier if one.at != message.created_at)


def check_remove(message: Message, scope: Scope, right: Right) -> bool:
    """Tell whether it is the caller's own message; raise NotYours for another's, unless they are host here."""
    own = scope.actor.id is not None and message.author.id == scope.actor.id
    if not own and right is not Right.HOST:
        raise NotYours()
    return own


def is_host(scope: Scope) -> bool:
    """Tell whether the caller looks after conversations in this church."""
    return HOST.allows(scope)
