"""Waking the relays: at once when Valkey is there, harmless when it is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import redis.asyncio as redis

from server.domains.tenants.signals import ChurchResumed
from server.embedded import Embedded
from server.kit import wake
from server.kit.scope import Scope
from server.kit.wake import Waker
from server.wiring import Wiring


class Ear:
    """Listens and keeps what it hears."""

    def __init__(self, valkey: redis.Redis) -> None:
        self.heard: list[str] = []
        self.event = asyncio.Event()
        self._valkey = valkey
        self._task = asyncio.create_task(wake.listen(valkey, self._hear))

    def _hear(self, shard: str) -> None:
        self.heard.append(shard)
        self.event.set()

    async def hears(self, tell: Callable[[], None], seconds: float = 10.0) -> None:
        """Repeat something until it is heard."""
        async with asyncio.timeout(seconds):
            while not self.event.is_set():
                tell()
                await asyncio.sleep(0.05)
        self.event.clear()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@pytest.fixture
async def client(valkey_url: str) -> AsyncIterator[redis.Redis]:
    client = redis.Redis.from_url(valkey_url)
    yield client
    await client.aclose()


async def test_a_commit_with_signals_wakes_the_relays_of_its_shard(
    wiring: Wiring, system: Scope, client: redis.Redis
) -> None:
    """The transaction's shard is told after COMMIT; a transaction without signals tells nobody."""
    ear, other = Ear(client), Waker(client)
    await ear.hears(lambda: other.tell("ready"))
    async with wiring.database.transaction(system) as tx:
        await tx.connection.execute("select 1")
    async with wiring.database.transaction(system) as tx:
        tx.signal(ChurchResumed(tenant_id=system.tenant.id))
    async with asyncio.timeout(20):
        while "main" not in ear.heard:
            await asyncio.sleep(0.01)
    assert ear.heard.count("main") == 1
    await ear.stop()
    await other.stop()


async def test_many_commits_at_once_are_told_once(client: redis.Redis) -> None:
    """What is told before the network had its turn becomes one message a shard."""
    ear, waker = Ear(client), Waker(client)
    await ear.hears(lambda: waker.tell("ready"))
    for _ in range(100):
        waker.tell("main")
    async with asyncio.timeout(20):
        while "main" not in ear.heard:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert ear.heard.count("main") == 1
    await ear.stop()
    await waker.stop()


async def test_a_restarted_valkey_is_listened_to_again(private_services: Callable[..., Embedded]) -> None:
    """Telling never raises while Valkey is away, and is heard again when it is back."""
    services = private_services(durable=False).start({"valkey"})
    client = redis.Redis.from_url(services.valkey_url)
    ear, waker = Ear(client), Waker(client)
    await ear.hears(lambda: waker.tell("one"))
    services.kill("valkey")
    for _ in range(5):
        waker.tell("lost")
        await asyncio.sleep(0.02)
    services.start({"valkey"})
    ear.event.clear()
    await ear.hears(lambda: waker.tell("two"), 20)
    await ear.stop()
    await waker.stop()
    await client.aclose()


async def test_without_valkey_nothing_happens() -> None:
    """An installation without Valkey polls; telling is free."""
    waker = Waker(None)
    waker.tell("main")
    await waker.stop()
    assert asyncio.all_tasks() == {asyncio.current_task()}
