"""The I/O shell of one connection: it carries out what the protocol decides, and has one way to end.

An idle connection has no task and no queue. What must wait (the door, joins, leaves) goes through a lane in
order, carried by one task that lives while there is something in it; pushes start in order and run side by
side.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from realtime import closes, frames
from realtime.channel import Channels, Door, Push, Who
from realtime.closes import Close
from realtime.errors import TRANSIENT, Dismissed, Refused
from realtime.feed import Feed, Figures
from realtime.frames import Problem
from realtime.limits import Limits
from realtime.log import Position
from realtime.protocol import PING_SECONDS, Admit, Effect, Enter, Exit, Hand, Phase, Send, Shut
from realtime.protocol import Protocol as Rules
from realtime.topics import Topic
from realtime.transport import Transport, Write

_log = logging.getLogger("realtime.session")

PUSHES: Final = 64
"""Pushes of one connection at work at once; when it is hit its socket is not read until half are done."""

OUTBOX: Final = 256
"""Replies kept for a socket that takes none; when it is hit the connection is closed as slow."""

BEHIND_SECONDS: Final = 10.0
BEHIND_TIMES: Final = 3
BEHIND_WINDOW: Final = 60.0
"""Behind for BEHIND_SECONDS, or BEHIND_TIMES within BEHIND_WINDOW: closed as slow, to come back."""


class Keeper(Protocol):
    """What a session asks of its node."""

    channels: Channels
    door: Door
    figures: Figures
    limits: Limits
    toll: Callable[[Who], Awaitable[None]]
    """Counts one push of a person, over all their connections; raises what refuses it."""

    def explain(self, error: Exception) -> Problem:
        """Return what the client is told of an error."""
        ...

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run this beside everything else, and keep it alive."""
        ...

    async def enter(self, session: "Session", effect: Enter) -> None:
        """Join a topic, reply and seat the session; raises what refuses it."""
        ...

    def exit(self, session: "Session", feed: Feed) -> None:
        """Unseat the session and tell the channel, later."""
        ...

    def resume(self, session: "Session", feed: Feed) -> None:
        """Replay what the session missed of this feed."""
        ...

    def moment(self) -> float:
        """Return when a drained session shall close, in seconds from now; nobody new is taken in any more."""
        ...

    def welcomed(self, session: "Session") -> None:
        """Note that the session has said hello."""
        ...

    def gone(self, session: "Session") -> None:
        """Forget the session."""
        ...


class Session:
    """One connection of one person. It is a `transport.Receiver` and a `feed.Member`."""

    __slots__ = (
        "_behind", "_held", "_keeper", "_lane", "_marks", "_outbox", "_peer", "_pushes", "_rules", "_working",
        "behind_since", "id", "named", "opened", "send", "tenant", "transport", "who",
    )  # fmt: skip

    def __init__(self, keeper: Keeper, tenant: str, transport: Transport, peer: Any, name: str) -> None:
        now = time.monotonic()
        self.id = name
        self.tenant = tenant
        self.transport = transport
        self.send: Callable[[bytes], bool] = transport.send_framed
        self.named = False
        self.who: Who | None = None
        self.behind_since: float | None = None
        self._keeper = keeper
        self._peer = peer
        self.opened = now
        self._rules = Rules(tenant, keeper.limits, now)
        self._lane: deque[Effect | None] | None = None
        self._working = False
        self._pushes = 0
        self._held = False
        self._outbox: list[bytes] | None = None
        self._behind: dict[Feed, None] | None = None
        self._marks: tuple[float, ...] = ()

    # ---- what the transport calls

    def receive(self, data: bytes) -> None:
        """Take one whole text message."""
        self._keeper.figures.frames_in += 1
        self._do(self._rules.receive(data, time.monotonic()))

    def heard(self) -> None:
        """Note a frame that is no message; it is counted like one."""
        self._do(self._rules.spend(1, time.monotonic()))

    def bad(self) -> None:
        """Close: the peer broke the protocol."""
        self.shut(closes.PROTOCOL_ERROR)

    def unwritable(self) -> None:
        """Let nobody write to this socket unasked."""
        for feed in self.feeds():
            feed.disband()

    def writable(self) -> None:
        """Send what was held back: replies first, then what was missed."""
        if self._outbox is not None:
            waiting, self._outbox = self._outbox, None
            if not self.send(b"".join(waiting)):
                self._outbox = waiting
                return
        self._let_read()
        if self._behind is not None:
            for feed in list(self._behind):
                self._keeper.resume(self, feed)
        self._work()

    def lost(self) -> None:
        """End: the connection is gone."""
        self._rules.shut(closes.NORMAL)
        self._lane = self._outbox = self._behind = None
        for topic, feed in list(self._rules.topics.items()):
            self._rules.exited(topic)
            if feed is not None:
                self._keeper.exit(self, feed)
        self._keeper.gone(self)

    def drain(self) -> None:
        """Tell the client that the end is near, and close within the node's drain time."""
        seconds = self._keeper.moment()
        self.say(frames.encode(frames.Drain(int(seconds * 1000))))
        asyncio.get_running_loop().call_later(seconds, self.shut, closes.RESTART)

    # ---- what the node calls

    @property
    def closed(self) -> bool:
        """Tell whether the connection has ended or is about to."""
        return self._rules.phase is Phase.CLOSED

    @property
    def open(self) -> bool:
        """Tell whether the hello was accepted and the connection has not ended."""
        return self._rules.phase is Phase.OPEN

    def feeds(self) -> list[Feed]:
        """Return the feeds of the joined topics."""
        return [feed for feed in self._rules.topics.values() if feed is not None]

    def say(self, payload: bytes) -> None:
        """Send one payload; it is kept for a while if the socket cannot take it now."""
        if self.closed:
            return
        data = frames.framed(payload)
        if self._outbox is None:
            if self.send(data):
                return
            self._outbox = []
        self._hold_reading()
        if len(self._outbox) >= OUTBOX:
            self._slow()
        else:
            self._outbox.append(data)

    def shut(self, close: Close) -> None:
        """Close the connection; `lost` follows when the transport has ended."""
        self._do(self._rules.shut(close))

    def drop(self, topic: Topic, reason: str) -> None:
        """End one subscription and say why."""
        feed = self._rules.topics.get(topic)
        if feed is not None:
            self._rules.exited(topic)
            self._keeper.exit(self, feed)
            self.say(frames.encode(frames.Left(topic.name, reason)))
        elif topic in self._rules.topics:
            self.recheck()  # its join is under way and may have been allowed just before

    def recheck(self) -> None:
        """Ask the door and every joined channel again, in order with everything else."""
        self._queue(None)

    def tick(self, now: float) -> None:
        """Ping, tell positions, and look whether time has run out; called each PING_SECONDS, often at
        first."""
        self._do(self._rules.tick(now, self.opened))
        if self.open:
            places = {feed.name: feed for feed in self.feeds() if self in feed.live}
            positions = {name: Position(f.sequencer.epoch, f.settled) for name, f in places.items()}
            self.send(frames.PING_FRAME + frames.framed(frames.encode(frames.Places(positions))))

    def look(self, now: float) -> None:
        """Look whether time has run out for a hello, or for a member that is behind."""
        self._do(self._rules.tick(now, self.opened))
        if self.behind_since is not None and now - self.behind_since > BEHIND_SECONDS:
            self._slow()

    # ---- what the hub calls

    def writer(self) -> Write | None:
        """Return what writes to the socket unasked, None while it would be refused."""
        return self.transport.writer()

    def finish(self, rest: bytes) -> None:
        """Write what the writer has not taken."""
        self.transport.finish(rest)

    def fell_behind(self, feed: Feed) -> None:
        """Note that a frame could not be written; three times in a minute is too often."""
        if self.closed:
            return
        if self._behind is None:
            now = time.monotonic()
            self._behind, self.behind_since = {}, now
            self._marks = (*(mark for mark in self._marks if now - mark < BEHIND_WINDOW), now)
            if len(self._marks) >= BEHIND_TIMES:
                self._slow()
                return
        self._behind[feed] = None

    def caught_up(self, feed: Feed) -> None:
        """Note that nothing is missing any more in this feed."""
        if self._behind is not None:
            self._behind.pop(feed, None)
            if not self._behind:
                self._behind = self.behind_since = None

    # ---- inside

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self.say(effect.payload)
            elif isinstance(effect, Shut):
                self.transport.close(effect.close.code, effect.close.reason)
            else:
                self._queue(effect)

    def _queue(self, effect: Effect | None) -> None:
        """Put work at the end of the lane; None is a recheck."""
        if isinstance(effect, Hand) and not self._working and not self._lane:
            self._start_push(effect)
            return
        if self._lane is None:
            self._lane = deque()
        self._lane.append(effect)
        self._work()

    def _work(self) -> None:
        if self._lane and not self._working and self._outbox is None:
            self._working = True
            self._keeper.spawn(self._carry())

    async def _carry(self) -> None:
        """Carry out the lane in order, and stop while the socket takes no replies."""
        try:
            while self._lane and self._outbox is None and not self.closed:
                effect = self._lane.popleft()
                if isinstance(effect, Hand):
                    self._start_push(effect)
                else:
                    await self._one(effect)
        finally:
            self._working = False
            if not self._lane or self.closed:
                self._lane = None

    async def _one(self, effect: Effect | None) -> None:
        if effect is None:
            await self._guarded(self._again())
        elif isinstance(effect, Admit):
            await self._guarded(self._admit(effect))
        elif isinstance(effect, Enter):
            await self._enter(effect)
        elif isinstance(effect, Exit):
            self._exit(effect)

    async def _guarded(self, asking: Awaitable[None]) -> None:
        """Ask the door; whatever it raises ends the connection."""
        try:
            await asking
        except Dismissed as dismissed:
            self.shut(dismissed.close)
        except Exception:
            _log.exception("the door failed")
            self.shut(closes.INTERNAL)

    async def _admit(self, effect: Admit) -> None:
        who = await self._keeper.door.admit(self.tenant, effect.token, self._peer)
        if effect.renewal and self.who is not None and who.id != self.who.id:
            raise Dismissed(closes.FORBIDDEN)
        self._take(who)
        expires = None
        if who.expires_at is not None:
            expires = time.monotonic() + who.expires_at - time.time()
        welcome = None if effect.renewal else self._welcome(who)
        self._do(self._rules.admitted(expires, welcome))
        if self.open and effect.renewal:
            self.recheck()  # a change of rights may have been told while nobody could hear it
        elif self.open:
            self._keeper.welcomed(self)

    def _take(self, who: Who) -> None:
        self.who, self.named = who, who.named

    def _welcome(self, who: Who) -> bytes:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return frames.encode(frames.Welcome(self.id, who.public, PING_SECONDS, at))

    async def _again(self) -> None:
        """Ask the door, then each channel, whether what was allowed still is."""
        if self.who is None:
            return
        self._take(await self._keeper.door.again(self.who))
        for feed in self.feeds():
            try:
                await self._keeper.channels.of(feed.topic).join(self.who, feed.topic)
            except Exception as error:
                code = self._keeper.explain(error).code
                if code in TRANSIENT:  # nobody knows: come back, and be asked again
                    self.shut(closes.INTERNAL)
                    return
                self.drop(feed.topic, code)

    async def _enter(self, effect: Enter) -> None:
        try:
            await self._keeper.enter(self, effect)
        except Dismissed as dismissed:
            self.shut(dismissed.close)
        except Exception as error:
            self._rules.exited(effect.topic)
            self.say(frames.refusal(effect.ref, self._keeper.explain(error)))

    def entered(self, topic: Topic, feed: Feed) -> None:
        """Note that the topic is joined."""
        self._rules.entered(topic, feed)

    def _exit(self, effect: Exit) -> None:
        feed = self._rules.topics.get(effect.topic)
        self._rules.exited(effect.topic)
        if feed is not None:
            self._keeper.exit(self, feed)
        self.say(frames.reply(effect.ref))

    def _start_push(self, effect: Hand) -> None:
        self._pushes += 1
        if self._pushes >= PUSHES:
            self._hold_reading()
        self._keeper.spawn(self._push(effect))

    async def _push(self, effect: Hand) -> None:
        try:
            self.say(frames.reply(effect.ref, await self._receive(effect)))
        except Dismissed as dismissed:
            self.shut(dismissed.close)
        except Exception as error:
            self.say(frames.refusal(effect.ref, self._keeper.explain(error)))
        finally:
            self._pushes -= 1
            if self._pushes == PUSHES // 2:
                self._let_read()

    async def _receive(self, effect: Hand) -> Any:
        if self.who is None or self._rules.topics.get(effect.topic) is None:
            raise Refused("not_joined", "Join the topic first.")
        self._keeper.figures.pushes += 1
        await self._keeper.toll(self.who)
        channel = self._keeper.channels.of(effect.topic)
        return await channel.receive(self.who, Push(effect.topic, effect.event, effect.id, effect.data))

    def _hold_reading(self) -> None:
        if not self._held:
            self._held = True
            self.transport.hold()

    def _let_read(self) -> None:
        if self._held and self._outbox is None and self._pushes < PUSHES:
            self._held = False
            self.transport.release()

    def _slow(self) -> None:
        if self.closed:
            return
        self._keeper.figures.slow += 1
        self.shut(closes.SLOW)
