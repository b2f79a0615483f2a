"""From the outbox to the listeners: once, in order, and past what fails."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from typing import Any

import asyncpg
import pytest

from jobs.outbox import DeadLetters, NoSuchLetter
from realtime.broker import Publication
from server.kit.db import Transaction
from server.kit.errors import Unavailable
from server.kit.outbox import TRIES, Listener, Listeners, encode
from server.kit.scope import Scope
from server.wiring import Wiring
from tests.jobs.support import (
    Counted,
    announce,
    drained,
    heard,
    outbox,
    relay,
    running,
    trace,
    traced,
    until,
)


async def hurry(wiring: Wiring) -> None:
    """Let every parked row be due now."""
    async with wiring.database.shard() as connection:
        await connection.execute("update outbox set retry_at = clock_timestamp() where retry_at is not null")


class Fails:
    """A handler that fails while told to, and otherwise traces."""

    def __init__(self, error: Exception, church: str = "", about: str = "") -> None:
        self.error: Exception | None = error
        self.church = church
        self.about = about
        self.calls: list[int] = []

    async def __call__(self, tx: Transaction, signal: Any) -> None:
        self.calls.append(signal.n)
        here = self.church in ("", tx.scope.tenant.id) and self.about in ("", signal.about)
        if self.error is not None and here:
            raise self.error
        await trace("fails")(tx, signal)


async def test_a_failure_that_is_kept_quotes_no_row(wiring: Wiring, system: Scope) -> None:
    """What a listener could not write is not in the letter that operators read."""

    async def write(tx: Transaction, signal: Any) -> None:
        await tx.connection.execute("insert into topics (name, head) values ('secret words', null)")

    await announce(wiring, system, "a", 1)
    async with running(
        relay(wiring.database, wiring.tenants, Listeners([Listener("tests.writes", Counted, write)]))
    ):
        await until(lambda: noted(wiring))
    assert "null value in column" in (await noted(wiring) or "")
    assert "secret words" not in (await noted(wiring) or "")


async def noted(wiring: Wiring) -> str | None:
    """Return what is written down of a failure, once there is one."""
    async with wiring.database.shard() as connection:
        found: str | None = await connection.fetchval(
            "select error from outbox where error is not null limit 1"
        )
        return found


async def test_every_listener_hears_a_signal_once(wiring: Wiring, system: Scope) -> None:
    """Each listener's writes are committed once, its own signals flow on, and the row is gone."""
    await announce(wiring, system, "a", 1, 2, 3)
    async with running(relay(wiring.database, wiring.tenants, traced())):
        await drained(wiring)
    assert await heard(wiring.log, system, "first", "a") == [1, 2, 3]
    assert await heard(wiring.log, system, "last", "a") == [1, 2, 3]


async def test_what_a_listener_appends_is_announced(wiring: Wiring, system: Scope) -> None:
    """A listener's transaction ends like any other: its events go to the announcer after COMMIT."""
    said: list[tuple[Publication, bool]] = []

    class Hears:
        def committed(self, scope: Scope, publication: Publication, *, signals: bool) -> None:
            assert scope.actor.kind == "system"
            said.append((publication, signals))

    await announce(wiring, system, "a", 1)
    wiring.database.announcer = Hears()
    async with running(relay(wiring.database, wiring.tenants, traced())):
        await drained(wiring)
    assert sorted((len(publication.events), signals) for publication, signals in said) == [
        (0, True),
        (1, False),
        (1, False),
    ]


async def test_a_wake_up_spares_the_poll(wiring: Wiring, system: Scope) -> None:
    """A relay that polls every hour delivers at once when it is woken."""
    sleepy = relay(wiring.database, wiring.tenants, traced(), poll_seconds=3_600.0)
    async with running(sleepy):
        await until(lambda: held_by(wiring))
        await announce(wiring, system, "a", 1)
        sleepy.wake()
        await drained(wiring, 5)


@pytest.mark.parametrize("passes", range(8))
async def test_a_relay_that_is_woken_and_ended_at_once_ends(
    wiring: Wiring, system: Scope, passes: int
) -> None:
    """An end that comes together with a wake-up, some passes of the loop apart, is not lost."""
    one = relay(wiring.database, wiring.tenants, traced(), poll_seconds=10)
    task = asyncio.create_task(one.run())
    await announce(wiring, system, "a", 1)
    one.wake()
    await drained(wiring)
    await asyncio.sleep(0.1)  # nothing to do: it waits for a reason
    one.wake()
    for _ in range(passes):
        await asyncio.sleep(0)
    task.cancel()
    _, pending = await asyncio.wait([task], timeout=2)
    for hung in pending:
        hung.cancel()
        await asyncio.wait([hung], timeout=10)
    assert not pending


async def held_by(wiring: Wiring) -> dict[str, int]:
    """Return how many partitions each holder has now."""
    async with wiring.database.shard() as connection:
        rows = await connection.fetch(
            "select holder, count(*) as n from leases where name like 'outbox:%' and until > now() group by 1"
        )
    return {row["holder"]: row["n"] for row in rows}


async def test_keys_stay_in_order_under_parallel_relays(wiring: Wiring, system: Scope) -> None:
    """Three relays with uneven listeners: every key's signals arrive once and in the order of writing."""
    order: dict[str, list[int]] = defaultdict(list)

    async def slow(tx: Transaction, signal: Any) -> None:
        await asyncio.sleep(random.random() * 0.005)
        await trace("slow")(tx, signal)
        order[signal.about].append(signal.n)

    listeners = Listeners([Listener("tests.slow", Counted, slow)])
    keys = [f"k{i}" for i in range(12)]
    async with running(
        *(relay(wiring.database, wiring.tenants, listeners, keys_at_once=1) for _ in range(3))
    ):
        for n in range(15):
            async with wiring.database.transaction(system) as tx:
                for key in random.sample(keys, len(keys)):
                    tx.signal(Counted(about=key, n=n))
        await drained(wiring, 40)
    for key in keys:
        assert await heard(wiring.log, system, "slow", key) == list(range(15))
        assert order[key] == list(range(15))


async def test_a_poison_row_parks_its_key_only(wiring: Wiring, system: Scope, other_system: Scope) -> None:
    """What stands behind the failing row waits; other keys, and the same key of another church, go on."""
    fails = Fails(ValueError("no"), system.tenant.id, "bad")
    listeners = Listeners([Listener("tests.fails", Counted, fails)])
    await announce(wiring, system, "bad", 1, 2)
    await announce(wiring, system, "good", 1, 2)
    await announce(wiring, other_system, "bad", 7)
    async with running(relay(wiring.database, wiring.tenants, listeners)):

        async def others() -> bool:
            elsewhere = await heard(wiring.log, other_system, "fails", "bad")
            return await heard(wiring.log, system, "fails", "good") == [1, 2] and elsewhere == [7]

        await until(others)
        waiting = [row for row in await outbox(wiring) if row["key"] == "bad"]
        assert [row["church"] for row in waiting if row["attempts"]] == [system.tenant.schema]
        assert len(waiting) >= 2
        assert waiting[0]["attempts"] >= 1
        assert "ValueError: no (listener tests.fails)" in waiting[0]["error"]
        fails.error = None
        await hurry(wiring)
        await drained(wiring)
    assert await heard(wiring.log, system, "fails", "bad") == [1, 2]


async def test_after_five_tries_a_letter_is_dead_and_its_key_goes_on(wiring: Wiring, system: Scope) -> None:
    """The fifth failure moves the row to the dead letters with its error; the next row of its key is heard."""
    calls: list[int] = []

    async def first_fails(tx: Transaction, signal: Any) -> None:
        calls.append(signal.n)
        if signal.n == 1:
            raise RuntimeError("never\0 ever \udc80")
        await trace("fails")(tx, signal)

    await announce(wiring, system, "a", 1, 2)
    async with running(
        relay(wiring.database, wiring.tenants, Listeners([Listener("tests.fails", Counted, first_fails)]))
    ):

        async def gone() -> bool:
            await hurry(wiring)
            return not await outbox(wiring)

        await until(gone)
    assert calls == [1] * TRIES + [2]
    assert await heard(wiring.log, system, "fails", "a") == [2]
    (letter,) = await DeadLetters(wiring.database).page()
    assert (letter.church, letter.key, letter.kind) == (system.tenant.schema, "a", "tests.counted")
    assert letter.attempts == TRIES
    assert "RuntimeError: never ever" in letter.error


async def test_a_replayed_letter_reaches_only_whom_it_missed(wiring: Wiring, system: Scope) -> None:
    """A listener that was done with the signal is not asked again when the dead letter is brought back."""
    fails = Fails(ValueError("no"))
    listeners = Listeners(
        [Listener("tests.first", Counted, trace("first")), Listener("tests.fails", Counted, fails)]
    )
    dead = DeadLetters(wiring.database)
    await announce(wiring, system, "a", 1)
    async with running(relay(wiring.database, wiring.tenants, listeners)):

        async def buried() -> Any:
            await hurry(wiring)
            return await dead.page()

        (letter,) = await until(buried)
        fails.error = None
        await dead.replay(letter.id)
        await drained(wiring)
    assert await heard(wiring.log, system, "first", "a") == [1]
    assert await heard(wiring.log, system, "fails", "a") == [1]
    assert await dead.page() == []
    with pytest.raises(NoSuchLetter):
        await dead.replay(letter.id)
    with pytest.raises(NoSuchLetter):
        await dead.forget(letter.id)


async def test_what_is_away_does_not_count_as_a_try(wiring: Wiring, system: Scope) -> None:
    """A listener that finds a part of the installation away is asked again as often as it takes."""
    fails = Fails(Unavailable())
    await announce(wiring, system, "a", 1)
    async with running(
        relay(wiring.database, wiring.tenants, Listeners([Listener("tests.fails", Counted, fails)]))
    ):

        async def often() -> bool:
            await hurry(wiring)
            return len(fails.calls) > TRIES + 2

        await until(often)
        (row,) = await outbox(wiring)
        assert row["attempts"] == 0
        fails.error = None
        await hurry(wiring)
        await drained(wiring)
    assert await heard(wiring.log, system, "fails", "a") == [1]


async def test_a_listener_that_hangs_is_ended(wiring: Wiring, system: Scope) -> None:
    """Past its time a listener's transaction is rolled back, and that counts as a try."""

    async def hangs(tx: Transaction, signal: Any) -> None:
        await trace("hangs")(tx, signal)
        await tx.connection.execute("select pg_sleep(60)")

    await announce(wiring, system, "a", 1)
    listeners = Listeners([Listener("tests.hangs", Counted, hangs)])
    async with running(relay(wiring.database, wiring.tenants, listeners, listener_seconds=0.2)):

        async def failed() -> bool:
            (row,) = await outbox(wiring)
            return bool(row["attempts"] == 1)

        await until(failed)
    (row,) = await outbox(wiring)
    assert "took too long" in row["error"]
    assert await heard(wiring.log, system, "hangs", "a") == []


async def test_what_nobody_listens_to_is_deleted(wiring: Wiring, system: Scope) -> None:
    """A kind without listeners does not stay in the outbox."""
    await announce(wiring, system, "a", 1)
    async with running(relay(wiring.database, wiring.tenants, Listeners([]))):
        await drained(wiring)


async def test_data_that_cannot_be_read_is_buried_not_fatal(wiring: Wiring, system: Scope) -> None:
    """A row whose data does not fit its kind fails like a listener and ends as a dead letter."""
    async with wiring.database.transaction(system) as tx:
        await tx.connection.execute(
            "insert into shard.outbox (key, kind, data) values ('a', 'tests.counted', 'nonsense')"
        )
    async with running(relay(wiring.database, wiring.tenants, traced())):

        async def buried() -> Any:
            await hurry(wiring)
            return await DeadLetters(wiring.database).page()

        (letter,) = await until(buried)
    assert "DecodeError" in letter.error


async def test_a_suspended_church_still_hears_and_a_deleted_one_does_not(
    wiring: Wiring, system: Scope, other_system: Scope
) -> None:
    """A suspended church's signals flow; those of a church that is being erased are dropped."""
    await announce(wiring, system, "a", 1)
    await announce(wiring, other_system, "a", 1)
    async with wiring.database.control() as connection:
        await connection.execute("update tenants set status = 'suspended' where id = $1", system.tenant.id)
        await connection.execute(
            "update tenants set status = 'deleting' where id = $1", other_system.tenant.id
        )
    async with running(relay(wiring.database, wiring.tenants, traced())):
        await drained(wiring)
    assert await heard(wiring.log, system, "first", "a") == [1]
    assert await heard(wiring.log, other_system, "first", "a") == []


async def test_partitions_are_shared_fairly(wiring: Wiring) -> None:
    """Two relays hold 32 partitions each, three at most 22, and the last takes all when the others stop."""
    one, two, three = (
        relay(wiring.database, wiring.tenants, Listeners([]), holder=name) for name in ("one", "two", "three")
    )

    async def shares(*expected: int) -> dict[str, int]:
        async def settled() -> dict[str, int] | None:
            held = await held_by(wiring)
            return held if sorted(held.values()) == sorted(expected) else None

        held: dict[str, int] = await until(settled)
        return held

    async with running(one):
        await shares(64)
        async with running(two):
            await shares(32, 32)
            async with running(three):
                await shares(22, 22, 20)
        assert await shares(64) == {"one": 64}


async def test_a_big_queue_of_one_church_does_not_hold_up_the_others(
    wiring: Wiring, system: Scope, other_system: Scope
) -> None:
    """A signal that is written behind 2,000 of another church is heard long before they are done."""
    async with wiring.database.transaction(system) as tx:
        for n in range(2_000):
            tx.signal(Counted(about=f"k{n}", n=n))
    await announce(wiring, other_system, "a", 1)
    async with running(relay(wiring.database, wiring.tenants, traced())):

        async def other() -> bool:
            return await heard(wiring.log, other_system, "first", "a") == [1]

        await until(other)
        assert len(await outbox(wiring)) > 1_500


async def test_a_row_that_ends_its_relay_is_buried_in_the_end(wiring: Wiring, system: Scope) -> None:
    """After a holder died its rows are counted before they are tried, so that a deadly row cannot kill for ever."""
    await announce(wiring, system, "deadly", 1)

    async def dies(tx: Transaction, signal: Any) -> None:
        raise asyncio.CancelledError  # what a killed process looks like from inside: no answer, no bookkeeping

    listeners = Listeners([Listener("tests.dies", Counted, dies)])
    for attempt in range(TRIES + 2):
        async with wiring.database.shard() as connection:  # the holder before died without letting go
            await connection.execute(
                "update leases set holder = 'dead', until = '-infinity' where name like 'outbox:%'"
            )
        victim = relay(wiring.database, wiring.tenants, listeners, holder=f"victim{attempt}")
        if attempt == 0:
            await victim._partitions.beat()
            await victim._partitions.let_go()
            continue
        task = asyncio.create_task(victim.run())

        async def counted(attempt: int = attempt) -> bool:
            rows = await outbox(wiring)
            return not rows or rows[0]["attempts"] >= attempt

        await until(counted)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await outbox(wiring) == []
    (letter,) = await DeadLetters(wiring.database).page()
    assert "ended 5 times" in letter.error


async def test_a_relay_that_lost_its_partition_touches_nothing(wiring: Wiring, system: Scope) -> None:
    """A row read before the lease was lost is left to the new holder, even though it is still there."""
    calls: list[int] = []

    async def count(tx: Transaction, signal: Any) -> None:
        calls.append(signal.n)

    stale = relay(
        wiring.database, wiring.tenants, Listeners([Listener("tests.count", Counted, count)]), holder="stale"
    )
    await announce(wiring, system, "a", 1)
    await stale._partitions.beat()
    rows = await stale._read()
    assert len(rows) == 1
    async with wiring.database.shard() as connection:
        await connection.execute("update leases set holder = 'new' where name like 'outbox:%'")
    await stale._slots.acquire()
    await stale._deliver(rows[0].owner, list(rows))
    assert calls == []
    assert len(await outbox(wiring)) == 1


async def test_the_relay_outlives_its_connections(wiring: Wiring, settings: Any, system: Scope) -> None:
    """When Postgres ends all connections in the middle, everything is still heard once and in order."""
    writer = await asyncpg.connect(settings.admin_url, server_settings={"application_name": "writer"})
    cuts = 0
    async with running(relay(wiring.database, wiring.tenants, traced())):
        for n in range(60):
            async with writer.transaction():
                await writer.execute(f"set local role {system.tenant.schema}")
                fact = encode(Counted(about=f"k{n % 5}", n=n))
                await writer.execute(
                    "insert into shard.outbox (key, kind, data) values ($1, 'tests.counted', $2)",
                    f"k{n % 5}",
                    fact,
                )
            await asyncio.sleep(0.005)
            if n % 10 == 5:
                cuts += await writer.fetchval(
                    "select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity"
                    " where datname = current_database() and application_name = 'narthex'"
                )
        await until(lambda: _empty(writer), 60)
    await writer.close()
    assert cuts > 6
    for key in range(5):
        expected = [n for n in range(60) if n % 5 == key]
        assert await heard(wiring.log, system, "first", f"k{key}") == expected
        assert await heard(wiring.log, system, "last", f"k{key}") == expected


async def _empty(writer: asyncpg.Connection[asyncpg.Record]) -> bool:
    """Tell whether the outbox is empty, and let what was parked be due."""
    await writer.execute("update shard.outbox set retry_at = clock_timestamp() where retry_at is not null")
    return await writer.fetchval("select count(*) from shard.outbox") == 0


async def test_a_relay_that_failed_can_run_again(wiring: Wiring, system: Scope) -> None:
    """Started again by the supervisor after deliveries were cut off, it has all its slots and keys."""
    hang = asyncio.Event()

    async def hangs_first(tx: Transaction, signal: Any) -> None:
        await hang.wait()
        await trace("again")(tx, signal)

    one = relay(
        wiring.database,
        wiring.tenants,
        Listeners([Listener("tests.hangs", Counted, hangs_first)]),
        keys_at_once=2,
    )
    for key in "abcd":
        await announce(wiring, system, key, 1)
    for _ in range(3):
        async with running(one):
            await until(lambda: _busy(one))
    hang.set()
    async with running(one):
        await drained(wiring)
    for key in "abcd":
        assert await heard(wiring.log, system, "again", key) == [1]


async def _busy(one: Any) -> bool:
    return one._slots.locked()
