"""Move databases forward: fixed roles, the three Alembic histories, one church's schema and role.

Synchronous (psycopg) on purpose: used by the command line, jobs' threads and tests, never by a request.
SQL here is spliced with schema names only, and each name has passed `schema_of`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from threading import Event, Thread

import msgspec
import psycopg
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import InternalError, OperationalError
from sqlalchemy.pool import NullPool, QueuePool

from server.kit.scope import schema_of

ROOT = Path(__file__).parents[2] / "migrations"
TEMPLATE_CHURCH = "0" * 16
HISTORIES = ("control", "shard", "tenant")
LOCK_TRIES = 5

_running: ContextVar[Connection] = ContextVar("migration_connection")


class Failed(msgspec.Struct, frozen=True):
    """Name a church that could not be migrated and say why."""

    tenant_id: str
    error: str


def run(statements: str) -> None:
    """Execute SQL in the migration that is running; `%` and `:name` have no meaning in it."""
    connection = _running.get()
    schema = connection.get_execution_options()["church_schema"]
    connection.exec_driver_sql(statements.replace("{church}", schema).replace("%", "%%"))


def connect(url: str, *, threads: int = 1) -> Engine:
    """Open an engine on a `postgresql://` URL; the driver is psycopg."""
    bare = url.split("://", 1)[1]
    if threads == 1:
        return create_engine(f"postgresql+psycopg://{bare}", poolclass=NullPool)
    return create_engine(f"postgresql+psycopg://{bare}", poolclass=QueuePool, pool_size=threads)


def bootstrap(admin_url: str, *, owner_password: str | None, app_password: str | None) -> None:
    """Make roles and extensions as a superuser; passwords are set when given. Safe to repeat and to race."""
    text = (ROOT / "bootstrap.sql").read_text()
    with psycopg.connect(admin_url, autocommit=False) as connection:
        # roles belong to the whole server: one bootstrap at a time, whatever the database
        connection.execute("select pg_advisory_xact_lock(7209465)")
        connection.execute(text.encode())
        for role, password in (("narthex_owner", owner_password), ("narthex_app", app_password)):
            if password is not None:
                connection.execute(
                    sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(password))
                )


def script_directory(history: str) -> ScriptDirectory:
    """Load one of the three histories."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / history))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def upgrade(connection: Connection, history: str, schema: str, scripts: ScriptDirectory | None = None) -> int:
    """Bring one schema to the head of its history inside the caller's transaction; return the steps taken."""
    scripts = scripts or script_directory(history)
    connection = connection.execution_options(church_schema=schema)
    connection.exec_driver_sql(f"set local search_path = {schema}, extensions; set local lock_timeout = '2s'")
    context = MigrationContext.configure(connection, opts={"version_table_schema": schema})
    current = context.get_current_revision()
    steps = list(scripts.iterate_revisions("head", current or "base"))
    steps = [step for step in reversed(steps) if step.revision != current]
    token = _running.set(connection)
    try:
        for step in steps:
            step.module.upgrade()
            context.stamp(scripts, step.revision)
    finally:
        _running.reset(token)
    return len(steps)


def upgrade_fixed(owner_url: str, history: str) -> int:
    """Bring `control` or `shard` to its head; make the schema when it is not there."""
    engine = connect(owner_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("select pg_advisory_xact_lock(7209466)")
        connection.exec_driver_sql(f"create schema if not exists {history} authorization narthex_owner")
        steps = upgrade(connection, history, history)
        # `/health/ready` asks where this history stands
        connection.exec_driver_sql(f"grant select on {history}.alembic_version to narthex_{history}")
        return steps


def create_church(owner_url: str, tenant_id: str, *, from_history: bool = False) -> None:
    """Make a church's role and schema in one transaction, from `head.sql` unless the history is asked for.

    The history is asked in both cases, so that a `head.sql` that lags behind costs time and nothing else.
    """
    schema = schema_of(tenant_id)
    head = ROOT / "tenant" / "head.sql"
    with connect(owner_url).begin() as connection:
        connection.exec_driver_sql(_ROLE_AND_SCHEMA.replace("{church}", schema))
        if from_history or not head.exists():
            connection.exec_driver_sql(_DEFAULT_RIGHTS.replace("{church}", schema))
        else:
            connection.exec_driver_sql(f"set local search_path = {schema}, extensions")
            connection.exec_driver_sql(
                head.read_text().replace(schema_of(TEMPLATE_CHURCH), schema).replace("%", "%%")
            )
        upgrade(connection, "tenant", schema)


def create_empty(owner_url: str, tenant_id: str) -> None:
    """Make a church's role and an empty schema to restore into; the dump brings the default rights, at its end."""
    schema = schema_of(tenant_id)
    with connect(owner_url).begin() as connection:
        connection.exec_driver_sql(_ROLE_AND_SCHEMA.replace("{church}", schema))


def drop_church(owner_url: str, tenant_id: str) -> None:
    """Erase a church's schema, its waiting signals and its role.

    The wake of its last word stays for the minute that wakes are kept: by it nodes learn that its sockets must end.
    """
    schema = schema_of(tenant_id)
    with connect(owner_url).begin() as connection:
        connection.exec_driver_sql(
            f"drop schema if exists {schema} cascade;"
            f"drop schema if exists {schema}_before cascade;"  # what a restore set aside
            f"drop schema if exists {schema}_replaced cascade;"
            f"delete from shard.outbox where church = '{schema}';"
            f"delete from shard.wakes where church = '{schema}' and topic <> 'control:people';"
            f"delete from shard.dead_letters where church = '{schema}';"
            f"delete from shard.mails where church = '{schema}';"
            f"delete from shard.audit_heads where church = '{schema}';"
        )
        found = connection.exec_driver_sql(f"select 1 from pg_roles where rolname = '{schema}'").first()
        if found:
            with suppress(InternalError, OperationalError), connection.begin_nested():
                # it stays when another database of this server holds a copy of the church
                connection.exec_driver_sql(f"drop role {schema}")


def behind(owner_url: str, tenant_ids: Sequence[str]) -> list[str]:
    """Return the churches that are not at the head; one query for all of them, so a second run is quick."""
    head = script_directory("tenant").get_current_head()
    with connect(owner_url).connect() as connection:
        present = {
            row[0]
            for row in connection.exec_driver_sql(
                "select schemaname from pg_tables where tablename = 'alembic_version'"
            )
        }
        current: set[str] = set()
        known = [schema_of(t) for t in tenant_ids if schema_of(t) in present]
        for start in range(0, len(known), 500):
            union = " union all ".join(
                f"select '{s}', version_num from {s}.alembic_version" for s in known[start : start + 500]
            )
            current |= {row[0] for row in connection.exec_driver_sql(union) if row[1] == head}
    return [t for t in tenant_ids if schema_of(t) not in current]


def upgrade_churches(
    owner_url: str,
    tenant_ids: Sequence[str],
    *,
    threads: int = 4,
    done: Callable[[str], None] = lambda _: None,
) -> list[Failed]:
    """Migrate churches several at a time, each in its own transaction; the failed ones are returned, named."""
    scripts = script_directory("tenant")
    list(scripts.walk_revisions())  # load every version before threads share it
    engine = connect(owner_url, threads=threads)

    def one(tenant_id: str) -> Failed | None:
        try:
            _with_lock_retry(engine, tenant_id, scripts)
        except Exception as error:  # any fault of one church is reported by name; the others go on
            return Failed(tenant_id, str(getattr(error, "orig", error)).strip().splitlines()[0])
        finally:
            done(tenant_id)
        return None

    try:
        with ThreadPoolExecutor(threads) as pool:
            return [failed for failed in pool.map(one, tenant_ids) if failed]
    finally:
        engine.dispose()


def _with_lock_retry(engine: Engine, tenant_id: str, scripts: ScriptDirectory) -> None:
    """Upgrade one church; when a table is locked longer than 2 s, let its users pass and try again."""
    for attempt in range(1, LOCK_TRIES + 1):
        try:
            with engine.begin() as connection:
                upgrade(connection, "tenant", schema_of(tenant_id), scripts)
            return
        except OperationalError as error:
            if not isinstance(error.orig, psycopg.errors.LockNotAvailable) or attempt == LOCK_TRIES:
                raise
            time.sleep(0.2 * attempt)


@contextmanager
def migration_lease(owner_url: str, holder: str, seconds: float = 20.0) -> Iterator[bool]:
    """Hold the lease `migrate` of a database; yields False when another run holds it.

    It is short and a thread renews it, so that a run that was killed does not lock out the next one for long.
    """
    ended = Event()

    def renew() -> None:
        with psycopg.connect(owner_url, autocommit=True) as own:
            while not ended.wait(seconds / 4):
                own.execute(_TAKE_LEASE, (holder, seconds))

    with psycopg.connect(owner_url, autocommit=True) as connection:
        held = connection.execute(_TAKE_LEASE, (holder, seconds)).fetchone() is not None
        renewal = Thread(target=renew, name="migration-lease", daemon=True)
        try:
            if held:
                renewal.start()
            yield held
        finally:
            ended.set()
            if held:
                renewal.join()
                connection.execute(
                    "delete from shard.leases where name = 'migrate' and holder = %s", (holder,)
                )


_TAKE_LEASE = """
insert into shard.leases as l values ('migrate', %s, now() + make_interval(secs => %s))
on conflict (name) do update set holder = excluded.holder, until = excluded.until
where l.until < now() or l.holder = excluded.holder returning 1
"""

# A church's role may use its own schema and tables, announce in its own name, and nothing else. The application's
# login may become it inside a transaction (SET), but inherits nothing. Roles belong to the whole server, so the role
# may be there already: another database of this server holds a copy of the church.
_ROLE_AND_SCHEMA = """
do $$ begin
  if not exists (select from pg_roles where rolname = '{church}') then create role {church} nologin; end if;
end $$;
create schema {church} authorization narthex_owner;
grant usage on schema {church} to {church};
grant narthex_church to {church} with inherit true;
grant {church} to narthex_app with inherit false, set true;
"""
# What a table gets when it is made. `head.sql` ends with these lines: before it, they would give a table made from it
# more than the history left to it.
_DEFAULT_RIGHTS = """
alter default privileges for role narthex_owner in schema {church}
  grant select, insert, update, delete on tables to {church};
alter default privileges for role narthex_owner in schema {church} grant usage on sequences to {church};
"""
