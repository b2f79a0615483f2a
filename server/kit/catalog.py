"""What a database says of itself: roles, rights, schemas, and how one church's schema differs from another's.

Synchronous (psycopg), for the command line and tests. The catalogs can be read by every login.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]


class Role(msgspec.Struct, frozen=True):
    """A login or group, with what it may do beyond tables."""

    name: str
    can_login: bool
    powers: tuple[str, ...]


class Membership(msgspec.Struct, frozen=True):
    """What `narthex_app` may become: by SET ROLE only, when `inherits` is false."""

    role: str
    inherits: bool
    may_set: bool


class Waiting(msgspec.Struct, frozen=True):
    """What a shard has to do: signals waiting, the age of the oldest in seconds, dead ones, relays at work."""

    signals: int
    oldest: float
    dead: int
    relays: int


def age(connection: Connection, *, files: int) -> None:
    """Let a new server's write-ahead log look as after a day, for benches: its files are used again, not made.

    A file of 16 MiB that is made and synced under load holds up every COMMIT meanwhile; a server that has run for a
    while has `min_wal_size` of them (Postgres' documentation, WAL configuration). Needs a superuser and autocommit.
    """
    connection.execute(_KEEP_FILES)
    connection.execute(_RELOAD)
    for _ in range(files):
        connection.execute(_NEXT_FILE)
    connection.execute("checkpoint")


def roles(connection: Connection) -> Mapping[str, Role]:
    """Return the fixed roles that are there."""
    return {row[0]: Role(row[0], row[1], tuple(row[2])) for row in connection.execute(_ROLES)}


def memberships(connection: Connection) -> Sequence[Membership]:
    """Return every role that `narthex_app` is a member of."""
    return [Membership(*row) for row in connection.execute(_MEMBERSHIPS)]


def readable_by_app(connection: Connection) -> Sequence[str]:
    """Return churches' schemas and tables that `narthex_app` could use without becoming the church; none is right."""
    return [row[0] for row in connection.execute(_READABLE)]


def strange_grants(connection: Connection) -> Sequence[str]:
    """Return rights on churches' schemas and tables that anybody but the owner and the church itself has."""
    return [row[0] for row in connection.execute(_STRANGE)]


def rewritable_audits(connection: Connection) -> Sequence[str]:
    """Return audit tables that a church's role may do more with than add and read."""
    return [row[0] for row in connection.execute(_REWRITABLE)]


def not_ours(connection: Connection) -> Sequence[str]:
    """Return tables of our schemas that `narthex_owner` does not own: migrations could not change them."""
    return [row[0] for row in connection.execute(_NOT_OURS)]


def open_to_public(connection: Connection) -> Sequence[str]:
    """Return what every login may do in this database and should not."""
    return [row[0] for row in connection.execute(_PUBLIC)]


def extensions(connection: Connection) -> Sequence[str]:
    """Return the extensions in the schema `extensions`."""
    return [row[0] for row in connection.execute(_EXTENSIONS)]


def church_schemas(connection: Connection) -> Sequence[str]:
    """Return the churches' schemas of this database by name."""
    return [row[0] for row in connection.execute(_SCHEMAS)]


def interrupted_restores(connection: Connection) -> Sequence[str]:
    """Return the churches' schemas that a restore set aside and did not come back to."""
    return [row[0] for row in connection.execute(_ASIDE)]


def replaced(connection: Connection) -> Sequence[str]:
    """Return the schemas that a restore has replaced and could not drop."""
    return [row[0] for row in connection.execute(_REPLACED)]


def now(connection: Connection) -> float:
    """Return the server's time in seconds since 1970."""
    row = connection.execute("select extract(epoch from clock_timestamp())::float8").fetchone()
    assert row is not None
    seconds: float = row[0]
    return seconds


def configured(connection: Connection, names: Sequence[str]) -> Mapping[str, str]:
    """Return how a server is set, for those of these settings that it knows."""
    return dict(connection.execute(_CONFIGURED, (list(names),)).fetchall())


def backends(connection: Connection, application: str) -> Sequence[int]:
    """Return the processes that serve a program's connections; for a superuser."""
    return [row[0] for row in connection.execute(_BACKENDS, (application,))]


def revision(connection: Connection, history: str) -> str | None:
    """Return where `control` or `shard` stands in its history; None when it was never migrated. Owner's login."""
    found = connection.execute("select to_regclass(%s)", (f"{history}.alembic_version",)).fetchone()
    if found is None or found[0] is None:
        return None
    row = connection.execute(_REVISIONS[history]).fetchone()
    return row[0] if row else None


def waiting(connection: Connection) -> Waiting:
    """Return what waits in a shard; needs the owner's login."""
    row = connection.execute(_WAITING).fetchone()
    assert row is not None
    return Waiting(*row)


def shapes(connection: Connection, schemas: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Return each schema's tables, columns in order, constraints, indexes, rights and functions, a line each.

    A church's own name is taken out of the lines, so that two churches of one shape have the same ones.
    """
    found: dict[str, list[str]] = {}
    for schema, line in connection.execute(_LINES, {"schemas": list(schemas)}):
        found.setdefault(schema, []).append(line)
    return found


_KEEP_FILES = "alter system set min_wal_size = '1GB'"
_RELOAD = "select pg_reload_conf()"
_NEXT_FILE = "select pg_logical_emit_message(false, 'bench', 'a file of the log'), pg_switch_wal()"
_ROLES = """
select rolname, rolcanlogin, array_remove(array[
    case when rolsuper then 'superuser' end, case when rolbypassrls then 'bypassrls' end,
    case when rolcreaterole then 'createrole' end, case when rolcreatedb then 'createdb' end,
    case when rolreplication then 'replication' end], null)
from pg_roles where rolname in ('narthex_owner', 'narthex_app', 'narthex_control', 'narthex_shard', 'narthex_church')
"""
_MEMBERSHIPS = """
select r.rolname, m.inherit_option, m.set_option
from pg_auth_members m join pg_roles r on r.oid = m.roleid join pg_roles u on u.oid = m.member
where u.rolname = 'narthex_app' order by 1
"""
_READABLE = """
select n.nspname from pg_namespace n
where n.nspname ~ '^church_[a-z0-9]{16}$' and has_schema_privilege('narthex_app', n.oid, 'usage')
union all
select n.nspname || '.' || c.relname from pg_namespace n join pg_class c on c.relnamespace = n.oid
where n.nspname ~ '^church_[a-z0-9]{16}$' and c.relkind in ('r', 'p', 'v', 'm')
  and has_table_privilege('narthex_app', c.oid, 'select, insert, update, delete')
order by 1 limit 20
"""
_STRANGE = """
select format('%s on %s for %s', a.privilege_type, x.what, coalesce(g.rolname, 'everybody'))
from (
  select n.nspname, n.nspname as what, n.nspowner as owner, n.nspacl as acl
  from pg_namespace n where n.nspname ~ '^church_[a-z0-9]{16}$'
  union all
  select n.nspname, n.nspname || '.' || c.relname, c.relowner, c.relacl
  from pg_namespace n join pg_class c on c.relnamespace = n.oid
  where n.nspname ~ '^church_[a-z0-9]{16}$' and c.relkind in ('r', 'p', 'v', 'm', 'S')
) x cross join lateral aclexplode(x.acl) a left join pg_roles g on g.oid = a.grantee
where a.grantee <> x.owner and g.rolname is distinct from x.nspname
order by 1 limit 20
"""
_REWRITABLE = """
select n.nspname || '.' || c.relname
from pg_namespace n join pg_class c on c.relnamespace = n.oid
where n.nspname ~ '^church_[a-z0-9]{16}$' and c.relkind in ('r', 'p') and c.relname like 'audit\\_%'
  and exists (
    select from aclexplode(c.relacl) a
    where a.grantee <> c.relowner and a.privilege_type in ('UPDATE', 'DELETE', 'TRUNCATE')
  )
order by 1 limit 20
"""
_NOT_OURS = """
select n.nspname || '.' || c.relname from pg_namespace n join pg_class c on c.relnamespace = n.oid
where (n.nspname ~ '^church_[a-z0-9]{16}$' or n.nspname in ('control', 'shard'))
  and c.relkind in ('r', 'p') and pg_get_userbyid(c.relowner) <> 'narthex_owner'
order by 1 limit 20
"""
_PUBLIC = """
select what from (values
  ('make schemas', has_database_privilege('public', current_database(), 'create')),
  ('make temporary tables', has_database_privilege('public', current_database(), 'temp')),
  ('make tables in the schema public',
    coalesce(has_schema_privilege('public', to_regnamespace('public')::oid, 'create'), false))
) as v (what, may) where may
"""
_EXTENSIONS = """
select e.extname from pg_extension e join pg_namespace n on n.oid = e.extnamespace
where n.nspname = 'extensions' order by 1
"""
_SCHEMAS = "select nspname from pg_namespace where nspname ~ '^church_[a-z0-9]{16}$' order by 1"
_BACKENDS = "select pid from pg_stat_activity where application_name = %s and backend_type = 'client backend'"
_ASIDE = (
    "select left(nspname, -7) from pg_namespace where nspname ~ '^church_[a-z0-9]{16}_before$' order by 1"
)
_REPLACED = "select nspname from pg_namespace where nspname ~ '^church_[a-z0-9]{16}_replaced$' order by 1"
_REVISIONS = {
    "control": "select version_num from control.alembic_version",
    "shard": "select version_num from shard.alembic_version",
}
_WAITING = """
select (select count(*) from shard.outbox),
  (select coalesce(extract(epoch from clock_timestamp() - min(at)), 0)::float8 from shard.outbox
   where retry_at is null),
  (select count(*) from shard.dead_letters),
  (select count(*) from shard.leases where name like 'relay:%' and until > clock_timestamp())
"""
# Everything that makes one church's schema what it is; oids, order of making and the church's own name are left out.
_LINES = """
with church as (select oid, nspname from pg_namespace where nspname = any(%(schemas)s)),
relation as (
  select n.nspname, c.oid, c.relname, c.relkind, c.relowner, c.relacl
  from church n join pg_class c on c.relnamespace = n.oid where c.relkind in ('r', 'p', 'v', 'm', 'S')
),
line as (
  select nspname, format('%%s %%s of %%s', relkind, relname, pg_get_userbyid(relowner)) as text from relation
  union all
  select r.nspname, format('column %%s.%%s %%s %%s%%s %%s%%s', r.relname,
    row_number() over (partition by a.attrelid order by a.attnum), a.attname, format_type(a.atttypid, a.atttypmod),
    case when a.attnotnull then ' not null' end, coalesce(pg_get_expr(d.adbin, d.adrelid), ''),
    a.attidentity::text || a.attgenerated::text)
  from relation r join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum where r.relkind <> 'S'
  union all
  select r.nspname, format('constraint %%s.%%s %%s', r.relname, k.conname, pg_get_constraintdef(k.oid))
  from relation r join pg_constraint k on k.conrelid = r.oid
  union all
  select r.nspname, pg_get_indexdef(i.indexrelid) from relation r join pg_index i on i.indrelid = r.oid
  union all
  select r.nspname, pg_get_triggerdef(t.oid)
  from relation r join pg_trigger t on t.tgrelid = r.oid where not t.tgisinternal
  union all
  select n.nspname, pg_get_functiondef(p.oid) from church n join pg_proc p on p.pronamespace = n.oid
  union all
  select x.nspname, format('grant %%s on %%s to %%s', a.privilege_type, x.what, coalesce(g.rolname, 'public'))
  from (
    select nspname, relname as what, relacl as acl, relowner as owner from relation
    union all
    select c.nspname, 'schema', n.nspacl, n.nspowner from church c join pg_namespace n on n.oid = c.oid
    union all
    select c.nspname, 'new ' || d.defaclobjtype::text, d.defaclacl, d.defaclrole
    from church c join pg_default_acl d on d.defaclnamespace = c.oid
  ) x cross join lateral aclexplode(x.acl) a left join pg_roles g on g.oid = a.grantee
  where a.grantee <> x.owner
)
select nspname, replace(text, nspname, 'church') from line order by 1, 2
"""

_CONFIGURED = "select name, current_setting(name) from pg_settings where name = any(%s) order by name"
