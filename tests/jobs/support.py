"""What the tests of the relay and the worker share: a signal, listeners that leave traces, a way to wait."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import msgspec

from jobs.relay import Relay
from realtime.topics import Topic
from server.domains.tenants.errors import NoSuchChurch
from server.domains.tenants.service import TenantsService
from server.kit.db import Database, Transaction
from server.kit.log import Draft, PostgresLog
from server.kit.outbox import Listener, Listeners, Signal
from server.kit.scope import Scope, TenantRef
from server.wiring import Wiring


class Counted(Signal, frozen=True, kw_only=True, tag="tests.counted"):
    """The n-th fact about something."""

    about: str
    n: int

    @property
    def key(self) -> str:
        """Order by what it is about."""
        return self.about


class Echoed(Signal, frozen=True, kw_only=True, tag="tests.echoed"):
    """A listener heard a Counted and says so."""

    about: str
    n: int

    @property
    def key(self) -> str:
        """Order by what it is about."""
        return self.about


def trace(name: str) -> Callable[[Transaction, Any], Awaitable[None]]:
    """Make a handler that appends what it heard to the topic `chat:<name>.<about>`."""

    async def handle(tx: Transaction, signal: Any) -> None:
        topic = Topic(tx.scope.tenant.id, "chat", f"{name}.{signal.about}")
        tx.append(topic, Draft(uuid4(), "heard", msgspec.json.encode(signal.n), new=True))

    return handle


async def echo(tx: Transaction, signal: Any) -> None:
    """Answer a Counted with an Echoed, so that a listener's own signals are seen to flow."""
    tx.signal(Echoed(about=signal.about, n=signal.n))


def traced() -> Listeners:
    """Two listeners for Counted, one of which signals; one for Echoed."""
    return Listeners(
        [
            Listener("tests.first", Counted, trace("first")),
            Listener("tests.echo", Counted, echo),
            Listener("tests.last", Echoed, trace("last")),
        ]
    )


async def announce(wiring: Wiring, scope: Scope, about: str, *numbers: int) -> None:
    """Write one Counted for each number, each in its own transaction."""
    for n in numbers:
        async with wiring.database.transaction(scope) as tx:
            tx.signal(Counted(about=about, n=n))


async def heard(log: PostgresLog, scope: Scope, name: str, about: str) -> list[int]:
    """Return what a tracing listener left behind, in order."""
    events = await log.read(Topic(scope.tenant.id, "chat", f"{name}.{about}"), 0, 10_000)
    return [msgspec.json.decode(event.data) for event in events if event.data is not None]


def relay(database: Database, tenants: TenantsService, listeners: Listeners, **choices: Any) -> Relay:
    """Make a relay with short times."""

    async def find(church: str) -> TenantRef | None:
        try:
            return (await tenants.by_id(church)).ref
        except NoSuchChurch:
            return None

    choices = {"holder": uuid4().hex, "lease_seconds": 2.0, "poll_seconds": 0.05, **choices}
    return Relay(database, listeners, find, **choices)


@contextlib.asynccontextmanager
async def running(*relays: Relay) -> AsyncIterator[None]:
    """Run relays as the worker does; a relay that fails fails the test."""
    tasks = [asyncio.create_task(one.run()) for one in relays]
    try:
        yield
        for task in tasks:
            if task.done():
                await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def outbox(wiring: Wiring) -> list[Any]:
    """Return the waiting rows."""
    async with wiring.database.shard() as connection:
        return list(await connection.fetch("select * from outbox order by id"))


async def until(true: Callable[[], Awaitable[Any]], seconds: float = 20.0) -> Any:
    """Wait until an async condition holds and return its value; raise TimeoutError."""
    async with asyncio.timeout(seconds):
        while not (value := await true()):
            await asyncio.sleep(0.02)
    return value


async def drained(wiring: Wiring, seconds: float = 20.0) -> None:
    """Wait until nothing waits in the outbox."""

    async def empty() -> bool:
        return not await outbox(wiring)

    await until(empty, seconds)
