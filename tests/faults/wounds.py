"""The faults of a storm: each breaks something, waits a little, and leaves what a supervisor would put right."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

from tests.faults.house import quietly
from tests.faults.run import Storm


async def kill_web(storm: Storm) -> None:
    """Kill one web process."""
    storm.house.kill_web(storm.chance.choice(await storm.who_accepts()))


async def kill_all_web(storm: Storm) -> None:
    """Kill every web process at once."""
    await storm.who_accepts()
    for pid in storm.house.workers():
        storm.house.kill_web(pid)


async def kill_after_ack(storm: Storm) -> None:
    """Kill a web process right after a commit was acknowledged: what it has not published yet is lost."""
    pids = await storm.who_accepts()
    await storm.next_ack()
    storm.house.kill_web(storm.chance.choice(pids))


async def lose_publications(storm: Storm) -> None:
    """Commit while Valkey is frozen, kill who wanted to publish, thaw: only the log knows."""
    pids = await storm.who_accepts()
    with storm.house.paused("valkey"):
        await asyncio.sleep(storm.chance.uniform(0.2, 0.8))
        await storm.next_ack()
        storm.house.kill_web(storm.chance.choice(pids))


async def kill_jobs(storm: Storm) -> None:
    """Kill the background worker."""
    if storm.house.jobs is not None and storm.house.jobs.poll() is None:
        storm.house.kill_jobs()


async def kill_valkey(storm: Storm) -> None:
    """Kill Valkey; it comes back with what its file holds."""
    await quietly(storm.house.embedded.kill, "valkey")
    await asyncio.sleep(storm.chance.uniform(0, 1.5))
    await quietly(storm.house.embedded.start, {"valkey"})


async def empty_valkey(storm: Storm) -> None:
    """Kill Valkey; it comes back empty."""
    await quietly(storm.house.empty_valkey)
    await asyncio.sleep(storm.chance.uniform(0, 1.5))
    await quietly(storm.house.embedded.start, {"valkey"})


async def freeze_valkey(storm: Storm) -> None:
    """Stop Valkey for a while: its sockets stay open and nothing answers."""
    with storm.house.paused("valkey"):
        await asyncio.sleep(storm.chance.uniform(0.5, 3.0))


async def kill_postgres(storm: Storm) -> None:
    """Kill Postgres; it recovers from its log."""
    await quietly(storm.house.embedded.kill, "postgres")
    await asyncio.sleep(storm.chance.uniform(0, 1.0))
    await quietly(storm.house.embedded.start, {"postgres"})


async def cut_everyone(storm: Storm) -> None:
    """Cut all sockets at once, without a word."""
    for person in storm.people:
        person.cut()


async def cut_some(storm: Storm) -> None:
    """Cut half of the sockets."""
    for person in storm.chance.sample(storm.people, len(storm.people) // 2):
        person.cut()


async def roll(storm: Storm) -> None:
    """Restart the web processes gently, one after the other."""
    for pid in storm.house.workers():
        await storm.who_accepts()
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        await asyncio.sleep(0.3)


KINDS = (
    kill_web,
    kill_jobs,
    kill_valkey,
    kill_postgres,
    kill_after_ack,
    lose_publications,
    freeze_valkey,
    cut_everyone,
    empty_valkey,
    roll,
    kill_web,
    cut_some,
    kill_all_web,
)
