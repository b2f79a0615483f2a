"""The durable topic log in a church's schema: the door's flush writes it, `PostgresLog` reads it.

`seq` is taken by UPDATE inside the transaction that writes the domain row; the row lock is held to COMMIT, so commit
order is seq order and there are no holes. Topic rows are locked in id order, so nobody deadlocks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import msgspec

from realtime.log import NOWHERE, LogEvent, Position
from realtime.topics import Topic
from server.kit.outbox import Signal, encode, kind_of
from server.kit.scope import Scope, TenantRef

if TYPE_CHECKING:
    from server.kit.db import Database, Transaction

KEPT_DAYS = 60  # a church may ask for less; a client whose cursor is older joins anew
MOST_EVENTS_A_FLUSH = 1_000  # beyond it one transaction would hold topic rows too long; the caller pages


def control_topic(tenant: str) -> Topic:
    """Return the topic that nobody joins: its events tell the nodes about a church's people, and heal lost orders."""
    return Topic(tenant, "control", "people")


class Draft(msgspec.Struct, frozen=True):
    """An event before it has a seq: `data` is the entity's full public state, encoded once.

    Every earlier event of the entity in the topic is blanked, so the past never shows what is no longer visible;
    `new=True` says that there is none and spares the search. `day=True` keeps and tells no
    more than the day of it (UTC).
    """

    entity: UUID
    kind: str
    data: bytes
    new: bool = False
    day: bool = False


async def flush(
    connection: asyncpg.Connection[asyncpg.Record],
    drafts: Sequence[tuple[Topic, Draft]],
    signals: Sequence[Signal],
    timeline: int,
) -> Sequence[LogEvent]:
    """Write what a transaction collected: lock, number, insert, blank, wake, announce; return numbered events."""
    if len(drafts) > MOST_EVENTS_A_FLUSH:
        raise ValueError(f"{len(drafts)} events in one transaction; page the work by {MOST_EVENTS_A_FLUSH}")
    rows = await _lock(connection, sorted({topic.name for topic, _ in drafts})) if drafts else {}
    batch = _Batch(rows, timeline)
    for topic, draft in drafts:
        batch.add(topic, draft)
    await connection.execute(
        _WRITE,
        *batch.columns(),
        [signal.key for signal in signals],
        [kind_of(type(signal)) for signal in signals],
        [encode(signal) for signal in signals],
    )
    return batch.events()


class _Batch:
    """Numbers drafts topic by topic and lays them out as columns for one set-wise statement."""

    def __init__(self, rows: dict[str, asyncpg.Record], timeline: int) -> None:
        self._rows = rows
        self._timeline = timeline
        self._heads = {name: row["head"] for name, row in rows.items()}
        self._numbered: list[tuple[Topic, Draft, int, bytes | None]] = []
        self._blanked: set[tuple[str, UUID]] = set()

    def add(self, topic: Topic, draft: Draft) -> None:
        self._heads[topic.name] += 1
        if not draft.new:
            self._blanked.add((topic.name, draft.entity))
            self._numbered = [
                (t, d, seq, None if (t.name, d.entity) == (topic.name, draft.entity) else data)
                for t, d, seq, data in self._numbered
            ]
        self._numbered.append((topic, draft, self._heads[topic.name], draft.data))

    def columns(self) -> tuple[Sequence[object], ...]:
        names = list(self._rows)
        blanked = sorted(self._blanked, key=str)
        return (
            [self._rows[n]["id"] for n in names],
            [self._heads[n] for n in names],
            [self._rows[n]["epoch"] for n in names],
            names,
            [self._rows[t.name]["id"] for t, _, _, _ in self._numbered],
            [seq for _, _, seq, _ in self._numbered],
            [d.entity for _, d, _, _ in self._numbered],
            [d.kind for _, d, _, _ in self._numbered],
            [data for _, _, _, data in self._numbered],
            [d.day for _, d, _, _ in self._numbered],
            [self._rows[n]["id"] for n, _ in blanked],
            [entity for _, entity in blanked],
        )

    def events(self) -> list[LogEvent]:
        told = {
            name: (f"{self._timeline}.{row['epoch']}", row["at"], _iso(row["at"]))
            for name, row in self._rows.items()
        }
        return [
            LogEvent(
                t,
                told[t.name][0],
                seq,
                d.kind,
                str(d.entity),
                _iso(_day(told[t.name][1])) if d.day else told[t.name][2],
                _raw(data),
            )
            for t, d, seq, data in self._numbered
        ]


async def _lock(
    connection: asyncpg.Connection[asyncpg.Record], names: list[str]
) -> dict[str, asyncpg.Record]:
    """Lock topic rows in id order; make those that do not exist yet."""
    rows = await connection.fetch(_LOCK, names)
    if len(rows) < len(names):
        await connection.execute(_MAKE, names)
        rows = await connection.fetch(_LOCK, names)
    return {row["name"]: row for row in rows}


class PostgresLog:
    """The `realtime.log.Log` of this installation: reads through the first door, as the topic's own church."""

    def __init__(self, database: Database, shard_of: Callable[[str], str]) -> None:
        self._database = database
        self._shard_of = shard_of

    async def read(self, topic: Topic, after: int, limit: int) -> Sequence[LogEvent]:
        """Return at most `limit` events with seq > after, in order; blanked ones carry no data."""
        scope = self._scope(topic.tenant)
        async with self._database.transaction(scope, readonly=True) as tx:
            rows = await tx.connection.fetch(_READ, topic.name, after, limit)
        timeline = self._database.timeline(scope.tenant.shard)
        return [
            LogEvent(
                topic,
                f"{timeline}.{row['epoch']}",
                row["seq"],
                row["kind"],
                str(row["entity"]),
                _iso(row["at"]),
                _raw(row["data"]),
            )
            for row in rows
        ]

    async def position(self, tx: Transaction, topic: Topic) -> Position:
        """Return the head inside the caller's snapshot, so that it belongs to what else is read there."""
        return (await self.positions(tx, [topic]))[topic]

    async def positions(self, tx: Transaction, topics: Sequence[Topic]) -> dict[Topic, Position]:
        """Return the same of several topics; one that was never appended to is nowhere."""
        rows = await tx.connection.fetch(_HEADS, [topic.name for topic in topics])
        timeline = self._database.timeline(tx.scope.tenant.shard)
        heads = {row["name"]: Position(f"{timeline}.{row['epoch']}", row["head"]) for row in rows}
        return {topic: heads.get(topic.name, NOWHERE) for topic in topics}

    async def blank(self, tx: Transaction, topic: Topic, entities: Sequence[UUID]) -> None:
        """Take the words of entities out of a topic without telling anybody; the caller holds their rows locked."""
        await tx.connection.execute(_BLANK, topic.name, entities)

    async def head(self, topic: Topic) -> Position | None:
        """Return the position of the newest event."""
        return (await self.heads(topic.tenant, [topic])).get(topic)

    async def heads(self, tenant: str, topics: Sequence[Topic]) -> Mapping[Topic, Position]:
        """Return the heads of many topics of one church in one read."""
        scope = self._scope(tenant)
        async with self._database.transaction(scope, readonly=True) as tx:
            found = await self.positions(tx, topics)
        return {topic: position for topic, position in found.items() if position is not NOWHERE}

    def _scope(self, tenant: str) -> Scope:
        return Scope.system(TenantRef(id=tenant, slug="", name="", shard=self._shard_of(tenant)))


def _day(at: datetime) -> datetime:
    """Return the beginning of a time's day in UTC, as the database keeps it for what tells only its day."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _iso(at: datetime) -> str:
    """Render a time as RFC 3339 in UTC with milliseconds; the very beginning of a day as that day."""
    if at == _day(at):
        return at.astimezone(UTC).date().isoformat()
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _raw(data: bytes | None) -> msgspec.Raw | None:
    return None if data is None else msgspec.Raw(data)


_LOCK = "select id, name, head, epoch, now() as at from topics where name = any($1::text[]) order by id for update"
_MAKE = "insert into topics (name) select unnest($1::text[]) on conflict (name) do nothing"
_READ = """
    select e.seq, e.kind, e.entity, e.data, e.at, t.epoch
    from topics t join topic_events e on e.topic_id = t.id
    where t.name = $1 and e.seq > $2 order by e.seq limit $3
"""
_BLANK = """
    update topic_events e set data = null from topics t
    where t.name = $1 and e.topic_id = t.id and e.entity = any($2::uuid[]) and e.data is not null
"""
_HEADS = "select name, head, epoch from topics where name = any($1::text[])"
_WRITE = """
    with moved as (
      update topics t set head = m.head
      from unnest($1::bigint[], $2::bigint[]) as m (id, head) where t.id = m.id
    ), blanked as (
      update topic_events e set data = null
      from unnest($11::bigint[], $12::uuid[]) as b (topic_id, entity)
      where e.topic_id = b.topic_id and e.entity = b.entity and e.data is not null
    ), written as (
      insert into topic_events (topic_id, seq, entity, kind, data, at)
      select w.topic, w.seq, w.entity, w.kind, w.data,
        case when w.day then date_trunc('day', now(), 'UTC') else now() end
      from unnest($5::bigint[], $6::bigint[], $7::uuid[], $8::text[], $9::bytea[], $10::bool[])
        as w (topic, seq, entity, kind, data, day)
    ), woken as (
      insert into shard.wakes (topic, seq, epoch)
      select * from unnest($4::text[], $2::bigint[], $3::int[])
    )
    insert into shard.outbox (key, kind, data)
    select * from unnest($13::text[], $14::text[], $15::bytea[])
"""
