"""A Valkey of one's own, to be cut, paused and emptied; and every implementation under one name."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from redis.asyncio import Redis

from realtime.broker import Broker
from realtime.broker_memory import Exchange, MemoryBroker
from realtime.broker_redis import RedisBroker
from realtime.presence import Presence
from realtime.presence_memory import MemoryPresence, PresenceStore
from realtime.presence_redis import RedisPresence
from realtime.supervise import Supervisor
from realtime.wire_redis import ClusterWire, SingleWire
from tests.realtime.valkey import Valkey, valkey_cluster, valkey_server

__all__ = ["valkey_cluster", "valkey_server"]


MakeBroker = Callable[[], Broker]


@pytest.fixture(params=["memory", "redis", "cluster"])
async def make_broker(request: pytest.FixtureRequest) -> AsyncIterator[MakeBroker]:
    """Give a function that makes brokers of several nodes, all on the same exchange."""
    made: list[Broker] = []
    supervisors: list[Supervisor] = []
    exchange = Exchange()
    servers = {"redis": "valkey_server", "cluster": "valkey_cluster"}
    server = request.getfixturevalue(servers[request.param]) if request.param in servers else None

    def make() -> Broker:
        if server is None:
            made.append(MemoryBroker(exchange))
        else:
            node = uuid.uuid4().hex[:12]
            supervisors.append(Supervisor(lambda name, problem: None))
            wire = ClusterWire if request.param == "cluster" else SingleWire
            made.append(RedisBroker(wire(server.url, node), node, supervisors[-1], probe_seconds=0.3))
        return made[-1]

    yield make
    for broker in made:
        await broker.stop()
    for supervisor in supervisors:
        await supervisor.stop()


class Nodes:
    """Presence of several nodes, and a way to let their leases run out."""

    def __init__(
        self,
        make: Callable[[str], Presence],
        outlive: Callable[[], Awaitable[None]],
        forget: Callable[[], Awaitable[None]],
    ) -> None:
        self.make = make
        self.outlive = outlive
        """Wait until a lease that is not renewed has ended."""
        self.forget = forget
        """Empty the store."""


@pytest.fixture(params=["memory", "redis"])
async def nodes(request: pytest.FixtureRequest) -> AsyncIterator[Nodes]:
    """Give presence on several nodes over one store."""
    if request.param == "memory":
        yield _memory_nodes()
        return
    server: Valkey = request.getfixturevalue("valkey_server")
    async with Redis.from_url(server.url) as client:

        async def outlive() -> None:
            await asyncio.sleep(3.2)

        async def forget() -> None:
            await client.flushall()

        yield Nodes(lambda node: RedisPresence(client, node, lease_seconds=3), outlive, forget)


def _memory_nodes() -> Nodes:
    store, now = PresenceStore(), [0.0]

    async def outlive() -> None:
        now[0] += 21.0

    async def forget() -> None:
        store.leases.clear()
        store.said.clear()

    return Nodes(lambda node: MemoryPresence(store, node, lambda: now[0]), outlive, forget)
