"""Keep what is read often and changed rarely: in this process, for a while, bounded, forgotten when told.

Every value is kept with the id of its church. A change is told to all processes over Valkey's pub/sub; such a message
may be lost, so a value also ends with its time to live, and a cut connection empties everything.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterator
from typing import Any, Generic, Protocol, TypeVar

import msgspec
import redis.asyncio as redis
import structlog

from realtime.supervise import end_tasks
from realtime.wire_redis import AWAY
from server.kit.clock import Clock
from server.kit.errors import NotFound
from server.kit.scope import TenantRef

CHANNEL = "narthex:cache"
UNSENT = 1_000  # messages waiting for Valkey; beyond it they are dropped, and the time to live heals
PROBE = (
    5.0  # seconds; a subscription that does not hear its own probe within twice this is deaf and made anew
)
RETRY = 1.0  # seconds between tries to reach Valkey

V = TypeVar("V")
_log = structlog.get_logger("narthex.cache")


class Forget(msgspec.Struct, frozen=True, array_like=True):
    """What processes tell each other: forget one church, or everything, in one cache; no cache: a probe."""

    cache: str
    church: str = ""


class _Entry(msgspec.Struct, frozen=True):
    church: str
    value: Any
    until: float


class Cache(Generic[V]):
    """A bounded map (church, key) → value; the least recently used goes first. Concurrent misses load once.

    `church` is "" while it is what we look for; `owner_of` then tells whose value was found ("" for nobody's).
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        *,
        seconds: float,
        most: int,
        owner_of: Callable[[V], str] | None = None,
    ) -> None:
        self.name = name
        self.hits = 0
        self.misses = 0
        self._clock = clock
        self._seconds = seconds
        self._most = most
        self._owner_of = owner_of
        self._entries: OrderedDict[tuple[str, Hashable], _Entry] = OrderedDict()
        self._loading: dict[tuple[str, Hashable], asyncio.Future[V]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    async def get(self, church: str, key: Hashable, load: Callable[[], Awaitable[V]]) -> V:
        """Return the value, loading it when it is not here; what `load` raises is raised and not kept."""
        entry = self._entries.get((church, key))
        if entry is None or entry.until <= self._clock.monotonic():
            self.misses += 1
            return await self._load((church, key), load)
        if church and entry.church != church:
            raise RuntimeError(f"cache {self.name} holds another church's value at {key!r}")
        self._entries.move_to_end((church, key))
        self.hits += 1
        value: V = entry.value
        return value

    def forget(self, church: str = "") -> None:
        """Drop a church's values and those that are nobody's; without a church drop everything.

        What is being read at this moment may be old: it is given to those who wait, and not kept.
        """
        self._loading.clear()
        for at, entry in list(self._entries.items()):
            if not church or entry.church in ("", church):
                del self._entries[at]

    async def _load(self, at: tuple[str, Hashable], load: Callable[[], Awaitable[V]]) -> V:
        if (others := self._loading.get(at)) is not None:
            try:
                return await asyncio.shield(others)
            except asyncio.CancelledError:
                if not others.cancelled():  # it is we who are cancelled
                    raise
            return await load()  # whoever was reading for all of us went away
        future = self._loading[at] = asyncio.get_running_loop().create_future()
        try:
            value = await load()
        except BaseException as error:
            if isinstance(error, Exception):
                future.set_exception(error)
                future.exception()  # perhaps nobody waits: that is no reason to warn
            else:
                future.cancel()
            raise
        else:
            future.set_result(value)
            if self._loading.get(at) is future:
                self._keep(at, value)
            return value
        finally:
            if self._loading.get(at) is future:
                del self._loading[at]

    def _keep(self, at: tuple[str, Hashable], value: V) -> None:
        church = self._owner_of(value) if self._owner_of else at[0]
        self._entries[at] = _Entry(church, value, self._clock.monotonic() + self._seconds)
        self._entries.move_to_end(at)
        while len(self._entries) > self._most:
            self._entries.popitem(last=False)


class Caches:
    """All caches of a process, and the line on which processes tell each other what changed."""

    def __init__(self, valkey: redis.Redis | None, clock: Clock) -> None:
        self._valkey = valkey
        self._clock = clock
        self._by_name: dict[str, Cache[Any]] = {}
        self._unsent: asyncio.Queue[Forget] = asyncio.Queue(UNSENT)
        self._tasks: list[asyncio.Task[None]] = []
        self._heard = 0.0

    def __iter__(self) -> Iterator[Cache[Any]]:
        return iter(self._by_name.values())

    def make(
        self,
        name: str,
        *,
        seconds: float,
        most: int,
        owner_of: Callable[[Any], str] | None = None,
    ) -> Cache[Any]:
        """Make a cache that hears what other processes tell; a name is used once."""
        if name in self._by_name:
            raise ValueError(f"two caches are called {name}")
        cache = self._by_name[name] = Cache(name, self._clock, seconds=seconds, most=most, owner_of=owner_of)
        return cache

    def tell(self, cache: str, church: str) -> None:
        """Forget here at once and tell the other processes; never waits, never raises for Valkey's sake."""
        self._by_name[cache].forget(church)
        if self._valkey is not None:
            with contextlib.suppress(asyncio.QueueFull):
                self._unsent.put_nowait(Forget(cache, church))

    async def start(self) -> None:
        """Begin to listen and to tell; does nothing without Valkey."""
        if self._valkey is not None:
            self._tasks = [asyncio.create_task(self._keep(run)) for run in (self._listen, self._send)]

    async def stop(self) -> None:
        """Say what is still unsaid (a command is often a short-lived process), then end both tasks."""
        if self._tasks and self._valkey is not None:
            with contextlib.suppress(*AWAY):
                async with asyncio.timeout(RETRY):
                    await self._flush(self._valkey)
        tasks, self._tasks = self._tasks, []
        await end_tasks(*tasks)

    async def _flush(self, valkey: redis.Redis) -> None:
        while not self._unsent.empty():
            await valkey.publish(CHANNEL, msgspec.json.encode(self._unsent.get_nowait()))

    async def _keep(self, run: Callable[[redis.Redis], Awaitable[None]]) -> None:
        """Run for ever: Valkey may be away for as long as it likes."""
        assert self._valkey is not None
        while True:
            try:
                await run(self._valkey)
            except AWAY as error:
                _log.warning("cache line is cut", error=type(error).__name__)
                for cache in self:
                    cache.forget()
            await asyncio.sleep(RETRY)

    async def _send(self, valkey: redis.Redis) -> None:
        while True:
            try:
                async with asyncio.timeout(PROBE):
                    message = await self._unsent.get()
            except TimeoutError:
                message = Forget("")
            await valkey.publish(CHANNEL, msgspec.json.encode(message))

    async def _listen(self, valkey: redis.Redis) -> None:
        async with valkey.pubsub() as line:
            await line.subscribe(CHANNEL)
            for cache in self:  # what was said before we listened is unknown
                cache.forget()
            self._heard = self._clock.monotonic()
            while self._clock.monotonic() - self._heard < 2 * PROBE:
                message = await line.get_message(ignore_subscribe_messages=True, timeout=PROBE)
                if message is not None:
                    self._hear(message["data"])
        raise TimeoutError("the subscription is deaf")

    def _hear(self, data: bytes) -> None:
        self._heard = self._clock.monotonic()
        try:
            said = msgspec.json.decode(data, type=Forget)
        except msgspec.DecodeError:
            _log.warning("cache line carries something else", bytes=len(data))
            return
        if (cache := self._by_name.get(said.cache)) is not None:
            cache.forget(said.church)


class Found(Protocol):
    """A church as the control schema knows it."""

    @property
    def ref(self) -> TenantRef: ...


class Churches(Protocol):
    """Where the directory looks when it does not know: by_slug raises NotFound."""

    async def by_slug(self, slug: str) -> Found: ...

    async def by_host(self, host: str) -> Found | None: ...


class Directory:
    """Find a church by slug, alias or own domain, mostly without asking the database.

    What does not exist is remembered too, for the same short time: a flood of made-up names reads each once.
    """

    def __init__(
        self, caches: Caches, churches: Churches, *, seconds: float = 10.0, most: int = 10_000
    ) -> None:
        self._caches = caches
        self._churches = churches
        self._cache: Cache[TenantRef | None] = caches.make(
            "directory", seconds=seconds, most=most, owner_of=lambda ref: ref.id if ref else ""
        )

    async def by_slug(self, slug: str) -> TenantRef | None:
        """Find a church by a slug that it has or had."""
        return await self._cache.get("", ("slug", slug), lambda: self._by_slug(slug))

    async def by_host(self, host: str) -> TenantRef | None:
        """Find the church whose own verified domain this is."""
        return await self._cache.get("", ("host", host), lambda: self._by_host(host))

    def forget(self, church: str) -> None:
        """Tell every process that a church was made, renamed, paused, resumed or erased."""
        self._caches.tell("directory", church)

    async def _by_slug(self, slug: str) -> TenantRef | None:
        try:
            return (await self._churches.by_slug(slug)).ref
        except NotFound:
            return None

    async def _by_host(self, host: str) -> TenantRef | None:
        found = await self._churches.by_host(host)
        return found.ref if found else None
