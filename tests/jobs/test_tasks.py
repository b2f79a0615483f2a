"""What the worker does by schedule: trim what nobody can ask for, follow the chains, church by church."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from jobs import metrics, tasks, trim
from jobs.context import Context
from jobs.tasks import TrimChurches, TrimShard, VerifyAudits, schedules
from realtime.topics import Topic
from server.domains.tenants.models import Tenant
from server.kit.log import Draft
from server.kit.queue import Job
from server.kit.scope import Scope
from server.settings import Settings
from server.wiring import Wiring
from tests.jobs.support import announce


class Kept:
    """A queue that keeps what it is given."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    async def put(self, job: Job, *, once: str = "", after: float = 0.0) -> None:
        self.jobs.append(job)


@pytest.fixture
async def context(settings: Settings) -> Any:
    context = Context(settings)
    context.wiring.queue = Kept()
    await context.wiring.start()
    yield context
    await context.wiring.stop()


async def do(context: Context, job: Job) -> None:
    """Do a job as the worker would."""
    (task,) = [task for task in context.tasks.all() if task.job is type(job)]
    await task.do(job)


async def test_marks_of_signals_that_may_come_back_are_kept(wiring: Wiring, system: Scope) -> None:
    """A signal that waits or is dead keeps its marks however old they are; others lose them after a day."""
    await announce(wiring, system, "a", 1, 2, 3)
    async with wiring.database.shard() as connection:
        waiting, dead, done = [
            row["id"] for row in await connection.fetch("select id from outbox order by id")
        ]
        await connection.execute(
            "insert into dead_letters (id, church, key, kind, data, at, attempts, error)"
            " select id, church, key, kind, data, at, 5, 'x' from outbox where id = $1",
            dead,
        )
        await connection.execute("delete from outbox where id <> $1", waiting)
    async with wiring.database.transaction(system) as tx:
        for id in (waiting, dead, done):
            await tx.connection.execute(
                "insert into processed (signal, listener, at) values ($1, 'x', now() - interval '3 days')", id
            )
        await tx.connection.execute("insert into processed (signal, listener) values (999999, 'x')")
    assert await trim.church(wiring.database, system) == 1
    async with wiring.database.transaction(system) as tx:
        rows = await tx.connection.fetch("select signal from processed order by signal")
    assert [row["signal"] for row in rows] == [waiting, dead, 999999]


async def test_trims_go_on_until_nothing_is_left(
    wiring: Wiring, system: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More rows than one round takes go in several small transactions."""
    monkeypatch.setattr(trim, "ROWS_A_ROUND", 10)
    async with wiring.database.transaction(system) as tx:
        await tx.connection.execute(
            "insert into idempotency_keys (actor, key, request_hash, at)"
            " select 'a', n::text, '', now() - interval '25 hours' from generate_series(1, 35) n"
        )
        await tx.connection.execute(
            "insert into idempotency_keys (actor, key, request_hash) values ('a', 'new', '')"
        )
    assert await trim.church(wiring.database, system) == 35


async def test_the_log_is_kept_for_sixty_days_or_less(context: Context, system: Scope) -> None:
    """Old events go and the head stays; a church may ask for less, never for more."""
    wiring, topic = context.wiring, Topic(system.tenant.id, "chat", "a")
    for n in range(4):
        async with wiring.database.transaction(system) as tx:
            tx.append(topic, Draft(uuid4(), "heard", b"%d" % n, new=True))

    async def left(days: int | None) -> list[int]:
        async with wiring.database.control() as connection:
            limits = {} if days is None else {"retention_days": days}
            await connection.execute(
                "update tenants set limits = $2 where id = $1", system.tenant.id, json.dumps(limits)
            )
        await do(context, TrimChurches(shard="main"))
        return [event.seq for event in await wiring.log.read(topic, 0, 10)]

    async with wiring.database.transaction(system) as tx:
        for seq, days in ((1, 61), (2, 59), (3, 40)):
            await tx.connection.execute(
                "update topic_events set at = at - make_interval(days => $2) where seq = $1", seq, days
            )
    assert await left(10_000) == [2, 3, 4]
    assert await left(None) == [2, 3, 4]
    assert await left(50) == [3, 4]
    assert await left(30) == [4]
    head = await wiring.log.head(topic)
    assert head is not None
    assert head.seq == 4


async def test_old_wakes_and_ticks_go(context: Context, system: Scope) -> None:
    """Wakes are kept for a minute, ticks for a week."""
    database = context.wiring.database
    async with database.transaction(system) as tx:
        tx.append(Topic(system.tenant.id, "chat", "a"), Draft(uuid4(), "x", b"1", new=True))
    async with database.shard() as connection:
        await connection.execute(
            "insert into ticks (schedule, tick) values ('x', now() - interval '8 days'), ('x', now())"
        )
    await do(context, TrimShard(shard="main"))
    async with database.shard() as connection:
        assert await connection.fetchval("select count(*) from wakes") == 1
        assert await connection.fetchval("select count(*) from ticks") == 1


async def test_churches_are_done_page_by_page(
    context: Context, church: Tenant, other_church: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that is full puts the next one, after its last church; the last page puts none."""
    monkeypatch.setattr(tasks, "CHURCHES_A_PAGE", 1)
    kept = context.wiring.queue
    assert isinstance(kept, Kept)
    await do(context, TrimChurches(shard="main"))
    assert kept.jobs == [TrimChurches(shard="main", after="g" * 16)]
    await do(context, TrimChurches(shard="main", after="g" * 16))
    await do(context, TrimChurches(shard="main", after="z" * 16))
    assert len(kept.jobs) == 1


async def test_one_churchs_fault_is_not_anothers(
    context: Context, system: Scope, other_system: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A church that cannot be trimmed is counted, and the next one is trimmed all the same."""
    seen: list[str] = []

    async def half(database: Any, scope: Scope, **_: Any) -> int:
        seen.append(scope.tenant.slug)
        if scope.tenant.slug == "grace":
            raise ValueError("a fault")
        return 0

    monkeypatch.setattr(trim, "church", half)
    before = metrics.CHURCH_FAILURES.labels("trim_church")._value.get()
    await do(context, TrimChurches(shard="main"))
    assert seen == ["grace", "hope"]
    assert metrics.CHURCH_FAILURES.labels("trim_church")._value.get() == before + 1


async def test_a_broken_chain_is_counted_and_told(
    context: Context, settings: Settings, system: Scope, capfd: pytest.CaptureFixture[str]
) -> None:
    """The nightly check finds an entry that the database's owner has changed."""
    wiring = context.wiring
    for n in range(3):
        async with wiring.database.transaction(system) as tx:
            await wiring.audit.record(tx, system, "tests.did", str(n))
    before = metrics.BROKEN_AUDITS._value.get()
    await do(context, VerifyAudits(shard="main"))
    assert metrics.BROKEN_AUDITS._value.get() == before
    owner = await asyncpg.connect(settings.admin_url)
    await owner.execute(
        f"update {system.tenant.schema}.audit_entries set subject = 'other' where subject = '1'"
    )
    await owner.close()
    await do(context, VerifyAudits(shard="main"))
    assert metrics.BROKEN_AUDITS._value.get() == before + 1
    assert "the audit chain is broken" in capfd.readouterr().out


@pytest.mark.parametrize("grown", [False, True])
async def test_a_tail_that_was_cut_off_is_told(
    context: Context, settings: Settings, system: Scope, capfd: pytest.CaptureFixture[str], grown: bool
) -> None:
    """What is left of the chain holds by itself; the head kept outside the church says what is missing.

    It says so every night, also when the church has written on over the gap.
    """
    wiring = context.wiring

    async def record(*subjects: str) -> None:
        for subject in subjects:
            async with wiring.database.transaction(system) as tx:
                await wiring.audit.record(tx, system, "tests.did", subject)

    await record("a", "b", "c")
    await do(context, VerifyAudits(shard="main"))
    await record("d")
    before = metrics.BROKEN_AUDITS._value.get()
    await do(context, VerifyAudits(shard="main"))
    assert metrics.BROKEN_AUDITS._value.get() == before
    owner = await asyncpg.connect(settings.admin_url)
    await owner.execute(f"delete from {system.tenant.schema}.audit_entries where subject in ('c', 'd')")
    await owner.close()
    if grown:
        await record("e", "f", "g")
    for _ in range(2):
        await do(context, VerifyAudits(shard="main"))
    assert metrics.BROKEN_AUDITS._value.get() == before + 2
    assert "is not the one that was known" in capfd.readouterr().out


def test_every_scheduled_job_has_a_task(context: Context) -> None:
    """What the schedules put, this program can do."""
    known = {task.job for task in context.tasks.all()}
    for schedule in schedules(["main", "other"]):
        assert len(schedule.jobs) == 2
        assert {type(job) for job in schedule.jobs} <= known
