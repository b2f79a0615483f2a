"""server.kit.limits."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import redis
import uvloop

from server.embedded import Embedded
from server.kit.clock import SystemClock
from server.kit.errors import Limited
from server.kit.limits import MOST_HANDS, Limit, Limiter

SECRET = b"k" * 32


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 100.0
        self.day = datetime(2026, 3, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.day

    def monotonic(self) -> float:
        return self.at


async def passed(limiter: Limiter, limit: Limit, caller: str, times: int) -> int:
    """Count how many of these requests may pass."""
    found = 0
    for _ in range(times):
        try:
            await limiter.take(limit, caller)
        except Limited:
            continue
        found += 1
    return found


def test_a_connection_that_has_just_closed_is_no_fault(valkey_url: str) -> None:
    """uvloop calls writing to it a RuntimeError: what is asked meanwhile is counted in this process."""

    async def ask() -> bool:
        limiter = Limiter(valkey_url, SECRET, SystemClock())
        await limiter.take(Limit("one", 5), "a")
        assert limiter._pool is not None
        for connection in limiter._pool._available_connections:
            connection._writer.transport.abort()
        await limiter.take(Limit("another", 5), "a")
        alone = limiter.alone
        await limiter.close()
        return alone

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(ask())


@pytest.mark.parametrize("with_valkey", [True, False])
async def test_exactly_the_limit_passes(valkey_url: str, with_valkey: bool) -> None:
    """Exactly as many pass as the limit says, then Limited tells when the window ends, for each caller apart."""
    limiter = Limiter(valkey_url if with_valkey else "", SECRET, SystemClock())
    for amount in (1, 7, 130):
        limit = Limit(f"of {amount}", amount)
        assert await passed(limiter, limit, "a", amount + 5) == amount
        with pytest.raises(Limited) as caught:
            await limiter.take(limit, "a")
        assert 1 <= (caught.value.retry_after or 0) <= 60
        assert (await limiter.take(limit, "b")).left == amount - 1
    await limiter.close()


async def test_processes_count_together(valkey_url: str) -> None:
    """Two processes give out one limit between them."""
    both = [Limiter(valkey_url, SECRET, SystemClock()) for _ in range(2)]
    limit = Limit("shared", 120)
    found = await asyncio.gather(*(passed(limiter, limit, "a", 100) for limiter in both))
    assert sum(found) == 120
    for limiter in both:
        await limiter.close()


async def test_standing(valkey_url: str) -> None:
    """The standing counts down by one a request, whether Valkey was asked or not."""
    limiter = Limiter(valkey_url, SECRET, SystemClock())
    limit = Limit("big", 500)
    left = [(await limiter.take(limit, "a")).left for _ in range(30)]
    assert left == list(range(499, 469, -1))
    await limiter.close()


async def test_a_window_ends(valkey_url: str) -> None:
    """After the window the caller has its whole limit again."""
    limiter = Limiter(valkey_url, SECRET, SystemClock())
    limit = Limit("short", 2, seconds=1)
    assert await passed(limiter, limit, "a", 3) == 2
    async with asyncio.timeout(10):
        while await passed(limiter, limit, "a", 1) == 0:
            await asyncio.sleep(0.1)
    await limiter.close()


async def test_most_requests_ask_nobody(valkey_url: str) -> None:
    """Of a large limit only one request in a fiftieth of it asks Valkey."""
    limiter = Limiter(valkey_url, SECRET, SystemClock())
    with redis.Redis.from_url(valkey_url) as client:
        before = client.info("stats")["total_commands_processed"]
        await passed(limiter, Limit("big", 5_000), "a", 1_000)
        asked = client.info("stats")["total_commands_processed"] - before
    assert asked < 60
    await limiter.close()


async def test_valkey_sees_no_caller(valkey_url: str) -> None:
    """Keys are keyed hashes that change with the day; no address stands in Valkey."""
    clock = Hand()
    limiter = Limiter(valkey_url, SECRET, clock)
    with redis.Redis.from_url(valkey_url) as client:
        await limiter.take(Limit("address", 10), "203.0.113.7")
        first = set(client.keys())
        clock.day += timedelta(days=1)
        clock.at += 61
        await limiter.take(Limit("address", 10), "203.0.113.7")
        second = set(client.keys()) - first
    assert len(first) == len(second) == 1
    assert b"203" not in first.pop() + second.pop()
    await limiter.close()


async def test_valkey_away_and_back(private_services: Callable[..., Embedded]) -> None:
    """While Valkey is away limits hold in this process and nobody waits long; when it is back it counts again."""
    services = private_services(durable=False)
    services.start({"valkey"})
    clock = Hand()
    limiter = Limiter(services.valkey_url, secrets.token_bytes(32), clock)
    limit = Limit("small", 3)
    assert await passed(limiter, limit, "a", 2) == 2
    assert not limiter.alone
    with redis.Redis.from_url(services.valkey_url) as client:
        client.execute_command("CLIENT", "PAUSE", "2000", "ALL")
        started = time.monotonic()
        assert await passed(limiter, limit, "b", 9) == 3
        assert time.monotonic() - started < 1.9
        assert limiter.alone
        client.ping()  # answered when the pause is over
    clock.at += 6
    assert await passed(limiter, limit, "c", 9) == 3
    assert not limiter.alone
    await limiter.close()


async def test_memory_is_bounded() -> None:
    """A flood of callers keeps at most so many shares here."""
    limiter = Limiter("", SECRET, SystemClock())
    for number in range(50):
        await limiter.take(Limit("x", 100), str(number))
    assert len(limiter._hands) == 50
    limiter._hands.update({("x", f"made up {n}"): limiter._hands["x", "0"] for n in range(MOST_HANDS)})
    await limiter.take(Limit("x", 100), "one more")
    assert len(limiter._hands) == MOST_HANDS


async def test_requests_that_come_together_lose_no_share(valkey_url: str) -> None:
    """A hall full of people who ask in one moment may ask as often as the limit says, not less."""
    limiter = Limiter(valkey_url, SECRET, SystemClock())
    limit = Limit("together", 300)

    async def ask() -> bool:
        try:
            await limiter.take(limit, "hall")
        except Limited:
            return False
        return True

    asked = await asyncio.gather(*(ask() for _ in range(200)))
    assert sum(asked) + await passed(limiter, limit, "hall", 200) == 300
    await limiter.close()
