"""Jobs on a real Valkey: none is lost, dropped or forgotten, whatever becomes of workers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import redis.asyncio as redis
from taskiq.acks import AcknowledgeType
from taskiq.receiver import Receiver

from jobs import broker as broker_module
from jobs.broker import MOST_DELIVERIES, StreamBroker, StreamQueue, Task
from jobs.streams import GROUP, STREAM, Streams, connect
from realtime.errors import GaveUp
from realtime.supervise import Supervisor
from server.kit.errors import Unavailable
from server.kit.queue import Job, NoQueue
from tests.jobs.support import until


class Add(Job, frozen=True, kw_only=True, tag="tests.add"):
    """Add a number to a list."""

    n: int


class Unheard(Job, frozen=True, kw_only=True, tag="tests.unheard"):
    """A job that older workers do not know."""

    n: int = 0


@pytest.fixture
async def valkey(valkey_url: str) -> AsyncIterator[redis.Redis]:
    """Give a client of an empty Valkey."""
    client = connect(valkey_url)
    yield client
    await client.aclose()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make retries and takeovers quick."""
    monkeypatch.setattr(broker_module, "PAUSES", (0.01,))
    monkeypatch.setattr(broker_module, "PAUSE_WHEN_AWAY", 0.01)
    monkeypatch.setattr(broker_module, "TAKE_OVER_SECONDS", 0.1)
    monkeypatch.setattr(broker_module, "RETRY_SECONDS", 0.05)


def a_broker(valkey: redis.Redis, worker: str = "w", **choices: Any) -> StreamBroker:
    return StreamBroker(Streams(valkey, worker, **{"alive_seconds": 0.5, **choices}))


@contextlib.asynccontextmanager
async def working(broker: StreamBroker, *tasks: Task) -> AsyncIterator[None]:
    """Run a broker as the worker does."""
    for task in tasks:
        broker.serve(task)
    finish = asyncio.Event()
    receiver = Receiver(
        broker,
        validate_params=False,
        max_async_tasks=4,
        run_startup=False,
        ack_type=AcknowledgeType.MANUAL,
        wait_tasks_timeout=0.2,
    )
    listening = asyncio.create_task(receiver.listen(finish))
    keeping = Supervisor(_gave_up)  # it ends what swallows a cancellation, as the driver may
    keeping.watch("queue", broker.keep)
    try:
        yield
    finally:
        finish.set()
        await listening
        await broker.cut()
        await keeping.stop()
        await broker.leave()


def _gave_up(name: str, problem: GaveUp) -> None:
    raise AssertionError(f"{name}: {problem}")


def adding(done: list[int]) -> Task:
    """Make a task that remembers what it was given."""

    async def do(job: Add) -> None:
        done.append(job.n)

    return Task(Add, do)


async def has(done: list[int], *expected: int) -> None:
    async def equal() -> bool:
        return sorted(done) == sorted(expected)

    await until(equal, 10)


def settled(broker: StreamBroker, *expected: int) -> Callable[[], Awaitable[bool]]:
    """Make a condition: so many jobs in the stream, waiting for their time, and parked."""

    async def equal() -> bool:
        return tuple(await broker._streams.lengths()) == expected

    return equal


async def test_what_was_put_before_any_worker_started_is_done(valkey: redis.Redis) -> None:
    """A new worker begins with the first job there is, and the stream is empty afterwards."""
    broker, done = a_broker(valkey), []
    for n in range(20):
        await StreamQueue(broker).put(Add(n=n))
    async with working(broker, adding(done)):
        await has(done, *range(20))
        await until(settled(broker, 0, 0, 0))
    assert (await valkey.xpending(STREAM, GROUP))["pending"] == 0


async def test_two_workers_do_each_job_once(valkey: redis.Redis, valkey_url: str) -> None:
    """Two workers on one stream share the jobs."""
    other = connect(valkey_url)
    done: list[int] = []
    first, second = a_broker(valkey, "first"), a_broker(other, "second")
    async with working(first, adding(done)), working(second, adding(done)):
        for n in range(100):
            await StreamQueue(first).put(Add(n=n))
        await has(done, *range(100))
        await until(settled(first, 0, 0, 0))
    await other.aclose()


async def test_a_job_waits_for_its_time(valkey: redis.Redis, quick: None) -> None:
    """`after` holds a job back, by Valkey's clock."""
    broker, done = a_broker(valkey), []
    async with working(broker, adding(done)):
        loop = asyncio.get_running_loop()
        began = loop.time()
        await StreamQueue(broker).put(Add(n=1), after=0.5)
        await has(done, 1)
        assert loop.time() - began >= 0.5


async def test_a_job_with_one_name_is_put_once(valkey: redis.Redis) -> None:
    """A second put with the same `once` is dropped, even when the first is done already."""
    broker, done = a_broker(valkey), []
    async with working(broker, adding(done)):
        await StreamQueue(broker).put(Add(n=1), once="tick")
        await has(done, 1)
        await StreamQueue(broker).put(Add(n=2), once="tick")
        await StreamQueue(broker).put(Add(n=3), once="tock")
        await has(done, 1, 3)


async def test_an_unknown_job_is_parked_until_a_worker_knows_it(valkey: redis.Redis, quick: None) -> None:
    """An older worker sets it aside, and a newer one takes it up when it starts."""
    old, done = a_broker(valkey, "old"), []
    async with working(old, adding([])):
        await StreamQueue(old).put(Unheard(n=5))
        await until(settled(old, 0, 0, 1))
    (parked,) = await old._streams.parked()
    assert (parked.kind, parked.reason.split(":")[0]) == ("tests.unheard", "unknown")

    async def do(job: Unheard) -> None:
        done.append(job.n)

    new = a_broker(valkey, "new")
    async with working(new, Task(Unheard, do)):
        await has(done, 5)
        await until(settled(new, 0, 0, 0))


async def test_nonsense_in_the_stream_is_parked(valkey: redis.Redis) -> None:
    """An entry that is no job, or holds a job that cannot be read, does not stop the worker."""
    broker, done = a_broker(valkey), []
    await valkey.xadd(STREAM, {"data": b"\xff not json"})
    await valkey.xadd(STREAM, {"something": b"else"})
    await StreamQueue(broker).put(Add(n=1))
    async with working(broker, adding(done)):
        await has(done, 1)
        await until(settled(broker, 0, 0, 1))  # what has no message at all is deleted


async def test_a_failing_job_is_tried_again_and_then_parked(valkey: redis.Redis, quick: None) -> None:
    """After its last try it lies parked with the error; a replay runs it again, from the first try."""
    broker, calls = a_broker(valkey), []
    working_again = asyncio.Event()

    async def do(job: Add) -> None:
        calls.append(job.n)
        if not working_again.is_set():
            raise ValueError("no")

    async with working(broker, Task(Add, do, tries=3)):
        await StreamQueue(broker).put(Add(n=1))
        await until(settled(broker, 0, 0, 1))
        assert calls == [1, 1, 1]
        (parked,) = await broker._streams.parked()
        assert (parked.kind, parked.reason) == ("tests.add", "failed: ValueError: no")
        working_again.set()
        assert await broker._streams.replay(parked.id)
        assert not await broker._streams.replay(parked.id)
        await has(calls, 1, 1, 1, 1)
        await until(settled(broker, 0, 0, 0))


async def test_what_is_away_does_not_count_as_a_try(valkey: redis.Redis, quick: None) -> None:
    """A job that finds a part of the installation away is tried as often as it takes."""
    broker, calls = a_broker(valkey), []

    async def do(job: Add) -> None:
        calls.append(job.n)
        if len(calls) < 8:
            raise Unavailable()

    async with working(broker, Task(Add, do, tries=2)):
        await StreamQueue(broker).put(Add(n=1))
        await has(calls, *[1] * 8)
        await until(settled(broker, 0, 0, 0))


async def test_a_job_that_hangs_is_ended(valkey: redis.Redis, quick: None) -> None:
    """Past its time a job is cancelled, which counts as a try."""
    broker = a_broker(valkey)

    async def do(job: Add) -> None:
        await asyncio.sleep(60)

    async with working(broker, Task(Add, do, seconds=0.05, tries=1)):
        await StreamQueue(broker).put(Add(n=1))
        await until(settled(broker, 0, 0, 1))
    (parked,) = await broker._streams.parked()
    assert "took too long" in parked.reason


async def test_a_full_queue_refuses(valkey: redis.Redis) -> None:
    """Beyond the bound a put raises Unavailable; those before it stay."""
    broker = a_broker(valkey, most=2)
    queue = StreamQueue(broker)
    await queue.put(Add(n=1))
    await queue.put(Add(n=2), after=60)
    with pytest.raises(Unavailable, match="Too much"):
        await queue.put(Add(n=3), once="x")
    assert await broker._streams.lengths() == (1, 1, 0)


async def test_without_a_queue_a_put_is_refused() -> None:
    """A dead Valkey, and a process that is no worker, raise Unavailable, so that the listener is asked again."""
    nowhere = connect("redis://127.0.0.1:1/0")
    with pytest.raises(Unavailable, match="away"):
        await StreamQueue(StreamBroker(Streams(nowhere, "w"))).put(Add(n=1))
    with pytest.raises(Unavailable, match="outside the worker"):
        await NoQueue().put(Add(n=1))
    await nowhere.aclose()


async def test_an_idle_worker_takes_over_from_a_dead_one(valkey: redis.Redis, quick: None) -> None:
    """Jobs of a worker without a heartbeat are done by another, though no new job arrives."""
    dead, done = a_broker(valkey, "dead"), []
    await dead._streams.declare()
    await StreamQueue(dead).put(Add(n=1))
    await StreamQueue(dead).put(Add(n=2))
    assert len(await dead._streams.new(10, 10)) == 2
    await dead._streams.beat()
    living = a_broker(valkey, "living")
    async with working(living, adding(done)):
        await has(done, 1, 2)
        await until(settled(living, 0, 0, 0))


async def test_a_living_worker_keeps_its_jobs(valkey: redis.Redis, quick: None) -> None:
    """However long a job takes, nobody takes it over from a worker that says that it lives."""
    calls: list[int] = []

    async def slow(job: Add) -> None:
        calls.append(job.n)
        await asyncio.sleep(6.0)

    first, second = (a_broker(valkey, name, alive_seconds=2.0) for name in ("first", "second"))
    async with working(first, Task(Add, slow)), working(second, Task(Add, slow)):
        await StreamQueue(first).put(Add(n=1))
        await has(calls, 1)
        await until(settled(first, 0, 0, 0))
    assert calls == [1]


async def test_a_job_that_ends_its_workers_is_parked(valkey: redis.Redis, quick: None) -> None:
    """Handed out often enough without an outcome, it is set aside instead of killing the next one."""
    for number in range(MOST_DELIVERIES):
        victim = Streams(valkey, f"victim{number}", alive_seconds=0.05)
        await victim.declare()
        if number == 0:
            await StreamQueue(StreamBroker(victim)).put(Add(n=1))
            assert await victim.new(1, 10)
        else:
            await asyncio.sleep(1.05)  # an entry that was taken over within the last second is left alone
            assert len(await victim.dead(1)) == 1
    done: list[int] = []
    broker = a_broker(valkey, "last")
    async with working(broker, adding(done)):
        await until(settled(broker, 0, 0, 1))
    (parked,) = await broker._streams.parked()
    assert parked.kind == "tests.add"
    assert parked.reason.startswith("killed:")
    assert done == []


async def test_what_a_cut_connection_swallowed_is_read_again(valkey: redis.Redis) -> None:
    """A job that Valkey gave us in an answer that never arrived is found when we are back."""
    broker, done = a_broker(valkey, "same"), []
    await broker._streams.declare()
    await StreamQueue(broker).put(Add(n=1))
    assert await broker._streams.new(1, 10)  # the answer is lost here
    async with working(broker, adding(done)):
        await has(done, 1)
        await until(settled(broker, 0, 0, 0))


async def test_a_job_that_is_cut_off_is_left_to_others(valkey: redis.Redis, quick: None) -> None:
    """A worker that stops in the middle of a long job acknowledges nothing; the next one does it."""
    started: list[int] = []

    async def endless(job: Add) -> None:
        started.append(job.n)
        await asyncio.sleep(60)

    first = a_broker(valkey, "first")
    async with working(first, Task(Add, endless)):
        await StreamQueue(first).put(Add(n=1))
        await has(started, 1)
    assert await first._streams.lengths() == (1, 0, 0)
    second, done = a_broker(valkey, "second"), []
    async with working(second, adding(done)):
        await has(done, 1)
        await until(settled(second, 0, 0, 0))


async def test_the_group_is_made_again_when_valkey_was_emptied(valkey: redis.Redis, quick: None) -> None:
    """After FLUSHALL the worker makes stream and group anew and goes on."""
    broker, done = a_broker(valkey), []
    async with working(broker, adding(done)):
        await StreamQueue(broker).put(Add(n=1))
        await has(done, 1)
        await valkey.flushall()
        await StreamQueue(broker).put(Add(n=2))
        await has(done, 1, 2)


async def test_what_a_failed_receiver_threw_away_is_done_by_the_next(valkey: redis.Redis) -> None:
    """A job that was handed to a receiver and never begun is read again when the supervisor starts another."""
    broker, done = a_broker(valkey), []
    broker.serve(adding(done))
    await StreamQueue(broker).put(Add(n=1))
    listening = broker.listen()
    await anext(listening)  # taken, and then the receiver fails
    await listening.aclose()
    async with working(broker):
        await has(done, 1)
        await until(settled(broker, 0, 0, 0))
