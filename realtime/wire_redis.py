"""The two ways to reach Redis or Valkey, as the broker needs them: one server, or a cluster."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, Protocol

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

AWAY: Final = (RedisError, OSError, TimeoutError, RuntimeError)
"""What a command raises when nobody answers. RuntimeError is uvloop's word for a transport that has just closed, which
redis-py hands on as it is (https://github.com/MagicStack/uvloop/issues/506)."""

ANSWER_SECONDS: Final = 2.0
"""A server that answers no sooner counts as away."""

_OPTIONS: Final[dict[str, Any]] = {
    "socket_timeout": ANSWER_SECONDS,
    "socket_connect_timeout": ANSWER_SECONDS,
    "protocol": 2,
}


class Wire(Protocol):
    """Servers, who of them owns a channel, connections to listen on, and a way to publish."""

    subscribe_verb: str
    unsubscribe_verb: str

    def servers(self) -> Sequence[str]:
        """Return the servers known now."""
        ...

    async def owner(self, channel: str) -> str:
        """Return the server a channel must be subscribed at."""
        ...

    def probe(self, server: str) -> str:
        """Return a channel this server owns, for this process alone."""
        ...

    def connection(self, server: str) -> AbstractConnection:
        """Make a connection to listen on, not yet connected, without a time limit for reading."""
        ...

    async def publish(self, batch: Sequence[tuple[str, bytes]]) -> None:
        """Publish in order; raise when any of it may not have arrived."""
        ...

    async def refresh(self) -> None:
        """Ask again which servers there are."""
        ...

    async def stop(self) -> None:
        """Close everything."""
        ...


class SingleWire:
    """One server, by its URL (redis://, rediss:// or unix://)."""

    subscribe_verb = "SUBSCRIBE"
    unsubscribe_verb = "UNSUBSCRIBE"

    def __init__(self, url: str, node: str) -> None:
        self._node = node
        self._client = Redis.from_url(url, retry=Retry(NoBackoff(), 0), **_OPTIONS)
        self._listeners = ConnectionPool.from_url(url, **{**_OPTIONS, "socket_timeout": None})

    def servers(self) -> Sequence[str]:
        """Return the one server."""
        return ("server",)

    async def owner(self, channel: str) -> str:
        """Return the one server."""
        return "server"

    def probe(self, server: str) -> str:
        """Return this process's own channel."""
        return f"narthex:probe:{self._node}"

    def connection(self, server: str) -> AbstractConnection:
        """Make a connection to listen on."""
        made: AbstractConnection = self._listeners.make_connection()  # type: ignore[no-untyped-call]
        return made

    async def publish(self, batch: Sequence[tuple[str, bytes]]) -> None:
        """Publish in one round trip; connections that failed are not used again."""
        pipe = self._client.pipeline(transaction=False)
        for channel, payload in batch:
            pipe.publish(channel, payload)
        try:
            await pipe.execute()
        except AWAY:
            await self._client.connection_pool.disconnect()
            raise

    async def refresh(self) -> None:
        """Do nothing: one server stays where it is."""

    async def stop(self) -> None:
        """Close everything."""
        await self._client.aclose()
        await self._listeners.aclose()


class ClusterWire:
    """A cluster, by the URL of any of its servers; channels are sharded, a church stays on one slot."""

    subscribe_verb = "SSUBSCRIBE"
    unsubscribe_verb = "SUNSUBSCRIBE"

    def __init__(self, url: str, node: str) -> None:
        self._node = node
        self._cluster = RedisCluster.from_url(url, **_OPTIONS)

    def servers(self) -> Sequence[str]:
        """Return the primaries known now."""
        return [node.name for node in self._cluster.get_primaries()]

    async def owner(self, channel: str) -> str:
        """Return the primary that owns the channel's slot."""
        await self._cluster.initialize()
        node = self._cluster.get_node_from_key(channel)
        if node is None:
            raise RedisError("no server owns this slot")
        return str(node.name)

    def probe(self, server: str) -> str:
        """Return a channel whose slot this server owns."""
        for attempt in range(100_000):
            channel = f"narthex:probe:{self._node}:{attempt}"
            node = self._cluster.get_node_from_key(channel)
            if node is not None and node.name == server:
                return channel
        raise RedisError("this server owns no slot")

    def connection(self, server: str) -> AbstractConnection:
        """Make a connection to listen on."""
        node = self._cluster.get_node(node_name=server)
        if node is None:
            raise RedisError("this server has left the cluster")
        kwargs = {**node.connection_kwargs, "socket_timeout": None}
        return node.connection_class(**kwargs)

    async def publish(self, batch: Sequence[tuple[str, bytes]]) -> None:
        """Publish, each channel in order, several channels side by side."""
        by_channel: dict[str, list[bytes]] = {}
        for channel, payload in batch:
            by_channel.setdefault(channel, []).append(payload)
        results = await asyncio.gather(
            *(self._publish(channel, payloads) for channel, payloads in by_channel.items()),
            return_exceptions=True,
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _publish(self, channel: str, payloads: Sequence[bytes]) -> None:
        for payload in payloads:
            await self._cluster.execute_command("SPUBLISH", channel, payload)

    async def refresh(self) -> None:
        """Ask again which servers there are and what they own."""
        await self._cluster.initialize()
        await self._cluster.nodes_manager.initialize()

    async def stop(self) -> None:
        """Close everything."""
        await self._cluster.aclose()
