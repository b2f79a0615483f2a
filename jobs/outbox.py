"""The rows of `shard.outbox` and `shard.dead_letters`: read, finish, park, bury, bring back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from server.kit.db import Connection, Database
from server.kit.errors import NotFound
from server.kit.outbox import TRIES, Delivery

ROWS_A_PARTITION = 20  # of one reading: a church with a long queue takes its turn with the others
PAUSES = (1.0, 5.0, 30.0, 120.0)  # seconds after the first, second … failure; after the last try it is buried
PAUSE_WHEN_AWAY = 5.0  # seconds; a part that is away is no fault of the signal, and the try does not count
MOST_ERROR = 2_000  # characters of an error that are kept for whoever looks at it

Key = tuple[str, str]


class Row(Delivery, frozen=True):
    """A waiting signal with its partition; `careful`: the relay before us may have died of it."""

    partition: int = 0
    careful: bool = False

    @property
    def owner(self) -> Key:
        """Return (church, key): rows of the same stay in order, others overtake freely."""
        return (self.church, self.key)


class DeadLetter(msgspec.Struct, frozen=True):
    """A signal that failed too often, as staff of the installation see it."""

    shard: str
    id: int
    church: str
    key: str
    kind: str
    data: bytes
    at: datetime
    attempts: int
    error: str
    died_at: datetime


class NoSuchLetter(NotFound):
    """There is no dead letter with this number."""

    code = "no_such_letter"


async def forget(connection: Connection, done: Sequence[int]) -> Sequence[float]:
    """Delete what every listener is done with; return the seconds that each row was here."""
    rows = await connection.fetch(_FORGET, done) if done else ()
    return [row["seconds"] for row in rows]


async def page(
    connection: Connection, partitions: Collection[int], suspect: Collection[int], busy: Collection[Key]
) -> Sequence[Row]:
    """Read what is next: in id order, a few rows a partition, without keys that are busy or parked."""
    if not partitions:
        return ()
    churches, keys = [church for church, _ in busy], [key for _, key in busy]
    rows = await connection.fetch(_PAGE, list(partitions), churches, keys, ROWS_A_PARTITION)
    return [Row(**row, careful=row["partition"] in suspect) for row in rows]


async def count(connection: Connection, id: int) -> None:
    """Count a try before it is made."""
    await connection.execute("update outbox set attempts = attempts + 1 where id = $1", id)


async def park(connection: Connection, row: Row, error: str, *, away: bool) -> bool:
    """Let a row and its key wait; return True when it was its last try and it lies with the dead letters now."""
    if away:
        await connection.execute(_WAIT, row.id, 0, PAUSE_WHEN_AWAY, _words(error))
        return False
    tries = row.attempts + 1
    if tries >= TRIES:
        await bury(connection, row.id, tries, error)
        return True
    pause = PAUSES[min(tries, len(PAUSES)) - 1]
    await connection.execute(_WAIT, row.id, 0 if row.careful else 1, pause, _words(error))
    return False


async def bury(connection: Connection, id: int, tries: int, error: str) -> None:
    """Move a row to the dead letters; its key goes on."""
    await connection.execute(_BURY, id, tries, _words(error))


def _words(error: str) -> str:
    """Make an error fit a text column: Postgres takes no NUL and no half characters."""
    return error[:MOST_ERROR].replace("\0", "").encode("utf-8", "replace").decode()


class DeadLetters:
    """What staff of the installation do with signals that failed: look, bring back, forget."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, *, shard: str = "main", after: int = 0, most: int = 50) -> Sequence[DeadLetter]:
        """Return dead letters by number, after a given one."""
        async with self._database.shard(shard) as connection:
            rows = await connection.fetch(_DEAD, after, most)
        return [DeadLetter(shard, **row) for row in rows]

    async def replay(self, id: int, *, shard: str = "main") -> None:
        """Put a letter back under its own number; listeners that were done with it are not asked again.

        Raise NoSuchLetter.
        """
        async with self._database.shard(shard) as connection:
            if await connection.fetchval(_REPLAY, [id]) == 0:
                raise NoSuchLetter()

    async def replay_all(self, *, shard: str = "main") -> int:
        """Put all letters back and return how many."""
        async with self._database.shard(shard) as connection:
            brought: int = await connection.fetchval(_REPLAY, None)
        return brought

    async def forget(self, id: int, *, shard: str = "main") -> None:
        """Delete a letter for good. Raise NoSuchLetter."""
        async with self._database.shard(shard) as connection:
            if await connection.execute("delete from dead_letters where id = $1", id) != "DELETE 1":
                raise NoSuchLetter()


# A transaction that waited for another's row lock inserts its signals after that one's commit, so what depends on each
# other has ids in that order and is seen in that order. What ran side by side has no order to keep.
_PAGE = """
    select o.id, o.church, o.key, o.kind, o.data, o.at, o.attempts, p.partition
    from unnest($1::smallint[]) as p (partition)
    cross join lateral (
      select id, church, key, kind, data, at, attempts from outbox o
      where o.partition = p.partition
        and not exists (
          select from outbox w where w.church = o.church and w.key = o.key and w.id <= o.id
            and w.retry_at is not null and w.retry_at > clock_timestamp()
        )
        and (o.church, o.key) not in (select * from unnest($2::text[], $3::text[]))
      order by o.id limit $4
    ) o
    order by o.id
"""
_FORGET = """
    delete from outbox where id = any($1::bigint[])
    returning extract(epoch from clock_timestamp() - at)::float8 as seconds
"""
_WAIT = """
    update outbox set attempts = attempts + $2, error = $4,
      retry_at = clock_timestamp() + make_interval(secs => $3) where id = $1
"""
_BURY = """
    with gone as (delete from outbox where id = $1 returning id, church, key, kind, data, at)
    insert into dead_letters (id, church, key, kind, data, at, attempts, error)
    select id, church, key, kind, data, at, $2, $3 from gone
"""
_DEAD = """
    select id, church, key, kind, data, at, attempts, error, died_at
    from dead_letters where id > $1 order by id limit $2
"""
_REPLAY = """
    with gone as (
      delete from dead_letters where $1::bigint[] is null or id = any($1) returning id, church, key, kind, data, at
    ), back as (
      insert into outbox (id, church, key, kind, data, at) overriding system value
      select id, church, key, kind, data, at from gone returning id
    )
    select count(*) from back
"""
