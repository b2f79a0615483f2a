"""The durable log as the library sees it: positions, events, and the two reads it needs.

The log itself lives in the product's database. Per topic it gives every event a `seq`: 1, 2, 3 … in the
order of the commits, without holes. A position is only meaningful inside one epoch.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import msgspec

from realtime.topics import Topic


class Position(msgspec.Struct, frozen=True, array_like=True):
    """A place in a topic's log, `["3.1",1201]` on the wire; `seq` 0 is before the first event.

    Positions of different epochs cannot be compared: after a restore or a promotion the epoch changes.
    """

    epoch: str
    seq: int


NOWHERE = Position("", 0)
"""The position in a topic that nothing was ever appended to."""


class LogEvent(msgspec.Struct, frozen=True, array_like=True):
    """One event of the log, as committed.

    `event` is its name (`message.posted`), `entity` the id of the thing it is about ("" for none), `at` an
    ISO 8601 time in UTC, or no more than its day. `data` is the encoded JSON of the entity's full public
    state and goes into frames unchanged; it is None when a later event of the same entity took it away.
    """

    topic: Topic
    epoch: str
    seq: int
    event: str
    entity: str
    at: str
    data: msgspec.Raw | None

    @property
    def moment(self) -> float | None:
        """Return when its transaction began, in seconds since 1970 by the database's clock; None when no more
        than its day is told."""
        return datetime.fromisoformat(self.at).timestamp() if "T" in self.at else None


class Log(Protocol):
    """Read the durable log. All reads see only what is committed, on the primary."""

    async def read(self, topic: Topic, after: int, limit: int) -> Sequence[LogEvent]:
        """Return at most `limit` events with seq > after, in seq order without holes.

        The first one's seq is greater than `after + 1` when the retention has trimmed what came between;
        the caller must look. Empty when the topic is unknown or has nothing newer.
        """
        ...

    async def head(self, topic: Topic) -> Position | None:
        """Return the position of the newest event, None when the topic was never appended to."""
        ...

    async def heads(self, tenant: str, topics: Sequence[Topic]) -> Mapping[Topic, Position]:
        """Return the heads of many topics of one church in one read; unknown topics are absent."""
        ...


T = TypeVar("T", bound=Hashable)
V = TypeVar("V")


class _Batch(Generic[T, V]):
    __slots__ = ("answer", "items")

    def __init__(self) -> None:
        self.items: dict[T, None] = {}
        self.answer: asyncio.Future[Mapping[T, V]] = asyncio.get_running_loop().create_future()


class Together(Generic[T, V]):
    """Answer many readers with one read: in each group one read runs, who comes meanwhile shares the next.

    A reader's answer is therefore never older than its question.
    """

    __slots__ = ("_group", "_next", "_read", "_running")

    def __init__(
        self, group: Callable[[T], Hashable], read: Callable[[Sequence[T]], Awaitable[Mapping[T, V]]]
    ) -> None:
        self._group = group
        self._read = read
        self._next: dict[Hashable, _Batch[T, V]] = {}
        self._running: dict[Hashable, asyncio.Task[None]] = {}

    async def get(self, item: T) -> V | None:
        """Return the value read for `item`, None when there is none; raise what the read raised."""
        group = self._group(item)
        batch = self._next.get(group)
        if batch is None:
            batch = self._next[group] = _Batch()
            if group not in self._running:
                self._running[group] = asyncio.create_task(self._run(group))
        batch.items[item] = None
        return (await asyncio.shield(batch.answer)).get(item)

    async def _run(self, group: Hashable) -> None:
        while (batch := self._next.pop(group, None)) is not None:
            try:
                batch.answer.set_result(await self._read(list(batch.items)))
            except Exception as problem:
                batch.answer.set_exception(problem)
                batch.answer.exception()  # a reader may have gone away; then nobody else looks at it
        del self._running[group]
