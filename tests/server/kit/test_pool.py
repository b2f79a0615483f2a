"""Connections go first to the schema they served last, and nobody waits while one is kept."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg
import pytest

from server.kit import pool as pools
from server.kit.pool import SchemaPool
from server.settings import Settings

SOON = 20.0


@pytest.fixture(autouse=True)
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep connections for longer than any test lasts, so that none is served by one that expires."""
    monkeypatch.setattr(pools, "KEPT_SECONDS", 600.0)


@contextlib.asynccontextmanager
async def opened(url: str, size: int) -> AsyncIterator[SchemaPool]:
    """Give a pool of so many connections at most."""
    pool = SchemaPool(await asyncpg.create_pool(url, min_size=0, max_size=size))
    try:
        yield pool
    finally:
        await pool.close(SOON)


async def serve(pool: SchemaPool, schema: str) -> int:
    """Take a connection for a schema and give it back; return its back-end's process number."""
    connection = await pool.acquire(schema, SOON)
    pid: int = connection.get_server_pid()
    await pool.release(schema, connection, well=True)
    return pid


async def test_a_schema_meets_its_own_connection_again(settings: Settings) -> None:
    """Schemas that take turns keep their connections, as many as there may be."""
    async with opened(settings.database_url, 3) as pool:
        first = [await serve(pool, schema) for schema in "abc"]
        assert len(set(first)) == 3
        assert [await serve(pool, schema) for schema in "cab"] == [first[2], first[0], first[1]]


async def test_the_one_kept_longest_goes_to_who_has_none(settings: Settings) -> None:
    """When all are kept, a new schema gets that of the one that was away longest, at once."""
    async with opened(settings.database_url, 2) as pool:
        a, b = await serve(pool, "a"), await serve(pool, "b")
        assert await serve(pool, "c") == a
        assert await serve(pool, "b") == b


async def test_one_schema_uses_several(settings: Settings) -> None:
    """A schema that needs two at once gets two, and nobody else's work is lost."""
    async with opened(settings.database_url, 2) as pool:
        await serve(pool, "a")
        one, two = await pool.acquire("a", SOON), await pool.acquire("a", SOON)
        first = one.get_server_pid()
        assert first != two.get_server_pid()
        with pytest.raises(TimeoutError):
            await pool.acquire("b", 0.05)
        await pool.release("a", one, well=True)
        await pool.release("a", two, well=True)
        assert await serve(pool, "b") == first


async def test_who_waits_is_served_before_anything_is_kept(settings: Settings) -> None:
    """With all in use, the next one that comes back goes to who waits, whatever their schema."""
    async with opened(settings.database_url, 1) as pool:
        connection = await pool.acquire("a", SOON)
        waiting = asyncio.create_task(pool.acquire("b", SOON))
        await asyncio.sleep(0.01)
        await pool.release("a", connection, well=True)
        got = await asyncio.wait_for(waiting, SOON)
        await pool.release("b", got, well=True)


async def test_nobody_waits_beside_a_kept_one(settings: Settings) -> None:
    """Many schemas at once, more than connections: all are served without waiting for one to expire."""
    async with opened(settings.database_url, 3) as pool:

        async def work(schema: str) -> None:
            for _ in range(20):
                await serve(pool, schema)

        await asyncio.wait_for(asyncio.gather(*(work(schema) for schema in "abcdefgh")), SOON)


async def test_a_kept_connection_is_the_pools_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a moment nobody holds it: the pool may close it for its age."""
    monkeypatch.setattr(pools, "KEPT_SECONDS", 0.01)
    async with opened(settings.database_url, 2) as pool:
        await serve(pool, "a")
        assert pool._pool.get_idle_size() == 0
        async with asyncio.timeout(SOON):
            while pool._pool.get_idle_size() == 0:
                await asyncio.sleep(0.01)
        assert pool._kept == []


async def test_what_ended_badly_is_not_kept(settings: Settings) -> None:
    """After an error the pool looks at the connection first: an open transaction is rolled back."""
    async with opened(settings.database_url, 1) as pool:
        connection = await pool.acquire("a", SOON)
        await connection.execute("begin")
        await pool.release("a", connection, well=False)
        again = await pool.acquire("a", SOON)
        assert not again.is_in_transaction()
        await pool.release("a", again, well=True)


async def test_a_dead_one_is_replaced(settings: Settings) -> None:
    """A connection whose back-end ended while it was kept is not given out."""
    other = await asyncpg.connect(settings.database_url)
    async with opened(settings.database_url, 2) as pool:
        connection = await pool.acquire("a", SOON)
        dead = connection.get_server_pid()
        await pool.release("a", connection, well=True)
        await other.execute("select pg_terminate_backend($1)", dead)
        async with asyncio.timeout(SOON):
            while not pools.is_gone(connection):
                await asyncio.sleep(0.01)
        assert await serve(pool, "a") != dead
    await other.close()


async def test_at_the_servers_limit_kept_ones_are_shared(settings: Settings) -> None:
    """Where Postgres gives no more connections than there are, schemas share those."""
    async with opened(settings.database_url, 3) as pool:
        kept = {await serve(pool, "a"), await serve(pool, "b")}

        async def refuse(*_: object, **__: object) -> None:
            raise asyncpg.TooManyConnectionsError("sorry, too many clients already")

        pool._pool.set_connect_args(settings.database_url)
        pool._pool._connect = refuse
        assert await serve(pool, "c") in kept
        busy = [await pool.acquire(schema, SOON) for schema in "ab"]
        with pytest.raises(asyncpg.TooManyConnectionsError):
            await pool.acquire("d", SOON)
        for connection in busy:
            await pool.release("a", connection, well=True)
