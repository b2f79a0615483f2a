"""The two doors, the flush order and what Postgres refuses."""

from __future__ import annotations

import asyncio
import contextlib
from uuid import uuid4

import asyncpg
import pytest

from realtime.broker import Publication
from realtime.topics import Topic
from server.domains.tenants.models import Tenant
from server.domains.tenants.signals import ChurchResumed
from server.kit.db import Database, ShardUrls
from server.kit.errors import Unavailable
from server.kit.log import Draft
from server.kit.pool import Pool, is_gone
from server.kit.scope import Scope, TenantRef, schema_of
from server.settings import Settings
from server.wiring import Wiring


class Heard:
    """Collects what would be announced."""

    def __init__(self) -> None:
        self.publications: list[tuple[str, Publication, bool]] = []

    def committed(self, scope: Scope, publication: Publication, *, signals: bool) -> None:
        self.publications.append((scope.tenant.id, publication, signals))


@pytest.fixture
def heard(wiring: Wiring) -> Heard:
    heard = Heard()
    wiring.database.announcer = heard
    return heard


def draft(data: bytes = b'{"a":1}', *, new: bool = True) -> Draft:
    return Draft(uuid4(), "thing.made", data, new=new)


async def test_each_append_takes_the_next_seq(wiring: Wiring, system: Scope, heard: Heard) -> None:
    """Events of one topic are numbered 1, 2, 3 in the order in which they were appended."""
    topic = Topic(system.tenant.id, "chat", "a")
    for count in (1, 2):
        async with wiring.database.transaction(system) as tx:
            for _ in range(count):
                tx.append(topic, draft())
    events = await wiring.log.read(topic, 0, 10)
    assert [event.seq for event in events] == [1, 2, 3]
    assert [len(p.events) for _, p, _ in heard.publications] == [1, 2]
    assert (await wiring.log.head(topic)).seq == 3  # type: ignore[union-attr]


async def test_nothing_is_announced_when_the_block_raises(
    wiring: Wiring, system: Scope, heard: Heard
) -> None:
    """A transaction that fails leaves no event, no outbox row and no announcement."""
    topic = Topic(system.tenant.id, "chat", "a")
    with pytest.raises(ZeroDivisionError):
        async with wiring.database.transaction(system) as tx:
            tx.append(topic, draft())
            tx.signal(ChurchResumed(tenant_id=system.tenant.id))
            raise ZeroDivisionError
    assert heard.publications == []
    assert await wiring.log.head(topic) is None
    async with wiring.database.shard() as connection:
        assert await connection.fetchval("select count(*) from outbox") == 0


async def test_signals_land_in_the_outbox_in_the_churchs_own_name(
    wiring: Wiring, system: Scope, heard: Heard
) -> None:
    """The outbox row carries the church's role, its key and its kind."""
    async with wiring.database.transaction(system) as tx:
        tx.signal(ChurchResumed(tenant_id=system.tenant.id))
    async with wiring.database.shard() as connection:
        row = await connection.fetchrow("select church, key, kind from outbox")
    assert row is not None
    assert tuple(row) == (system.tenant.schema, system.tenant.id, "tenants.resumed")
    assert heard.publications[0][2] is True


async def test_an_edit_blanks_what_came_before(wiring: Wiring, system: Scope, heard: Heard) -> None:
    """After an edit only the newest event of an entity still carries data, also inside one transaction."""
    topic, entity = Topic(system.tenant.id, "chat", "a"), uuid4()
    async with wiring.database.transaction(system) as tx:
        tx.append(topic, Draft(entity, "message.posted", b'"secret"', new=True))
    async with wiring.database.transaction(system) as tx:
        tx.append(topic, Draft(entity, "message.edited", b'"half"'))
        tx.append(topic, Draft(entity, "message.removed", b'"gone"'))
    events = await wiring.log.read(topic, 0, 10)
    assert [None if e.data is None else bytes(e.data) for e in events] == [None, None, b'"gone"']
    assert [e.data is None for e in heard.publications[1][1].events] == [True, False]


async def test_a_topic_of_another_church_is_refused(wiring: Wiring, system: Scope) -> None:
    """A transaction of one church cannot append to a topic of another."""
    with pytest.raises(ValueError, match="is not of church"):
        async with wiring.database.transaction(system) as tx:
            tx.append(Topic("x" * 16, "chat", "a"), draft())


async def test_a_hundred_writers_leave_no_hole(wiring: Wiring, system: Scope) -> None:
    """Concurrent transactions into two topics, named in opposite orders, neither deadlock nor leave holes."""
    a, b = (Topic(system.tenant.id, "chat", key) for key in "ab")

    async def write(n: int) -> None:
        async with wiring.database.transaction(system) as tx:
            for topic in (a, b) if n % 2 else (b, a):
                tx.append(topic, draft())

    await asyncio.gather(*(write(n) for n in range(100)))
    for topic in (a, b):
        assert [e.seq for e in await wiring.log.read(topic, 0, 200)] == list(range(1, 101))


@pytest.mark.parametrize(
    "statement",
    [
        "select count(*) from {other}.topics",
        "insert into {other}.topics (name) values ('x:y')",
        "select count(*) from control.tenants",
        "select count(*) from shard.outbox",
        "insert into shard.outbox (church, key, kind, data) values ('{other}', 'k', 'x', '')",
        "delete from shard.wakes",
        "create table mine (id int)",
        "create temp table mine (id int)",
        "create table public.mine (id int)",
    ],
)
async def test_postgres_refuses_a_church_what_is_not_its_own(
    wiring: Wiring, system: Scope, other_church: Tenant, statement: str
) -> None:
    """Inside one church's transaction, Postgres itself refuses other schemas and all DDL."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with wiring.database.transaction(system) as tx:
            await tx.connection.execute(statement.replace("{other}", schema_of(other_church.id)))


async def test_the_applications_login_reads_no_church_by_itself(settings: Settings, church: Tenant) -> None:
    """Without SET ROLE the application's login can read no table of a church, of control or of shard."""
    connection = await asyncpg.connect(settings.database_url)
    try:
        for table in (f"{church.ref.schema}.topics", "control.tenants", "shard.outbox"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"select 1 from {table}")
    finally:
        await connection.close()


@pytest.mark.parametrize("door", ["control", "shard"])
async def test_the_second_door_reads_no_church(wiring: Wiring, church: Tenant, door: str) -> None:
    """The roles of `control()` and `shard()` have no rights on churches."""
    opened = wiring.database.control() if door == "control" else wiring.database.shard()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with opened as connection:
            await connection.execute(f"select 1 from {church.ref.schema}.topics")


async def test_nothing_of_a_transaction_survives_it(wiring: Wiring, system: Scope) -> None:
    """Role and search path are LOCAL: the next user of the connection starts clean, also after an error."""
    database, url = wiring.database, wiring.settings.database_url
    for fails in (False, True):
        with contextlib.suppress(asyncpg.DivisionByZeroError):
            async with database.transaction(system) as tx:
                used = tx.connection.get_server_pid()
                if fails:
                    await tx.connection.execute("select 1/0")
        async with database._connection(url, system.tenant.schema) as connection:
            assert connection.get_server_pid() == used
            assert await connection.fetchval("select current_user") == "narthex_app"
            assert await connection.fetchval("show plan_cache_mode") == "auto"
            assert not connection.is_in_transaction()


async def test_a_transaction_that_has_ended_writes_nowhere(wiring: Wiring, system: Scope) -> None:
    """Its connection may be somebody else's by then: who kept the transaction has none any more."""
    async with wiring.database.transaction(system) as tx:
        pass
    with pytest.raises(AttributeError):
        await tx.connection.execute("select 1")


async def test_an_error_swallowed_inside_the_block_is_not_a_commit(wiring: Wiring, system: Scope) -> None:
    """Postgres answers ROLLBACK to COMMIT of a failed transaction; the door turns that into an error."""
    with pytest.raises(RuntimeError, match="rolled back"):
        async with wiring.database.transaction(system) as tx:
            with contextlib.suppress(asyncpg.DivisionByZeroError):
                await tx.connection.execute("select 1/0")


async def test_a_cancelled_block_rolls_back(wiring: Wiring, system: Scope) -> None:
    """A request that is cancelled in the middle leaves nothing behind and gives its connection back."""
    topic = Topic(system.tenant.id, "chat", "a")
    entered = asyncio.Event()

    async def hang() -> None:
        async with wiring.database.transaction(system) as tx:
            tx.append(topic, draft())
            entered.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(hang())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await wiring.log.head(topic) is None


async def test_a_connection_that_ends_between_two_statements_is_the_database_away(
    wiring: Wiring, settings: Settings, system: Scope
) -> None:
    """A restart of Postgres is not always met by a statement that runs: the next one is told the same."""
    other = await asyncpg.connect(settings.database_url)
    with pytest.raises(Unavailable):
        async with wiring.database.transaction(system) as tx:
            pid = await tx.connection.fetchval("select pg_backend_pid()")
            await other.execute("select pg_terminate_backend($1)", pid)
            await other.close()
            async with asyncio.timeout(10):
                while not is_gone(tx.connection):
                    await asyncio.sleep(0.01)
            await tx.connection.execute("select 1")


async def test_a_misuse_of_a_connection_stays_a_fault(wiring: Wiring, system: Scope) -> None:
    """What is wrong in our own code is not taken for a database that is away."""
    with pytest.raises(asyncpg.InterfaceError):
        async with wiring.database.transaction(system) as tx:
            await tx.connection.fetchval("select $1::int", 1, 2)


async def test_a_database_that_is_away_is_named_without_its_password() -> None:
    """Opening an unreachable database says where it looked, not with which password."""
    url = "postgresql://u:secret@127.0.0.1:1/nothing"
    with pytest.raises(Unavailable) as caught:
        await Database(url, {"main": ShardUrls(url)}).open()
    assert "127.0.0.1:1/nothing" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_schema_name_is_never_made_from_a_request() -> None:
    """Only ids of our own form become schema names."""
    for bad in ("../x", "public", "pg_catalog", "A" * 16, "a" * 15, "a" * 17, "a" * 15 + '"', "é" * 16):
        with pytest.raises(ValueError, match="not a church id"):
            _ = TenantRef(bad, "x", "x").schema


@pytest.mark.parametrize(
    "goodbye",
    [
        asyncpg.AdminShutdownError,
        asyncpg.CrashShutdownError,
        asyncpg.CannotConnectNowError,
        ConnectionResetError,
    ],
)
async def test_a_goodbye_to_who_only_connects_is_no_fault(
    wiring: Wiring, system: Scope, monkeypatch: pytest.MonkeyPatch, goodbye: type[Exception]
) -> None:
    """A server that is killed while a connection is made says so in other words than one that is not there."""

    async def acquire(pool: Pool, *, timeout: float) -> None:
        raise goodbye("terminating connection due to unexpected postmaster exit")

    monkeypatch.setattr(Pool, "acquire", acquire)
    with pytest.raises(Unavailable) as caught:
        async with wiring.database.transaction(system):
            pass
    assert caught.value.retry_after
