"""Group commit: what arrives while a transaction is under way goes together into the next one.

The unit is a key, in practice (church, command): one flight for each key at a time, at most `MOST_A_FLIGHT` drafts in
it, keys with work taken in turn so that a busy church cannot keep the connections from the others. Who fills flights
while others write flies in small parts and rests between them (`narthex bench fairness`). Keys are never mixed. An
acknowledged draft is committed: `put` returns after COMMIT.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

import msgspec

from realtime.spread import Spread
from server.kit.errors import AppError, Unavailable

D = TypeVar("D")
R = TypeVar("R")

MOST_A_FLIGHT = 256  # drafts in one transaction; beyond it the row locks are held too long for the others
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)  # classes of what flies together, for those who watch
MOST_AMONG_OTHERS = 8  # the same while others write as well: it holds up the loop for as long as it is large
REST_AMONG_OTHERS = 6.0  # times as long as it took rests who filled such a flight
ALONE_SECONDS = 1.0  # after the last flight of another key one counts as alone
FULL = 64  # drafts in a flight after which the next one waits a little for more …
LONGEST_REST = 0.05  # … seconds at most, whatever the rest is for
MOST_WAITING = (
    4_096  # drafts of one key; the next one is refused with Unavailable: it was not written, send it again
)

Run = Callable[[Hashable, Sequence[D]], Awaitable[Sequence[R | AppError]]]


class Figures(msgspec.Struct):
    """What a batcher counts: for each transaction the drafts in it and the seconds it took, COMMIT included."""

    size: Spread = msgspec.field(default_factory=lambda: Spread(SIZES))
    seconds: Spread = msgspec.field(default_factory=Spread)


class _Waiting(Generic[D, R]):
    """One draft and the caller who waits for it."""

    __slots__ = ("draft", "future")

    def __init__(self, draft: D, future: asyncio.Future[R]) -> None:
        self.draft = draft
        self.future = future


class _Lane(Generic[D, R]):
    """What waits under one key. It rests after a full flight, until `enough` wait again or its time is over."""

    __slots__ = ("enough", "rest", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[_Waiting[D, R]] = deque()
        self.rest: asyncio.TimerHandle | None = None
        self.enough = 0


class Batcher(Generic[D, R]):
    """Collects drafts by key and writes them set-wise.

    `run(key, drafts)` writes all of them in one transaction and returns a result or an AppError for each, in order.
    When it raises a fault that is not an AppError, the drafts run again one by one, so that one bad draft fails alone.
    `flights` bounds the transactions under way over all keys; leave some connections of the pool to others.
    """

    def __init__(self, run: Run[D, R], *, flights: int = 4) -> None:
        self._run = run
        self._free = flights
        self.figures = Figures()
        self._lanes: dict[Hashable, _Lane[D, R]] = {}
        self._turn: deque[Hashable] = deque()  # keys with work, no flight and no rest, in order of arrival
        self._flights: set[asyncio.Task[None]] = set()
        self._last: Hashable = None  # the key that flew last
        self._changed_at = -ALONE_SECONDS  # when another one had before

    async def put(self, key: Hashable, draft: D) -> R:
        """Write a draft with whatever else is waiting; return after COMMIT, raise its own AppError.

        A caller who is cancelled meanwhile may find the draft written: commands are idempotent by their id.
        """
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane()
            self._turn.append(key)
        if len(lane.waiting) >= MOST_WAITING:
            raise Unavailable("Too much is being written here at once: send it again.", retry_after=1)
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        lane.waiting.append(_Waiting(draft, future))
        if lane.rest is not None and len(lane.waiting) >= lane.enough:
            self._rouse(key, lane)
        self._launch()
        return await future

    async def drain(self) -> None:
        """Wait until everything that was put has been written or refused."""
        while self._lanes:
            for key, lane in list(self._lanes.items()):
                if lane.rest is not None:
                    self._rouse(key, lane)
            if not self._flights:
                return
            await asyncio.wait(self._flights)

    def _launch(self) -> None:
        while self._free and self._turn:
            key = self._turn.popleft()
            self._free -= 1
            flight = asyncio.create_task(self._fly(key, self._lanes[key]))
            self._flights.add(flight)
            flight.add_done_callback(self._flights.discard)

    async def _fly(self, key: Hashable, lane: _Lane[D, R]) -> None:
        # one turn of the loop first: what other sessions read from their sockets in this tick joins the flight
        await asyncio.sleep(0)
        most = MOST_A_FLIGHT if self._is_alone(key) else MOST_AMONG_OTHERS
        batch = [lane.waiting.popleft() for _ in range(min(len(lane.waiting), most))]
        batch = [one for one in batch if not one.future.cancelled()]
        results: Sequence[R | BaseException] = [asyncio.CancelledError()] * len(batch)
        began = time.perf_counter()
        try:
            if batch:
                results = await self._write(key, batch)
        finally:
            self._free += 1
            self._rest(key, lane, len(batch), time.perf_counter() - began)
            self._launch()  # before the answers: the database works while they are written
            _settle(batch, results)

    def _is_alone(self, key: Hashable) -> bool:
        """Tell whether nobody else writes here, nor has in the last second."""
        now = time.perf_counter()
        if key != self._last:
            self._changed_at = self._changed_at if self._last is None else now
            self._last = key
        return len(self._lanes) == 1 and now - self._changed_at > ALONE_SECONDS

    def _rest(self, key: Hashable, lane: _Lane[D, R], answered: int, seconds: float) -> None:
        """Decide when the next flight of a key may leave.

        Among others, who fills a flight rests: what they write holds up everybody. Alone, a full one is followed by a
        wait for those whom it has just answered, for they will soon be back: otherwise who writes at full speed falls
        into two halves that take turns, and each flight is half empty.
        """
        pause = 0.0
        if not self._is_alone(key):
            if answered >= MOST_AMONG_OTHERS:
                pause, lane.enough = REST_AMONG_OTHERS * seconds, MOST_WAITING + 1
        elif answered >= FULL and len(lane.waiting) < answered // 2:
            pause, lane.enough = seconds, answered // 2
        if pause:
            pause = min(pause, LONGEST_REST)
            lane.rest = asyncio.get_running_loop().call_later(pause, self._rouse, key, lane)
        else:
            self._rouse(key, lane)

    def _rouse(self, key: Hashable, lane: _Lane[D, R]) -> None:
        if lane.rest is not None:
            lane.rest.cancel()
            lane.rest = None
        if lane.waiting:
            self._turn.append(key)
            self._launch()
        else:
            del self._lanes[key]

    async def _write(self, key: Hashable, batch: Sequence[_Waiting[D, R]]) -> Sequence[R | BaseException]:
        """Return what each draft has come to."""
        began = time.perf_counter()
        results: Sequence[R | BaseException]
        try:
            results = await self._run(key, [one.draft for one in batch])
        except AppError as error:
            results = [error] * len(batch)
        except Exception as error:
            results = [error]
            if len(batch) > 1:
                results = [result for one in batch for result in await self._write(key, [one])]
        self.figures.size.add(len(batch))
        self.figures.seconds.add(time.perf_counter() - began)
        return results


def _settle(batch: Sequence[_Waiting[D, R]], results: Sequence[R | BaseException]) -> None:
    """Answer every caller who still waits."""
    for one, result in zip(batch, results, strict=True):
        if one.future.done():
            continue
        if isinstance(result, BaseException):
            one.future.set_exception(result)
        else:
            one.future.set_result(result)
