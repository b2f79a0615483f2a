"""Everything a worker is made of: the wiring of the web, with a queue, relays, tasks and a scheduler on top."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Sequence

import msgspec
import redis.asyncio as redis
from taskiq.acks import AcknowledgeType
from taskiq.receiver import Receiver

from jobs.broker import StreamBroker, StreamQueue
from jobs.leases import LEASE_SECONDS
from jobs.mails import Mails
from jobs.relay import Relay
from jobs.schedule import Schedule, Scheduler
from jobs.streams import ALIVE_SECONDS, Streams, connect
from jobs.tasks import Tasks, schedules
from server.kit.clock import Clock
from server.kit.errors import NotFound
from server.kit.outbox import Listeners
from server.kit.queue import NoQueue
from server.kit.scope import TenantRef
from server.settings import Settings
from server.wiring import Wiring, build

JOBS_AT_ONCE = 16  # most of them wait for somebody else; connections to Postgres are bounded by the pool
CHURCH_SECONDS = 5.0  # a church's status is believed for so long
MOST_CHURCHES = 10_000


class Times(msgspec.Struct, frozen=True):
    """How long the parts of a worker wait for each other; tests make all of it short."""

    lease: float = LEASE_SECONDS
    alive: float = ALIVE_SECONDS


TIMES = Times()


class Context:
    """The parts of one worker. Without Valkey there is a relay and a scheduler, and jobs cannot be put."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        listeners: Listeners | None = None,
        times: Times = TIMES,
    ) -> None:
        self.settings = settings
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self.valkey: redis.Redis | None = connect(settings.valkey_url) if settings.valkey_url else None
        self.broker = (
            StreamBroker(Streams(self.valkey, self.name, alive_seconds=times.alive)) if self.valkey else None
        )
        self.queue = StreamQueue(self.broker) if self.broker else NoQueue()
        self.wiring: Wiring = build(settings, clock, self.queue)
        self._churches = self.wiring.caches.make(
            "worker_churches", seconds=CHURCH_SECONDS, most=MOST_CHURCHES
        )
        self.mails = Mails(self.wiring.database, self.wiring.mailer, self.find)
        self.tasks = Tasks(self.wiring, self.mails)
        if self.broker:
            for task in self.tasks.all():
                self.broker.serve(task)
        self.relays = self._relays(listeners or self.wiring.listeners, times)
        self.scheduler = self._scheduler(schedules(self.wiring.database.shards), times)

    async def find(self, church: str) -> TenantRef | None:
        """Find a church by its id, None when it is gone."""

        async def load() -> TenantRef | None:
            try:
                return (await self.wiring.tenants.by_id(church)).ref
            except NotFound:
                return None

        found: TenantRef | None = await self._churches.get("", church, load)
        return found

    def receiver(self, patience: float) -> Receiver:
        """Make taskiq's receiver; when told to finish it waits `patience` seconds for jobs that are being done."""
        assert self.broker is not None
        return Receiver(
            self.broker,
            validate_params=False,
            max_async_tasks=JOBS_AT_ONCE,
            run_startup=False,
            ack_type=AcknowledgeType.MANUAL,
            wait_tasks_timeout=patience,
        )

    def _relays(self, listeners: Listeners, times: Times) -> dict[str, Relay]:
        return {
            shard: Relay(
                self.wiring.database,
                listeners,
                self.find,
                holder=self.name,
                shard=shard,
                lease_seconds=times.lease,
            )
            for shard in self.wiring.database.shards
        }

    def _scheduler(self, found: Sequence[Schedule], times: Times) -> Scheduler:
        return Scheduler(
            self.wiring.database,
            self.queue,
            found,
            holder=self.name,
            shard=self.wiring.database.shards[0],
            chores=(self.tasks.put_mail,),
            lease_seconds=times.lease,
        )
