"""server.kit.cache."""

import asyncio

import pytest
import redis.asyncio as redis

from server.kit.cache import CHANNEL, Cache, Caches, Directory
from server.kit.clock import SystemClock
from server.wiring import Wiring


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def monotonic(self) -> float:
        return self.at


class Source:
    """Counts how often it is asked."""

    def __init__(self, value: object = "value") -> None:
        self.asked = 0
        self.value = value

    async def __call__(self) -> object:
        self.asked += 1
        await asyncio.sleep(0)
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


def cache(clock: Hand, **options: object) -> Cache[object]:
    return Cache("test", clock, **{"seconds": 10.0, "most": 3, **options})  # type: ignore[arg-type]


async def test_second_read_is_a_hit() -> None:
    """A value is loaded once within its time to live, and hits and misses are counted."""
    kept, source = cache(Hand()), Source()
    assert [await kept.get("a", 1, source) for _ in range(3)] == ["value"] * 3
    assert (source.asked, kept.hits, kept.misses) == (1, 2, 1)


async def test_time_to_live() -> None:
    """A value is read again when its time is over."""
    clock, source = Hand(), Source()
    kept = cache(clock)
    await kept.get("a", 1, source)
    clock.at += 10.0
    await kept.get("a", 1, source)
    assert source.asked == 2


async def test_bound() -> None:
    """Beyond its bound the value that was not used for longest goes."""
    kept, first = cache(Hand()), Source()
    await kept.get("a", "first", first)
    for key in range(2):
        await kept.get("a", key, Source())
    await kept.get("a", "first", first)
    await kept.get("a", "one more", Source())
    await kept.get("a", "first", first)
    assert len(kept) == 3
    assert first.asked == 1


async def test_concurrent_misses_load_once() -> None:
    """A hundred who ask at once cause one read."""
    kept, source = cache(Hand()), Source()
    assert set(await asyncio.gather(*(kept.get("a", 1, source) for _ in range(100)))) == {"value"}
    assert source.asked == 1


async def test_errors_are_not_kept() -> None:
    """An error reaches everyone who waits, and the next one reads again."""
    kept, source = cache(Hand()), Source(LookupError("away"))
    results = await asyncio.gather(*(kept.get("a", 1, source) for _ in range(5)), return_exceptions=True)
    assert {type(result) for result in results} == {LookupError}
    source.value = "back"
    assert await kept.get("a", 1, source) == "back"
    assert source.asked == 2


async def test_cancelled_loader_does_not_cancel_the_others() -> None:
    """When the one who reads for all goes away, the others read by themselves."""
    kept, gate = cache(Hand()), asyncio.Event()

    async def slow() -> object:
        await gate.wait()
        return "value"

    first = asyncio.create_task(kept.get("a", 1, slow))
    await asyncio.sleep(0)
    second = asyncio.create_task(kept.get("a", 1, slow))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    gate.set()
    assert await second == "value"


async def test_a_cancelled_waiter_asks_no_more() -> None:
    """Who waits for another's reading and is cancelled goes, and begins no reading of their own."""
    kept, gate, reads = cache(Hand()), asyncio.Event(), 0

    async def slow() -> object:
        nonlocal reads
        reads += 1
        await gate.wait()
        return "value"

    first = asyncio.create_task(kept.get("a", 1, slow))
    await asyncio.sleep(0)
    second = asyncio.create_task(kept.get("a", 1, slow))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(1):
            await second
    gate.set()
    assert (await first, reads) == ("value", 1)


async def test_churches_are_apart() -> None:
    """The same key of two churches holds two values, and forgetting one church keeps the other's."""
    kept, one, two = cache(Hand()), Source("one"), Source("two")
    for _ in range(2):
        assert await kept.get("a", 1, one) == "one"
        assert await kept.get("b", 1, two) == "two"
    kept.forget("a")
    await kept.get("a", 1, one)
    await kept.get("b", 1, two)
    assert (one.asked, two.asked) == (2, 1)


async def test_a_value_of_another_church_is_never_given() -> None:
    """A value whose owner is not the church that asks is an error, not an answer."""
    kept = cache(Hand(), owner_of=lambda value: "b")
    await kept.get("a", 1, Source())
    with pytest.raises(RuntimeError, match="another church"):
        await kept.get("a", 1, Source())


async def test_old_value_that_arrives_after_forget_is_not_kept() -> None:
    """A read that began before the change does not survive the change."""
    kept, gate = cache(Hand()), asyncio.Event()

    async def slow() -> object:
        await gate.wait()
        return "old"

    reading = asyncio.create_task(kept.get("a", 1, slow))
    await asyncio.sleep(0)
    kept.forget("a")
    gate.set()
    assert await reading == "old"
    assert await kept.get("a", 1, Source("new")) == "new"


async def eventually(check: object, seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not check():  # type: ignore[operator]
            await asyncio.sleep(0.01)


async def test_processes_tell_each_other(valkey_url: str) -> None:
    """What one process tells is forgotten in another."""
    clients = [redis.Redis.from_url(valkey_url) for _ in range(2)]
    both = [Caches(client, SystemClock()) for client in clients]
    kept = [caches.make("names", seconds=60, most=10) for caches in both]
    for caches in both:
        await caches.start()
    try:
        await eventually_subscribed(clients[0], 2)
        source = Source()
        for cache_ in kept:
            await cache_.get("a", 1, source)
        both[0].tell("names", "a")
        assert len(kept[0]) == 0
        await eventually(lambda: len(kept[1]) == 0)
    finally:
        for caches, client in zip(both, clients, strict=True):
            await caches.stop()
            await client.aclose()


async def eventually_subscribed(client: redis.Redis, count: int) -> None:
    async with asyncio.timeout(5):
        while (await client.pubsub_numsub(CHANNEL))[0][1] < count:
            await asyncio.sleep(0.01)


async def test_a_cut_line_empties_the_caches(valkey_url: str) -> None:
    """Nothing is believed after the connection was cut, because a message may have been missed."""
    client = redis.Redis.from_url(valkey_url)
    caches = Caches(client, SystemClock())
    kept = caches.make("names", seconds=60, most=10)
    await caches.start()
    try:
        await eventually_subscribed(client, 1)
        await kept.get("a", 1, Source())
        await client.client_kill_filter(_type="pubsub")
        await eventually(lambda: len(kept) == 0)
        await eventually_subscribed(client, 1)
    finally:
        await caches.stop()
        await client.aclose()


async def test_a_command_says_its_last_words(valkey_url: str) -> None:
    """What was told just before the process ends still reaches the others."""
    listener, speaker = (redis.Redis.from_url(valkey_url) for _ in range(2))
    async with listener.pubsub() as line:
        await line.subscribe(CHANNEL)
        caches = Caches(speaker, SystemClock())
        caches.make("names", seconds=60, most=10)
        await caches.start()
        caches.tell("names", "a")
        await caches.stop()
        async with asyncio.timeout(5):
            while True:
                message = await line.get_message(ignore_subscribe_messages=True, timeout=0.1)
                if message and message["data"] == b'["names","a"]':
                    break
    await listener.aclose()
    await speaker.aclose()


async def test_directory_finds_by_slug_once(wiring: Wiring) -> None:
    """A church is read once, an unknown name is remembered as unknown, and both are bounded in time."""
    directory = Directory(Caches(None, SystemClock()), wiring.tenants)
    for _ in range(3):
        found = await directory.by_slug("grace")
        assert found is not None
        assert found.id == "g" * 16
        assert await directory.by_slug("nobody") is None
        assert await directory.by_slug("../x") is None
    assert (directory._cache.misses, directory._cache.hits) == (3, 6)


async def test_suspending_is_seen_at_once(wiring: Wiring) -> None:
    """Whoever suspends a church forgets it in the directory."""
    assert (await wiring.directory.by_slug("grace")).status == "active"  # type: ignore[union-attr]
    await wiring.tenants.suspend("grace")
    assert (await wiring.directory.by_slug("grace")).status == "suspended"  # type: ignore[union-attr]
