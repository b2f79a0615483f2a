"""Write what was decided about messages and tell it in the same transaction; read them back.

Locks are taken in one order, so that nobody deadlocks: the church's rules (shared), rooms by id, messages by id, and at
the very end, by the door, topics by id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from realtime.broker import Passing
from realtime.log import Position
from realtime.ring import RING_EVENTS
from realtime.topics import Topic
from server.domains.blocks.service import BlocksService
from server.domains.messages import policy, repository
from server.domains.messages.errors import NoSuchMessage
from server.domains.messages.models import Act, Inputs, Message, Page, RemovedBy, Voice
from server.domains.messages.schemas import (
    MeSnapshot,
    MessageShown,
    Mine,
    OwnSnapshot,
    OwnWaiting,
    ReactionTotals,
    RoomSnapshot,
    Seen,
)
from server.domains.messages.signals import (
    MessageDecided,
    MessageEdited,
    MessageHeld,
    MessageInNeed,
    MessagePinned,
    MessagesPosted,
    MessagesRemoved,
)
from server.domains.reactions.service import ReactionsService
from server.domains.rooms.schemas import SeatShown
from server.domains.rooms.service import RoomsService, topic_of
from server.domains.safety.service import SafetyService
from server.domains.undos.service import UndosService
from server.kit.clock import Clock
from server.kit.db import Database, Transaction
from server.kit.log import PostgresLog
from server.kit.scope import Scope

NEWEST = 50  # messages in a snapshot
MOST_A_PAGE = 100
MOST_UNREAD = 100  # counted; more is shown as this
MOST_OWN_WAITING = 20
OWN_WAITING = timedelta(days=1)
MOST_AT_ONCE = 400  # messages taken down in one transaction
_END = 2**62


class MessagesService:
    """Keep the messages of each church's rooms."""

    def __init__(
        self,
        database: Database,
        log: PostgresLog,
        safety: SafetyService,
        blocks: BlocksService,
        rooms: RoomsService,
        reactions: ReactionsService,
        undos: UndosService,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._safety = safety
        self._blocks = blocks
        self._rooms = rooms
        self._reactions = reactions
        self._undos = undos
        self._clock = clock

    # ---- written, inside the caller's transaction

    async def inputs(self, tx: Transaction, **asked: Any) -> Inputs:
        """Read in one statement what the decisions over a batch need; see repository.inputs."""
        return await repository.inputs(tx.connection, **asked)

    async def write(
        self, tx: Transaction, messages: Sequence[Message], voices: Iterable[Voice], now: datetime
    ) -> None:
        """Write new messages set-wise, their rooms being locked: posted ones are for all, others for who may see them.

        Raise asyncpg.UniqueViolationError when one of their ids was used at this very moment elsewhere.
        """
        if not messages:
            return
        await repository.insert(tx.connection, messages, now)
        if voices := list(voices):
            await repository.put_voices(tx.connection, voices, now)
        await self._tell_posted(tx, [message for message in messages if message.state == "posted"])
        for message in messages:
            crisis = message.reason.partition(":")[2]
            if message.state != "posted":
                _tell_waiting(tx, message, new=True)
            elif crisis:
                tx.signal(MessageInNeed.of(message, crisis))

    async def locked(self, tx: Transaction, room_id: UUID, id: UUID) -> Message:
        """Return a message that nobody else may change until COMMIT; raise NoSuchMessage."""
        found = await repository.lock(tx.connection, room_id, [id])
        if not found:
            raise NoSuchMessage()
        return found[0]

    async def posted_among(self, tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, UUID]:
        """Lock messages by their ids; return the room of each that stands posted."""
        found = await repository.lock_rooms_of(tx.connection, ids)
        return {id: room_id for id, room_id, state in found if state == "posted"}

    async def reword(self, tx: Transaction, message: Message, body: str, sketch: Sequence[int]) -> Message:
        """Give a locked message other words, and the reason that it carries."""
        message = await repository.edit(tx.connection, message, body, sketch, self._clock.now())
        tenant = tx.scope.tenant.id
        posted = message.state == "posted"
        told = (
            [policy.changed(tenant, message, "message.edited")] if posted else policy.waiting(tenant, message)
        )
        for topic, draft in told:
            tx.append(topic, draft)
        tx.signal(MessageEdited(room_id=message.room_id, message_id=message.id))
        return message

    async def set_pin(self, tx: Transaction, message: Message, *, pinned: bool) -> Message:
        """Pin a locked message or take it off; raise Removed, TooManyPins."""
        policy.check_pin(message, await repository.count_pins(tx.connection, message.room_id), pinned=pinned)
        if (message.pinned_at is not None) == pinned:
            return message
        message = await repository.set_pin(tx.connection, message.id, self._clock.now() if pinned else None)
        event = "message.pinned" if pinned else "message.unpinned"
        tx.append(*policy.changed(tx.scope.tenant.id, message, event))
        tx.signal(MessagePinned(room_id=message.room_id, message_id=message.id, pinned=pinned))
        return message

    async def decide(self, tx: Transaction, message: Message, *, approved: bool) -> Message:
        """Post a locked message that waits, whose room is locked too, or decline it; raise AlreadyDecided."""
        policy.check_waiting(message)
        was_shadow = message.state == "shadow"
        message = await repository.decide(tx.connection, message.id, self._clock.now() if approved else None)
        if approved:
            await repository.make_known(tx.connection, message.author.id)
            await self._tell_posted(tx, [message])
        elif was_shadow:  # its author is not told, but its words go
            await self._log.blank(tx, policy.me_of(tx.scope.tenant.id, message.author.id), [message.id])
        _tell_decided(tx, message, to_author=not was_shadow or approved)
        return message

    async def put_back(self, tx: Transaction, message: Message, before: Message, act: Act) -> Message:
        """Let a locked message, whose room is locked too, stand as before an act: in the room, or among what waits."""
        tenant = tx.scope.tenant.id
        pins = await repository.count_pins(tx.connection, message.room_id)
        before = policy.as_before(message, act, before, may_pin=pins < policy.MOST_PINS)
        message = await repository.put_back(tx.connection, before)
        if message.state == "posted":
            tx.append(*policy.changed(tenant, message, "message.restored"))
            return message
        if act == "approve":
            await self._reactions.drop(tx, [message.id])
            await repository.make_unknown(tx.connection, message.author.id)
            _tell_removed(tx, [policy.in_room(message)], "host")
        _tell_waiting(tx, message)
        return message

    async def take_down(
        self, tx: Transaction, room_id: UUID, ids: Sequence[UUID], how: RemovedBy, *, for_good: bool = True
    ) -> list[Message]:
        """Take messages of one room down on all screens; return those that were not down yet. At most 400."""
        before = await repository.lock(tx.connection, room_id, ids)
        if for_good:
            await self._undos.drop(tx, ids)
        shadow = {message.id for message in before if message.state == "shadow"}
        gone = await repository.remove(tx.connection, ids, how, self._clock.now())
        posted = [message for message in gone if message.state == "removed"]
        await self._reactions.drop(tx, [message.id for message in posted])
        for message in gone:
            if message.state != "removed":
                _tell_decided(tx, message, to_author=message.id not in shadow)
            if message.id in shadow:
                tx.append(*policy.shadow_removed(tx.scope.tenant.id, message))
        _tell_removed(tx, posted, how)
        return gone

    async def empty(self, tx: Transaction, room_id: UUID) -> int:
        """Forget messages of a room in which nobody can write any more, at most 400; return how many."""
        ids = await repository.ids_in(tx.connection, room_id, MOST_AT_ONCE)
        await self.take_down(tx, room_id, ids, "erasure")
        await self._reactions.drop(tx, ids)
        await repository.delete(tx.connection, ids)
        return len(ids)

    async def of_author(
        self, tx: Transaction, author: UUID, rooms: Iterable[UUID] | None
    ) -> dict[UUID, list[UUID]]:
        """Lock and return by room what one person wrote that can still be taken down, the newest 400 of these rooms."""
        ids = await repository.ids_of(tx.connection, author, rooms, MOST_AT_ONCE)
        return await repository.lock_by_room(tx.connection, ids)

    async def waiting(
        self, tx: Transaction, rooms: Iterable[UUID], after: tuple[datetime, UUID], most: int
    ) -> list[Message]:
        """Return what waits for hosts in these rooms, oldest first."""
        return await repository.waiting(tx.connection, rooms, after, most)

    async def by_ids(self, tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Message]:
        """Return messages by their ids."""
        return await repository.by_ids(tx.connection, ids)

    async def room_of(self, tx: Transaction, id: UUID) -> UUID:
        """Return in which room a message is; raise NoSuchMessage."""
        room_id = await repository.room_of(tx.connection, id)
        if room_id is None:
            raise NoSuchMessage()
        return room_id

    # ---- read

    async def names(self, tx: Transaction) -> dict[str, frozenset[UUID]]:
        """Return under which names (as they look) people who are no guests have spoken."""
        return await repository.names(tx.connection)

    async def position(self, tx: Transaction, topic: Topic) -> Position:
        """Return the place in a topic's log that belongs to what else the caller reads."""
        return await self._log.position(tx, topic)

    async def snapshot(self, scope: Scope, room_id: UUID) -> tuple[Position, RoomSnapshot]:
        """Return what everyone in the room may see, and the place in the log it was read at."""
        async with self._database.transaction(scope, readonly=True) as tx:
            (await self._rooms.places(tx, [(room_id, scope.actor.id)])).see(scope, room_id)
            position = await self._log.position(tx, topic_of(scope.tenant.id, room_id))
            room = await self._rooms.shown(tx, room_id)
            page = await self._in_front(tx, room_id, _END, NEWEST)
            pins = await repository.pins(tx.connection, room_id, policy.MOST_PINS)
        return position, RoomSnapshot.of(room, page, pins)

    async def latest(self, scope: Scope, room_id: UUID) -> list[ReactionTotals]:
        """Return the reactions to as many of the newest messages as who was away may be told of at once."""
        async with self._database.transaction(scope, readonly=True) as tx:
            (await self._rooms.places(tx, [(room_id, scope.actor.id)])).see(scope, room_id)
            counted = await self._reactions.totals(
                tx, await repository.newest(tx.connection, room_id, RING_EVENTS)
            )
        return [ReactionTotals(id, one.totals, one.version) for id, one in counted.items()]

    async def history(
        self,
        scope: Scope,
        room_id: UUID,
        *,
        before: int | None = None,
        after: int | None = None,
        around: UUID | None = None,
        most: int = NEWEST,
    ) -> Page:
        """Return messages in front of or behind a number, around one message, or the newest; in the room's order."""
        policy.READ.require(scope)
        await self._rooms.enter(scope, room_id)
        most = min(most, MOST_A_PAGE)
        async with self._database.transaction(scope, readonly=True) as tx:
            if around is not None:
                return await self._around(tx, room_id, around, most)
            if after is not None:
                return await self._behind(tx, room_id, after, most)
            return await self._in_front(tx, room_id, _END if before is None else before, most)

    async def search(
        self, scope: Scope, room_id: UUID, text: str, *, before: int | None = None, most: int = NEWEST
    ) -> list[Message]:
        """Return messages of a room that hold a text, newest first."""
        policy.TAKE_PART.require(scope)
        await self._rooms.enter(scope, room_id)
        text = policy.check_search(text)
        async with self._database.transaction(scope, readonly=True) as tx:
            number = _END if before is None else before
            return await repository.find(tx.connection, room_id, text, number, min(most, MOST_A_PAGE))

    async def mine(self, scope: Scope, room_id: UUID) -> Mine:
        """Return what only the caller sees of a room."""
        policy.TAKE_PART.require(scope)
        await self._rooms.enter(scope, room_id)
        me = scope.actor.id or policy.NOBODY
        async with self._database.transaction(scope, readonly=True) as tx:
            read_to = (await self._rooms.reads(tx, me, [room_id])).get(room_id, 0)
            unread = await repository.unread(tx.connection, me, {room_id: read_to}, MOST_UNREAD)
            page = await repository.before(tx.connection, room_id, _END, MOST_A_PAGE)
            given = await self._reactions.given_by(tx, me, [message.id for message in page])
            held = (await self._own_waiting(tx, [me], room_id))[me]
            restraints = await self._safety.restraints_of(tx, me)
        until = next((restraint.until for restraint in restraints if restraint.kind == "timeout"), None)
        return Mine(read_to, unread.get(room_id, 0), given, held, until)

    async def own_snapshots(self, scope: Scope, people: Mapping[Topic, UUID]) -> Mapping[Topic, OwnSnapshot]:
        """Return what concerns each of these people alone, and the place in their log it was read at."""
        async with self._database.transaction(scope, readonly=True) as tx:
            positions = await self._log.positions(tx, list(people))
            held = await self._own_waiting(tx, list(people.values()), None)
            blocked = await self._blocks.of(tx, list(people.values()))
        return {at: (positions[at], MeSnapshot(held[me], blocked[me])) for at, me in people.items()}

    async def read(self, scope: Scope, room_id: UUID, number: int) -> tuple[int, int]:
        """Move the caller's read mark forward (never back, never beyond the last message); return (mark, unread)."""
        policy.TAKE_PART.require(scope)
        room, _ = await self._rooms.enter(scope, room_id)
        me = scope.actor.id or policy.NOBODY
        async with self._database.transaction(scope) as tx:
            number = max(0, min(number, await repository.head(tx.connection, room_id)))
            mark = await self._rooms.mark_read(tx, me, room_id, number)
            unread = (await repository.unread(tx.connection, me, {room_id: mark}, MOST_UNREAD))[room_id]
            data = msgspec.json.encode({"room": room_id, "number": mark, "unread": unread})
            tx.pass_on(
                Passing(policy.me_of(scope.tenant.id, me), "latest", "read", msgspec.Raw(data), str(room_id))
            )
            if room.kind == "care":  # two people who talk see that they are read
                seen = msgspec.Raw(msgspec.json.encode(Seen(me, mark)))
                tx.pass_on(Passing(topic_of(scope.tenant.id, room_id), "latest", "seen", seen, str(me)))
        return mark, unread

    async def seats(self, scope: Scope) -> list[SeatShown]:
        """Return the rooms the caller sees, each with how much is unread there."""
        policy.READ.require(scope)
        await self._safety.admit(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            seats = await self._rooms.mine(tx)
            lockdown = await self._safety.is_locked(tx)
            marks = {seat.room.id: seat.read_to for seat in seats}
            me = scope.actor.id
            unread = await repository.unread(tx.connection, me, marks, MOST_UNREAD) if me else {}
        now = self._clock.now()
        return [SeatShown.of(seat, unread.get(seat.room.id, 0), now, lockdown=lockdown) for seat in seats]

    # ---- forgotten

    async def trim(self, scope: Scope) -> int:
        """Forget messages older than the church keeps them, at most 400; return how many. Repeat until 0."""
        settings = await self._rooms.settings(scope)
        before = self._clock.now() - timedelta(days=settings.keep_days)
        async with self._database.transaction(scope) as tx:
            ids = await repository.older_than(tx.connection, before, MOST_AT_ONCE)
            for room_id, old in sorted((await repository.lock_by_room(tx.connection, ids)).items()):
                await self.take_down(tx, room_id, old, "erasure")  # the log forgets their words, however old
            await self._reactions.drop(tx, ids)
            await repository.delete(tx.connection, ids)
        return len(ids)

    async def erase_room(self, tx: Transaction, room_id: UUID) -> bool:
        """Erase what was said in a room, at most 400 messages; return whether that was all."""
        return await self.empty(tx, room_id) < MOST_AT_ONCE

    async def said_in(self, tx: Transaction, room_id: UUID, after: int, most: int) -> list[Message]:
        """Return what was said in a room behind a number, for who may open it; in its order."""
        return await repository.after(tx.connection, room_id, after, most)

    async def forget(self, scope: Scope, person: UUID) -> None:
        """Take everything of one person down and their name off it; tombstones keep the order.

        What the slices below know of them goes too: reactions, read marks, lists, blocks, traces.
        """
        while True:
            async with self._database.transaction(scope) as tx:
                found = await self.of_author(tx, person, None)
                for room_id in sorted(found):
                    await self.take_down(tx, room_id, found[room_id], "erasure")
            if not found:
                break
        async with self._database.transaction(scope) as tx:
            await self._undos.drop_all(tx)
            await repository.forget(tx.connection, person, policy.NOBODY)
            await self._reactions.forget(tx, person)
            await self._rooms.forget(tx, person)
            await self._blocks.forget(tx, person)
            await self._safety.forget(tx, person)

    async def hand_over(self, tx: Transaction, guest: UUID, person: UUID) -> bool:
        """Let what a guest wrote be the person's they turned out to be, at most 400; return whether that was all."""
        moved = await repository.hand_over(tx.connection, guest, person, MOST_AT_ONCE)
        for told in policy.handed_over(tx.scope.tenant.id, moved):
            tx.append(*told)
        return len(moved) < MOST_AT_ONCE

    # ---- inside

    async def _in_front(self, tx: Transaction, room_id: UUID, number: int, most: int) -> Page:
        found = await repository.before(tx.connection, room_id, number, most + 1)
        newer = number < _END and bool(await repository.after(tx.connection, room_id, number - 1, 1))
        return await self._page(tx, found[-most:], older=len(found) > most, newer=newer)

    async def _behind(self, tx: Transaction, room_id: UUID, number: int, most: int) -> Page:
        found = await repository.after(tx.connection, room_id, number, most + 1)
        older = bool(await repository.before(tx.connection, room_id, number + 1, 1))
        return await self._page(tx, found[:most], older=older, newer=len(found) > most)

    async def _around(self, tx: Transaction, room_id: UUID, id: UUID, most: int) -> Page:
        middle = (await repository.by_ids(tx.connection, [id])).get(id)
        if middle is None or middle.room_id != room_id or middle.number is None:
            raise NoSuchMessage()
        half = most // 2
        front = await repository.before(tx.connection, room_id, middle.number, half + 1)
        behind = await repository.after(tx.connection, room_id, middle.number - 1, most - half + 1)
        found = [*front[-half:], *behind[: most - half]] if half else behind[:1]
        return await self._page(tx, found, older=len(front) > half, newer=len(behind) > most - half)

    async def _page(self, tx: Transaction, messages: list[Message], *, older: bool, newer: bool) -> Page:
        messages = [policy.in_room(message) for message in messages]
        posted = [message.id for message in messages if message.state == "posted"]
        return Page.of(messages, await self._reactions.totals(tx, posted), older=older, newer=newer)

    async def _own_waiting(self, tx: Transaction, people: Sequence[UUID], room_id: UUID | None) -> OwnWaiting:
        since = self._clock.now() - OWN_WAITING
        found = await repository.own_waiting(tx.connection, people, room_id, since, MOST_OWN_WAITING)
        return {person: [MessageShown.of(message) for message in own] for person, own in found.items()}

    async def _tell_posted(self, tx: Transaction, messages: Sequence[Message]) -> None:
        mentioned = sorted({person for message in messages for person in message.mentions})
        authors = sorted({message.author.id for message in messages if message.mentions})
        deaf = await self._blocks.between(tx, mentioned, authors)
        for message in messages:
            tx.append(*policy.changed(tx.scope.tenant.id, message, "message.posted", new=True))
        for room_id, posts in policy.posts_of(messages, deaf).items():
            tx.signal(MessagesPosted(room_id=room_id, posts=posts))


def _tell_removed(tx: Transaction, messages: Sequence[Message], how: RemovedBy) -> None:
    """Take messages of one room off its screens."""
    for message in messages:
        tx.append(*policy.changed(tx.scope.tenant.id, message, "message.removed"))
    if messages:
        tx.signal(MessagesRemoved.of(messages, tx.scope.actor.id, how))


def _tell_waiting(tx: Transaction, message: Message, *, new: bool = False) -> None:
    for topic, draft in policy.waiting(tx.scope.tenant.id, message, new=new):
        tx.append(topic, draft)
    tx.signal(MessageHeld.of(message))


def _tell_decided(tx: Transaction, message: Message, *, to_author: bool) -> None:
    for topic, draft in policy.decided(tx.scope.tenant.id, message, to_author=to_author):
        tx.append(topic, draft)
    tx.signal(MessageDecided.of(message, tx.scope.actor.id))
