"""Churches with people who are signed in, for benches that read over HTTP."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import UUID

import msgspec

from server.domains.tenants.models import Tenant
from server.kit.scope import Scope
from server.settings import Settings
from server.wiring import Wiring, build

ACCOUNTS_AT_ONCE = 100
T = TypeVar("T")


class Signed(msgspec.Struct, frozen=True):
    """A church, the ids of its people in order, and access tokens of its staff, the owner's first."""

    church: Tenant
    people: tuple[UUID, ...]
    tokens: tuple[str, ...]

    @property
    def token(self) -> str:
        """Return the owner's token."""
        return self.tokens[0]


def create(settings: Settings, count: int, done: Callable[[], object]) -> tuple[list[Tenant], list[float]]:
    """Create churches one after the other; return them with the seconds that each took."""

    async def run(wiring: Wiring) -> tuple[list[Tenant], list[float]]:
        made, took = [], []
        for _ in range(count):
            began = time.perf_counter()
            made.append(await wiring.tenants.create(f"bench-{secrets.token_hex(6)}", "Bench Church"))
            took.append(time.perf_counter() - began)
            done()
        return made, took

    return _wired(settings, run)


def sign_in(
    settings: Settings, churches: Sequence[Tenant], *, people: int = 1, staff: int = 1
) -> list[Signed]:
    """Open accounts in each church and sign its staff in; tokens live for ten minutes."""

    async def run(wiring: Wiring) -> list[Signed]:
        return [await _one(wiring, church, people, staff) for church in churches]

    return _wired(settings, run)


async def _one(wiring: Wiring, church: Tenant, people: int, staff: int) -> Signed:
    scope, made = Scope.system(church.ref), list[UUID]()
    while len(made) < people:
        async with wiring.database.transaction(scope) as tx:
            for number in range(len(made), min(people, len(made) + ACCOUNTS_AT_ONCE)):
                roles = frozenset({"owner"} if number == 0 else {"admin"} if number < staff else set[str]())
                person = await wiring.accounts.open(
                    tx,
                    scope,
                    email=f"p{number}-{secrets.token_hex(3)}@bench.example",
                    name=f"Person {number}",
                    roles=roles,
                )
                made.append(person.id)
    async with wiring.database.transaction(scope) as tx:
        sessions = [await wiring.sessions.begin(tx, scope, "app", person_id=id) for id in made[:staff]]
    tokens = tuple(wiring.sessions.grant(church.ref, session).access_token for session in sessions)
    return Signed(church, tuple(sorted(made)), tokens)


def _wired(settings: Settings, run: Callable[[Wiring], Awaitable[T]]) -> T:
    """Run something with a wiring of its own."""

    async def whole() -> T:
        wiring = build(settings)
        await wiring.start()
        try:
            return await run(wiring)
        finally:
            await wiring.stop()

    return asyncio.run(whole())
