"""Leases: rows with an expiry in a shard's schema. Only the database's clock is asked, so clocks may differ.

A holder that is stopped for longer than its lease loses it without noticing; whoever acts on a lease must
therefore be fenced where it writes (`shard.hold_signal`, the primary key of `shard.ticks`).
"""

from __future__ import annotations

import math

import msgspec

from server.kit.db import Connection, Database
from server.kit.outbox import PARTITIONS

LEASE_SECONDS = 10.0  # after this long without a renewal somebody else may take it
BEATS_A_LEASE = 4  # renewals in that time: three may fail before a lease is lost


def lease_of(partition: int) -> str:
    """Return the name of a partition's lease."""
    return f"outbox:{partition:02d}"


class Held(msgspec.Struct, frozen=True):
    """What a relay holds after a beat; `suspect` are partitions whose last holder ended without letting go."""

    partitions: frozenset[int] = frozenset()
    suspect: frozenset[int] = frozenset()


class Partitions:
    """One relay's share of a shard's partitions: as many as fairness gives it among the living relays."""

    def __init__(
        self, database: Database, shard: str, holder: str, *, seconds: float = LEASE_SECONDS
    ) -> None:
        self._database = database
        self._shard = shard
        self._holder = holder
        self._seconds = seconds
        self._partition_of = {lease_of(n): n for n in range(PARTITIONS)}
        self.held = Held()

    @property
    def pause(self) -> float:
        """Return the seconds between beats."""
        return self._seconds / BEATS_A_LEASE

    async def beat(self) -> Held:
        """Say that we live, renew what is ours, give back what is too much, take what is free."""
        async with self._database.shard(self._shard) as connection:
            live = await self._say(connection)
            names = await self._renew(connection)
            share = math.ceil(PARTITIONS / live)
            suspect: set[int] = set()
            if len(names) > share:
                surplus = names[share:]
                await connection.execute(_RELEASE, self._holder, surplus)
                names = names[:share]
            elif len(names) < share:
                taken = await connection.fetch(
                    _TAKE, list(self._partition_of), share - len(names), self._holder, self._seconds
                )
                names += [row["name"] for row in taken]
                suspect = {self._partition_of[row["name"]] for row in taken if row["previous"]}
        self.held = Held(frozenset(self._partition_of[name] for name in names), frozenset(suspect))
        return self.held

    async def let_go(self) -> None:
        """Give everything back at once, so that nobody waits for the expiry."""
        self.held = Held()
        async with self._database.shard(self._shard) as connection:
            await connection.execute(_RELEASE, self._holder, list(self._partition_of))
            await connection.execute("delete from leases where name = $1", self._member)

    @property
    def _member(self) -> str:
        return f"relay:{self._holder}"

    async def _say(self, connection: Connection) -> int:
        """Renew our own row, sweep those of the dead, return how many relays live."""
        await connection.execute(_SEED, list(self._partition_of))
        await connection.execute(_LIVE, self._member, self._holder, self._seconds)
        await connection.execute(_SWEEP)
        count: int = await connection.fetchval(
            "select count(*) from leases where name like 'relay:%' and until > clock_timestamp()"
        )
        return max(1, count)

    async def _renew(self, connection: Connection) -> list[str]:
        rows = await connection.fetch(_RENEW, self._holder, self._seconds, list(self._partition_of))
        return sorted(row["name"] for row in rows)


class Leader:
    """One lease that at most one process holds, such as the scheduler's."""

    def __init__(
        self, database: Database, shard: str, name: str, holder: str, *, seconds: float = LEASE_SECONDS
    ) -> None:
        self._database = database
        self._shard = shard
        self._name = name
        self._holder = holder
        self._seconds = seconds

    async def lead(self) -> bool:
        """Take or renew the lease; call it several times within `seconds`."""
        async with self._database.shard(self._shard) as connection:
            return bool(await connection.fetchval(_LEAD, self._name, self._holder, self._seconds))

    async def let_go(self) -> None:
        """Give the lease back, if it is ours."""
        async with self._database.shard(self._shard) as connection:
            await connection.execute(
                "delete from leases where name = $1 and holder = $2", self._name, self._holder
            )


_SEED = """
    insert into leases (name, holder, until) select unnest($1::text[]), '', '-infinity' on conflict do nothing
"""
_LIVE = """
    insert into leases (name, holder, until) values ($1, $2, clock_timestamp() + make_interval(secs => $3))
    on conflict (name) do update set until = excluded.until
"""
_SWEEP = """
    delete from leases where name in (
      select name from leases where name like 'relay:%' and until < clock_timestamp() - interval '1 minute'
      for update skip locked
    )
"""
_RENEW = """
    update leases set until = clock_timestamp() + make_interval(secs => $2)
    where name = any($3::text[]) and holder = $1 returning name
"""
_RELEASE = "update leases set holder = '', until = '-infinity' where holder = $1 and name = any($2::text[])"
# a row that somebody locks is skipped: it is being renewed, taken or released this very moment
_TAKE = """
    with free as (
      select name, holder from leases where name = any($1::text[]) and until < clock_timestamp()
      order by name limit $2 for update skip locked
    )
    update leases l set holder = $3, until = clock_timestamp() + make_interval(secs => $4)
    from free where l.name = free.name returning l.name, free.holder as previous
"""
_LEAD = """
    insert into leases as l (name, holder, until) values ($1, $2, clock_timestamp() + make_interval(secs => $3))
    on conflict (name) do update set holder = excluded.holder, until = excluded.until
    where l.holder = excluded.holder or l.until < clock_timestamp()
    returning true
"""
