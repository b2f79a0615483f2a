"""The two doors to the database, and the order in which a transaction ends.

`transaction(scope)` opens a church: role and search path are set LOCAL, so nothing survives the COMMIT.
`control()` and `shard(name)` open the rest, with roles that have no rights on churches. Nothing else connects.

A service only collects: `tx.append(topic, draft)` and `tx.signal(fact)`. The door flushes last (`log.flush`: lock
topic rows in id order, take seqs, insert events, wakes and outbox rows), then COMMITs, then announces.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol
from uuid import UUID
from weakref import WeakSet

import asyncpg
import msgspec

from realtime.broker import Order, Passing, Publication
from realtime.closes import TOKEN_EXPIRED, Close
from realtime.log import LogEvent
from realtime.spread import Spread
from realtime.topics import Topic
from server.kit import idempotency, log
from server.kit.errors import NotFound, Unavailable
from server.kit.outbox import Signal
from server.kit.pool import SchemaPool, is_gone
from server.kit.scope import Scope

if TYPE_CHECKING:  # generic in the stubs only
    Connection = asyncpg.Connection[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection, Pool = asyncpg.Connection, asyncpg.Pool

SLOTS_PER_CONNECTION_LIFE = 20_000  # queries; a back-end's relation cache grows with each church it touches
WAIT_FOR_CONNECTION = 5.0  # seconds; beyond it a request is told that we are busy rather than left hanging


EVERYBODY = UUID(int=0)  # in a church's control topic: whom an event is about that is about all
MOST_BY_NAME = 100  # people sent away at once whom the log names; of more, everybody is looked at again


class NoSchema(NotFound):
    """There is no church at this address."""

    code = "no_such_church"


class MetMigration(Unavailable):
    """We are being updated this very second: try again."""


class Course(msgspec.Struct):
    """What one request has come to in the databases so far."""

    commits: int = 0  # of transactions that may write
    stale: bool = False  # a migration has changed a table under a prepared statement


_course: ContextVar[Course | None] = ContextVar("course", default=None)


@contextmanager
def followed() -> Iterator[Course]:
    """Follow what is done inside this block."""
    course = Course()
    before = _course.set(course)
    try:
        yield course
    finally:
        _course.reset(before)


class ShardUrls(msgspec.Struct, frozen=True):
    """Where a shard lives; replicas may serve `readonly=True` one day."""

    primary: str
    replicas: tuple[str, ...] = ()


class Announcer(Protocol):
    """Tell the other processes what was committed; called after COMMIT, never waits, never raises.

    What it says may be lost: the log heals the one, the relay's poll the other.
    """

    def committed(self, scope: Scope, publication: Publication, *, signals: bool) -> None: ...


class Silent:
    """An announcer for programs that nobody listens to: migrations, doctor, some tests."""

    def committed(self, scope: Scope, publication: Publication, *, signals: bool) -> None:
        """Tell nobody."""


class Transaction:
    """One open transaction of one church: its connection, and what will be flushed before COMMIT."""

    __slots__ = ("connection", "drafts", "orders", "passing", "scope", "signals")

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self.connection = connection
        self.scope = scope
        self.drafts: list[tuple[Topic, log.Draft]] = []
        self.signals: list[Signal] = []
        self.passing: list[Passing] = []
        self.orders: list[Order] = []

    def append(self, topic: Topic, draft: log.Draft) -> None:
        """Collect an event for a durable topic; its `seq` is taken just before COMMIT."""
        if topic.tenant != self.scope.tenant.id:
            raise ValueError(f"topic {topic} is not of church {self.scope.tenant.id}")
        self.drafts.append((topic, draft))

    def signal(self, signal: Signal) -> None:
        """Collect a fact for the outbox."""
        self.signals.append(signal)

    def pass_on(self, passing: Passing) -> None:
        """Collect a frame that is not in the log (a total, a typing mark); it leaves after COMMIT."""
        self.passing.append(passing)

    def order(self, order: Order) -> None:
        """Collect an order to every node's sessions (a kick, a recheck); it leaves after COMMIT, and may be lost."""
        self.orders.append(order)

    def look_again(self, person: UUID) -> None:
        """Let every node ask policy again about a person's sockets; the log heals an order that is lost."""
        self.order(Order("recheck", str(person)))
        self._heal(person, str(person))

    def send_away(self, *people: UUID, close: Close = TOKEN_EXPIRED) -> None:
        """Let every node close people's sockets; whoever can still show a session comes back by itself.

        What heals a lost order asks policy again: it ends who has no session left, not who has begun a new one.
        """
        for person in people:
            self.order(Order("kick", str(person), code=close.code, reason=close.reason))
        if len(people) > MOST_BY_NAME:
            self._heal(EVERYBODY, None)
            return
        for person in people:
            self._heal(person, str(person))

    def send_everybody_away(self, close: Close, reason: str) -> None:
        """Let every node close all of the church's sockets, those without a name too; the log heals a lost order."""
        self.order(Order("kick", None, code=close.code, reason=reason))
        told = msgspec.json.encode({"person": None, "code": close.code})
        self.append(log.control_topic(self.scope.tenant.id), log.Draft(EVERYBODY, "kick", told))

    def _heal(self, entity: UUID, person: str | None) -> None:
        told = msgspec.json.encode({"person": person})
        self.append(log.control_topic(self.scope.tenant.id), log.Draft(entity, "recheck", told))


class Database:
    """Holds one pool a shard and one for the control schema (the same pool where the URL is the same)."""

    def __init__(
        self,
        control_url: str,
        shards: Mapping[str, ShardUrls],
        *,
        announcer: Announcer | None = None,
        pool_size: int = 10,
        statement_cache_size: int = 256,
    ) -> None:
        self._control_url = control_url
        self._shards = dict(shards)
        self.announcer: Announcer = announcer or Silent()
        self._pool_size = pool_size
        self._statement_cache_size = statement_cache_size
        self._pools: dict[str, SchemaPool] = {}
        self._connections: dict[str, WeakSet[Connection]] = {}
        self._reconnects: Counter[str] = Counter()
        self.commits = Spread()  # seconds that COMMIT alone took, of churches' transactions that wrote
        self.timelines: dict[str, int] = {}

    @property
    def shards(self) -> Sequence[str]:
        """Return the names of the shards."""
        return tuple(self._shards)

    async def open(self) -> None:
        """Connect; raise Unavailable with the address (never the password) when a database does not answer."""
        for url in {self._control_url, *(shard.primary for shard in self._shards.values())}:
            self._pools[url] = SchemaPool(await self._pool(url))

    async def close(self) -> None:
        """Close every pool; connections in use get 5 s."""
        for pool in self._pools.values():
            await pool.close(5.0)
        self._pools.clear()

    @asynccontextmanager
    async def transaction(self, scope: Scope, *, readonly: bool = False) -> AsyncIterator[Transaction]:
        """Open a church; commit when the block ends, roll back when it raises.

        `readonly` is a REPEATABLE READ snapshot that may one day be served by a replica.
        """
        schema = scope.tenant.schema
        begin = _BEGIN_READING if readonly else _BEGIN_WRITING
        async with self._connection(self._url(scope.tenant.shard), schema) as connection:
            try:
                await connection.execute(
                    f"{begin}; set local role {schema}; set local search_path = {schema}, extensions"
                )
            except asyncpg.InvalidParameterValueError:  # an erased church has no role any more
                await _roll_back(connection)
                raise NoSchema() from None
            tx = Transaction(connection, scope)
            claimed = False
            try:
                claimed = not readonly and await idempotency.claim(connection, scope.origin.once)
                yield tx
                events = await self._flush(tx)
                began = time.perf_counter()
                await _commit(connection, wrote=not readonly)
                if not readonly:
                    self.commits.add(time.perf_counter() - began)
            except BaseException:
                await _roll_back(connection)
                if claimed and scope.origin.once is not None:
                    scope.origin.once.claimed = False
                raise
            finally:
                del (
                    tx.connection
                )  # the next one's: who has held on to this transaction must not write into theirs
        if events or tx.passing or tx.orders or tx.signals:
            publication = Publication(tuple(events), tuple(tx.passing), tuple(tx.orders))
            self.announcer.committed(scope, publication, signals=bool(tx.signals))

    @asynccontextmanager
    async def control(self) -> AsyncIterator[Connection]:
        """Open the control schema."""
        async with self._fixed(self._control_url, "control") as connection:
            yield connection

    @asynccontextmanager
    async def shard(self, name: str = "main") -> AsyncIterator[Connection]:
        """Open a shard's own schema: outbox, wakes, leases."""
        async with self._fixed(self._url(name), "shard") as connection:
            yield connection

    async def revisions(self) -> Sequence[tuple[str, str]]:
        """Return the migration at which the control schema and each shard stand: ("control", "0001"), …"""
        async with self.control() as connection:
            found = [("control", str(await connection.fetchval(_REVISION)))]
        for name in self.shards:
            async with self.shard(name) as connection:
                found.append(("shard", str(await connection.fetchval(_REVISION))))
        return found

    def timeline(self, shard: str) -> int:
        """Return the WAL timeline of a shard, read on every reconnect: the first half of an epoch."""
        return self.timelines.get(self._url(shard), 1)

    def reconnects(self, shard: str) -> int:
        """Return how often a shard was connected to while no older connection was left: it may have crashed between."""
        return self._reconnects[self._url(shard)]

    async def _flush(self, tx: Transaction) -> Sequence[LogEvent]:
        if not tx.drafts and not tx.signals:
            return ()
        return await log.flush(tx.connection, tx.drafts, tx.signals, self.timeline(tx.scope.tenant.shard))

    def _url(self, shard: str) -> str:
        try:
            return self._shards[shard].primary
        except KeyError:
            raise Unavailable(
                f"The part of the installation called {shard!r} is not configured here."
            ) from None

    @asynccontextmanager
    async def _fixed(self, url: str, schema: str) -> AsyncIterator[Connection]:
        async with self._connection(url, schema) as connection:
            await connection.execute(
                f"begin; set local role narthex_{schema}; set local search_path = {schema}, extensions"
            )
            try:
                yield connection
                await _commit(connection)
            except BaseException:
                await _roll_back(connection)
                raise

    @asynccontextmanager
    async def _connection(self, url: str, schema: str) -> AsyncIterator[Connection]:
        pool = self._pools.get(url)
        if pool is None:
            raise Unavailable("The database is not open in this process.")
        try:
            connection = await pool.acquire(schema, WAIT_FOR_CONNECTION)
        except _AWAY as error:
            raise Unavailable(_AWAY_NOW, retry_after=2) from error
        well = False
        try:
            yield connection
            well = True
        except _GOODBYES as error:
            raise Unavailable(_AWAY_NOW, retry_after=2) from error
        except asyncpg.InterfaceError as error:
            if not is_gone(connection):  # a fault of ours
                raise
            raise Unavailable(_AWAY_NOW, retry_after=2) from error
        except asyncpg.InvalidCachedStatementError as error:
            # asyncpg has dropped all prepared statements of the pool: the next try is clean, and the door makes it
            if (course := _course.get()) is not None:
                course.stale = True
            raise MetMigration(retry_after=1) from error
        finally:
            with suppress(*_AWAY):
                await pool.release(schema, connection, well=well)

    async def _pool(self, url: str) -> Pool:
        async def init(connection: Connection) -> None:
            self.timelines[url] = await connection.fetchval(_TIMELINE)
            known = self._connections.setdefault(url, WeakSet())
            self._reconnects[url] += all(other.is_closed() for other in known)
            known.add(connection)

        async def keep(_: Connection) -> None:
            """Skip asyncpg's reset: all state is LOCAL, and an open transaction is rolled back all the same."""

        try:
            # each of our reads has its index; a plan without it, made while a table was young, would be kept
            return await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=self._pool_size,
                max_queries=SLOTS_PER_CONNECTION_LIFE,
                statement_cache_size=self._statement_cache_size,
                init=init,
                reset=keep,
                timeout=WAIT_FOR_CONNECTION,
                server_settings={"application_name": "narthex", "jit": "off", "enable_seqscan": "off"},
            )
        except _AWAY as error:
            raise Unavailable(f"No database answers at {_address(url)}: {error}") from error


_BEGIN_READING = "begin isolation level repeatable read read only"
# What writes finds its rows by their keys, so one plan a statement will do. Postgres would plan each anew every time,
# because a plan for the few keys at hand looks cheaper than one for any number of them: a third of the time of a send.
# What reads has filters, for which another plan may be the right one.
_BEGIN_WRITING = "begin; set local plan_cache_mode = force_generic_plan"
_REVISION = "select version_num from alembic_version"
_TIMELINE = "select ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int"
_AWAY_NOW = "The database is away for the moment: try again shortly."
_GOODBYES: tuple[type[BaseException], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,  # also to who is only connecting
    asyncpg.CrashShutdownError,
    asyncpg.InternalClientError,  # the server's goodbye is in, the end of the connection not yet
)
_AWAY: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    *_GOODBYES,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
)


async def _commit(connection: Connection, *, wrote: bool = True) -> None:
    """COMMIT, and notice when Postgres answers ROLLBACK because an error had been swallowed inside the block."""
    if await connection.execute("commit") != "COMMIT":
        raise RuntimeError("the transaction had failed inside its block and was rolled back")
    if wrote and (course := _course.get()) is not None:
        course.commits += 1


async def _roll_back(connection: Connection) -> None:
    with suppress(*_AWAY):
        if connection.is_in_transaction():
            await connection.execute("rollback")


def _address(url: str) -> str:
    return url.rpartition("@")[2].partition("?")[0] or "the configured address"
