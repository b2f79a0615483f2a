"""A pool whose connections go first to the schema they served last: there, what is planned stays planned.

Postgres keeps the plan of a statement for one search path and makes it anew under another (plancache.c,
RevalidateCachedQuery). Where two churches take turns on a connection, planning is half of what a send costs.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import asyncpg

if TYPE_CHECKING:  # generic in the stubs only
    Connection = asyncpg.Connection[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection, Pool = asyncpg.Connection, asyncpg.Pool

KEPT_SECONDS = 0.25
"""So long a connection waits for its schema; then it is the pool's again, which lets it grow old and replaces it."""


class _Kept:
    """A connection that waits."""

    __slots__ = ("connection", "schema", "timer")

    def __init__(self, connection: Connection, schema: str, timer: asyncio.TimerHandle | None) -> None:
        self.connection = connection
        self.schema = schema
        self.timer = timer


class SchemaPool:
    """An asyncpg pool before which used connections wait a moment for who comes to the same schema.

    Nobody waits for a connection while one is kept: when the pool has no other, the one kept longest is given away.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._kept: list[_Kept] = []  # kept longest first; a pool has few
        self._asking = 0
        self._returns: set[asyncio.Task[None]] = set()

    async def acquire(self, schema: str, timeout: float) -> Connection:
        """Return a connection, the one that served this schema last where it is kept.

        Raise TimeoutError when all are in use for `timeout` seconds, and what asyncpg raises when it cannot connect.
        """
        while (kept := self._kept_for(schema)) is not None:
            connection = self._take(kept)
            if not is_gone(connection):
                return connection
            await self._give_back(connection)
        if self._is_spent():
            await self._give_up_oldest()
        self._asking += 1
        try:
            return await self._ask(timeout)
        finally:
            self._asking -= 1

    async def release(self, schema: str, connection: Connection, *, well: bool) -> None:
        """Take a connection back; it is kept when what it was used for ended well and nobody waits for one."""
        if not well or self._asking or is_gone(connection) or self._pool.is_closing():
            await self._give_back(connection)
            return
        kept = _Kept(connection, schema, None)
        kept.timer = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._expire, kept)
        self._kept.append(kept)

    async def close(self, timeout: float) -> None:
        """Close all connections; those in use get `timeout` seconds."""
        while self._kept:
            await self._give_up_oldest()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._pool.close()
        self._pool.terminate()

    async def _ask(self, timeout: float) -> Connection:
        try:
            return cast("Connection", await self._pool.acquire(timeout=timeout))  # a proxy with its interface
        except asyncpg.TooManyConnectionsError:
            if not self._kept:
                raise
        await self._give_up_oldest()
        return cast("Connection", await self._pool.acquire(timeout=timeout))

    def _is_spent(self) -> bool:
        """Tell whether the pool would let us wait."""
        pool = self._pool
        used = pool.get_size() - pool.get_idle_size() + self._asking
        return bool(self._kept) and used >= pool.get_max_size()

    def _kept_for(self, schema: str) -> _Kept | None:
        return next((kept for kept in reversed(self._kept) if kept.schema == schema), None)

    def _take(self, kept: _Kept) -> Connection:
        assert kept.timer is not None
        kept.timer.cancel()
        self._kept.remove(kept)
        return kept.connection

    async def _give_up_oldest(self) -> None:
        await self._give_back(self._take(self._kept[0]))

    def _expire(self, kept: _Kept) -> None:
        self._kept.remove(kept)
        task = asyncio.create_task(self._give_back(kept.connection))
        self._returns.add(task)
        task.add_done_callback(self._returns.discard)

    async def _give_back(self, connection: Any) -> None:
        await self._pool.release(connection)


def is_gone(connection: Connection) -> bool:
    """Tell whether a connection has ended; asyncpg takes such a one from who holds it."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True
