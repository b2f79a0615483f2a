"""Presence on Redis or Valkey, one server or a cluster.

Per (topic, node) a hash of person → public JSON, in the church's slot; one sorted set of node → end of its
lease, by the server's own clock. What a dead node said stays unread once its lease is over, and expires in
an hour.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster

from realtime.presence import LEASE_SECONDS, NAMED_PEOPLE, Changes, View
from realtime.topics import Topic
from realtime.wire_redis import AWAY

NODES: Final = "{narthex}:nodes"
EXPIRE_SECONDS: Final = 3600

# The server's clock judges, so that nodes need not agree on the time. Returns whether the lease is new, and
# who lives.
_BEAT: Final = """
local t = redis.call('TIME')
local now = tonumber(t[1]) + tonumber(t[2]) / 1000000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local new = redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
return {new, redis.call('ZRANGE', KEYS[1], 0, -1)}
"""
_ALIVE: Final = """
local t = redis.call('TIME')
local now = tonumber(t[1]) + tonumber(t[2]) / 1000000
return redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf')
"""


@asynccontextmanager
async def _away_is_oserror() -> AsyncIterator[None]:
    """Let every failure of the store look the same."""
    try:
        yield
    except AWAY as error:
        raise ConnectionError(f"the presence store failed: {type(error).__name__}") from error


class RedisPresence:
    """One node's hand on the shared presence; `client` answers in bytes."""

    __slots__ = ("_client", "_lease", "_node")

    def __init__(
        self, client: "Redis | RedisCluster", node: str, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._client: Any = client
        self._node = node
        self._lease = lease_seconds

    async def write(self, changes: Changes) -> None:
        """Say what changed on this node."""
        async with _away_is_oserror():
            pipe = self._client.pipeline(transaction=False)
            for topic, people in changes.items():
                self._write_topic(pipe, _key(topic, self._node), people)
            await pipe.execute()

    def _write_topic(self, pipe: Any, key: str, people: Mapping[str, bytes | None]) -> None:
        here = {person: public for person, public in people.items() if public is not None}
        gone = [person for person, public in people.items() if public is None]
        if gone:
            pipe.hdel(key, *gone)
        if here:
            pipe.hset(key, mapping=here)
            pipe.expire(key, EXPIRE_SECONDS)

    async def views(self, topics: Sequence[Topic]) -> Mapping[Topic, View]:
        """Read who is in these topics: sizes first, people only where they are few."""
        async with _away_is_oserror():
            alive = [node.decode() for node in await self._client.eval(_ALIVE, 1, NODES)]
            keys = [_key(topic, node) for topic in topics for node in alive]
            sizes = dict(zip(keys, await self._each("hlen", keys), strict=True))
            small = [key for key in keys if 0 < sizes[key] <= NAMED_PEOPLE]
            people = dict(zip(small, await self._each("hgetall", small), strict=True))
        return {topic: _view([_key(topic, node) for node in alive], sizes, people) for topic in topics}

    async def _each(self, command: str, keys: Sequence[str]) -> Sequence[Any]:
        if not keys:
            return ()
        pipe = self._client.pipeline(transaction=False)
        for key in keys:
            getattr(pipe, command)(key)
        answers: Sequence[Any] = await pipe.execute()
        return answers

    async def beat(self) -> tuple[bool, frozenset[str]]:
        """Renew this node's lease."""
        async with _away_is_oserror():
            new, alive = await self._client.eval(_BEAT, 1, NODES, self._node, str(self._lease))
        return not new, frozenset(node.decode() for node in alive)

    async def withdraw(self) -> None:
        """End this node's lease."""
        async with _away_is_oserror():
            await self._client.zrem(NODES, self._node)


def _key(topic: Topic, node: str) -> str:
    return f"{{{topic.tenant}}}:here:{topic.name}:{node}"


def _view(keys: Sequence[str], sizes: Mapping[str, int], people: Mapping[str, Mapping[bytes, bytes]]) -> View:
    total = sum(sizes[key] for key in keys)
    if any(sizes[key] > NAMED_PEOPLE for key in keys):
        return View(total, None)
    union = {p.decode(): public for key in keys for p, public in people.get(key, {}).items()}
    return View(len(union), union) if len(union) <= NAMED_PEOPLE else View(total, None)
