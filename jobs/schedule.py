"""The scheduler: one leader by lease, by the database's clock; each tick of each schedule is sent once.

A tick's row is written before its jobs are put and marked afterwards. A leader that dies in between is followed by one
that puts them again, under names that the queue has seen: so a tick is neither lost nor sent twice. Only the newest
tick of a schedule is sent; what was missed while nobody led is not made up for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import structlog

from jobs import metrics
from jobs.leases import LEASE_SECONDS, Leader
from jobs.relay import AWAY
from server.kit.db import Database
from server.kit.queue import Job, Queue

TURN_SECONDS = 1.0

_log = structlog.get_logger("narthex.schedule")


class Schedule(msgspec.Struct, frozen=True):
    """Jobs that are put again and again: every `every` seconds since midnight UTC of 1 January 1970, plus `offset`."""

    name: str
    every: float
    jobs: Sequence[Job]
    offset: float = 0.0

    def tick(self, now: datetime) -> datetime:
        """Return the newest tick that is not after `now`."""
        seconds = now.timestamp() - self.offset
        return datetime.fromtimestamp(seconds - seconds % self.every + self.offset, UTC)


Chore = Callable[[], Awaitable[None]]


class Scheduler:
    """Runs in every worker; acts in the one that leads. `chores` are done every second by the leader."""

    def __init__(
        self,
        database: Database,
        queue: Queue,
        schedules: Sequence[Schedule],
        *,
        holder: str,
        shard: str,
        chores: Sequence[Chore] = (),
        lease_seconds: float = LEASE_SECONDS,
        turn_seconds: float = TURN_SECONDS,
    ) -> None:
        names = [schedule.name for schedule in schedules]
        assert len(names) == len(set(names)), "two schedules have one name"
        self._database = database
        self._queue = queue
        self._schedules = schedules
        self._shard = shard
        self._chores = chores
        self._leader = Leader(database, shard, "scheduler", holder, seconds=lease_seconds)
        self._turn_seconds = turn_seconds
        self._sent: dict[str, datetime] = {}

    async def run(self) -> None:
        """Take turns until cancelled, then let another lead at once."""
        try:
            while True:
                try:
                    await self.turn()
                except AWAY as error:
                    _log.warning("scheduler waits", error=str(error))
                await asyncio.sleep(self._turn_seconds)
        finally:
            metrics.LEADER.set(0)
            await self._let_go()

    async def turn(self) -> bool:
        """Send what is due if we lead; return whether we do."""
        leads = await self._leader.lead()
        metrics.LEADER.set(leads)
        if leads:
            for chore in self._chores:
                await chore()
            now = await self._now()
            for schedule in self._schedules:
                tick = schedule.tick(now)
                if self._sent.get(schedule.name) != tick:
                    await self._send(schedule, tick)
                    self._sent[schedule.name] = tick
        return leads

    async def _now(self) -> datetime:
        async with self._database.shard(self._shard) as connection:
            now: datetime = await connection.fetchval("select clock_timestamp()")
        return now

    async def _send(self, schedule: Schedule, tick: datetime) -> None:
        async with self._database.shard(self._shard) as connection:
            await connection.execute(_WRITE, schedule.name, tick)
            sent = await connection.fetchval(_SENT, schedule.name, tick)
        if sent:
            return
        for number, job in enumerate(schedule.jobs):
            await self._queue.put(job, once=f"{schedule.name}/{tick.isoformat()}/{number}")
        async with self._database.shard(self._shard) as connection:
            await connection.execute(_MARK, schedule.name, tick)
        metrics.TICKS.labels(schedule.name).inc()

    async def _let_go(self) -> None:
        try:
            async with asyncio.timeout(2.0):
                await self._leader.let_go()
        except Exception as error:
            _log.warning("the lease stays until it expires", error=str(error))


DAY = timedelta(days=1).total_seconds()

_WRITE = "insert into ticks (schedule, tick) values ($1, $2) on conflict do nothing"
_SENT = "select put_at is not null from ticks where schedule = $1 and tick = $2"
_MARK = "update ticks set put_at = clock_timestamp() where schedule = $1 and tick = $2"
