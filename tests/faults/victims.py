"""Programs that the fault tests start in processes of their own, and kill.

They are forked from a server that has imported everything, so that each starts within milliseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any
from uuid import uuid4

import msgspec
import uvloop

from jobs.broker import Task
from jobs.context import Context, Times
from jobs.schedule import Schedule
from jobs.worker import run
from realtime.topics import Topic
from server.domains.tenants.service import TenantsService
from server.kit.db import Database, ShardUrls, Transaction
from server.kit.log import Draft
from server.kit.outbox import Listener, Listeners
from server.kit.queue import Job
from server.kit.scope import Scope
from server.settings import Settings
from server.wiring import ChurchSchemas
from tests.jobs import support

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.faults.victims"])


class Victim:
    """A process that runs one of the functions below until it is told or killed."""

    def __init__(self, run: Callable[..., None], *arguments: Any) -> None:
        self._process: BaseProcess = _context.Process(target=run, args=arguments, daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        """Return its process number."""
        assert self._process.pid is not None
        return self._process.pid

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; one that has ended takes none."""
        if self._process.is_alive() and self._process.pid:
            with contextlib.suppress(ProcessLookupError):  # it may end between the two
                os.kill(self._process.pid, number)

    async def ended(self, seconds: float = 10.0) -> int:
        """Wait for its end and return its exit code, negative for a signal; raise TimeoutError."""
        async with asyncio.timeout(seconds):
            while self._process.is_alive():
                await asyncio.sleep(0.01)
        self._process.join()
        code = self._process.exitcode
        assert code is not None
        return code

    async def end(self) -> None:
        """Make sure that it is gone."""
        self.kill()
        await self.ended()


def skew(seconds: float) -> None:
    """Put this process's wall clock wrong, wherever Python looks for it."""
    true_time, true_ns = time.time, time.time_ns
    time.time = lambda: true_time() + seconds
    time.time_ns = lambda: true_ns() + int(seconds * 1_000_000_000)


def relay(settings: Settings, holder: str, clock_error: float = 0.0) -> None:
    """Relay with the tracing listeners until killed."""
    if clock_error:
        skew(clock_error)
    asyncio.run(_relay(settings, holder))


async def _relay(settings: Settings, holder: str) -> None:
    """Build no more than a relay needs: it is started some hundred times."""
    database = Database(settings.database_url, {"main": ShardUrls(settings.database_url)}, pool_size=6)
    await database.open()
    tenants = TenantsService(database, ChurchSchemas(settings), lambda _: None)
    await support.relay(database, tenants, support.traced(), holder=holder).run()


class Slow(Job, frozen=True, kw_only=True, tag="tests.slow"):
    """Leave a trace, wait, leave another."""

    name: str
    n: int = 0
    seconds: float = 0.0


def worker(settings: Settings, clock_error: float = 0.0, tick_seconds: float = 0.0) -> None:
    """Be a real worker that also knows Slow jobs, puts one for each Counted, and one a tick when told to."""
    if clock_error:
        skew(clock_error)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        raise SystemExit(runner.run(_worker(settings, tick_seconds)))


async def _worker(settings: Settings, tick_seconds: float) -> int:
    times = Times(lease=2.0, alive=2.0)
    put: list[Context] = []

    async def counted(tx: Transaction, signal: support.Counted) -> None:
        await put[0].queue.put(Slow(tenant=tx.scope.tenant.id, name=signal.about, n=signal.n))

    listeners = [Listener("tests.put", support.Counted, counted)]
    context = Context(settings, listeners=Listeners(listeners), times=times)
    put.append(context)
    assert context.broker is not None
    context.broker.serve(Task(Slow, lambda job: _slow(context, job)))
    if tick_seconds:
        ticks = Schedule("tests", tick_seconds, [Slow(tenant="g" * 16, name="tick")])
        context.scheduler = context._scheduler([ticks], times)
    return await run(settings, context=context)


async def _slow(context: Context, job: Slow) -> None:
    await _trace(context, job, "started", os.getpid())
    await asyncio.sleep(job.seconds)
    await _trace(context, job, "done", job.n)


async def _trace(context: Context, job: Slow, name: str, value: int) -> None:
    tenant = await context.find(job.tenant)
    assert tenant is not None
    async with context.wiring.database.transaction(Scope.system(tenant)) as tx:
        topic = Topic(tenant.id, "chat", f"{name}.{job.name}")
        tx.append(topic, Draft(uuid4(), "heard", msgspec.json.encode(value), new=True))
