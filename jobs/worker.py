"""The background worker: relays, jobs and the scheduler under supervision, and a stop that takes bounded time."""

from __future__ import annotations

import asyncio
import signal

import structlog
from prometheus_client import start_http_server

from jobs.context import Context
from realtime.errors import GaveUp
from realtime.supervise import Supervisor
from server.kit import wake
from server.settings import Settings

MOST_WORKERS = 16  # on one machine that answer /metrics; others work without
STOP_SECONDS = 7.0  # for everything but the jobs, which have `drain_seconds`

_log = structlog.get_logger("narthex.worker")


class Worker:
    """One process's background work. `failed` is called when a part of it is beyond help."""

    def __init__(self, context: Context, failed: asyncio.Event) -> None:
        self._context = context
        self._failed = failed
        self._taking = Supervisor(self._on_death)  # what brings new work: relays, the scheduler
        self._doing = Supervisor(self._on_death)  # what must go on until the last job is over
        self._finish = asyncio.Event()
        self._finished = asyncio.Event()

    async def start(self) -> None:
        """Connect and begin; raise Unavailable when the database does not answer."""
        context = self._context
        await context.wiring.start()
        for shard, relay in context.relays.items():
            self._taking.watch(f"relay {shard}", relay.run)
        self._taking.watch("scheduler", context.scheduler.run)
        if context.wiring.valkey is not None:
            self._taking.watch("wake", self._listen)
        if context.broker is not None:
            self._doing.watch("queue", context.broker.keep)
            self._doing.watch("jobs", self._receive)
        else:
            _log.warning("no Valkey is configured: jobs are not done here")
            self._finished.set()

    async def stop(self, hurry: asyncio.Event) -> None:
        """Take no new work, wait for jobs (not when told to hurry), leave the rest to other workers."""
        self._finish.set()
        await asyncio.gather(self._taking.stop(), self._wait(hurry))
        await self._context.tasks.stop()
        await self._doing.stop()
        if self._context.broker is not None:
            await self._context.broker.leave()
        if self._context.valkey is not None:
            await self._context.valkey.aclose()
        await self._context.wiring.stop()

    async def _wait(self, hurry: asyncio.Event) -> None:
        """Wait until taskiq has finished or somebody hurries; then cut off the jobs that are not over."""
        waits = [asyncio.create_task(event.wait()) for event in (self._finished, hurry)]
        await asyncio.wait(
            waits,
            timeout=self._context.settings.drain_seconds + 1.0,
            return_when=asyncio.FIRST_COMPLETED,
        )
        for one in waits:
            one.cancel()
        if self._context.broker is not None:
            await self._context.broker.cut()

    async def _receive(self) -> None:
        await self._context.receiver(self._context.settings.drain_seconds).listen(self._finish)
        if self._finish.is_set():
            self._finished.set()
            await asyncio.Event().wait()  # until the supervisor stops us

    async def _listen(self) -> None:
        """Hand wake-ups to the relay of their shard."""

        def woken(shard: str) -> None:
            if (relay := self._context.relays.get(shard)) is not None:
                relay.wake()

        assert self._context.wiring.valkey is not None
        await wake.listen(self._context.wiring.valkey, woken)

    def _on_death(self, name: str, problem: GaveUp) -> None:
        """End the worker: half of one is worse than none."""
        _log.critical("the worker ends", part=name, error=str(problem), exc_info=problem)
        self._failed.set()


async def run(settings: Settings, *, context: Context | None = None) -> int:
    """Work until SIGTERM or SIGINT; return the exit code. A second signal does not wait for jobs any more."""
    stop, hurry, failed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def told() -> None:
        (hurry if stop.is_set() else stop).set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told)
    worker = Worker(context or Context(settings), failed)
    await worker.start()
    if settings.internal_port:
        _serve_metrics(settings.internal_host, settings.internal_port + settings.workers)
    _log.info("the worker works", shards=list(settings.shard_urls()))
    waits = [asyncio.create_task(event.wait()) for event in (stop, failed)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    _log.info("the worker stops")
    try:
        async with asyncio.timeout(settings.drain_seconds + STOP_SECONDS):
            await worker.stop(hurry)
    except TimeoutError:
        _log.error("the worker did not stop in time and ends as it is")
        return 1
    finally:
        for one in waits:
            one.cancel()
    return 1 if failed.is_set() else 0


def _serve_metrics(host: str, port: int) -> None:
    """Answer /metrics on the first free port after the web processes': there may be several workers here."""
    problem: OSError | None = None
    for candidate in range(port, min(port + MOST_WORKERS, 65_536)):
        try:
            start_http_server(candidate, host)
        except OSError as error:
            problem = error
        else:
            _log.info("metrics are on the internal address", port=candidate)
            return
    _log.error("metrics are not answered", first_port=port, error=str(problem))
