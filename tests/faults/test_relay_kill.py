"""kill -9 of a relay between any two statements, a frozen relay, and clocks that disagree: once, and in order."""

from __future__ import annotations

import asyncio
import signal
from uuid import uuid4

import msgspec
import pytest

from server.kit.scope import Scope
from server.settings import Settings
from server.wiring import Wiring
from tests.faults import victims
from tests.faults.victims import Victim
from tests.faults.wire import When, Wire
from tests.jobs.support import announce, drained, heard, outbox, relay, running, traced, until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


async def leave_at_once(wiring: Wiring, holder: str | None = None) -> None:
    """Let the leases of the dead expire now, or those of one; the holder stays written, as after a real expiry."""
    async with wiring.database.shard() as connection:
        await connection.execute(
            "update leases set until = '-infinity' where holder = coalesce($1, holder)", holder
        )


async def kill_at(nth: int, when: When, wiring: Wiring, settings: Settings, scope: Scope) -> bool:
    """Let a relay die at its n-th statement, another finish; return whether it lived to die."""
    about = f"{when}{nth}"
    await announce(wiring, scope, about, 1, 2)
    process: list[Victim] = []
    holder = uuid4().hex
    async with Wire(settings.database_url, nth, lambda: process[0].kill(), when=when).open() as wire:
        process.append(
            Victim(victims.relay, msgspec.structs.replace(settings, database_url=wire.url), holder)
        )
        try:

            async def over() -> bool:
                return wire.struck.is_set() or not await outbox(wiring)

            await until(over, 30)
            died = wire.struck.is_set()
        finally:
            await process[0].end()
    await leave_at_once(wiring)
    async with running(relay(wiring.database, wiring.tenants, traced())):

        async def finished() -> bool:
            # a lease whose statement was sent before the kill may be written after it
            await leave_at_once(wiring, holder)
            return not await outbox(wiring)

        await until(finished, 30)
    assert await heard(wiring.log, scope, "first", about) == [1, 2], f"killed at statement {nth} ({when})"
    assert await heard(wiring.log, scope, "last", about) == [1, 2], f"killed at statement {nth} ({when})"
    await leave_at_once(wiring)
    return died


@pytest.mark.parametrize("when", ["answered", "sent"])
async def test_kill_between_any_two_statements_loses_and_repeats_nothing(
    when: When, wiring: Wiring, settings: Settings, system: Scope
) -> None:
    """Killed after its 1st, 2nd, 3rd … statement until it survives: each listener's writes are there once."""
    nth, survived = 0, 0
    while survived < 3:  # beats and measures fall between the others at will, so one survival proves little
        nth += 1
        survived = 0 if await kill_at(nth, when, wiring, settings, system) else survived + 1
    assert nth > 40, "two signals through three listeners take more statements than that"


async def test_a_frozen_relay_neither_repeats_nor_overtakes(
    wiring: Wiring, settings: Settings, system: Scope
) -> None:
    """Stopped in the middle of its work for longer than its lease, it wakes up and does no harm."""
    frozen = Victim(victims.relay, settings, "frozen")
    try:
        for round in range(8):
            await announce(wiring, system, "a", *range(round * 5, round * 5 + 5))
            await asyncio.sleep(0.01 * round)
            frozen.signal(signal.SIGSTOP)
            async with wiring.database.shard() as connection:
                await connection.execute("update leases set until = '-infinity' where holder = 'frozen'")
            async with running(relay(wiring.database, wiring.tenants, traced())):
                await asyncio.sleep(0.3)
                frozen.signal(signal.SIGCONT)
                await drained(wiring, 30)
    finally:
        frozen.signal(signal.SIGCONT)
        await frozen.end()
    assert await heard(wiring.log, system, "first", "a") == list(range(40))
    assert await heard(wiring.log, system, "last", "a") == list(range(40))


async def test_clocks_that_differ_by_an_hour_do_not_matter(
    wiring: Wiring, settings: Settings, system: Scope
) -> None:
    """Relays an hour fast and an hour slow share the partitions and each signal is heard once, in order."""
    fast = Victim(victims.relay, settings, "fast", 3_600.0)
    slow = Victim(victims.relay, settings, "slow", -3_600.0)
    try:

        async def shared() -> bool:
            async with wiring.database.shard() as connection:
                rows = await connection.fetch(
                    "select holder, count(*) as n from leases"
                    " where name like 'outbox:%' and until > clock_timestamp() group by 1"
                )
            return {row["holder"]: row["n"] for row in rows} == {"fast": 32, "slow": 32}

        await until(shared, 60)
        for n in range(10):
            for key in ("a", "b", "c"):
                await announce(wiring, system, key, n)
        await drained(wiring)
        await until(shared, 60)
    finally:
        await fast.end()
        await slow.end()
    for key in ("a", "b", "c"):
        assert await heard(wiring.log, system, "first", key) == list(range(10))
