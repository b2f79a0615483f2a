"""server.web.health."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import httpx
import psycopg
import pytest
import redis.asyncio as redis
from prometheus_client.parser import text_string_to_metric_families

from realtime.topics import Topic
from server.kit.batch import Batcher
from server.kit.clock import SystemClock
from server.kit.db import Database, ShardUrls
from server.kit.healing import Healing
from server.kit.limits import Limiter
from server.kit.log import Draft
from server.kit.migrations import script_directory
from server.kit.scope import Scope
from server.settings import Settings
from server.web import health
from server.web.health import Health, Metrics
from server.wiring import Wiring
from tests.realtime.memory import Plant, eventually

on_module_loop = pytest.mark.asyncio(loop_scope="module")


def of(wiring: Wiring, valkey: redis.Redis | None, **heads: str) -> Health:
    return Health(wiring.database, valkey, {**health.heads(), **heads}, SystemClock())


@on_module_loop
async def test_live_and_ready(client: httpx.AsyncClient) -> None:
    """A migrated installation with Valkey is ready, and says of what it is made."""
    assert (await client.get("/health/live")).json()["status"] == "ok"
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ready", "parts": {"database": "ok", "valkey": "ok"}},
    )


@on_module_loop
async def test_heads_are_those_of_alembic() -> None:
    """The newest file of a history is its head."""
    assert health.heads() == {
        name: script_directory(name).get_current_head() for name in ("control", "shard")
    }


@on_module_loop
async def test_without_valkey_it_serves(wiring: Wiring) -> None:
    """Valkey away or not configured is degraded: said, and still served."""
    gone = redis.Redis(host="127.0.0.1", port=1)
    report = await of(wiring, gone).report()
    assert (report.status, report.serving, report.parts["valkey"]) == ("degraded", True, "away")
    await gone.aclose()
    assert (await of(wiring, None).report()).parts["valkey"] == "not configured"


@on_module_loop
async def test_behind(wiring: Wiring, settings: Settings) -> None:
    """A database that was not migrated is not ready, and the sentence says what to run; one ahead of us is fine."""
    report = await of(wiring, wiring.valkey, control="9999").report()
    assert not report.serving
    assert report.parts["database"] == "behind: control; run `narthex migrate`"
    with psycopg.connect(settings.owner_url, autocommit=True) as connection:
        connection.execute("update shard.alembic_version set version_num = '9998'")
        try:
            assert (await of(wiring, wiring.valkey).report()).serving
        finally:
            connection.execute(
                "update shard.alembic_version set version_num = %s", (health.heads()["shard"],)
            )


@on_module_loop
async def test_draining(wiring: Wiring) -> None:
    """A draining process is not ready, whatever its parts say."""
    state = of(wiring, wiring.valkey)
    assert (await state.report()).serving
    state.drain()
    assert ((await state.report()).status, (await state.report()).serving) == ("draining", False)


@on_module_loop
async def test_parts_are_asked_once_a_second(wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many balancers ask, the database is asked once a second."""
    asked = 0
    real = wiring.database.revisions

    async def counted() -> object:
        nonlocal asked
        asked += 1
        return await real()

    monkeypatch.setattr(wiring.database, "revisions", counted)
    state = of(wiring, None)
    for _ in range(20):
        await state.report()
    assert asked == 1


async def test_database_away() -> None:
    """A database that does not answer makes us unready, within the patience of a balancer."""
    url = "postgresql://narthex_app@127.0.0.1:1/x"
    database = Database(url, {"main": ShardUrls(url)})
    report = await Health(database, None, health.heads(), SystemClock()).report()
    assert (report.status, report.parts["database"]) == ("unready", "away")


def read(metrics: Metrics) -> dict[str, float]:
    """Read the page as Prometheus does: name and labels → value."""
    return {
        sample.name + "".join(f"|{value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.page().decode())
        for sample in family.samples
    }


@on_module_loop
async def test_the_engine_is_counted(wiring: Wiring) -> None:
    """Sockets, topics, deliveries and their times, commits and batches: each figure moves with what it is about."""
    plant, system = Plant(), Scope.system((await wiring.tenants.by_slug("grace")).ref)
    node = await plant.node()
    healing = Healing(wiring.database, node, wiring.log, SystemClock(), wiring.shard_of)
    batcher: Batcher[int, int] = Batcher(lambda key, drafts: asyncio.sleep(0, drafts))  # type: ignore[arg-type]
    limiter = Limiter("", wiring.keyring.current.derive("limits"), wiring.clock)
    metrics = Metrics(wiring.caches, limiter)
    metrics.watch(node, healing, {"message.send": batcher}, wiring.broker, wiring.database)
    before = read(metrics)
    for name in health.LIVE:
        assert f"narthex_live_{name}_total" in before, name
    anna, ben = await plant.enter(node), await plant.enter(node, token="ben")
    say = {"type": "push", "ref": 9, "topic": "chat:hall", "event": "say", "id": "m1", "data": {}}
    anna.say(say)
    await eventually(lambda: bool(anna.frames("event")) and bool(ben.frames("event")))
    await asyncio.gather(*(batcher.put("grace", n) for n in range(3)))
    async with wiring.database.transaction(system) as tx:
        tx.append(Topic(system.tenant.id, "chat", "a"), Draft(uuid4(), "x.y", b"1", new=True))
    after = read(metrics)
    moved = {name: value - before.get(name, 0.0) for name, value in after.items()}
    assert (after["narthex_live_connections"], after["narthex_live_topics"]) == (2, 1)
    assert moved["narthex_live_joins_total"] == 2
    assert moved["narthex_live_deliveries_total"] == 2
    assert moved["narthex_live_delivery_seconds_count"] == 1
    assert moved["narthex_live_arrival_seconds_count"] == 1
    assert moved["narthex_live_flush_seconds_count"] >= 1
    assert moved["narthex_commit_seconds_count"] == 1
    assert moved["narthex_commit_seconds_bucket|+Inf"] == 1
    assert moved["narthex_batch_size_count|message.send"] == 1
    assert moved["narthex_batch_size_sum|message.send"] == 3
    assert moved["narthex_batch_seconds_count|message.send"] == 1
    assert after["narthex_live_wakes_lag_seconds"] >= 0
    assert after["narthex_live_broker_lag_seconds"] >= 0
    for pipe in (anna, ben):
        pipe.lose()
    await eventually(lambda: read(metrics)["narthex_live_topics"] == 0)
    assert node.feeds, "the topic is kept for a while, for those who come back"
    await plant.stop()
