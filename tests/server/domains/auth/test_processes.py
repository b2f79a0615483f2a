"""Several processes of one installation: with one clock, with clocks an hour apart, without Valkey."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from server.domains.accounts.errors import BadCredentials
from server.domains.auth.models import Proof
from server.domains.sessions.errors import SessionEnded
from server.kit.clock import SystemClock
from server.kit.errors import Limited
from server.kit.scope import Origin, Scope
from server.kit.tokens import TokenExpired, TokenNotYetValid
from server.settings import Settings
from server.wiring import Wiring, build

PASSWORD = "a long walk by the lake"
HOME = Origin(address="192.0.2.1", device="Firefox")
Start = Callable[..., Awaitable[Wiring]]


class Skewed(SystemClock):
    """A machine whose clock is wrong."""

    def __init__(self, skew: timedelta) -> None:
        self._skew = skew

    def now(self) -> datetime:
        return datetime.now(UTC) + self._skew


@pytest.fixture
async def start(settings: Settings) -> AsyncIterator[Start]:
    """Give a function that starts another process of the same installation, with a clock that may be wrong."""
    async with AsyncExitStack() as stack:

        async def begin(*, hours: float = 0, valkey: bool = True) -> Wiring:
            mine = settings if valkey else msgspec.structs.replace(settings, valkey_url="")
            wiring = build(mine, Skewed(timedelta(hours=hours)))
            await wiring.start()
            stack.push_async_callback(wiring.stop)
            return wiring

        yield begin


@pytest.fixture
async def anna(wiring: Wiring, system: Scope) -> None:
    await wiring.accounts.create(
        system, email="anna@grace.example", name="Anna", password=PASSWORD, roles=frozenset({"owner"})
    )


def stranger(scope: Scope) -> Scope:
    return Scope(scope.tenant, origin=HOME)


async def test_tokens_of_one_process_hold_in_another(
    wiring: Wiring, start: Start, system: Scope, anna: None
) -> None:
    """What one process signed, sealed or put into a cookie the others believe."""
    other = await start()
    grant = await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    _, given = await wiring.auth.sign_in_console(stranger(system), "anna@grace.example", PASSWORD)
    for proof in (Proof(bearer=grant.access_token), Proof(console=given.value, csrf=given.csrf)):
        assert (await other.auth.identify(system.tenant, proof, HOME)).actor.name == "Anna"


async def test_refresh_raced_over_processes(wiring: Wiring, start: Start, system: Scope, anna: None) -> None:
    """Tabs on different processes that refresh at once get the very same tokens."""
    other = await start()
    grant = await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    results = await asyncio.gather(
        *(
            process.auth.refresh(stranger(system), grant.refresh_token)
            for process in (wiring, other, wiring, other, wiring, other)
        )
    )
    assert len({(one.access_token, one.refresh_token) for one in results}) == 1


async def test_signing_out_reaches_other_processes(
    wiring: Wiring, start: Start, system: Scope, anna: None
) -> None:
    """A session that one process ended is refused by another within a moment, though it had it at hand."""
    other = await start()
    grant = await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    scope = await other.auth.identify(system.tenant, Proof(bearer=grant.access_token), HOME)
    await wiring.auth.sign_out(scope)
    async with asyncio.timeout(30):  # Valkey tells at once; were the message lost, five seconds end it
        while True:
            try:
                await other.auth.identify(system.tenant, Proof(bearer=grant.access_token), HOME)
            except SessionEnded:
                break
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(("hours", "error"), [(1, TokenExpired), (-1, TokenNotYetValid)])
async def test_an_hour_of_skew(
    wiring: Wiring, start: Start, system: Scope, anna: None, hours: int, error: type[Exception]
) -> None:
    """A process an hour off makes tokens that hold elsewhere, because the database tells the time; it refuses all.

    Cookies, refresh tokens and links look at the database's clock alone: they hold there too.
    """
    wrong = await start(hours=hours)
    grant = await wrong.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    assert (await wiring.auth.identify(system.tenant, Proof(bearer=grant.access_token), HOME)).actor.id
    with pytest.raises(error):
        await wrong.auth.identify(system.tenant, Proof(bearer=grant.access_token), HOME)
    renewed = await wrong.auth.refresh(stranger(system), grant.refresh_token)
    assert (await wiring.auth.refresh(stranger(system), renewed.refresh_token)).subject == grant.subject
    _, given = await wrong.auth.sign_in_console(stranger(system), "anna@grace.example", PASSWORD)
    for process in (wiring, wrong):
        found = await process.auth.identify(system.tenant, Proof(console=given.value, unsafe=False), HOME)
        assert found.actor.name == "Anna"


async def test_without_valkey(start: Start, wiring: Wiring, system: Scope, anna: None) -> None:
    """Signing in, limits and sessions work in a process that has no Valkey."""
    alone = await start(valkey=False)
    grant = await alone.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    assert (await alone.auth.identify(system.tenant, Proof(bearer=grant.access_token), HOME)).actor.id
    for _ in range(9):
        with pytest.raises(BadCredentials):
            await alone.auth.sign_in(stranger(system), "anna@grace.example", "wrong")
    with pytest.raises(Limited):
        await alone.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
