"""Tell the relays that there is something in a shard's outbox; it may be lost, for they also look every second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import redis.asyncio as redis
import structlog

from realtime.broker import Broker, Publication
from realtime.supervise import end_tasks
from realtime.wire_redis import AWAY
from server.kit.scope import Scope

CHANNEL = "narthex:outbox"  # carries the shard's name
RETRY_SECONDS = 1.0
QUIET_SECONDS = 30.0  # a subscription that heard nothing for so long is made anew: it may be deaf

_log = structlog.get_logger("narthex.wake")


class Waker:
    """Says it, once for however many commits there were since; `tell` never waits and never raises."""

    def __init__(self, valkey: redis.Redis | None) -> None:
        self._valkey = valkey
        self._shards: set[str] = set()
        self._something = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def tell(self, shard: str) -> None:
        """Wake the relays of a shard; call it after COMMIT, from the event loop."""
        if self._valkey is None:
            return
        self._shards.add(shard)
        self._something.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run(self._valkey), name="waker")

    async def stop(self) -> None:
        """End; what was not said the relays find by themselves."""
        task, self._task = self._task, None
        if task is not None:
            await end_tasks(task)

    async def _run(self, valkey: redis.Redis) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            shards, self._shards = self._shards, set()
            try:
                for shard in shards:
                    await valkey.publish(CHANNEL, shard)
            except AWAY as error:
                _log.warning("relays are not woken", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)


async def listen(valkey: redis.Redis, woken: Callable[[str], None]) -> None:
    """Call `woken` with a shard's name whenever somebody says so; for ever, Valkey or not."""
    while True:
        try:
            async with valkey.pubsub() as line:
                await line.subscribe(CHANNEL)
                heard = True
                while heard:
                    message = await line.get_message(ignore_subscribe_messages=False, timeout=QUIET_SECONDS)
                    heard = message is not None
                    if message is not None and message["type"] == "message":
                        woken(message["data"].decode("utf-8", "replace"))
        except AWAY as error:
            _log.warning("nobody can wake us", error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)


class Announcements:
    """After a COMMIT: wake nodes and relays. Nothing waits and nothing raises; what is lost log and poll heal."""

    def __init__(self, broker: Broker, waker: Waker) -> None:
        self._broker = broker
        self._waker = waker

    def committed(self, scope: Scope, publication: Publication, *, signals: bool) -> None:
        """Publish what the commit tells the nodes; tell the relays of the shard when there are signals."""
        if signals:
            self._waker.tell(scope.tenant.shard)
        if publication.events or publication.passing or publication.orders:
            self._broker.publish(scope.tenant.id, publication)
