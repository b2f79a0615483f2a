"""taskiq on a Valkey stream, with its traps closed, and the Queue that listeners and jobs put into.

taskiq's own stream broker takes over a dead worker's tasks only when a new message arrives, drops tasks it does not
know, skips what was queued before it started, and cannot tell a task that was cut off from one that is done. Here:
a dead worker's jobs are found by its missing heartbeat; unknown ones are parked until a worker knows them; an entry
is acknowledged by the job's own outcome and never by the receiver; what a cut connection swallowed is read again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Annotated, Any, cast
from uuid import uuid4

import msgspec
import structlog
from taskiq import AckableMessage, AsyncBroker, Context, TaskiqDepends
from taskiq.message import BrokerMessage, TaskiqMessage

from jobs import metrics
from jobs.relay import AWAY
from jobs.streams import Entry, Full, Streams
from realtime.wire_redis import AWAY as VALKEY_AWAY
from server.kit import hush
from server.kit.errors import Unavailable
from server.kit.queue import Job, kind_of

JOB_SECONDS = 300.0  # a job that takes longer is ended, and the try counts; long work is cut into pages
TRIES = 5  # then a job is parked with its error
PAUSES = (5.0, 30.0, 180.0, 900.0)  # seconds after the first, second … failure
PAUSE_WHEN_AWAY = 15.0  # seconds; a part that is away is no fault of the job, and the try does not count
MOST_DELIVERIES = 5  # a job handed out this often has ended its workers, and is parked
BLOCK_MS = 1_000
TAKE_OVER_SECONDS = 2.0
RETRY_SECONDS = 0.5  # between tries to reach Valkey
MEASURE_SECONDS = 10.0
ADOPT_SECONDS = 60.0
MOST_REASON = 500

_log = structlog.get_logger("narthex.jobs")


class Task(msgspec.Struct, frozen=True):
    """How one kind of job is done: `do` is given the job, has `seconds` for it, and is tried `tries` times."""

    job: type[Job]
    do: Callable[[Any], Awaitable[None]]
    seconds: float = JOB_SECONDS
    tries: int = TRIES


class _Envelope(msgspec.Struct):
    """What we read of taskiq's message without taskiq."""

    task_id: str
    task_name: str
    labels: dict[str, Any] = {}


class StreamBroker(AsyncBroker):
    """Tie taskiq's receiver to the stream. `kick` raises Unavailable when the queue is away or full."""

    def __init__(self, streams: Streams) -> None:
        super().__init__()
        self._streams = streams
        self._taken: dict[str, Entry] = {}
        self._running: dict[str, asyncio.Task[Any]] = {}
        self._take_over_at = 0.0
        self._away = False

    async def kick(self, message: BrokerMessage) -> None:
        """Put a taskiq message into the stream."""
        once, after = str(message.labels.get("once", "")), float(message.labels.get("after", 0))
        try:
            await self._streams.put(message.message, once=once, after=after)
        except Full:
            raise Unavailable("Too much is waiting to be done: try again later.", retry_after=30) from None
        except VALKEY_AWAY as error:
            raise Unavailable(
                "The queue is away for the moment: try again shortly.", retry_after=5
            ) from error

    def serve(self, task: Task) -> None:
        """Do jobs of one kind in this process."""

        async def run(data: str, context: Annotated[Context, TaskiqDepends()]) -> None:
            id, running = context.message.task_id, asyncio.current_task()
            assert running is not None
            self._running[id] = running
            try:
                await self._do(task, self._taken[id], context.message, data)
            finally:
                del self._running[id]
                self._taken.pop(id, None)

        self.register_task(run, task_name=kind_of(task.job))

    async def listen(self) -> AsyncGenerator[AckableMessage, None]:
        """Yield jobs for ever; while Valkey is away, wait for it."""
        lost = True
        # a receiver that failed threw away what it had not begun: only what is being done counts as ours
        self._taken = {id: entry for id, entry in self._taken.items() if id in self._running}
        while True:
            try:
                entries = await self._recover() if lost else await self._next()
                lost = False
                for entry in entries:
                    if await self._admit(entry):
                        yield AckableMessage(data=entry.data, ack=_nothing)
            except VALKEY_AWAY as error:
                lost = True
                self._tell_away(error)
                await asyncio.sleep(RETRY_SECONDS)

    async def keep(self) -> None:
        """Say that we live, move jobs whose time has come, measure, adopt; for ever, Valkey or not."""
        next_beat = next_measure = next_adoption = 0.0
        while True:
            now = time.monotonic()
            try:
                if now >= next_beat:
                    await self._streams.beat()
                    next_beat = now + self._streams.alive_seconds / 6
                while await self._streams.due():
                    pass
                if now >= next_measure:
                    await self._measure()
                    next_measure = now + MEASURE_SECONDS
                if now >= next_adoption:
                    await self._adopt()
                    next_adoption = now + ADOPT_SECONDS
            except VALKEY_AWAY as error:
                self._tell_away(error)
                next_beat = 0.0
            await asyncio.sleep(RETRY_SECONDS)

    async def cut(self) -> None:
        """End the jobs that are being done; they stay in the stream for others."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def leave(self) -> None:
        """Let others have at once what this worker leaves behind."""
        try:
            await self._streams.leave()
        except VALKEY_AWAY as error:
            self._tell_away(error)

    async def _recover(self) -> Sequence[Entry]:
        """After a start or a cut: live, have a group, and read what was handed to us and never arrived."""
        await self._streams.declare()
        await self._streams.beat()
        # the others must be able to say that they live before we believe that they do not
        self._take_over_at = time.monotonic() + self._streams.alive_seconds / 2
        own = await self._streams.own(1_000, {entry.id for entry in self._taken.values()})
        self._away = False
        return own

    async def _next(self) -> Sequence[Entry]:
        if time.monotonic() >= self._take_over_at:
            self._take_over_at = time.monotonic() + TAKE_OVER_SECONDS
            if taken := await self._streams.dead(1):
                self._take_over_at = 0.0  # there may be more
                metrics.JOBS_TAKEN_OVER.inc(len(taken))
                return taken
        return await self._streams.new(1, BLOCK_MS)

    async def _admit(self, entry: Entry) -> bool:
        """Note a job as taken; park what cannot be done here."""
        try:
            envelope = msgspec.json.decode(entry.data, type=_Envelope)
        except msgspec.DecodeError as error:
            await self._set_aside(entry, "", f"unreadable: {error}")
            return False
        if entry.deliveries > MOST_DELIVERIES:
            reason = f"killed: {entry.deliveries - 1} workers ended while they did it"
            await self._set_aside(entry, envelope.task_name, reason)
            return False
        if self.find_task(envelope.task_name) is None:
            await self._set_aside(entry, envelope.task_name, "unknown: no worker here knows this kind")
            return False
        self._taken[envelope.task_id] = entry
        return True

    async def _set_aside(self, entry: Entry, kind: str, reason: str) -> None:
        _log.error("job is parked", kind=kind, reason=reason)
        await self._streams.park(entry, kind, reason[:MOST_REASON])

    async def _do(self, task: Task, entry: Entry, message: TaskiqMessage, data: str) -> None:
        """Do a job and settle its entry; a job that is cancelled stays ours until we leave, then goes to others."""
        began, outcome = time.monotonic(), "cut"
        try:
            async with asyncio.timeout(task.seconds):
                await task.do(msgspec.json.decode(data, type=task.job))
        except Exception as error:
            outcome = "failed"
            await self._failed(task, entry, message, error)
        else:
            outcome = "done"
            await self._settle(lambda: self._streams.done(entry))
        finally:
            metrics.JOB_SECONDS.labels(message.task_name, outcome).observe(time.monotonic() - began)

    async def _failed(self, task: Task, entry: Entry, message: TaskiqMessage, error: Exception) -> None:
        away = isinstance(error, AWAY)
        tries = int(message.labels.get("tries", 0)) + (0 if away else 1)
        words = "took too long" if isinstance(error, TimeoutError) else hush.words(error)
        reason = f"{type(error).__name__}: {words}"[:MOST_REASON]
        _log.warning("job failed", kind=message.task_name, tries=tries, error=reason, exc_info=not away)
        if tries >= task.tries:
            await self._settle(lambda: self._streams.park(entry, message.task_name, f"failed: {reason}"))
            return
        pause = PAUSE_WHEN_AWAY if away else PAUSES[min(tries, len(PAUSES)) - 1]
        again = message.model_copy(update={"labels": {**message.labels, "tries": tries}})
        data = self.formatter.dumps(again).message
        await self._settle(lambda: self._streams.again(entry, data, pause))

    async def _settle(self, settle: Callable[[], Awaitable[None]]) -> None:
        """Write an outcome down, however long Valkey is away: nobody else would, for we live."""
        while True:
            try:
                await settle()
                return
            except VALKEY_AWAY as error:
                self._tell_away(error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _measure(self) -> None:
        waiting, later, parked = await self._streams.lengths()
        metrics.JOBS_WAITING.set(waiting)
        metrics.JOBS_LATER.set(later)
        metrics.JOBS_PARKED.set(parked)

    async def _adopt(self) -> None:
        """Bring back parked jobs that were unknown to an older worker and that this one knows."""
        after = ""
        while page := await self._streams.parked(after=after):
            for job in page:
                if job.reason.startswith("unknown:") and self.find_task(job.kind) is not None:
                    await self._streams.replay(job.id)
            after = page[-1].id

    def _tell_away(self, error: BaseException) -> None:
        """Say once that Valkey is away."""
        if not self._away:
            _log.warning("the queue is away", error=f"{type(error).__name__}: {error}")
        self._away = True


class StreamQueue:
    """The Queue of a worker: jobs become taskiq messages."""

    def __init__(self, broker: StreamBroker) -> None:
        self._broker = broker

    async def put(self, job: Job, *, once: str = "", after: float = 0.0) -> None:
        """Queue a job; see `server.kit.queue.Queue`."""
        message = TaskiqMessage(
            task_id=uuid4().hex,
            task_name=kind_of(type(job)),
            labels={"once": once, "after": after, "tries": 0},
            args=[msgspec.json.encode(job).decode()],
            kwargs={},
        )
        await self._broker.kick(self._broker.formatter.dumps(cast("Any", message)))


async def _nothing() -> None:
    """Acknowledge nothing: the job's outcome does."""
