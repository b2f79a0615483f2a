"""Forget what no one can ask for any more: wakes, ticks, marks of done signals, idempotency keys, old log events."""

from __future__ import annotations

from server.kit.db import Database
from server.kit.log import KEPT_DAYS
from server.kit.scope import Scope

ROWS_A_ROUND = 5_000  # a delete takes no more rows at once, so that it holds its locks for a moment only

WAKES = "delete from wakes where at < clock_timestamp() - interval '60 seconds'"
TICKS = "delete from ticks where tick < clock_timestamp() - interval '7 days'"
ALIVE = """
    select id from outbox where church = $1 union all select id from dead_letters where church = $1
"""
# a signal that waits or is dead may still ask which listeners were done with it, however old it is
PROCESSED = """
    delete from processed where ctid in (
      select ctid from processed where at < now() - interval '1 day' and not signal = any($2::bigint[]) limit $1
    )
"""
IDEMPOTENCY_KEYS = """
    delete from idempotency_keys where ctid in (
      select ctid from idempotency_keys where at < now() - interval '24 hours' limit $1
    )
"""
# the head stays, so that a client with an older cursor is told to join anew
TOPIC_EVENTS = """
    delete from topic_events where ctid in (
      select ctid from topic_events where at < now() - make_interval(days => $2) limit $1
    )
"""


async def shard(database: Database, name: str) -> None:
    """Trim a shard's own tables."""
    for statement in (WAKES, TICKS):
        async with database.shard(name) as connection:
            await connection.execute(statement)


async def church(database: Database, scope: Scope, *, retention_days: int = KEPT_DAYS) -> int:
    """Trim one church's tables of the kit and return how many rows went."""
    async with database.shard(scope.tenant.shard) as connection:
        alive = [row["id"] for row in await connection.fetch(ALIVE, scope.tenant.schema)]
    gone = await _all(database, scope, PROCESSED, alive)
    gone += await _all(database, scope, IDEMPOTENCY_KEYS)
    gone += await _all(database, scope, TOPIC_EVENTS, retention_days)
    return gone


async def _all(database: Database, scope: Scope, statement: str, *values: object) -> int:
    """Repeat a delete in small transactions until it finds less than a round."""
    gone = 0
    while True:
        async with database.transaction(scope) as tx:
            tag = await tx.connection.execute(statement, ROWS_A_ROUND, *values)
        rows = int(tag.rpartition(" ")[2])
        gone += rows
        if rows < ROWS_A_ROUND:
            return gone
