"""Carry signals from a shard's outbox to their listeners: at least once, in order for each (church, key).

A relay takes its share of the partitions by lease and reads their rows in id order. Each listener runs in one
transaction of the row's church, together with its row in `processed`: however often a relay dies, stalls or loses its
partition, a listener's writes are committed once. A row that fails parks its key and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

import asyncpg
import redis
import structlog

from jobs import metrics, outbox
from jobs.leases import LEASE_SECONDS, Partitions, lease_of
from jobs.outbox import Key, Row
from server.kit import hush
from server.kit.db import Database
from server.kit.errors import Unavailable
from server.kit.outbox import TRIES, Listener, Listeners, decode
from server.kit.scope import Scope, TenantRef

PACE_SECONDS = 0.02  # between two reads: what a busy church announces meanwhile is read at once
POLL_SECONDS = 1.0  # a wake-up may be lost; then this is the delay
KEYS_AT_ONCE = 4  # each takes a connection; the rest of the pool is for the relay itself and for jobs
LISTENER_SECONDS = 30.0  # a listener that takes longer is ended, and the try counts
MEASURE_SECONDS = 10.0
GOODBYE_SECONDS = 5.0  # for remembering what is done and letting go of partitions when stopping

Find = Callable[[str], Awaitable[TenantRef | None]]

# what says that a part of the installation is away, rather than that a signal is at fault
AWAY: tuple[type[Exception], ...] = (
    Unavailable,
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    redis.ConnectionError,
    redis.TimeoutError,
)

# what the relay's own statements may meet besides: a connection that was closed between two of them
_CUT: tuple[type[Exception], ...] = (*AWAY, asyncpg.InterfaceError)

_log = structlog.get_logger("narthex.relay")


class _NotOurs(Exception):
    """Another relay has this row, or is done with it."""


class Relay:
    """The relay of one shard in this process. `find` returns a church by its id, None when it is gone."""

    def __init__(
        self,
        database: Database,
        listeners: Listeners,
        find: Find,
        *,
        holder: str,
        shard: str = "main",
        keys_at_once: int = KEYS_AT_ONCE,
        lease_seconds: float = LEASE_SECONDS,
        listener_seconds: float = LISTENER_SECONDS,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._database = database
        self._listeners = listeners
        self._find = find
        self._holder = holder
        self._shard = shard
        self._listener_seconds = listener_seconds
        self._poll_seconds = poll_seconds
        self._partitions = Partitions(database, shard, holder, seconds=lease_seconds)
        self._suspect: set[int] = set()
        self._keys_at_once = keys_at_once
        self._slots = asyncio.Semaphore(keys_at_once)
        self._woken = asyncio.Event()
        self._busy: set[Key] = set()
        self._over: list[Key] = []  # keys to be let go when `_done` is in the database
        self._done: list[int] = []

    def wake(self) -> None:
        """Look at the outbox now; may be called for nothing."""
        self._woken.set()

    async def run(self) -> None:
        """Relay until cancelled; then finish what is committed, let go of the partitions, and return."""
        self._busy.clear()
        self._over.clear()
        self._slots = asyncio.Semaphore(
            self._keys_at_once
        )  # a delivery cut off before it began kept its slot
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep(self._beat, lambda: self._partitions.pause))
                group.create_task(self._keep(self._measure, lambda: MEASURE_SECONDS))
                group.create_task(self._keep(lambda: self._dispatch(group), lambda: PACE_SECONDS))
        finally:
            await self._say_goodbye()

    async def _keep(self, step: Callable[[], Awaitable[None]], pause: Callable[[], float]) -> None:
        """Repeat a step; while the database is away, wait for it."""
        while True:
            try:
                await step()
            except _CUT as error:
                _log.warning("relay waits", shard=self._shard, error=str(error))
                await asyncio.sleep(self._poll_seconds)
            await asyncio.sleep(pause())

    async def _beat(self) -> None:
        before = self._partitions.held.partitions
        held = await self._partitions.beat()
        self._suspect = (self._suspect | held.suspect) & held.partitions
        metrics.PARTITIONS.labels(self._shard).set(len(held.partitions))
        if held.partitions - before:
            self.wake()

    async def _dispatch(self, group: asyncio.TaskGroup) -> None:
        """Wait for a reason, then start every key that has rows; what they leave wakes us again."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._poll_seconds):
                await self._woken.wait()
        self._woken.clear()
        for key, waiting in _by_key(await self._read()).items():
            self._busy.add(key)
            await self._slots.acquire()
            group.create_task(self._deliver(key, waiting))

    async def _read(self) -> Sequence[Row]:
        """Forget what is done and read the next rows in one transaction; then its keys are free again."""
        done, over = self._done, self._over
        self._done, self._over = [], []
        partitions = self._partitions.held.partitions
        suspect = self._suspect & partitions
        try:
            async with self._database.shard(self._shard) as connection:
                lags = await outbox.forget(connection, done)
                rows = await outbox.page(connection, partitions, suspect, self._busy.difference(over))
        except BaseException:
            self._done, self._over = done + self._done, over + self._over
            raise
        for lag in lags:
            metrics.LAG.labels(self._shard).observe(lag)
        self._suspect -= suspect
        self._busy.difference_update(over)
        return rows

    async def _deliver(self, key: Key, rows: Sequence[Row]) -> None:
        """Bring one key's rows to their listeners, in order, until one of them has to wait."""
        try:
            for row in rows:
                if not await self._row(row):
                    break
        except _NotOurs:
            self._release_later(key)
        except _CUT as error:  # not even the failure could be written down: the row is read again
            _log.warning("relay waits", shard=self._shard, error=str(error))
            self._release_later(key)
        except Exception:  # a fault of ours must not stop the other keys
            _log.exception("relay failed", shard=self._shard, church=key[0], key=key[1])
            self._release_later(key)
        else:
            self._release(key)
        finally:
            self._slots.release()

    def _release(self, key: Key) -> None:
        self._over.append(key)
        self.wake()

    def _release_later(self, key: Key) -> None:
        asyncio.get_running_loop().call_later(self._poll_seconds, self._release, key)

    async def _row(self, row: Row) -> bool:
        """Bring one row to its listeners; return whether its key may go on."""
        if row.attempts >= TRIES:
            return await self._bury(row, f"The relay ended {row.attempts} times while it handled this.")
        if row.careful:
            async with self._database.shard(self._shard) as connection:
                await outbox.count(connection, row.id)
        try:
            outcome = await self._listen(row)
        except _NotOurs:
            raise
        except Exception as error:
            return await self._failed(row, error)
        self._done.append(row.id)
        metrics.DELIVERED.labels(self._shard, outcome).inc()
        return True

    async def _listen(self, row: Row) -> str:
        tenant = await self._find(row.church.removeprefix("church_"))
        if tenant is None or tenant.status == "deleting":
            return "church_gone"
        listeners = self._listeners.of(row.kind)
        for listener in listeners:
            try:
                async with asyncio.timeout(self._listener_seconds):
                    await self._tell(tenant, row, listener)
            except _NotOurs:
                raise
            except Exception as error:
                metrics.LISTENER_FAILURES.labels(listener.name).inc()
                error.add_note(f"listener {listener.name}")
                raise
        return "heard" if listeners else "unheard"

    async def _tell(self, tenant: TenantRef, row: Row, listener: Listener) -> None:
        """Run one listener, unless it is done with this row already, in a transaction that remembers it."""
        scope = Scope.system(tenant, request_id=f"signal-{self._shard}-{row.id}")
        async with self._database.transaction(scope) as tx:
            begun = await tx.connection.fetchrow(
                _BEGIN, row.id, lease_of(row.partition), self._holder, listener.name
            )
            if begun is None or not begun["held"]:
                raise _NotOurs
            if begun["fresh"]:
                await listener.handle(tx, decode(row.data, listener.signal))

    async def _failed(self, row: Row, error: Exception) -> bool:
        """Write a failure down; return whether the key may go on because the row is buried."""
        away = isinstance(error, AWAY)
        words = _explain(error)
        _log.warning("signal failed", shard=self._shard, id=row.id, kind=row.kind, away=away, error=words)
        async with self._database.shard(self._shard) as connection:
            buried = await outbox.park(connection, row, words, away=away)
        if buried:
            metrics.DEAD.labels(self._shard).inc()
        return buried

    async def _bury(self, row: Row, error: str) -> bool:
        _log.error("signal is buried", shard=self._shard, id=row.id, kind=row.kind, error=error)
        async with self._database.shard(self._shard) as connection:
            await outbox.bury(connection, row.id, row.attempts, error)
        metrics.DEAD.labels(self._shard).inc()
        return True

    async def _measure(self) -> None:
        async with self._database.shard(self._shard) as connection:
            row = await connection.fetchrow(_MEASURE, list(self._partitions.held.partitions))
        assert row is not None
        metrics.DEPTH.labels(self._shard).set(row["rows"])
        metrics.AGE.labels(self._shard).set(row["age"])
        metrics.DEAD_LETTERS.labels(self._shard).set(row["dead"])

    async def _say_goodbye(self) -> None:
        """Remember what is done and let go; what does not succeed here heals by expiry and by `processed`."""
        done, self._done = self._done, []
        with contextlib.suppress(*_CUT, TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                async with self._database.shard(self._shard) as connection:
                    await outbox.forget(connection, done)
                await self._partitions.let_go()


def _by_key(rows: Sequence[Row]) -> dict[Key, list[Row]]:
    """Sort rows by their keys, each key's in order, the oldest key first."""
    keys: dict[Key, list[Row]] = {}
    for row in rows:
        keys.setdefault(row.owner, []).append(row)
    return keys


def _explain(error: Exception) -> str:
    """Say what happened in a line for operators; the log has the rest."""
    where = "; ".join(getattr(error, "__notes__", ()))
    what = "took too long" if isinstance(error, TimeoutError) else hush.words(error)
    return f"{type(error).__name__}: {what} ({where})" if where else f"{type(error).__name__}: {what}"


# One round trip: is the row ours (and locked until we commit), and is this listener new to it? A connection that we
# forget in the middle of this is ended by Postgres, so that the row does not stay locked.
_BEGIN = """
    with held as materialized (select shard.hold_signal($1, $2, $3) as yes),
    marked as (
      insert into processed (signal, listener) select $1, $4 from held where yes on conflict do nothing returning 1
    )
    select held.yes as held, exists (select from marked) as fresh,
      set_config('idle_in_transaction_session_timeout', '60s', true)
    from held
"""
_MEASURE = """
    select count(*) as rows, coalesce(extract(epoch from clock_timestamp() - min(at)), 0)::float8 as age,
      (select count(*) from dead_letters) as dead
    from outbox where partition = any($1::smallint[])
"""
