"""Let people read walls, pray, follow, encourage and flag; a prayer goes in with all that is prayed at that moment."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from realtime.broker import Passing, Publication
from realtime.log import Position
from realtime.topics import Topic
from server.domains.accounts.service import Throttle
from server.domains.encouragement.service import EncouragementService
from server.domains.intercession.service import FIRST, MOST_FOLLOWERS, IntercessionService
from server.domains.prayer.errors import NoSuchRequest
from server.domains.prayer.models import READ_TEAM, OnWalls, Request, Visibility
from server.domains.prayer.schemas import Flag, NewReply, PrayerMoved, RequestShown
from server.domains.prayer.service import PrayerService, topic_of
from server.domains.prayer.signals import PrayerPrayed, facts
from server.domains.replies.models import Reply
from server.domains.safety.models import Caller, Said
from server.domains.safety.service import SafetyService
from server.domains.wall import policy
from server.domains.wall.models import Prayer, Step
from server.domains.wall.schemas import Mine, Prayed, StandingReply, WallSnapshot
from server.domains.wall.signals import TellingGoesOn
from server.kit import paging
from server.kit.batch import Batcher
from server.kit.crypto import Keyring
from server.kit.db import Announcer, Database, Transaction
from server.kit.errors import AppError, Invalid
from server.kit.log import Draft, PostgresLog
from server.kit.scope import Scope

K = TypeVar("K")
NEWEST_SHOWN = 50
FLIGHTS = 2  # transactions of prayers under way in a process
SECOND = 1.0  # between two totals of one request
Found = tuple[list[Request], list[RequestShown], dict[UUID, int]]


class WallService:
    """Keep the walls of each church. `prayers` batches by church; whoever stops the process drains it first."""

    def __init__(
        self,
        database: Database,
        log: PostgresLog,
        prayer: PrayerService,
        encouragement: EncouragementService,
        intercession: IntercessionService,
        safety: SafetyService,
        throttle: Throttle,
        announcer: Announcer,
        keyring: Keyring,
    ) -> None:
        self._database = database
        self._log = log
        self._prayer = prayer
        self._encouragement = encouragement
        self._intercession = intercession
        self._safety = safety
        self._throttle = throttle
        self._keyring = keyring
        self.prayers: Batcher[Prayer, Prayed] = Batcher(self._fly, flights=FLIGHTS)
        self._totals = _Totals(announcer)

    # ---- reading

    async def snapshot(self, scope: Scope, topic: Topic) -> tuple[Position, WallSnapshot]:
        """Return what stands on a wall, newest first, and the place in its log it was read at."""
        visibility = policy.wall_of(topic)
        async with self._database.transaction(scope, readonly=True) as tx:
            position = await self._log.position(tx, topic)
            found = await self._prayer.wall(tx, _newest(visibility, NEWEST_SHOWN + 1))
            _, shown, prayed = await self._shown(tx, found[:NEWEST_SHOWN])
        return position, WallSnapshot(shown, prayed, len(found) > NEWEST_SHOWN)

    async def totals(self, scope: Scope, topic: Topic) -> dict[UUID, int]:
        """Return the counts of a wall's newest requests, for who missed some."""
        visibility = policy.wall_of(topic)
        async with self._database.transaction(scope, readonly=True) as tx:
            found = await self._prayer.wall(tx, _newest(visibility, NEWEST_SHOWN))
            totals = await self._intercession.totals(tx, [request.id for request in found])
        return policy.counts(found, totals)

    async def page(self, scope: Scope, wanted: OnWalls) -> Found:
        """Return what stands, or stood, on walls that the caller reads, newest first; raise NoSuchWall."""
        policy.READ.require(scope)
        policy.check_wanted(scope, wanted)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await self._shown(tx, await self._prayer.wall(tx, wanted))

    def walls(self, scope: Scope) -> tuple[Visibility, ...]:
        """Return all walls that the caller reads."""
        return policy.walls(scope)

    def cursor(self, scope: Scope, *keys: object) -> str:
        """Return where a list goes on, sealed: its keys tell the moment of a request and how few prayed for it."""
        return paging.seal(self._keyring, _cursors(scope), *keys)

    def place(self, scope: Scope, cursor: str | None, shape: type[K]) -> K | None:
        """Read a cursor of this church back; None for the first page. Raise Invalid at /after."""
        return paging.unseal(self._keyring, _cursors(scope), cursor, shape)

    async def session(self, scope: Scope, after: Step | None, most: int) -> tuple[list[Step], Found]:
        """Return the next requests of a guided session; those the caller has prayed for are left out."""
        policy.READ.require(scope)
        visibilities = policy.walls(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            standing = await self._prayer.standing(tx, visibilities)
            ids = [one.id for one in standing]
            totals = await self._intercession.totals(tx, ids)
            done = await self._intercession.prayed_by(tx, ids)
            left = [one for one in standing if one.id not in done]
            steps = policy.session(left, totals, after, most)
            requests = await self._prayer.by_ids(tx, [step.id for step in steps])
            return steps, await self._shown(tx, [requests[step.id] for step in steps if step.id in requests])

    async def mine(self, scope: Scope, ids: Sequence[UUID], given: str | None = None) -> Mine:
        """Return for which of these the caller has prayed, and which they follow."""
        policy.READ.require(scope)
        if len(ids) > policy.MOST_ASKED:
            detail = f"Ask for at most {policy.MOST_ASKED} requests."
            raise Invalid.field("/ids", detail, code="too_many", limit=policy.MOST_ASKED)
        async with self._database.transaction(scope, readonly=True) as tx:
            prayed = await self._intercession.prayed_by(tx, ids, given)
            following: set[UUID] = set()
            if scope.actor.kind == "person" and scope.actor.id is not None:
                following = await self._intercession.following(tx, scope.actor.id, ids)
        return Mine(sorted(prayed), sorted(following))

    # ---- praying

    async def pray(self, scope: Scope, id: UUID, given: str | None = None) -> Prayed:
        """Count a prayer together with whatever else this church prays; return after COMMIT. A second one counts once.

        Raise NoSuchRequest, Limited, or MarkMissing for nobody without `given`.
        """
        policy.PRAY.require(scope)
        if scope.actor.id is None and scope.origin.network:
            await self._throttle.take(policy.PRAYERS, f"{scope.tenant.id}:{scope.origin.network}")
        return await self.prayers.put(scope.tenant, Prayer(scope, id, given))

    async def pray_many(self, scope: Scope, prayers: Sequence[Prayer]) -> list[Prayed | AppError]:
        """Count prayers of one church in one transaction; return an answer to each, in order."""
        answers: list[Prayed | AppError] = [NoSuchRequest()] * len(prayers)
        async with self._database.transaction(scope) as tx:
            requests = await self._prayer.by_ids(tx, {prayer.request_id for prayer in prayers})
            pairs = []
            for at, prayer in enumerate(prayers):
                request = requests.get(prayer.request_id)
                if request is None or not policy.reads(prayer.scope, request):
                    continue
                try:
                    pairs.append(
                        (request.id, self._intercession.mark(prayer.scope, request.id, prayer.given))
                    )
                    answers[at] = Prayed(request.id, None)
                except AppError as error:
                    answers[at] = error
            moved = await self._intercession.pray(tx, pairs)
            totals = await self._intercession.totals(tx, {id for id, _ in pairs}) | moved
            self._announce(tx, [requests[id] for id in moved], totals)
        self._totals.tell(scope, [requests[id] for id in moved], totals)
        return [
            answer
            if isinstance(answer, AppError)
            else Prayed(answer.id, policy.told(requests[answer.id], totals.get(answer.id, 0)))
            for answer in answers
        ]

    def _announce(self, tx: Transaction, requests: Sequence[Request], totals: dict[UUID, int]) -> None:
        """Tell other slices, and an asker who wants to know, how many prayed."""
        for request in requests:
            tx.signal(PrayerPrayed(**facts(request), prayed=totals[request.id]))
            if request.asker_id is not None and request.tell_prayed:
                me = Topic(tx.scope.tenant.id, "me", str(request.asker_id))
                data = msgspec.Raw(msgspec.json.encode({"id": request.id, "count": totals[request.id]}))
                tx.pass_on(Passing(me, "latest", "prayed", data, str(request.id), totals[request.id]))

    async def _fly(self, tenant: Any, prayers: Sequence[Prayer]) -> list[Prayed | AppError]:
        return await self.pray_many(Scope.system(tenant), prayers)

    # ---- following, encouraging, flagging

    async def follow(self, scope: Scope, id: UUID, *, on: bool = True) -> None:
        """Let the caller hear what becomes of a request, or no more; raise NoSuchRequest."""
        policy.FOLLOW.require(scope)
        assert scope.actor.id is not None, "the rule lets in people alone"
        async with self._database.transaction(scope) as tx:
            if not on:
                await self._intercession.unfollow(tx, id, scope.actor.id)
                return
            await self._readable(tx, id)
            await self._intercession.follow(tx, id, scope.actor.id)

    async def encourage(self, scope: Scope, id: UUID, reply: NewReply) -> tuple[Reply, str]:
        """Let words wait for the team; return them and the need that they tell of. Raise what is against them."""
        policy.ENCOURAGE.require(scope)
        assert scope.actor.id is not None, "the rule lets in people and guests"
        await self._throttle.take(policy.WORDS, f"{scope.tenant.id}:{scope.actor.id}")
        if scope.actor.kind == "guest":
            await self._throttle.take(policy.WORDS_OF_GUESTS, f"{scope.tenant.id}:{scope.origin.network}")
        async with self._database.transaction(scope) as tx:
            await self._judge(tx, reply.body)
            await self._readable(tx, id)
            written = await self._encouragement.encourage_in(tx, id, reply.body)
        return written, written.crisis

    async def _judge(self, tx: Transaction, body: str) -> None:
        """Raise what the church's restraints and rules have against the caller's words."""
        actor, origin = tx.scope.actor, tx.scope.origin
        assert actor.id is not None
        guard = await self._safety.guard(tx, [Caller(actor.id, origin.device, origin.address)])
        verdict = guard.judge(actor.id, Said(body, guest=actor.kind == "guest"))
        if isinstance(verdict, AppError):
            raise verdict

    async def flag(self, scope: Scope, id: UUID, flag: Flag) -> None:
        """Ask the team to look at a request again; raise NoSuchRequest, Limited.

        Once for each person, and once for all guests and visitors of one network: anybody makes himself a new guest,
        or another device, and nobody shall take a request off alone.
        """
        policy.FLAG.require(scope)
        team, network = READ_TEAM.allows(scope), scope.origin.network
        known = scope.actor.kind in ("person", "api_key")
        await self._throttle.take(policy.FLAGS, f"{scope.tenant.id}:{scope.actor.id if known else network}")
        async with self._database.transaction(scope) as tx:
            await self._readable(tx, id)
            mark = self._prayer.flag_mark(scope if known else Scope(scope.tenant), id, network)
            await self._prayer.flag_in(tx, id, mark, team=team, reason=flag.reason, note=flag.note)

    async def tell_followers(self, tx: Transaction, id: UUID, after: UUID = FIRST) -> None:
        """Tell everybody who follows a request, some hundred in one transaction, that something became of it."""
        request = (await self._prayer.by_ids(tx, [id])).get(id)
        if request is None or not request.shown:
            return
        data = msgspec.json.encode(PrayerMoved(id, request.state))
        people = await self._intercession.followers(tx, id, after)
        for person in people:
            tx.append(
                Topic(tx.scope.tenant.id, "me", str(person)), Draft(id, "prayer.followed", data, day=True)
            )
        if len(people) == MOST_FOLLOWERS:
            tx.signal(TellingGoesOn(request_id=id, after=people[-1]))

    # ---- what the team does below a request

    async def below(self, scope: Scope, id: UUID) -> list[StandingReply]:
        """Return what stands below a request that the team may read; raise NoSuchRequest."""
        policy.LOOK_BELOW.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            request = (await self._prayer.by_ids(tx, [id])).get(id)
            if request is None or not self._prayer.may_read(scope, request):
                raise NoSuchRequest()
            return [StandingReply.of(reply) for reply in await self._encouragement.below(tx, id)]

    async def take_down(self, scope: Scope, reply_id: UUID) -> None:
        """Take down what stands below a request, from every wall at once. Raise NoSuchReply, AlreadyDecided."""
        policy.TAKE_DOWN.require(scope)
        async with self._database.transaction(scope) as tx:
            await self._encouragement.remove_reply_in(tx, reply_id)

    # ---- inside

    async def _readable(self, tx: Transaction, id: UUID) -> Request:
        request = (await self._prayer.by_ids(tx, [id])).get(id)
        if request is None or not policy.reads(tx.scope, request):
            raise NoSuchRequest()
        return request

    async def _shown(self, tx: Transaction, requests: list[Request]) -> Found:
        totals = await self._intercession.totals(tx, [request.id for request in requests])
        shown = await self._prayer.public(tx, requests)
        shown = [policy.in_archive(one, seen) for one, seen in zip(requests, shown, strict=True)]
        return requests, shown, policy.counts(requests, totals)


def _cursors(scope: Scope) -> str:
    return f"wall.cursor:{scope.tenant.id}"


def _newest(visibility: Visibility, most: int) -> OnWalls:
    return OnWalls(visibilities=(visibility,), most=most)


class _Totals:
    """Tells how many prayed, for each request the first at once and the rest together once a second."""

    def __init__(self, announcer: Announcer) -> None:
        self._announcer = announcer
        self._newest: dict[tuple[str, UUID], tuple[Request, int] | None] = {}

    def tell(self, scope: Scope, requests: Sequence[Request], totals: dict[UUID, int]) -> None:
        """Tell new totals after their COMMIT; small ones under anonymous requests are not told."""
        now = []
        for request in requests:
            key = (scope.tenant.id, request.id)
            if key in self._newest:
                self._newest[key] = (request, totals[request.id])
                continue
            self._newest[key] = None
            now.append((request, totals[request.id]))
            asyncio.get_running_loop().call_later(SECOND, self._again, scope, key)
        self._send(scope, now)

    def _again(self, scope: Scope, key: tuple[str, UUID]) -> None:
        newest = self._newest.pop(key, None)
        if newest is not None:
            self._newest[key] = None
            asyncio.get_running_loop().call_later(SECOND, self._again, scope, key)
            self._send(scope, [newest])

    def _send(self, scope: Scope, told: Sequence[tuple[Request, int]]) -> None:
        passing = []
        for request, prayed in told:
            count = policy.told(request, prayed)
            if count is None:
                continue
            data = msgspec.Raw(msgspec.json.encode(Prayed(request.id, count)))
            topic = topic_of(scope.tenant.id, request.visibility)
            passing.append(Passing(topic, "latest", "prayed", data, str(request.id), prayed))
        if passing:
            self._announcer.committed(Scope(scope.tenant), Publication((), tuple(passing), ()), signals=False)
