"""Ticks: sent once, by whoever leads, and not lost when the leader or the queue goes away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from jobs.schedule import Schedule, Scheduler
from server.kit.errors import Unavailable
from server.kit.queue import Job
from server.wiring import Wiring
from tests.jobs.support import until


class Sweep(Job, frozen=True, kw_only=True, tag="tests.sweep"):
    """Something to be done again and again."""

    n: int = 0


class Kept:
    """A queue that keeps what it is given, drops what it has seen, and can be away."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.seen: set[str] = set()
        self.away = False
        self.puts = 0

    async def put(self, job: Job, *, once: str = "", after: float = 0.0) -> None:
        self.puts += 1
        if self.away:
            raise Unavailable()
        if once not in self.seen:
            self.jobs.append(job)
        self.seen.add(once)


def scheduler(
    wiring: Wiring, queue: Kept, holder: str, every: float = 3_600.0, lease_seconds: float = 0.5
) -> Scheduler:
    schedules = [Schedule("sweep", every, [Sweep(n=1), Sweep(n=2)])]
    return Scheduler(
        wiring.database,
        queue,
        schedules,
        holder=holder,
        shard="main",
        lease_seconds=lease_seconds,
        turn_seconds=0.02,
    )


def test_ticks_are_counted_from_midnight() -> None:
    """A daily schedule with an offset of two hours ticks at two o'clock UTC."""
    nightly = Schedule("nightly", 86_400.0, [], offset=7_200.0)
    assert nightly.tick(datetime(2026, 3, 1, 1, 59, tzinfo=UTC)) == datetime(2026, 2, 28, 2, tzinfo=UTC)
    assert nightly.tick(datetime(2026, 3, 1, 2, 0, tzinfo=UTC)) == datetime(2026, 3, 1, 2, tzinfo=UTC)


async def test_two_schedulers_send_each_tick_once(wiring: Wiring) -> None:
    """Two that run side by side over many ticks put every tick's jobs once."""
    queue = Kept()
    both = [scheduler(wiring, queue, name, every=0.2, lease_seconds=30.0) for name in ("a", "b")]
    tasks = [asyncio.create_task(one.run()) for one in both]

    async def sent() -> int:
        async with wiring.database.shard() as connection:
            return int(await connection.fetchval("select count(*) from ticks where put_at is not null"))

    async def enough() -> bool:
        return await sent() >= 6

    await until(enough, 60)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(queue.jobs) == queue.puts
    assert 0 <= queue.puts - 2 * await sent() <= 2  # the last one may have no mark yet


async def test_even_two_leaders_send_a_tick_once(wiring: Wiring) -> None:
    """A leader that lost its lease without noticing finds the tick's row there."""
    queue = Kept()
    first, second = scheduler(wiring, queue, "first"), scheduler(wiring, queue, "second")
    assert await first.turn()
    async with wiring.database.shard() as connection:
        await connection.execute("delete from leases")
    assert await second.turn()
    assert queue.puts == 2


async def test_a_tick_is_not_lost_when_the_queue_is_away(wiring: Wiring) -> None:
    """It stays unsent until the queue is back, and is then sent once."""
    queue = Kept()
    queue.away = True
    one = scheduler(wiring, queue, "one")
    for _ in range(3):
        with pytest.raises(Unavailable):
            await one.turn()
    queue.away = False
    await one.turn()
    await one.turn()
    assert queue.jobs == [Sweep(n=1), Sweep(n=2)]


async def test_a_leader_that_died_between_row_and_queue_is_made_good(wiring: Wiring) -> None:
    """A row without a mark is put again by the next leader, under the names the queue has seen."""
    queue = Kept()
    one = scheduler(wiring, queue, "one")
    await one.turn()
    async with wiring.database.shard() as connection:
        await connection.execute("update ticks set put_at = null; delete from leases")
    await scheduler(wiring, queue, "two").turn()
    assert queue.puts == 4
    assert queue.jobs == [Sweep(n=1), Sweep(n=2)]
