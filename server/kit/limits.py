"""Count requests against limits, in Valkey for all processes together, in this process while Valkey is away.

A process fetches a small share of a window at once and spends it by itself: a signed-in person's next 49 of 50 requests
cost no trip. Counting stays exact over all processes up to the shares in hand.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections import OrderedDict
from math import ceil
from typing import Any

import msgspec
import redis.asyncio as redis
import structlog
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.errors import StorageError

from realtime.wire_redis import AWAY
from server.kit.clock import Clock
from server.kit.errors import Limited

SHARE = 50  # a fetch takes at most this part of the limit: 1/50
MOST_HANDS = (
    20_000  # shares kept in this process; the least recently used goes, its rest is lost to its owner
)
ALONE = 5.0  # seconds before Valkey is tried again
PATIENCE = 0.5  # seconds for one answer

_log = structlog.get_logger("narthex.limits")


class Limit(msgspec.Struct, frozen=True):
    """So many requests in so many seconds; `name` is shown in RateLimit headers."""

    name: str
    amount: int
    seconds: int = 60


class Standing(msgspec.Struct, frozen=True):
    """Where a caller stands: what is left of the window, and in how many seconds the next begins."""

    limit: Limit
    left: int
    reset: int


class _Hand(msgspec.Struct):
    """What this process may still spend of a caller's window. `left` is what Valkey last said is left beyond it."""

    until: float
    share: int
    left: int


class Limiter:
    """Take one request from a caller's window, or raise Limited."""

    def __init__(self, valkey_url: str, secret: bytes, clock: Clock) -> None:
        self._memory: Storage = MemoryStorage()
        self._pool = _pool(valkey_url) if valkey_url else None
        self._valkey: Storage | None = _storage(self._pool) if self._pool else None
        self._secret = secret
        self._clock = clock
        self._hands: OrderedDict[tuple[str, str], _Hand] = OrderedDict()
        self._fetching: dict[tuple[str, str], asyncio.Future[None]] = {}
        self._alone_until = 0.0
        self.alone = False

    async def take(self, limit: Limit, caller: str) -> Standing:
        """Take one; raise Limited with `retry_after` when nothing is left.

        `caller` may be an address or a person's id: Valkey sees a keyed hash that changes every day.
        """
        at = (limit.name, caller)
        while (hand := self._usable(at)) is None:
            if (
                fetching := self._fetching.get(at)
            ) is not None:  # one fetch a caller at a time serves all who wait
                await asyncio.wait([fetching])
            else:
                await self._fetch(at, limit, caller)
        now = self._clock.monotonic()
        if hand.share <= 0:
            wait = max(1, ceil(hand.until - now))
            raise Limited(retry_after=wait, extra={"limit": limit.name})
        hand.share -= 1
        return Standing(limit, hand.share + hand.left, max(0, ceil(hand.until - now)))

    async def close(self) -> None:
        """Let go of Valkey."""
        if self._pool is not None:
            await self._pool.aclose()

    def _usable(self, at: tuple[str, str]) -> _Hand | None:
        """Return the hand that decides now: something is in it, or nothing is left anywhere."""
        hand = self._hands.get(at)
        if hand is None or hand.until <= self._clock.monotonic() or (hand.share <= 0 and hand.left > 0):
            return None
        return hand

    async def _fetch(self, at: tuple[str, str], limit: Limit, caller: str) -> None:
        want = max(1, limit.amount // SHARE)
        key = f"{self._hash(caller)}:{limit.name}:{limit.seconds}"
        done = self._fetching[at] = asyncio.get_running_loop().create_future()
        try:
            taken, ends = await self._count(key, limit, want)
            share = max(0, min(want, want - (taken - limit.amount)))
            until = self._clock.monotonic() + ends
            self._hands[at] = _Hand(until, share, max(0, limit.amount - taken))
            self._hands.move_to_end(at)
            while len(self._hands) > MOST_HANDS:
                self._hands.popitem(last=False)
        finally:
            del self._fetching[at]
            done.set_result(None)

    async def _count(self, key: str, limit: Limit, want: int) -> tuple[int, float]:
        """Return how much of the window is taken now, ours included, and the seconds until it ends."""
        if self._valkey is not None and self._clock.monotonic() >= self._alone_until:
            try:
                counted = await self._count_in(self._valkey, key, limit, want)
            except (StorageError, *AWAY) as error:
                self._alone_until = self._clock.monotonic() + ALONE
                if not self.alone:
                    _log.warning("limits are counted in this process", error=type(error).__name__)
                self.alone = True
            else:
                self.alone = False
                return counted
        return await self._count_in(self._memory, key, limit, want)

    async def _count_in(self, storage: Storage, key: str, limit: Limit, want: int) -> tuple[int, float]:
        taken = await storage.incr(key, limit.seconds, amount=want)
        ends = await storage.get_expiry(key) - time.time()  # the library's own clock
        return taken, min(max(ends, 0.05), float(limit.seconds))

    def _hash(self, caller: str) -> str:
        day = self._clock.now().date().isoformat()
        return hmac.new(self._secret, f"{day} {caller}".encode(), hashlib.sha256).hexdigest()[:32]


def _pool(url: str) -> redis.ConnectionPool:
    return redis.ConnectionPool.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)


def _storage(pool: redis.ConnectionPool) -> Storage:
    options: dict[str, Any] = {"connection_pool": pool}
    return RedisStorage("async+redis://", implementation="redispy", wrap_exceptions=True, **options)
