"""Look at Postgres: logins, roles, rights, migrations, churches, and what waits in the outbox."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg.conninfo import make_conninfo

from server.cli.doctor.finding import Finding, few, note, ok, wrong
from server.cli.errors import connection_reason
from server.cli.screen import Advance
from server.domains.tenants.models import Tenant
from server.kit import catalog, migrations
from server.kit.scope import schema_of
from server.settings import Settings

OLDEST_SERVER = 18  # uuidv7() is in the core from there on
CONNECT_SECONDS = 5
STUCK_AFTER = timedelta(minutes=10)
OUTBOX_SECONDS = 60.0
SCHEMAS_AT_ONCE = 100
NEEDED_EXTENSIONS = ("btree_gist", "citext", "pg_trgm", "unaccent")
LOGINS = {"narthex_app": (), "narthex_owner": ("createrole",)}
AS_ADMIN = "Run `narthex migrate` with NARTHEX_ADMIN_URL set: it makes roles, rights and extensions."


class Unreachable(Exception):
    """A database does not answer; the finding says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.says)
        self.finding = finding


@contextmanager
def connected(part: str, url: str, variable: str) -> Iterator[catalog.Connection]:
    """Connect within seconds; raise Unreachable with what to do."""
    try:
        connection = psycopg.connect(make_conninfo(url, connect_timeout=CONNECT_SECONDS), autocommit=True)
    except psycopg.OperationalError as error:
        reason = connection_reason(str(error))
        raise Unreachable(
            wrong(part, f"Cannot connect: {reason}.", f"Check {variable} and the server.")
        ) from None
    except psycopg.ProgrammingError as error:
        raise Unreachable(wrong(part, f"The URL cannot be read: {error}.", f"Check {variable}.")) from None
    with connection:
        yield connection


def look(found: Settings, tenants: Sequence[Tenant] | None, advance: Advance) -> Iterator[Finding]:
    """Look at every database; `tenants` None: the list of churches could not be read."""
    for name, url in {
        "control": found.database_url,
        **{n: s.primary for n, s in found.shard_urls().items()},
    }.items():
        part = "control database" if name == "control" else f"shard {name}"
        if name != "control" and url == found.database_url:
            continue  # the same database, looked at already
        try:
            with connected(part, url, "NARTHEX_DATABASE_URL and NARTHEX_SHARDS") as connection:
                yield from _server(part, connection)
                yield from _rights(part, connection)
        except Unreachable as away:
            yield away.finding
    if not found.owner_url:
        yield note(
            "migrations",
            "NARTHEX_OWNER_URL is not set here, so migrations, churches' schemas and the outbox were not looked at.",
            "Run the doctor once where `narthex migrate` runs.",
        )
        return
    yield from _control(found)
    for shard in found.shard_urls():
        yield from _shard(found, shard, tenants, advance)


def _server(part: str, connection: catalog.Connection) -> Iterator[Finding]:
    major = connection.info.server_version // 10_000
    if major < OLDEST_SERVER:
        yield wrong(part, f"This is Postgres {major}.", f"Narthex needs Postgres {OLDEST_SERVER} or newer.")
        return
    before = time.time()
    skew = catalog.now(connection) - (before + time.time()) / 2
    yield ok(part, f"Postgres {connection.info.parameter_status('server_version')} answers.")
    yield clock_finding(part, skew)


def clock_finding(part: str, skew: float) -> Finding:
    """Judge how far another machine's clock is from ours, in seconds: tokens and leases live by minutes."""
    if abs(skew) > 30:
        return wrong(
            part, f"Its clock is {skew:+.0f} s from this machine's.", "Run a time service (NTP) on both."
        )
    if abs(skew) > 2:
        return note(
            part, f"Its clock is {skew:+.1f} s from this machine's.", "Run a time service (NTP) on both."
        )
    return ok(part, f"Its clock agrees with this machine's ({skew:+.2f} s).")


def _rights(part: str, connection: catalog.Connection) -> Iterator[Finding]:
    """Look at what tenancy rests on: the login of the application can use no church's table by itself."""
    roles = catalog.roles(connection)
    missing = [
        name for name in ("narthex_control", "narthex_shard", "narthex_church", *LOGINS) if name not in roles
    ]
    if missing:
        yield wrong(part, f"Roles are missing: {few(missing)}.", AS_ADMIN)
        return
    troubles = [*_powers(roles), *_memberships(connection)]
    for names, says in (
        (
            catalog.readable_by_app(connection),
            "The application's login can use churches' data without becoming them",
        ),
        (catalog.strange_grants(connection), "Somebody has rights inside churches who should not"),
        (catalog.rewritable_audits(connection), "Churches can change their own audit history"),
        (catalog.not_ours(connection), "Tables belong to another role than narthex_owner"),
        (catalog.open_to_public(connection), "Every login of this database may"),
    ):
        if names:
            troubles.append(f"{says}: {few(list(names))}.")
    for says in troubles:
        yield wrong(part, says, "Take it back by hand (REVOKE), then find out who gave it. " + AS_ADMIN)
    absent = [name for name in NEEDED_EXTENSIONS if name not in catalog.extensions(connection)]
    if absent:
        yield wrong(part, f"Extensions are missing: {few(absent)}.", AS_ADMIN)
    if not troubles and not absent:
        yield ok(part, "Roles, rights and extensions are as they should be.")


def _powers(roles: Mapping[str, catalog.Role]) -> Iterator[str]:
    for name, wanted in LOGINS.items():
        if not roles[name].can_login:
            yield f"{name} may not log in."
        if extra := sorted(set(roles[name].powers) - set(wanted)):
            yield f"{name} has powers it should not have: {few(extra)}."


def _memberships(connection: catalog.Connection) -> Iterator[str]:
    found = catalog.memberships(connection)
    ours = {"narthex_control", "narthex_shard"}
    inherited = [m.role for m in found if m.inherits]
    others = [m.role for m in found if m.role not in ours and not m.role.startswith("church_")]
    if inherited:
        yield f"narthex_app holds these roles' rights without becoming them: {few(inherited)}."
    if others:
        yield f"narthex_app may become roles that are not Narthex's: {few(others)}."
    lost = sorted(ours - {m.role for m in found if m.may_set})
    if lost:
        yield f"narthex_app may not become {few(lost)}."


def _control(found: Settings) -> Iterator[Finding]:
    try:
        with connected("migrations", found.owner_url, "NARTHEX_OWNER_URL") as connection:
            yield from _at_head("control", "control", connection)
    except Unreachable as away:
        yield away.finding


def _at_head(part: str, history: str, connection: catalog.Connection) -> Iterator[Finding]:
    scripts = migrations.script_directory(history)
    revision, head = catalog.revision(connection, history), scripts.get_current_head()
    if revision is None:
        yield wrong(f"migrations of {part}", "Nothing was ever migrated.", "Run `narthex migrate`.")
    elif revision not in {script.revision for script in scripts.walk_revisions()}:
        yield wrong(
            f"migrations of {part}",
            f"The database is at {revision}, which this program does not know.",
            "It was migrated by a newer Narthex: run that one.",
        )
    elif revision != head:
        yield wrong(
            f"migrations of {part}", f"At {revision}, and the newest is {head}.", "Run `narthex migrate`."
        )
    else:
        yield ok(f"migrations of {part}", f"At the newest, {head}.")


def _shard(
    found: Settings, shard: str, tenants: Sequence[Tenant] | None, advance: Advance
) -> Iterator[Finding]:
    try:
        with connected(
            f"shard {shard}", found.owner_of(shard), "NARTHEX_OWNER_URL and NARTHEX_SHARDS"
        ) as connection:
            yield from _at_head(f"shard {shard}", "shard", connection)
            if catalog.revision(connection, "shard") is None:
                return
            yield from _outbox(shard, connection)
            if tenants is not None:
                here = [tenant for tenant in tenants if tenant.shard == shard]
                yield from _churches(found, shard, here, connection, advance)
    except Unreachable as away:
        yield away.finding


def _outbox(shard: str, connection: catalog.Connection) -> Iterator[Finding]:
    part, waiting = f"outbox of {shard}", catalog.waiting(connection)
    if waiting.oldest > OUTBOX_SECONDS:
        yield wrong(
            part,
            f"{waiting.signals} announcements wait, the oldest for {waiting.oldest:.0f} s;"
            f" {waiting.relays} relays work.",
            "Start `narthex worker`, or look at its log.",
        )
    elif not waiting.relays:
        yield note(part, "No relay is at work.", "Start `narthex worker`.")
    else:
        yield ok(part, f"{waiting.signals} announcements wait.")
    if waiting.dead:
        yield wrong(
            part,
            f"{waiting.dead} announcements failed too often.",
            "See `narthex outbox dead`, mend the reason, then `narthex outbox replay --all`.",
        )


def _churches(
    found: Settings, shard: str, tenants: Sequence[Tenant], connection: catalog.Connection, advance: Advance
) -> Iterator[Finding]:
    part = f"churches of {shard}"
    troubles = [*_stuck(part, tenants), *_unmatched(part, tenants, connection)]
    served = {t.id: t for t in tenants if t.status in ("active", "suspended")}
    behind = migrations.behind(found.owner_of(shard), list(served))
    if behind:
        names = few([served[id].slug for id in behind])
        troubles.append(wrong(part, f"{len(behind)} are not migrated: {names}.", "Run `narthex migrate`."))
    at_head = [tenant for id, tenant in served.items() if id not in set(behind)]
    troubles += _different(part, at_head, connection, advance)
    yield from troubles
    if not troubles:
        count = "1 church" if len(tenants) == 1 else f"{len(tenants)} churches"
        yield ok(part, f"{count}, migrated and of one shape.")


def _stuck(part: str, tenants: Sequence[Tenant]) -> Iterator[Finding]:
    before = datetime.now(UTC) - STUCK_AFTER
    for tenant in tenants:
        if tenant.status in ("creating", "deleting") and tenant.changed_at < before:
            yield wrong(
                part,
                f"{tenant.slug} has been {tenant.status} since {tenant.changed_at:%Y-%m-%d %H:%M} UTC.",
                f"`narthex tenant delete {tenant.slug}` finishes or takes back what was begun.",
            )


def _unmatched(part: str, tenants: Sequence[Tenant], connection: catalog.Connection) -> Iterator[Finding]:
    """Compare the list of churches with the schemas that are there."""
    schemas = set(catalog.church_schemas(connection))
    lost = [t.slug for t in tenants if t.status in ("active", "suspended") and t.ref.schema not in schemas]
    if lost:
        yield wrong(
            part, f"Listed, but without data: {few(lost)}.", "Bring them back with `narthex restore`."
        )
    if aside := catalog.interrupted_restores(connection):
        names = few([t.slug for t in tenants if t.ref.schema in aside] or list(aside))
        yield wrong(part, f"A restore was interrupted: {names}.", "Run the same `narthex restore` again.")
    if replaced := catalog.replaced(connection):
        advice = "Drop these schemas: they hold what was erased since, too."
        yield wrong(part, f"Left over from a restore that went well: {few(list(replaced))}.", advice)
    orphans = sorted(schemas - {schema_of(tenant.id) for tenant in tenants})
    if orphans:
        yield note(part, f"Data of no listed church: {few(orphans)}.", "Look whose it is; nothing uses it.")


def _different(
    part: str, tenants: Sequence[Tenant], connection: catalog.Connection, advance: Advance
) -> Iterator[Finding]:
    """Name churches whose schema is not like the others'; the majority is taken to be right."""
    kind_of: dict[str, int] = {}
    lines: dict[int, Sequence[str]] = {}
    for start in range(0, len(tenants), SCHEMAS_AT_ONCE):
        page = [tenant.ref.schema for tenant in tenants[start : start + SCHEMAS_AT_ONCE]]
        for schema, shape in catalog.shapes(connection, page).items():
            kind_of[schema] = hash(tuple(shape))
            lines.setdefault(kind_of[schema], shape)
        advance(len(page))
    if len(lines) < 2:
        return
    usual = Counter(kind_of.values()).most_common(1)[0][0]
    for tenant in tenants:
        kind = kind_of.get(tenant.ref.schema, usual)
        if kind != usual:
            more, less = set(lines[kind]) - set(lines[usual]), set(lines[usual]) - set(lines[kind])
            what = [f"has {line}" for line in sorted(more)] + [f"lacks {line}" for line in sorted(less)]
            yield wrong(
                part,
                f"{tenant.slug} is not like the others: it {few(what, 3)}.",
                "Somebody changed it by hand: make it like the others, or restore it.",
            )
