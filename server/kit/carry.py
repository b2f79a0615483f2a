"""Take a church out of an installation and put it back: what pg_dump and pg_restore leave to us.

Synchronous (psycopg) with the owner's login, for the command line. A church is its schema, its line in the list of
churches, and what it had announced that not everybody had heard yet.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from server.kit.scope import schema_of

Connection = psycopg.Connection[tuple[Any, ...]]


class Snapshot(msgspec.Struct, frozen=True):
    """A moment of one database: reads here and in pg_dump (by `name`) see the same."""

    connection: Connection
    name: str


class Announcement(msgspec.Struct, frozen=True):
    """A signal in the outbox, or one that had failed too often; `data` in base64."""

    number: int
    key: str
    kind: str
    data: str
    at: datetime


class Listing(msgspec.Struct, frozen=True):
    """A church's line in the list of churches, with every short name it ever had and its own domains."""

    id: str
    slug: str
    name: str
    region: str | None
    status: str
    limits: dict[str, Any]
    created_at: datetime
    slugs: list[str]
    domains: list[tuple[str, datetime | None]]


@contextmanager
def snapshot(owner_url: str) -> Iterator[Snapshot]:
    """Hold a moment for as long as the block runs."""
    with psycopg.connect(owner_url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        row = connection.execute("select pg_export_snapshot()").fetchone()
        assert row is not None
        yield Snapshot(connection, row[0])


def revision(connection: Connection, tenant_id: str) -> str | None:
    """Return where a church stands in its history; None when it has no schema here."""
    schema = schema_of(tenant_id)
    found = connection.execute("select to_regclass(%s)", (f"{schema}.alembic_version",)).fetchone()
    if found is None or found[0] is None:
        return None
    _inside(connection, schema)
    row = connection.execute("select version_num from alembic_version").fetchone()
    return row[0] if row else None


def announcements(connection: Connection, tenant_id: str) -> Iterator[Announcement]:
    """Return what the church announced and not everybody heard; what had failed too often gets another chance."""
    for number, key, kind, data, at in connection.execute(_ANNOUNCED, {"church": schema_of(tenant_id)}):
        yield Announcement(number, key, kind, base64.b64encode(data).decode(), at)


def listing(control: Connection, tenant_id: str) -> Listing:
    """Return a church's line in the list of churches."""
    row = control.execute(_LISTING, (tenant_id,)).fetchone()
    if row is None:
        raise LookupError(tenant_id)
    return msgspec.convert(row[0], Listing, strict=False)


def operators(control: Connection) -> Sequence[Mapping[str, Any]]:
    """Return the people who run the installation, with their hashed passwords."""
    return [
        row[0] for row in control.execute("select to_jsonb(o) from control.tenant_operators o order by id")
    ]


def add_operators(control_url: str, people: Sequence[Mapping[str, Any]]) -> int:
    """Add operators whose addresses are not there yet; return how many were added."""
    with psycopg.connect(control_url) as connection:
        return sum(connection.execute(_ADD_OPERATOR, (Jsonb(person),)).rowcount for person in people)


def enlist(control_url: str, church: Listing, *, shard: str) -> None:
    """Write a church into the list, paused; names and domains that another church has meanwhile are left to it.

    Raise psycopg.errors.UniqueViolation when its short name is another's.
    """
    with psycopg.connect(control_url) as connection:
        row = (
            church.id,
            church.slug,
            church.name,
            shard,
            church.region,
            Jsonb(church.limits),
            church.created_at,
        )
        connection.execute(_ENLIST, row)
        connection.execute(
            "insert into control.tenant_slugs (slug, tenant_id) values (%s, %s)", (church.slug, church.id)
        )
        for slug in church.slugs:
            connection.execute(_ALIAS, (slug, church.id))
        for host, verified_at in church.domains:
            connection.execute(_DOMAIN, (host, church.id, verified_at))


def tables(connection: Connection, tenant_id: str) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return a church's tables with their columns and types."""
    found: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in connection.execute(_TABLES, (schema_of(tenant_id),)):
        found.setdefault(table, []).append((column, kind))
    return found


def rows(
    connection: Connection,
    tenant_id: str,
    table: str,
    columns: Sequence[str],
    *,
    without: Sequence[str] = (),
    ids: Sequence[str] = (),
) -> Iterator[str]:
    """Return some columns of a table as JSON texts, as they come; a table of any size fits.

    Rows that name one of `ids` in a column of `without` are left out.
    """
    named = [sql.SQL("or {}::text = any(%(ids)s)").format(sql.Identifier(column)) for column in without]
    statement = sql.SQL(
        "select row_to_json(t)::text from (select {} from {} where (false {}) is not true) t"
    ).format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.Identifier(schema_of(tenant_id), table),
        sql.SQL(" ").join(named),
    )
    with connection.cursor(name="rows") as cursor:
        cursor.execute(statement, {"ids": list(ids)} if named else None)
        for (line,) in cursor:
            yield line


def secluded(connection: Connection, tenant_id: str) -> Sequence[str]:
    """Return the ids of what belongs to one-to-one prayer, or to a request whose asker is sealed.

    Rooms, conversations, requests, and the cases of the queue about them.
    """
    _inside(connection, schema_of(tenant_id))
    return [row[0] for row in connection.execute(_SECLUDED)]


def delist(control_url: str, tenant_id: str) -> None:
    """Take a church off the list again, whose data could not be put back."""
    with psycopg.connect(control_url) as connection:
        connection.execute("delete from control.tenants where id = %s", (tenant_id,))


def set_aside(owner_url: str, tenant_id: str) -> bool:
    """Move a church's schema out of the way; return whether there was one to keep.

    While an earlier one stands aside no restore was settled since, so what is in its place is half done and is dropped.
    """
    schema, aside, _ = _names(tenant_id)
    forget_replaced(owner_url, tenant_id)
    with psycopg.connect(owner_url) as connection:
        if _there(connection, aside):
            _drop(connection, schema)
            return True
        if not _there(connection, schema):
            return False
        _rename(connection, schema, aside)
        return True


def is_aside(owner_url: str, tenant_id: str) -> bool:
    """Tell whether a restore has begun that is neither settled nor taken back."""
    with psycopg.connect(owner_url) as connection:
        return _there(connection, _names(tenant_id)[1])


def take_back(owner_url: str, tenant_id: str, *, kept: bool) -> bool:
    """Undo `set_aside`, which had `kept` something or not; return False when `settle` was faster, and change nothing.

    What was restored is dropped, what was there is there again.
    """
    schema, aside, _ = _names(tenant_id)
    with psycopg.connect(owner_url) as connection:
        there = _there(connection, aside)
        if kept and not there:
            return False
        _drop(connection, schema)
        if there:
            _rename(connection, aside, schema)
        return True


def forget_replaced(owner_url: str, tenant_id: str) -> None:
    """Drop what a settled restore has replaced."""
    with psycopg.connect(owner_url) as connection:
        _drop(connection, _names(tenant_id)[2])


def settle(owner_url: str, tenant_id: str, announced: Sequence[Announcement]) -> None:
    """Make a restored schema part of this shard: its announcements in line again, its topics in a new epoch.

    With its COMMIT the church is restored: what was set aside is not the church any more, and waits to be dropped.
    Numbers of announcements are the shard's, so they get new ones, and `processed` is told. Letters that waited are
    not carried: they have most likely been sent since.
    """
    schema, aside, replaced = _names(tenant_id)
    with psycopg.connect(owner_url) as connection:
        floor = _highest_epoch(connection, aside)
        connection.execute("delete from shard.outbox where church = %s", (schema,))
        connection.execute("delete from shard.wakes where church = %s", (schema,))
        connection.execute("delete from shard.dead_letters where church = %s", (schema,))
        connection.execute("delete from shard.mails where church = %s", (schema,))
        # what was written since the backup is gone on purpose
        connection.execute("delete from shard.audit_heads where church = %s", (schema,))
        numbers = {a.number: _announce(connection, schema, a) for a in announced}
        _inside(connection, schema)
        processed = connection.execute("delete from processed returning signal, listener, at").fetchall()
        for signal, listener, at in processed:
            if signal in numbers:
                connection.execute(
                    "insert into processed values (%s, %s, %s)", (numbers[signal], listener, at)
                )
        connection.execute("update topics set epoch = greatest(epoch, %s) + 1", (floor,))
        if _there(connection, aside):
            _rename(connection, aside, replaced)


def _highest_epoch(connection: Connection, aside: str) -> int:
    """Return an epoch that no client of this church can have seen: of today's topics, and of any deleted before.

    Minutes grow faster than restores do, so they are above the epochs of a church that was deleted meanwhile.
    """
    highest = int(time.time() // 60) - 1
    # a schema that another restore had only begun to fill has no topics
    found = connection.execute("select to_regclass(%s)", (f"{aside}.topics",)).fetchone()
    if found is not None and found[0] is not None:
        _inside(connection, aside)
        row = connection.execute("select max(epoch) from topics").fetchone()
        highest = max(highest, (row and row[0]) or 0)
    return highest


def _announce(connection: Connection, schema: str, announced: Announcement) -> int:
    data = base64.b64decode(announced.data)
    row = connection.execute(
        _ANNOUNCE, (schema, announced.key, announced.kind, data, announced.at)
    ).fetchone()
    assert row is not None
    number: int = row[0]
    return number


def _names(tenant_id: str) -> tuple[str, str, str]:
    """Return the names of a church's schema: in its place, set aside, and replaced for good."""
    schema = schema_of(tenant_id)
    return schema, f"{schema}_before", f"{schema}_replaced"


def _rename(connection: Connection, schema: str, to: str) -> None:
    connection.execute(
        sql.SQL("alter schema {} rename to {}").format(sql.Identifier(schema), sql.Identifier(to))
    )


def _drop(connection: Connection, schema: str) -> None:
    connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))


def _there(connection: Connection, schema: str) -> bool:
    return (
        connection.execute("select 1 from pg_namespace where nspname = %s", (schema,)).fetchone() is not None
    )


def _inside(connection: Connection, schema: str) -> None:
    """Look into one schema until the transaction ends."""
    connection.execute("select set_config('search_path', %s, true)", (f"{schema}, extensions",))


_TABLES = """
select c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
from pg_namespace n join pg_class c on c.relnamespace = n.oid
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where n.nspname = %s and c.relkind in ('r', 'p') order by c.relname, a.attnum
"""
_ANNOUNCED = """
select id, key, kind, data, at from shard.outbox where church = %(church)s
union all
select id, key, kind, data, at from shard.dead_letters where church = %(church)s
order by id
"""
# what a room of one-to-one prayer is reported for is the pastors' alone
_SECLUDED = """
select id::text from rooms_rooms where kind = 'care'
union select id::text from care_sessions
union select request_id::text from prayer_sealed
union select id::text from moderation_cases
where kind in ('care', 'concern') or (kind = 'report' and team = 'pastors')
  or (kind in ('prayer', 'flag') and subject in (select request_id from prayer_sealed))
  or (kind = 'reply' and subject in (
    select r.id from replies_replies r join prayer_sealed s on s.request_id = r.request_id))
"""
_LISTING = """
select jsonb_build_object(
  'id', t.id, 'slug', t.slug, 'name', t.name, 'region', t.region, 'status', t.status, 'limits', t.limits,
  'created_at', t.created_at,
  'slugs', (select coalesce(jsonb_agg(slug order by slug), '[]') from control.tenant_slugs where tenant_id = t.id),
  'domains', (select coalesce(jsonb_agg(jsonb_build_array(host, verified_at) order by host), '[]')
    from control.tenant_domains where tenant_id = t.id))
from control.tenants t where t.id = %s
"""
_ENLIST = """
insert into control.tenants (id, slug, name, shard, region, limits, created_at, status)
values (%s, %s, %s, %s, %s, %s, %s, 'suspended')
"""
_ALIAS = "insert into control.tenant_slugs (slug, tenant_id) values (%s, %s) on conflict do nothing"
_DOMAIN = "insert into control.tenant_domains (host, tenant_id, verified_at) values (%s, %s, %s) on conflict do nothing"
_ADD_OPERATOR = """
insert into control.tenant_operators select * from jsonb_populate_record(null::control.tenant_operators, %s)
on conflict do nothing
"""
_ANNOUNCE = "insert into shard.outbox (church, key, kind, data, at) values (%s, %s, %s, %s, %s) returning id"
