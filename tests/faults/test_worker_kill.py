"""Real worker processes: killed, stopped, frozen out of Valkey and Postgres, with clocks that disagree."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from jobs.broker import StreamBroker, StreamQueue
from jobs.streams import Streams, connect
from server.embedded import Embedded
from server.kit import migrations
from server.kit.errors import Unavailable
from server.kit.mail import Mail, post
from server.kit.queue import Job
from server.kit.scope import Scope
from server.settings import Settings
from server.wiring import Wiring, build
from tests.faults import victims
from tests.faults.victims import Slow, Victim
from tests.installation import APP_PASSWORD, migrate, url_of
from tests.jobs.support import announce, heard, until
from tests.services import Mailbox

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

Start = Callable[..., Victim]
Put = Callable[[Job], Awaitable[None]]


@pytest.fixture
async def start(settings: Settings) -> AsyncIterator[Start]:
    """Give a function that starts a worker; all of them end with the test."""
    started: list[Victim] = []

    def start(found: Settings = settings, **choices: float) -> Victim:
        started.append(Victim(victims.worker, found, *choices.values()))
        return started[-1]

    yield start
    for victim in started:
        victim.signal(signal.SIGCONT)
        await victim.end()


@pytest.fixture
async def put(settings: Settings) -> AsyncIterator[Put]:
    """Give a function that puts a job."""
    valkey = connect(settings.valkey_url)
    yield StreamQueue(StreamBroker(Streams(valkey, "test"))).put
    await valkey.aclose()


async def traces(
    wiring: Wiring, scope: Scope, about: str, count: int = 1, *, name: str = "done"
) -> list[int]:
    """Wait until a job has left so many traces, and return them."""

    async def there() -> list[int] | None:
        found = await heard(wiring.log, scope, name, about)
        return found if len(found) >= count else None

    found: list[int] = await until(there, 40)
    return found


async def test_a_job_of_a_killed_worker_is_done_by_another(
    wiring: Wiring, system: Scope, start: Start, put: Put
) -> None:
    """kill -9 in the middle of a job: an idle worker takes it over, and it is done once."""
    workers = {victim.pid: victim for victim in (start(), start())}
    await put(Slow(tenant=system.tenant.id, name="long", n=7, seconds=2.0))
    (pid,) = await traces(wiring, system, "long", name="started")
    workers[pid].kill()
    assert await traces(wiring, system, "long") == [7]
    await asyncio.sleep(1.0)
    assert await heard(wiring.log, system, "done", "long") == [7]
    assert len(await heard(wiring.log, system, "started", "long")) == 2


async def test_an_idle_worker_stops_at_once(
    wiring: Wiring, settings: Settings, start: Start, put: Put, system: Scope
) -> None:
    """SIGTERM ends a worker that waits for jobs long before its drain time is over, without an error."""
    worker = start()
    await put(Slow(tenant=system.tenant.id, name="first"))
    await traces(wiring, system, "first")
    await asyncio.sleep(1.5)
    began = time.monotonic()
    worker.signal(signal.SIGTERM)
    assert await worker.ended() == 0
    assert time.monotonic() - began < 8.0
    async with wiring.database.shard() as connection:
        held = await connection.fetchval("select count(*) from leases where holder <> ''")
    assert held == 0, "it let go of its leases"


async def test_a_stopping_worker_finishes_its_jobs(
    wiring: Wiring, settings: Settings, start: Start, put: Put, system: Scope
) -> None:
    """Within the drain time what was begun is finished; what was not begun waits for others."""
    worker = start(msgspec.structs.replace(settings, drain_seconds=30.0))
    await put(Slow(tenant=system.tenant.id, name="long", seconds=6.0))
    await traces(wiring, system, "long", name="started")
    worker.signal(signal.SIGTERM)
    await asyncio.sleep(2.0)  # it has heard by now
    await put(Slow(tenant=system.tenant.id, name="next"))
    assert await worker.ended(40) == 0
    assert await heard(wiring.log, system, "done", "long") == [0]
    assert await heard(wiring.log, system, "started", "next") == []


async def test_a_job_that_outlasts_the_drain_is_left_to_another(
    wiring: Wiring, settings: Settings, start: Start, put: Put, system: Scope
) -> None:
    """The worker stops in bounded time all the same, and the job is done elsewhere."""
    worker = start(msgspec.structs.replace(settings, drain_seconds=0.5))
    await put(Slow(tenant=system.tenant.id, name="long", seconds=10.0))
    await traces(wiring, system, "long", name="started")
    began = time.monotonic()
    worker.signal(signal.SIGTERM)
    assert await worker.ended() == 0
    assert time.monotonic() - began < 8.0
    assert await heard(wiring.log, system, "done", "long") == []
    start()
    assert await traces(wiring, system, "long") == [0]


async def test_clocks_that_differ_by_an_hour_do_not_matter(
    wiring: Wiring, system: Scope, start: Start
) -> None:
    """Two workers, an hour fast and an hour slow: each tick is sent once and at the database's time."""
    start(clock_error=3_600.0, tick_seconds=1.0)
    slow = start(clock_error=-3_600.0, tick_seconds=1.0)
    await traces(wiring, system, "tick", 3)
    slow.signal(signal.SIGSTOP)  # whether it leads or not, the ticks go on
    before = len(await heard(wiring.log, system, "done", "tick"))
    await traces(wiring, system, "tick", before + 3)
    slow.signal(signal.SIGCONT)
    await traces(wiring, system, "tick", before + 5)

    async def all_done() -> list[Any] | None:
        async with wiring.database.shard() as connection:
            rows = await connection.fetch(
                "select abs(extract(epoch from put_at - tick)) as off from ticks where put_at is not null"
            )
        return rows if len(await heard(wiring.log, system, "done", "tick")) == len(rows) else None

    rows = await until(all_done, 40)  # one may be on its way; one sent twice would never be made good
    assert all(row["off"] < 60 for row in rows)


async def test_a_letter_of_a_killed_worker_is_sent_again(
    wiring: Wiring, settings: Settings, system: Scope, start: Start, mail: Mailbox
) -> None:
    """kill -9 while the mail server is slow to answer: another worker sends it under the same Message-ID."""
    mail.behaviour = "stall"
    found = msgspec.structs.replace(settings, smtp_url=f"smtp://{mail.host}:{mail.port}")
    victim = start(found)
    async with wiring.database.transaction(system) as tx:
        await post(tx, Mail(to="ruth@grace.example", subject="s", text="t", message_id="m1"))

    async def asked() -> bool:
        return mail.attempts > 0

    await until(asked, 30)
    await asyncio.sleep(0.2)
    victim.kill()
    mail.behaviour = "accept"
    async with wiring.database.shard() as connection:  # the claim's time is over
        await connection.execute("update mails set claimed_at = claimed_at - interval '1 hour'")
    start(found)

    async def sent() -> bool:
        async with wiring.database.shard() as connection:
            return bool(await connection.fetchval("select state = 'sent' and doubt from mails"))

    await until(sent, 30)
    assert {delivery.message["Message-ID"] for delivery in mail.deliveries} == {"<m1@localhost>"}


@pytest.fixture
def own(private_services: Callable[..., Embedded], tmp_path: Path) -> tuple[Embedded, Settings]:
    """Give services of the test's own, and an installation with the church `grace` on them."""
    services = private_services().start({"postgres", "valkey"})
    with psycopg.connect(services.postgres_url("postgres"), autocommit=True) as connection:
        connection.execute("create database narthex")
    owner = migrate(services, "narthex")
    migrations.create_church(owner, "g" * 16)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(
            "insert into control.tenants (id, slug, name, shard, status)"
            f" values ('{'g' * 16}', 'grace', 'Grace', 'main', 'active')"
        )
        connection.execute(f"insert into control.tenant_slugs values ('grace', '{'g' * 16}')")
    return (
        services,
        Settings(
            database_url=url_of(services, "narthex", "narthex_app", APP_PASSWORD),
            owner_url=owner,
            valkey_url=services.valkey_url,
            secret_key="x" * 43 + "=",
            internal_port=0,
            data_dir=tmp_path,
            drain_seconds=1.0,
        ),
    )


@pytest.mark.parametrize("part", ["valkey", "postgres"])
async def test_a_killed_server_costs_nothing(part: str, own: tuple[Embedded, Settings], start: Start) -> None:
    """kill -9 of Valkey or Postgres in the middle, and back: the worker lives, and every job is done, in the end."""
    services, settings = own
    wiring = build(settings)
    await wiring.start()
    scope = Scope.system((await wiring.tenants.by_slug("grace")).ref)
    worker = start(settings)
    try:
        await announce(wiring, scope, "a", 0)
        await traces(wiring, scope, "a")
        await announce(wiring, scope, "a", *range(1, 10))
        services.kill(part)
        await asyncio.sleep(2.0)
        if part == "valkey":  # what happens meanwhile waits in the outbox
            await announce(wiring, scope, "a", *range(10, 15))
        services.start({part})
        if part == "postgres":
            await announce_until(wiring, scope, "a", *range(10, 15))

        async def all_done() -> bool:
            return set(await heard(wiring.log, scope, "done", "a")) == set(range(15))

        await until(all_done, 60)
        worker.signal(signal.SIGTERM)
        assert await worker.ended() == 0
    finally:
        await wiring.stop()


async def announce_until(wiring: Wiring, scope: Scope, about: str, *numbers: int) -> None:
    """Announce as soon as the database is there again; a double is possible and allowed here."""
    for n in numbers:

        async def said(n: int = n) -> bool:
            try:
                await announce(wiring, scope, about, n)
            except Unavailable:
                return False
            return True

        await until(said, 30)
