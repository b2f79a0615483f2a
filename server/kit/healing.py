"""Heal what a lost publish left behind: every node reads the shards' wakes and compares with what it has passed on.

A publish after COMMIT is instant and may be lost (a killed process, Valkey away). The flush also wrote (church, topic,
seq, epoch) into `shard.wakes`, so one small query a shard, every 5 s, finds what is missing; the node then reads the
log. After a failure, or 30 s without success, wakes may have been trimmed: heads are compared church by church.

Kicks and rechecks are events of a church's topic `control:people`, which nobody joins: they heal here too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import asyncpg
import msgspec
import structlog

from realtime import closes
from realtime.broker import Order
from realtime.errors import BadTopic
from realtime.log import NOWHERE, Log, LogEvent, Position
from realtime.topics import Topic
from server.kit.clock import Clock
from server.kit.db import Database, NoSchema
from server.kit.errors import AppError
from server.kit.log import control_topic
from server.kit.scope import schema_of

EVERY: Final = 5.0  # seconds between two reads of a shard
SPAN: Final = 30.0  # seconds of wakes read each time; they are kept for 60
PREFIX: Final = "church_"
CONTROL: Final = "control"
PAGE: Final = 300  # events of control read at once

_log = structlog.get_logger("narthex.healing")


class Woken(Protocol):
    """The node as healing sees it."""

    def tenants(self) -> set[str]:
        """Return the churches this node has sessions of."""
        ...

    def wake(self, topic: Topic, position: Position) -> None:
        """Learn that the log has got this far."""
        ...

    async def reconcile(self, tenants: Iterable[str] | None = None) -> None:
        """Compare all topics of these churches (or of all) with the log's heads."""
        ...

    def obey(self, tenant: str, orders: Iterable[Order]) -> None:
        """Carry out orders on this node alone."""
        ...


class Told(msgspec.Struct, frozen=True):
    """What an event of `control:people` asks of the nodes; no `person` is everybody, `code` is that of the close."""

    person: str | None
    code: int = 0


class Healing:
    """Reads each shard's wakes for one node; `run` is supervised and ends only by cancellation."""

    def __init__(
        self,
        database: Database,
        node: Woken,
        log: Log,
        clock: Clock,
        shard_of: Callable[[str], str],
        *,
        every: float = EVERY,
    ) -> None:
        self._database = database
        self._log = log
        self._node = node
        self._clock = clock
        self._shard_of = shard_of
        self._every = every
        self._read_at = dict.fromkeys(database.shards, clock.monotonic())
        self._failed: set[str] = set()
        self._reconnects: dict[str, int] = {}  # of each shard's database, at the last read
        self._obeyed: dict[str, Position] = {}  # up to where in `control:people` each church was obeyed

    @property
    def lag(self) -> float:
        """Return the seconds since the shard that was read longest ago was read."""
        return self._clock.monotonic() - min(self._read_at.values())

    async def run(self) -> None:
        """Read every shard again and again; a shard that is away does not hold up the others."""
        while True:
            await asyncio.sleep(self._every)
            await asyncio.gather(*(self._try(shard) for shard in self._database.shards))

    async def read(self, shard: str) -> None:
        """Read one shard's wakes and tell the node; compare heads when wakes alone cannot be trusted."""
        tenants = {tenant for tenant in self._node.tenants() if self._shard_of(tenant) == shard}
        if not tenants:
            self._done(shard)
            return
        async with self._database.shard(shard) as connection:
            rows = await connection.fetch(_WAKES, [schema_of(tenant) for tenant in tenants], SPAN)
        reconnects = self._database.reconnects(shard)
        late = (
            shard in self._failed
            or self._clock.monotonic() - self._read_at[shard] > SPAN
            or self._reconnects.setdefault(shard, reconnects) != reconnects
        )
        woken = [found for row in rows if (found := self._woken(shard, row)) is not None]
        for topic, position in woken:
            if topic.kind != CONTROL:
                self._node.wake(topic, position)
        asked = {topic.tenant: position for topic, position in woken if topic.kind == CONTROL}
        for tenant in sorted(tenants):
            if late or tenant in asked or tenant not in self._obeyed:
                await self._obey(tenant, asked.get(tenant))
        if late:
            await self._node.reconcile(tenants & self._obeyed.keys())
        self._reconnects[shard] = reconnects
        self._done(shard)

    def _woken(self, shard: str, row: asyncpg.Record) -> tuple[Topic, Position] | None:
        try:
            topic = Topic.parse(row["church"].removeprefix(PREFIX), row["topic"])
        except BadTopic:
            _log.error("a wake names no topic", church=row["church"])
            return None
        return topic, Position(f"{self._database.timeline(shard)}.{row['epoch']}", row["seq"])

    async def _obey(self, tenant: str, asked: Position | None) -> None:
        """Do what a church has asked; of one that was erased whoever is still here is sent away."""
        try:
            await self._read_control(tenant, asked)
        except (
            NoSchema,
            asyncpg.UndefinedTableError,
        ):  # a role stays when another database has the church too
            self._obeyed.pop(tenant, None)
            away = Order("kick", code=closes.NOT_ALLOWED.code, reason=closes.NOT_ALLOWED.reason)
            self._node.obey(tenant, [away])

    async def _read_control(self, tenant: str, asked: Position | None) -> None:
        """Do what `control:people` has asked since the last time; `asked` is what a wake tells of it.

        A church that is new here starts with what was asked just now. One whose log was restored starts at its head:
        whatever may have been asked meanwhile, policy looks at everybody again.
        """
        topic = control_topic(tenant)
        known = self._obeyed.get(tenant)
        if known is not None and asked is not None and asked.epoch == known.epoch and asked.seq <= known.seq:
            return
        head = await self._log.head(topic) or NOWHERE
        if known is None and asked is not None:
            self._node.obey(tenant, await self._just_now(topic, head))
            self._obeyed[tenant] = head
            return
        if known is None or known.epoch not in (NOWHERE.epoch, head.epoch):
            if known is not None:
                self._node.obey(tenant, [Order("recheck")])
            self._obeyed[tenant] = head
            return
        while events := await self._log.read(topic, self._obeyed[tenant].seq, PAGE):
            self._node.obey(tenant, _orders(events, self._clock.now()))
            self._obeyed[tenant] = Position(head.epoch, events[-1].seq)

    async def _just_now(self, topic: Topic, head: Position) -> Sequence[Order]:
        """Return what was asked in the last seconds before the head; when it was too much, to look at everybody."""
        events = await self._log.read(topic, max(0, head.seq - PAGE), PAGE)
        if not events:
            return ()
        since = datetime.fromisoformat(events[-1].at) - timedelta(seconds=SPAN)
        recent = [event for event in events if datetime.fromisoformat(event.at) >= since]
        return [Order("recheck")] if len(recent) == PAGE else _orders(recent, self._clock.now())

    async def _try(self, shard: str) -> None:
        try:
            await self.read(shard)
        except (AppError, OSError, TimeoutError, asyncpg.PostgresError) as error:
            if shard not in self._failed:
                _log.warning("wakes cannot be read", shard=shard, error=type(error).__name__)
            self._failed.add(shard)

    def _done(self, shard: str) -> None:
        self._failed.discard(shard)
        self._read_at[shard] = self._clock.monotonic()


def _orders(events: Iterable[LogEvent], now: datetime) -> Sequence[Order]:
    return [order for event in events if (order := _order(event, now)) is not None]


def _order(event: LogEvent, now: datetime) -> Order | None:
    """Read an event of `control:people`; one that a later event of the same person replaced asks nothing any more.

    Who came after they were sent away was let in by then: a late kick is not meant for them.
    """
    if event.data is None:
        return None
    told = msgspec.json.decode(event.data, type=Told)
    if event.event == "kick":
        age = (now - datetime.fromisoformat(event.at)).total_seconds()
        return Order("kick", person=told.person, code=told.code, age=max(0.0, age))
    return Order("recheck", person=told.person)


_WAKES = """
    select distinct on (church, topic) church, topic, epoch, seq from wakes
    where at > clock_timestamp() - make_interval(secs => $2) and church = any($1::text[])
    order by church, topic, epoch desc, seq desc
"""
