"""The history of a church: added to, chained, refused by Postgres to be changed."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg
import psycopg
import pytest

from server.domains.audit.models import Head
from server.domains.audit.service import AuditService
from server.kit.errors import Forbidden, Unauthenticated
from server.kit.scope import Actor, Origin, Scope
from server.settings import Settings
from server.wiring import Wiring


@pytest.fixture
def audit(wiring: Wiring) -> AuditService:
    return AuditService(wiring.database)


async def record(wiring: Wiring, audit: AuditService, scope: Scope, *actions: str) -> None:
    for action in actions:
        async with wiring.database.transaction(scope) as tx:
            await audit.record(tx, scope, action, "thing:1", {"b": 1, "a": ["x", 2.5, None]})


async def test_chain_holds(wiring: Wiring, audit: AuditService, system: Scope) -> None:
    """Entries are numbered from one without a hole, and the chain verifies to its head."""
    await record(wiring, audit, system, "a.done", "b.done", "c.done")
    verdict = await audit.verify(system)
    assert verdict.intact
    assert (verdict.entries, verdict.head.seq) == (3, 3)
    assert [entry.action for entry in await audit.page(system)] == ["c.done", "b.done", "a.done"]


async def test_entry_says_who_and_whence(wiring: Wiring, audit: AuditService, system: Scope) -> None:
    """An entry names the actor, the request and the address, with control characters made harmless."""
    person = uuid4()
    scope = Scope(
        system.tenant,
        Actor(kind="person", id=person, name="Eve\x1b[2J", roles=frozenset({"owner"})),
        Origin(request_id="r-1", address="192.0.2.7"),
    )
    await record(wiring, audit, scope, "a.done")
    (entry,) = await audit.page(scope, actor_id=person)
    assert (entry.actor_kind, entry.actor_id, entry.actor_name) == (
        "person",
        person,
        "Eve\N{REPLACEMENT CHARACTER}[2J",
    )
    assert (entry.request_id, entry.address, entry.details) == (
        "r-1",
        "192.0.2.7",
        '{"a":["x",2.5,null],"b":1}',
    )


async def test_concurrent_records_make_one_chain(wiring: Wiring, audit: AuditService, system: Scope) -> None:
    """Thirty transactions at once give thirty entries in one unbroken chain."""
    await asyncio.gather(*(record(wiring, audit, system, "a.done") for _ in range(30)))
    verdict = await audit.verify(system)
    assert verdict.intact
    assert verdict.entries == 30


async def test_rolled_back_act_leaves_no_entry(wiring: Wiring, audit: AuditService, system: Scope) -> None:
    """An entry stands only if the transaction of the act does."""
    with pytest.raises(ZeroDivisionError):
        async with wiring.database.transaction(system) as tx:
            await audit.record(tx, system, "a.done")
            raise ZeroDivisionError
    await record(wiring, audit, system, "b.done")
    assert [(e.seq, e.action) for e in await audit.page(system)] == [(1, "b.done")]


@pytest.mark.parametrize(
    "statement",
    ["update audit_entries set action = 'x.y'", "delete from audit_entries", "truncate audit_entries"],
)
async def test_postgres_refuses_change(
    wiring: Wiring, audit: AuditService, system: Scope, statement: str
) -> None:
    """The church's own role can neither change nor delete nor empty the history."""
    await record(wiring, audit, system, "a.done")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with wiring.database.transaction(system) as tx:
            await tx.connection.execute(statement)


@pytest.mark.parametrize(
    ("tampering", "broken_at"),
    [
        ("update {s}.audit_entries set actor_name = 'Somebody else' where seq = 2", 2),
        ('update {s}.audit_entries set details = \'{{"a": ["x",2.5,null],"b":1}}\' where seq = 3', 3),
        ("update {s}.audit_entries set at = at + interval '1 microsecond' where seq = 1", 1),
        ("update {s}.audit_entries set address = '' where seq = 1", 1),
        ("delete from {s}.audit_entries where seq = 2", 2),
        ("delete from {s}.audit_entries where seq = 1", 1),
        ("update {s}.audit_entries set hash = prev_hash where seq = 3", 3),
        (
            "insert into {s}.audit_entries select 5, at, actor_kind, actor_id, actor_name, action, subject, details,"
            " request_id, address, hash, hash from {s}.audit_entries where seq = 4",
            5,
        ),
    ],
)
async def test_tampering_is_named(
    wiring: Wiring, settings: Settings, audit: AuditService, system: Scope, tampering: str, broken_at: int
) -> None:
    """Whoever owns the tables can change a row, and the check names the first one that is not what was written."""
    await record(wiring, audit, system, "a.done", "b.done", "c.done", "d.done")
    with psycopg.connect(settings.owner_url, autocommit=True) as owner:
        owner.execute(tampering.format(s=system.tenant.schema).encode())
    verdict = await audit.verify(system)
    assert (verdict.intact, verdict.broken_at) == (False, broken_at)
    assert str(broken_at) in verdict.reason


async def test_cut_tail_is_found_by_known_head(
    wiring: Wiring, settings: Settings, audit: AuditService, system: Scope
) -> None:
    """A chain whose newest entries were cut off is whole by itself; a head kept outside shows the loss."""
    await record(wiring, audit, system, "a.done", "b.done", "c.done")
    known = (await audit.verify(system)).head
    assert (await audit.verify(system, known)).intact
    with psycopg.connect(settings.owner_url, autocommit=True) as owner:
        owner.execute(f"delete from {system.tenant.schema}.audit_entries where seq = 3".encode())
    assert (await audit.verify(system)).intact
    verdict = await audit.verify(system, known)
    assert (verdict.intact, verdict.broken_at) == (False, 3)


async def test_chains_of_churches_differ(
    wiring: Wiring, settings: Settings, audit: AuditService, system: Scope, other_system: Scope
) -> None:
    """A history copied from another church does not verify."""
    await record(wiring, audit, other_system, "a.done")
    with psycopg.connect(settings.owner_url, autocommit=True) as owner:
        owner.execute(
            f"insert into {system.tenant.schema}.audit_entries"
            f" select * from {other_system.tenant.schema}.audit_entries".encode()
        )
    assert (await audit.verify(other_system)).intact
    assert (await audit.verify(system)).broken_at == 1


async def test_export_is_whole_and_in_order(wiring: Wiring, audit: AuditService, system: Scope) -> None:
    """The export yields every entry in the order of the chain."""
    await record(wiring, audit, system, *(["a.done"] * 5))
    assert [entry.seq async for entry in audit.export(system)] == [1, 2, 3, 4, 5]


async def test_page_goes_on_before_a_number(wiring: Wiring, audit: AuditService, system: Scope) -> None:
    """A page holds the entries before the given number."""
    await record(wiring, audit, system, *(["a.done"] * 5))
    assert [entry.seq for entry in await audit.page(system, before=4, most=2)] == [3, 2]


@pytest.mark.parametrize("role", ["pastor", "moderator", "prayer_team", "member"])
async def test_other_roles_may_not_read(audit: AuditService, system: Scope, role: str) -> None:
    """Owner and admin read the history, nobody else."""
    scope = Scope(system.tenant, Actor(kind="person", id=uuid4(), roles=frozenset({role})))
    with pytest.raises(Forbidden):
        await audit.page(scope)
    with pytest.raises(Forbidden):
        await audit.verify(scope, Head(0, b""))
    with pytest.raises(Forbidden):
        await anext(aiter(audit.export(scope)))
    with pytest.raises(Unauthenticated):
        await audit.page(Scope(system.tenant))


@pytest.mark.parametrize(
    "details", [{"password": "x"}, {"a": "x" * 9_000}, {"a": "\x00"}, {"email": "a@b.c"}]
)
async def test_secrets_are_refused(
    wiring: Wiring, audit: AuditService, system: Scope, details: dict[str, object]
) -> None:
    """Details that name secrets, are too long or hold NUL are a mistake of the caller."""
    with pytest.raises(ValueError, match="audit"):
        async with wiring.database.transaction(system) as tx:
            await audit.record(tx, system, "a.done", "", details)


async def test_bad_action_is_refused(wiring: Wiring, audit: AuditService, system: Scope) -> None:
    """An action reads noun.verb."""
    with pytest.raises(ValueError, match="audit action"):
        async with wiring.database.transaction(system) as tx:
            await audit.record(tx, system, "Delete everything")
