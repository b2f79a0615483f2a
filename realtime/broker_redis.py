"""A broker on Redis or Valkey: plain pub/sub on one server, sharded pub/sub on a cluster.

What is closed here, because it has bitten others: pub/sub does not subscribe again by itself after a cut; a
subscription can be silently deaf, so a probe passes through every pub/sub connection and a starved one is
built anew; a moved slot or a failover moves sharded subscriptions; one failed publish must not end the loop.

Payloads are `<node>\\n<publication>`: a node hands its own publications over at once, without the network,
and skips them when they come back.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, Final

import msgspec
from redis.asyncio.connection import AbstractConnection

from realtime import broker
from realtime.broker import OnGap, Publication, Receive
from realtime.supervise import Supervisor, end_tasks
from realtime.wire_redis import AWAY, Wire

_log = logging.getLogger("realtime.broker_redis")

QUEUE: Final = 4096
"""Publications waiting for the network; when it is hit the oldest is dropped and counted, the log heals
it."""

BATCH: Final = 256
PROBE_SECONDS: Final = 5.0
CONFIRM_SECONDS: Final = 2.0
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 2.0


class Ear:
    """One pub/sub connection to one server; it connects, subscribes and listens, again and again."""

    def __init__(
        self,
        wire: Wire,
        server: str,
        hear: Callable[[str, bytes], None],
        restored: Callable[[tuple[str, ...]], None],
        moved: Callable[[], None],
    ) -> None:
        self.server = server
        self.probe = wire.probe(server)
        self.channels: dict[str, None] = {}
        self.connected = False
        self.probed = 0
        self.heard = 0
        """Probes sent through this connection, and those that came through."""
        self.probed_at = self.lag = 0.0
        """When the last probe was sent, and the seconds that the last one needed to come through."""
        self._wire = wire
        self._hear = hear
        self._restored = restored
        self._moved = moved
        self._connection: AbstractConnection | None = None
        self._confirmed: dict[str, asyncio.Future[None]] = {}
        self._sent: set[str] = set()
        self._left: Counter[str] = Counter()
        """Farewells by channel whose answers have not come yet."""
        self._tried = asyncio.Event()
        """Set once the first attempt to connect has succeeded or failed."""
        self._task = asyncio.create_task(self._run())

    def holds(self, channel: str) -> bool:
        """Tell whether this channel is listened to, or will be as soon as there is a connection."""
        return channel in self.channels and (not self.connected or channel in self._sent)

    async def subscribe(self, channel: str) -> None:
        """Listen to a channel; return once the server has confirmed it, or when it is away."""
        self.channels[channel] = None
        await self._tried.wait()
        if not self.connected or channel in self._sent:
            return
        confirmed = self._confirmed.setdefault(channel, asyncio.get_running_loop().create_future())
        self._sent.add(channel)
        try:
            await self._say(self._wire.subscribe_verb, channel)
            async with asyncio.timeout(CONFIRM_SECONDS):
                await asyncio.shield(confirmed)
        except AWAY as problem:
            _log.warning("a subscription was not confirmed: %s", type(problem).__name__)

    async def unsubscribe(self, channel: str) -> None:
        """Listen no more."""
        self.channels.pop(channel, None)
        self._sent.discard(channel)
        if self._connection is None:
            return
        self._left[channel] += 1
        with contextlib.suppress(*AWAY):
            await self._say(self._wire.unsubscribe_verb, channel)

    async def rebuild(self) -> None:
        """Drop the connection: it is built anew."""
        if self._connection is not None:
            await self._connection.disconnect(nowait=True)

    async def stop(self) -> None:
        """End for good."""
        await end_tasks(self._task)

    async def _say(self, verb: str, channel: str) -> None:
        if self._connection is not None:
            await self._connection.send_command(verb, channel, check_health=False)

    async def _run(self) -> None:
        pause = 0.0
        while True:
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, max(FIRST_PAUSE, pause * 2))
            try:
                await self._connect()
                pause = FIRST_PAUSE
                await self._listen()
            except AWAY as problem:
                _log.warning("the subscriptions at %s were cut: %s", self.server, type(problem).__name__)
            except Exception:
                _log.exception("the subscriptions at %s failed", self.server)
            finally:
                self.connected = False
                self._tried.set()
                await self._hang_up()

    async def _connect(self) -> None:
        """Connect and subscribe to everything that is wanted, also to what is wanted meanwhile."""
        self._connection, self._sent, self._left = self._wire.connection(self.server), set(), Counter()
        async with asyncio.timeout(CONFIRM_SECONDS):
            await self._connection.connect()  # type: ignore[no-untyped-call]
            while missing := [c for c in (self.probe, *self.channels) if c not in self._sent]:
                for channel in missing:
                    await self._say(self._wire.subscribe_verb, channel)
                self._sent.update(missing)
                await self._confirm_all(len(missing))
        self.connected, self.heard = True, self.probed
        if self._tried.is_set():
            self._restored(tuple(self.channels))
        self._tried.set()

    async def _confirm_all(self, count: int) -> None:
        while count:
            message = await self._read()
            count -= message[0] == self._wire.subscribe_verb.lower().encode()
            self._take(message)

    async def _listen(self) -> None:
        while True:
            self._take(await self._read())

    async def _read(self) -> list[Any]:
        assert self._connection is not None
        message: list[Any] = await self._connection.read_response(disable_decoding=True)
        return message

    def _take(self, message: list[Any]) -> None:
        verb, channel = message[0], message[1].decode()
        if verb in (b"message", b"smessage"):
            if channel == self.probe:
                self.heard, self.lag = self.probed, time.monotonic() - self.probed_at
            else:
                self._hear(channel, message[2])
        elif verb == self._wire.subscribe_verb.lower().encode():
            confirmed = self._confirmed.pop(channel, None)
            if confirmed is not None and not confirmed.done():
                confirmed.set_result(None)
        elif self._left[channel]:
            self._left[channel] -= 1  # we ended it; somebody may want it again by now
        elif channel in self.channels:
            self._sent.discard(channel)
            self._moved()  # the server itself ended a subscription: its slot has gone elsewhere

    async def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(*AWAY):
                await connection.disconnect(nowait=True)


class RedisBroker:
    """Publish and subscribe by church over a server or a cluster; without `start` it only publishes."""

    def __init__(
        self, wire: Wire, node: str, supervisor: Supervisor, probe_seconds: float = PROBE_SECONDS
    ) -> None:
        self._lost = 0
        self._wire = wire
        self._mark = node.encode() + b"\n"
        self._supervisor = supervisor
        self._probe_seconds = probe_seconds
        self._receive: Receive | None = None
        self._on_gap: OnGap | None = None
        self._tenants: dict[str, str] = {}
        self._by_channel: dict[str, str] = {}
        self._ears: dict[str, Ear] = {}
        self._queue: deque[tuple[str, bytes]] = deque()
        self._something = asyncio.Event()
        self._look = asyncio.Event()
        self._sending = False

    async def start(self, receive: Receive, on_gap: OnGap) -> None:
        """Begin to listen."""
        self._receive, self._on_gap = receive, on_gap
        self._supervisor.watch("broker topology", self._watch)

    async def subscribe(self, tenant: str) -> None:
        """Hand over this church's publications from now on."""
        channel = broker.channel_of(tenant)
        self._tenants[tenant] = channel
        self._by_channel[channel] = tenant
        try:
            ear = self._ear(await self._wire.owner(channel))
        except AWAY:  # the slot has no owner, or its owner no slot any more: looked at again soon
            self._look.set()
            return
        await ear.subscribe(channel)

    async def unsubscribe(self, tenant: str) -> None:
        """Hand over no more of them."""
        channel = self._tenants.pop(tenant, None)
        if channel is not None:
            self._by_channel.pop(channel, None)
            for ear in list(self._ears.values()):
                if channel in ear.channels:
                    await ear.unsubscribe(channel)

    def publish(self, tenant: str, publication: Publication) -> bool:
        """Hand it to this node at once, and queue it for the others."""
        if self._receive is not None and tenant in self._tenants:
            self._receive(tenant, publication)
        kept = len(self._queue) < QUEUE
        if not kept:
            self._queue.popleft()
            self._lost += 1
        self._queue.append((broker.channel_of(tenant), self._mark + broker.encode(publication)))
        self._something.set()
        if not self._sending:
            self._sending = True
            self._supervisor.watch("broker publisher", self._send)
        return kept

    async def stop(self) -> None:
        """Send what is still queued, then end."""
        with contextlib.suppress(*AWAY):
            async with asyncio.timeout(1.0):
                while self._queue:
                    await self._send_some()
        for ear in self._ears.values():
            await ear.stop()
        with contextlib.suppress(*AWAY):
            await self._wire.stop()

    @property
    def lost(self) -> int:
        """Return how many publications were dropped or failed."""
        return self._lost

    @property
    def lag(self) -> float:
        """Return the seconds that the slowest server's last probe needed to come back to us."""
        return max((ear.lag for ear in self._ears.values()), default=0.0)

    @property
    def deaf(self) -> int:
        """Return how many servers we listen at without a connection."""
        return sum(not ear.connected for ear in self._ears.values())

    # ---- publishing

    async def _send(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            while self._queue:
                try:
                    await self._send_some()
                except AWAY as problem:
                    _log.warning("a publish failed: %s", type(problem).__name__)
                    await asyncio.sleep(FIRST_PAUSE)

    async def _send_some(self) -> None:
        """Send a batch; what fails is not sent again, for it may have arrived."""
        batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
        try:
            await self._wire.publish(batch)
        except BaseException:
            self._lost += len(batch)
            raise

    # ---- listening

    def _ear(self, server: str) -> Ear:
        ear = self._ears.get(server)
        if ear is None:
            ear = self._ears[server] = Ear(self._wire, server, self._hear, self._restored, self._look.set)
        return ear

    def _hear(self, channel: str, payload: bytes) -> None:
        tenant = self._by_channel.get(channel)
        if tenant is None or self._receive is None or payload.startswith(self._mark):
            return
        _, _, body = payload.partition(b"\n")
        try:
            publication = broker.decode(body)
        except msgspec.DecodeError:
            _log.warning("an unreadable publication was skipped")
            return
        self._receive(tenant, publication)

    def _restored(self, channels: tuple[str, ...]) -> None:
        tenants = tuple(self._by_channel[c] for c in channels if c in self._by_channel)
        if tenants and self._on_gap is not None:
            self._on_gap(tenants)

    async def _watch(self) -> None:
        """Look every few seconds, or when a server says so, who must listen where and who is deaf."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._probe_seconds):
                    await self._look.wait()
            asked = self._look.is_set()
            self._look.clear()
            try:
                await self._wire.refresh()
                await self._assign()
                if not asked:
                    await self._probe_all()
            except AWAY as problem:
                _log.warning("the servers cannot be asked: %s", type(problem).__name__)
                await asyncio.sleep(FIRST_PAUSE)

    async def _assign(self) -> None:
        """Move every subscription to the server that owns its slot now."""
        moved: list[str] = []
        for tenant, channel in list(self._tenants.items()):
            server = await self._wire.owner(channel)
            if self._ear(server).holds(channel):
                continue
            for ear in self._ears.values():
                if channel in ear.channels:
                    await ear.unsubscribe(channel)
            await self._ear(server).subscribe(channel)
            moved.append(tenant)
        if moved and self._on_gap is not None:
            self._on_gap(tuple(moved))
        for server in [
            s for s, ear in self._ears.items() if not ear.channels and s not in self._wire.servers()
        ]:
            await self._ears.pop(server).stop()

    async def _probe_all(self) -> None:
        """Rebuild connections that did not hear their last probe, then send the next one through each."""
        for ear in list(self._ears.values()):
            if ear.connected and ear.probed > ear.heard:
                _log.warning("the subscriptions at %s are deaf and are built anew", ear.server)
                await ear.rebuild()
        for ear in list(self._ears.values()):
            ear.probed += 1
            ear.probed_at = time.monotonic()
            try:
                await self._wire.publish([(ear.probe, b"")])
            except AWAY:
                ear.probed -= 1  # nobody can have heard it
