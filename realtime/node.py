"""One process's whole engine: hub, broker, presence and channels; start, publish, kick, drain, stop."""

import asyncio
import logging
import random
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any, Final

from realtime import closes, frames
from realtime.broker import Broker, Order, Passing, Publication
from realtime.channel import Channels, Door, Who
from realtime.closes import Close
from realtime.errors import Dismissed, PositionLost, Refused
from realtime.feed import Feed, Figures, Member
from realtime.frames import Problem
from realtime.hub import Hub
from realtime.limits import Limits
from realtime.log import Log, Position
from realtime.presence import Presence, View
from realtime.protocol import PING_SECONDS, Enter
from realtime.recovery import Recovery
from realtime.register import Register
from realtime.session import Session
from realtime.supervise import Supervisor
from realtime.topics import Topic
from realtime.transport import Receiver, Transport
from realtime.wheel import Wheel

_log = logging.getLogger("realtime.node")

SPREAD_SECONDS: Final = 5.0
"""Sessions sent away for another epoch are spread over this time, so that they do not come back at once."""

CLOCKS_APART: Final = 1.0
"""Seconds that the clocks of a node and of whoever gave an order may differ."""

FAREWELLS: Final = 50_000
"""Departures the channels have not been told of; when it is hit the oldest are forgotten."""

Explain = Callable[[Exception], Problem | None]
"""Turns a product's error into what the client is told; None for an error it does not know."""


Toll = Callable[[Who], Awaitable[None]]
"""Counts one push of a person, however many connections they have; raises what refuses it."""


Gather = Callable[[Passing], None]
"""Takes a `gathered` frame of a topic that this node has; what comes of it goes to `Node.tell_here`."""


def _drop(_: Passing) -> None:
    """Take nothing."""


async def _free(_: Who) -> None:
    """Count nothing."""


class Node:
    """The engine of one process. Everything happens on the loop `start` was called on."""

    def __init__(
        self,
        *,
        broker: Broker,
        presence: Presence,
        channels: Channels,
        door: Door,
        log: Log,
        supervisor: Supervisor,
        explain: Explain = lambda error: None,
        toll: Toll = _free,
        gather: Gather = _drop,
        limits: Limits | None = None,
        drain_seconds: float = 20.0,
    ) -> None:
        self.channels = channels
        self.door = door
        self.limits = limits or Limits()
        self.figures = Figures()
        self._broker = broker
        self._presence = presence
        self._log = log
        self._supervisor = supervisor
        self._explain = explain
        self.toll = toll
        self._gather = gather
        self._wheel = Wheel(PING_SECONDS)
        self._sessions: dict[Session, None] = {}
        self._present: Counter[str] = Counter()  # sessions of each church
        self._greeting: dict[Session, None] = {}
        self._subscribed: dict[str, asyncio.Task[None]] = {}
        self._farewells: asyncio.Queue[tuple[Session, Topic]] = asyncio.Queue(FAREWELLS)
        self._works: set[asyncio.Task[None]] = set()
        self._drain_seconds = drain_seconds
        self._draining = False

    # ---- life

    async def start(self) -> None:
        """Begin: sessions may connect from now on."""
        loop = asyncio.get_running_loop()
        self._hub = Hub(self, self.figures, loop)
        self._recovery = Recovery(self._log, self.channels, self.figures, self._hub)
        self._register = Register(self._presence, self._hub, self.publish)
        await self._broker.start(self._receive, self._missed)
        self._wheel.each_second(self._each_second)
        self._wheel.start()
        self._supervisor.watch("presence", self._register.keep)
        self._supervisor.watch("farewells", self._say_farewells)

    async def stop(self) -> None:
        """End: close what is still open, tell the others that nobody is here, and stop every task."""
        for session in list(self._sessions):
            session.shut(closes.RESTART)
        self._wheel.stop()
        await self._supervisor.stop()
        for work in list(self._works):
            work.cancel()
        await asyncio.gather(*self._works, return_exceptions=True)
        try:
            await self._presence.withdraw()
        except OSError as problem:
            _log.warning("presence could not be withdrawn, its lease will run out: %s", problem)
        await self._broker.stop()

    def drain(self) -> None:
        """Take in nobody new, and let everyone go at a random moment of the drain time."""
        self._draining = True
        for session in list(self._sessions):
            session.drain()

    @property
    def sessions(self) -> int:
        """How many connections there are."""
        return len(self._sessions)

    @property
    def feeds(self) -> Sequence[Feed]:
        """The topics on this node, for whoever measures."""
        return self._hub.feeds()

    def tenants(self) -> set[str]:
        """Return the churches this node has sessions of."""
        return {tenant for tenant, count in self._present.items() if count}

    # ---- what the gateway calls

    def connect(self, tenant: str, transport: Transport, peer: Any = None) -> Receiver:
        """Take in a connection to this church; raise Dismissed while draining."""
        if self._draining:
            raise Dismissed(closes.RESTART)
        session = Session(self, tenant, transport, peer, secrets.token_urlsafe(9))
        self._sessions[session] = None
        self._present[tenant] += 1
        self._greeting[session] = None
        return session

    # ---- what the product calls

    def publish(self, tenant: str, publication: Publication) -> bool:
        """Tell every node, this one at once; call it after the commit."""
        self.figures.publishes += 1
        return self._broker.publish(tenant, publication)

    def obey(self, tenant: str, orders: Iterable[Order]) -> None:
        """Carry out orders on this node alone: the others hear of them by themselves."""
        for order in orders:
            self._obey(tenant, order)

    def tell_here(self, passing: Passing) -> None:
        """Tell this node's own sessions alone."""
        self._hub.deliver(Publication(passing=(passing,)))

    def kick(self, tenant: str, person: str | None, close: Close) -> None:
        """Close every connection of a person (or of everyone) in this church, on all nodes."""
        order = Order("kick", person=person, code=close.code, reason=close.reason)
        self.publish(tenant, Publication(orders=(order,)))

    def leave(self, topic: Topic, person: str | None, reason: str) -> None:
        """End the subscription of a person (or of everyone) to a topic, on all nodes."""
        order = Order("leave", person=person, topic=topic, reason=reason)
        self.publish(topic.tenant, Publication(orders=(order,)))

    def recheck(self, tenant: str, person: str) -> None:
        """Ask policy again for everything a person joined, on all nodes."""
        self.publish(tenant, Publication(orders=(Order("recheck", person=person),)))

    def wake(self, topic: Topic, position: Position) -> None:
        """Learn that the log has got this far; what is missing here is read. Unknown topics are ignored."""
        feed = self._hub.find(topic)
        if feed is not None and feed.sequencer.known:
            self._hub.prime(feed, position)

    async def reconcile(self, tenants: Iterable[str] | None = None) -> None:
        """Compare all topics of these churches (or of all) with the log's heads; raise what the log
        raises."""
        by_tenant: dict[str, list[Feed]] = {}
        for feed in self._hub.feeds():
            by_tenant.setdefault(feed.topic.tenant, []).append(feed)
        for tenant in by_tenant if tenants is None else tenants:
            await self._recovery.reconcile(by_tenant.get(tenant, ()))

    async def view(self, topic: Topic) -> View:
        """Read who is in a topic, over all nodes."""
        return (await self._presence.views([topic]))[topic]

    # ---- what sessions call

    def explain(self, error: Exception) -> Problem:
        """Return what the client is told of an error; one nobody knows is logged and called internal."""
        if isinstance(error, Refused):
            return Problem(error.code, error.detail, error.retry_after)
        known = self._explain(error)
        if known is None:
            _log.error("a request failed", exc_info=error)
            known = Problem("internal", "Something went wrong here; try again.")
        return known

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run this beside everything else, and keep it alive."""
        task = asyncio.create_task(work)
        self._works.add(task)
        task.add_done_callback(self._works.discard)

    async def enter(self, session: Session, effect: Enter) -> None:
        """Join a topic, reply and seat the session."""
        who, channel = session.who, self.channels.of(effect.topic)
        assert who is not None, "the lane admits before it joins"
        await channel.join(who, effect.topic)
        feed = self._hub.open(effect.topic)
        feed.holds += 1
        try:
            await self._subscribe(effect.topic.tenant)
            start = await self._recovery.begin(feed, effect.after)
        except PositionLost as lost:
            raise Dismissed(closes.POSITION_LOST) from lost
        finally:
            feed.holds -= 1
        if session.closed:
            self._bid_farewell(session, effect.topic)
            return
        self.figures.joins += 1
        session.entered(effect.topic, feed)
        session.say(frames.reply(effect.ref, start.data))
        for payload in start.latest:
            session.say(payload)
        self._hub.seat(feed, session, start.cursor, start.stamp)
        if channel.presence:
            self._register.enter(effect.topic, who.id, bytes(who.public) if who.named else b"")

    def exit(self, session: Session, feed: Feed) -> None:
        """Unseat the session and tell the channel, later."""
        self._hub.unseat(feed, session)
        if session.who is not None and self.channels.of(feed.topic).presence:
            self._register.leave(feed.topic, session.who.id)
        self._bid_farewell(session, feed.topic)

    def resume(self, session: Session, feed: Feed) -> None:
        """Replay what the session missed of this feed."""
        self._hub.resume(feed, session)

    def moment(self) -> float:
        """Return when a drained session shall close, in seconds from now."""
        self._draining = True
        return random.uniform(0, self._drain_seconds)  # noqa: S311  (a spread, no secret)

    def welcomed(self, session: Session) -> None:
        """Let the wheel look after the session from now on, and hear what is ordered about it, joined or not."""
        self._greeting.pop(session, None)
        self._wheel.add(session)
        subscribed = self._subscribed.get(session.tenant)
        if subscribed is None or not subscribed.done():
            self.spawn(self._listen_for(session))

    def gone(self, session: Session) -> None:
        """Forget the session."""
        if session in self._sessions:
            del self._sessions[session]
            self._present[session.tenant] -= 1
            self._leave(session.tenant)
        self._greeting.pop(session, None)
        self._wheel.remove(session)

    async def _listen_for(self, session: Session) -> None:
        """Subscribe to a session's church; what was ordered before that is made good by asking again."""
        await self._subscribe(session.tenant)
        session.recheck()

    async def _subscribe(self, tenant: str) -> None:
        """Subscribe to a church once; everyone who comes meanwhile waits for the same answer."""
        task = self._subscribed.get(tenant)
        if task is None:
            task = self._subscribed[tenant] = asyncio.create_task(self._broker.subscribe(tenant))
        try:
            await asyncio.shield(task)
        except Exception:
            if self._subscribed.get(tenant) is task:
                del self._subscribed[tenant]  # the next join tries again
            raise

    # ---- what the hub calls

    def gap(self, feed: Feed) -> None:
        """Read the log soon, unless that is under way."""
        if not feed.healing:
            feed.healing = True
            self.figures.gaps += 1
            self.spawn(self._heal(feed))

    def lost(self, feed: Feed, member: Member, cursor: int) -> None:
        """Read from the log what this member missed."""
        self.spawn(self._refill(feed, member, cursor))

    def reset(self, feed: Feed, members: Sequence[Member]) -> None:
        """Send these sessions away, spread a little, to come back with new positions."""
        loop = asyncio.get_running_loop()
        for member in members:
            if isinstance(member, Session):
                pause = random.uniform(0, SPREAD_SECONDS)  # noqa: S311  (a spread, no secret)
                loop.call_later(pause, member.shut, closes.POSITION_LOST)

    async def _heal(self, feed: Feed) -> None:
        try:
            await self._recovery.heal(feed)
        finally:
            feed.healing = False

    async def _refill(self, feed: Feed, member: Member, cursor: int) -> None:
        try:
            await self._recovery.refill(feed, member, cursor)
        except Exception as problem:
            _log.info("a member of %s must come back: %s", feed.topic, type(problem).__name__)
            assert isinstance(member, Session)
            member.shut(closes.POSITION_LOST)

    # ---- what the broker calls

    def _receive(self, tenant: str, publication: Publication) -> None:
        if publication.events and (moment := publication.events[-1].moment) is not None:
            self.figures.arrival.add(max(0.0, time.time() - moment))
        self._hub.deliver(publication)
        for passing in publication.passing:
            if passing.kind == "gathered" and self._hub.find(passing.topic) is not None:
                self._gather(passing)
        for order in publication.orders:
            self._obey(tenant, order)

    def _missed(self, tenants: tuple[str, ...]) -> None:
        self.spawn(self._catch_up(tenants))

    async def _catch_up(self, tenants: tuple[str, ...]) -> None:
        """Compare with the log until that has worked once; ask again who is here, and for newest values."""
        self._register.touch_all()
        pause = 0.1
        while True:
            try:
                await self.reconcile(tenants)
                return await self._recovery.refresh(
                    [f for f in self._hub.feeds() if f.topic.tenant in tenants]
                )
            except Exception as problem:
                _log.warning("the log cannot be read: %s", type(problem).__name__)
                await asyncio.sleep(pause)
                pause = min(5.0, pause * 2)

    def _obey(self, tenant: str, order: Order) -> None:
        if order.act == "touch":
            if order.topic is not None:
                self._register.touch(order.topic)
            return
        now = time.monotonic()
        for session in list(self._sessions):
            if session.tenant == tenant and _concerns(order, session, now):
                self._obey_for(session, order)

    def _obey_for(self, session: Session, order: Order) -> None:
        if order.act == "kick":
            session.shut(closes.of(order.code, order.reason))
        elif order.act == "recheck":
            session.recheck()
        elif order.topic is not None:
            session.drop(order.topic, order.reason)

    # ---- background

    def _each_second(self, now: float) -> None:
        clock = time.monotonic()
        for session in [*self._greeting, *(s for s in self._sessions if s.behind_since is not None)]:
            session.look(clock)
        for tenant in self._hub.sweep(now):
            self._leave(tenant)

    def _leave(self, tenant: str) -> None:
        """Hear no more of a church that has neither a session nor a topic here."""
        if tenant in self._subscribed and not self._present[tenant] and not self._hub.holds(tenant):
            self.spawn(self._unsubscribe(tenant))

    async def _unsubscribe(self, tenant: str) -> None:
        task = self._subscribed.pop(tenant, None)
        if task is not None:
            await asyncio.wait([task])
        if tenant not in self._subscribed:
            await self._broker.unsubscribe(tenant)

    def _bid_farewell(self, session: Session, topic: Topic) -> None:
        if self._farewells.full():
            self._farewells.get_nowait()
        self._farewells.put_nowait((session, topic))

    async def _say_farewells(self) -> None:
        while True:
            session, topic = await self._farewells.get()
            assert session.who is not None
            try:
                await self.channels.of(topic).leave(session.who, topic)
            except Exception:
                _log.exception("a channel could not take a leave")


def _concerns(order: Order, session: Session, now: float) -> bool:
    if now - session.opened + CLOCKS_APART < order.age:
        return False
    return order.person is None or (session.who is not None and session.who.id == order.person)
