"""Send, react, edit and take back: decide with what was read under locks, then let it be written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from realtime.broker import Passing
from server.domains.audit.service import AuditService
from server.domains.chat import policy
from server.domains.chat.errors import EditRefused, IdTaken
from server.domains.chat.models import Post, React, Receipt
from server.domains.chat.schemas import Edited, Send
from server.domains.messages.errors import NoSuchMessage
from server.domains.messages.models import Inputs, Kept, Message, RemovedBy
from server.domains.messages.schemas import MOST_CHARACTERS, MessageShown, ReactionTotals
from server.domains.messages.service import MessagesService
from server.domains.messages.signals import MessageHeld, MessageInNeed, ReactionsGiven
from server.domains.reactions.models import Change, Counted, Totals
from server.domains.reactions.service import ReactionsService
from server.domains.rooms.models import Right
from server.domains.rooms.service import Places, RoomsService, topic_of
from server.domains.safety.errors import with_card
from server.domains.safety.models import Caller, Said, Verdict
from server.domains.safety.service import Guard, SafetyService
from server.domains.undos.service import UndosService
from server.kit import text
from server.kit.batch import Batcher
from server.kit.cache import Cache, Caches
from server.kit.clock import Clock
from server.kit.db import Database, Transaction
from server.kit.errors import AppError
from server.kit.ids import random_id
from server.kit.scope import Scope

FLIGHTS = 3  # transactions of one command under way in a process
LONGEST_SLOW = timedelta(seconds=600)


class ChatService:
    """Let people take part in each church's rooms."""

    def __init__(
        self,
        database: Database,
        audit: AuditService,
        safety: SafetyService,
        rooms: RoomsService,
        messages: MessagesService,
        reactions: ReactionsService,
        undos: UndosService,
        clock: Clock,
        caches: Caches,
    ) -> None:
        self._database = database
        self._audit = audit
        self._safety = safety
        self._rooms = rooms
        self._messages = messages
        self._reactions = reactions
        self._undos = undos
        self._clock = clock
        self._names: Cache[dict[str, frozenset[UUID]]] = caches.make("names", seconds=60.0, most=500)
        # by church; whoever stops the process drains them first
        self.posts: Batcher[Post, Receipt] = Batcher(self._fly_posts, flights=FLIGHTS)
        self.reacts: Batcher[React, Totals] = Batcher(self._fly_reacts, flights=FLIGHTS)

    # ---- sending

    async def post(self, scope: Scope, room_id: UUID, send: Send, id: UUID | None = None) -> Receipt:
        """Send a message together with whatever else this church is sending; return after COMMIT.

        Raise what the room, the church's rules or the text itself have against it. A retry with the same id gets the
        first answer; without an id one is made, and a retry is another message, unless it has an Idempotency-Key.
        """
        given = id or send.id or policy.id_once(scope, self._clock.now())
        receipt = await self.posts.put(scope.tenant, send.post(scope, room_id, given or random_id()))
        if scope.origin.once is not None:
            async with self._database.transaction(scope):
                pass  # the message went with the church's others, in nobody's name: this one claims the sender's key
        return receipt

    async def post_many(self, scope: Scope, posts: Sequence[Post]) -> list[Receipt | AppError]:
        """Send messages of one church in one transaction; return an answer to each, in order.

        `scope` is the church's own; every draft carries that of who sends it.
        """
        answers: list[Receipt | AppError] = [IdTaken()] * len(posts)
        tidy: dict[int, str] = {}
        for at, post in enumerate(posts):
            try:
                policy.WRITE.require(post.scope)
                tidy[at] = text.tidy(post.body, MOST_CHARACTERS)
            except AppError as error:
                answers[at] = error
        if not tidy:
            return answers
        label = (await self._rooms.settings(scope)).host_label
        async with self._database.transaction(scope) as tx:
            now = self._clock.now()
            batch, places = await self._prepare(tx, [posts[at] for at in tidy], now)
            for at, body in tidy.items():
                post = posts[at]
                try:
                    room, right = places.write(post.scope, post.room_id, now)
                    answers[at] = batch.take(post, body, room, right, label)
                except AppError as error:
                    answers[at] = with_card(error, self._safety.crisis(body))
            await self._write(tx, batch, now)
        return answers

    async def _prepare(
        self, tx: Transaction, posts: Sequence[Post], now: datetime
    ) -> tuple[policy.Batch, Places]:
        """Lock what must stand still and read what the decisions need."""
        guard = await self._safety.guard(tx, _callers(post.scope for post in posts))
        places = await self._rooms.lock(tx, {(post.room_id, post.scope.actor.id) for post in posts})
        paced = [post for post in posts if not policy.is_host(post.scope)]
        inputs = await self._messages.inputs(
            tx,
            ids=[post.id for post in posts],
            rooms={post.room_id for post in posts},
            replies=[post.reply_to for post in posts if post.reply_to is not None],
            authors={_id(post.scope) for post in posts},
            name_keys={text.name_key(text.shown_name(post.scope.actor.name)) for post in paced},
            talkers={_id(post.scope) for post in paced},
            depth=guard.remembers,
            since=now - timedelta(seconds=guard.seconds),
            slow=sorted({(post.room_id, _id(post.scope)) for post in paced if places.is_slow(post.room_id)}),
            slow_since=now - LONGEST_SLOW,
        )
        return policy.Batch(inputs, guard.judge, guard.sketch, now), places

    async def _write(self, tx: Transaction, batch: policy.Batch, now: datetime) -> None:
        try:
            await self._messages.write(tx, batch.messages, batch.voices.values(), now)
        except asyncpg.UniqueViolationError:
            if len(batch.messages) > 1:
                raise  # they run again one by one
            raise IdTaken() from None  # another node has just written this id into another room

    async def _fly_posts(self, tenant: Any, posts: Sequence[Post]) -> list[Receipt | AppError]:
        return await self.post_many(Scope.system(tenant), posts)

    # ---- passing

    async def may_pass(self, scope: Scope, room_id: UUID) -> bool:
        """Tell whether a room sees what somebody does without writing (typing, hearts); raise what is against it.

        The same is asked as of a message, of what this process remembers.
        """
        right = await self._rooms.may_write(scope, room_id)
        verdict = (await self._safety.glance(scope)).judge(_id(scope), Said("", host=right is Right.HOST))
        if isinstance(verdict, AppError):
            raise verdict
        return verdict.act == "take"

    async def name_of(self, scope: Scope) -> str:
        """Return how the caller is called where others see them; a guest goes by nobody else's name."""
        name = text.shown_name(scope.actor.name)
        if scope.actor.kind != "guest":
            return name
        names = await self._names.get(scope.tenant.id, "", lambda: self._load_names(scope))
        return text.shown_name("") if names.get(text.name_key(name), frozenset()) - {_id(scope)} else name

    async def _load_names(self, scope: Scope) -> dict[str, frozenset[UUID]]:
        async with self._database.transaction(Scope.system(scope.tenant), readonly=True) as tx:
            return await self._messages.names(tx)

    # ---- reacting

    def check_emoji(self, text: str) -> str:
        """Return the emoji; raise BadEmoji."""
        return self._reactions.check_emoji(text)

    async def react(self, scope: Scope, room_id: UUID, id: UUID, emoji: str, *, on: bool = True) -> Totals:
        """Give or take back a reaction; return the message's totals after COMMIT. Repeating it changes nothing."""
        return await self.reacts.put(scope.tenant, React(scope, room_id, id, emoji, on))

    async def react_many(self, scope: Scope, reacts: Sequence[React]) -> list[Totals | AppError]:
        """Write reactions of one church in one transaction; return an answer to each, in order."""
        answers: list[Totals | AppError] = [NoSuchMessage()] * len(reacts)
        async with self._database.transaction(scope) as tx:
            now = self._clock.now()
            guard = await self._safety.guard(tx, _callers(react.scope for react in reacts))
            places = await self._rooms.places(tx, {(react.room_id, react.scope.actor.id) for react in reacts})
            rooms = await self._messages.posted_among(tx, {react.message_id for react in reacts})
            counted = await self._reactions.totals(tx, sorted(rooms))
            totals = {id: one.totals for id, one in counted.items()}
            changes: list[Change] = []
            for at, react in enumerate(reacts):
                try:
                    change, seen = self._reaction(guard, places, rooms, react, now)
                    known = totals.setdefault(react.message_id, {})
                    self._reactions.check_kinds(known if seen else dict(known), change)
                    if seen:
                        changes.append(change)
                    answers[at] = {} if seen or not react.on else {change.emoji: 1}
                except AppError as error:
                    answers[at] = error
            moved = await self._reactions.apply(tx, changes)
            tell_totals(tx, moved, rooms)
            totals |= {id: one.totals for id, one in moved.items()}
        return [
            answer if isinstance(answer, AppError) else _counted(totals.get(react.message_id, {}), answer)
            for react, answer in zip(reacts, answers, strict=True)
        ]

    async def retell(self, tx: Transaction, signal: ReactionsGiven) -> None:
        """Tell the totals again that were told after a commit; who has heard them drops the same bytes."""
        rooms = await self._messages.posted_among(tx, signal.messages)
        for id, counted in (await self._reactions.totals(tx, sorted(rooms))).items():
            tx.pass_on(_latest(tx, signal.room_id, id, counted))

    def _reaction(
        self, guard: Guard, places: Places, rooms: dict[UUID, UUID], react: React, now: datetime
    ) -> tuple[Change, bool]:
        """Return what to write, and whether anybody but its author shall see it. Raise what is against it."""
        policy.WRITE.require(react.scope)
        emoji = self._reactions.check_emoji(react.emoji)
        _, right = places.write(react.scope, react.room_id, now)
        if rooms.get(react.message_id) != react.room_id:
            raise NoSuchMessage()
        verdict = guard.judge(_id(react.scope), Said("", host=right is Right.HOST))
        if isinstance(verdict, AppError):
            raise verdict
        return Change(react.message_id, _id(react.scope), emoji, react.on), verdict.act == "take"

    async def _fly_reacts(self, tenant: Any, reacts: Sequence[React]) -> list[Totals | AppError]:
        return await self.react_many(Scope.system(tenant), reacts)

    # ---- changing

    async def edit(self, scope: Scope, room_id: UUID, id: UUID, body: str) -> Edited:
        """Change the words of an own message within 15 minutes; the rules are asked again.

        Words that speak of a great need call somebody, as those that are sent. They are not put into a message that
        everybody sees: they wait as one of their own, and that one is returned; a retry gets it again.
        Raise NoSuchMessage, NotYours, TooLate, Removed, or EditRefused when a host would have to see the words first.
        """
        policy.WRITE.require(scope)
        body = text.tidy(body, MOST_CHARACTERS)
        try:
            return await self._edit(scope, room_id, id, body)
        except AppError as error:
            raise with_card(error, self._safety.crisis(body)) from None

    async def _edit(self, scope: Scope, room_id: UUID, id: UUID, body: str) -> Edited:
        async with self._database.transaction(scope) as tx:
            now = self._clock.now()
            guard = await self._safety.guard(tx, _callers([scope]))
            places = await self._rooms.places(tx, [(room_id, scope.actor.id)])
            room, right = places.write(scope, room_id, now)
            message = await self._messages.locked(tx, room_id, id)
            policy.check_edit(message, scope, now)
            pause = policy.edit_pause(room)
            beside = await self._said_beside(
                tx, guard, message, body, now - max(pause, timedelta(seconds=guard.seconds))
            )
            known = beside.known.get(policy.id_apart(message, body))
            if known is not None and known.author_id == message.author.id:
                message = (await self._messages.by_ids(tx, [known.id]))[known.id]
                return Edited.answer(message, known.reason.partition(":")[2])
            if right is not Right.HOST and body != message.body:  # a retry is no second change
                policy.check_edit_pace(message, room, now)
            said = Said(
                body,
                right is Right.HOST,
                message.author.kind == "guest",
                hold=room.hold,
                sketch=guard.sketch(body),
                recent=policy.beside(message, beside.earlier.get(message.author.id, ())),
                private=room.kind == "care",
            )
            verdict = guard.judge(message.author.id, said)
            if isinstance(verdict, AppError):
                raise verdict
            # what waits is seen by a host before anybody
            may_stand = verdict.act == "take" or message.state != "posted"
            if not may_stand and not verdict.crisis:
                raise EditRefused()
            if body != message.body and may_stand:
                message = await self._reword(tx, message, said, verdict)
            elif body != message.body:
                # ids are chosen by who sends: somebody else's may have been put in the way
                if right is not Right.HOST:
                    policy.check_apart_pace(said, now - pause)
                id = policy.id_apart(message, body) if known is None else random_id()
                message = policy.apart(message, id, said, verdict, now)
                await self._messages.write(tx, [message], [], now)
        return Edited.answer(message, verdict.crisis)

    async def _reword(self, tx: Transaction, message: Message, said: Said, verdict: Verdict) -> Message:
        """Give a message other words; those that speak of a great need call somebody."""
        if verdict.crisis:
            message = msgspec.structs.replace(message, reason=policy.reason_of(verdict))
        message = await self._messages.reword(tx, message, said.text, said.sketch)
        if verdict.crisis:
            posted = message.state == "posted"
            tx.signal(MessageInNeed.of(message, verdict.crisis) if posted else MessageHeld.of(message))
        return message

    async def _said_beside(
        self, tx: Transaction, guard: Guard, message: Message, body: str, since: datetime
    ) -> Inputs:
        """Read what the author of a message has said lately, and whether these words wait beside it already."""
        return await self._messages.inputs(
            tx,
            ids=[policy.id_apart(message, body)],
            rooms=[],
            replies=[],
            authors=[],
            name_keys=[],
            talkers=[message.author.id],
            depth=guard.remembers,
            since=since,
            slow=[],
            slow_since=since,
        )

    async def remove(self, scope: Scope, room_id: UUID, id: UUID) -> None:
        """Take a message down on all screens: one's own, or any as a host. A second call changes nothing.

        What a host takes down they can bring back for a minute.
        """
        async with self._database.transaction(scope) as tx:
            await self.remove_in(tx, room_id, id)

    async def remove_in(self, tx: Transaction, room_id: UUID, id: UUID) -> None:
        """Take down the same inside the caller's transaction."""
        policy.WRITE.require(tx.scope)
        _, right = (await self._rooms.places(tx, [(room_id, tx.scope.actor.id)])).see(tx.scope, room_id)
        message = await self._messages.locked(tx, room_id, id)
        own = policy.check_remove(message, tx.scope, right)
        how: RemovedBy = "author" if own else "host"
        if (host := right is Right.HOST) and message.state == "posted":
            given = tuple(await self._reactions.given_to(tx, id))
            await self._undos.keep(tx, id, "remove", Kept(message, given))
        gone = await self._messages.take_down(tx, room_id, [id], how, for_good=not host)
        if gone and not own:
            details = {"room": room_id, "author": message.author.id}
            await self._audit.record(tx, tx.scope, "message.removed", str(id), details)

    async def pin(self, scope: Scope, room_id: UUID, id: UUID, *, pinned: bool) -> MessageShown:
        """Pin a message for everyone in the room, or take it off, as its host; raise TooManyPins, Removed."""
        policy.PIN.require(scope)
        async with self._database.transaction(scope) as tx:
            await self._rooms.hosted(tx, room_id)
            before = await self._messages.locked(tx, room_id, id)
            message = await self._messages.set_pin(tx, before, pinned=pinned)
            if message is not before:
                action = "message.pinned" if pinned else "message.unpinned"
                await self._audit.record(tx, scope, action, str(id), {"room": room_id})
        return MessageShown.of(message)


def _id(scope: Scope) -> UUID:
    return scope.actor.id or policy.NOBODY


def _callers(scopes: Iterable[Scope]) -> list[Caller]:
    """Return whom to ask about; hosts by their account alone, since they share the church's own network."""
    callers: dict[Caller, None] = {}
    for scope in scopes:
        if scope.actor.kind in ("person", "guest"):
            origin = scope.origin
            seen = ("", "") if policy.is_host(scope) else (origin.device, origin.address)
            callers[Caller(_id(scope), *seen)] = None
    return list(callers)


def tell_totals(tx: Transaction, moved: dict[UUID, Counted], rooms: dict[UUID, UUID]) -> None:
    """Tell rooms the new totals of their messages: at once, and again by a signal, should this process die before."""
    by_room: dict[UUID, list[UUID]] = {}
    for id, counted in moved.items():
        tx.pass_on(_latest(tx, rooms[id], id, counted))
        by_room.setdefault(rooms[id], []).append(id)
    for room_id, messages in by_room.items():
        tx.signal(ReactionsGiven(room_id=room_id, messages=tuple(messages)))


def _latest(tx: Transaction, room_id: UUID, id: UUID, counted: Counted) -> Passing:
    data = msgspec.Raw(msgspec.json.encode(ReactionTotals(id, counted.totals, counted.version)))
    topic = topic_of(tx.scope.tenant.id, room_id)
    return Passing(topic, "latest", "reactions", data, str(id), counted.version)


def _counted(totals: Totals, own: Totals) -> Totals:
    """Return the totals without what is down to nothing; `own` is what only the person themselves sees."""
    counted = Counter(totals) + Counter(own)
    return dict(counted)
