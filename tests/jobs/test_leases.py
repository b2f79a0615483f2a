"""Leases: one leader, by the database's clock, and no two holders of a partition."""

from __future__ import annotations

import asyncio

from jobs.leases import Leader, Partitions
from server.kit.outbox import PARTITIONS
from server.wiring import Wiring


async def test_only_one_leads_until_it_lets_go(wiring: Wiring) -> None:
    """The second asks in vain while the first renews, and leads as soon as the first has let go."""
    first, second = (Leader(wiring.database, "main", "x", name) for name in ("first", "second"))
    assert await first.lead()
    assert not await second.lead()
    assert await first.lead()
    await first.let_go()
    assert await second.lead()
    await first.let_go()  # what is not ours is not let go
    assert not await first.lead()


async def test_a_leader_that_is_silent_is_followed(wiring: Wiring) -> None:
    """After the lease's time without a renewal somebody else leads."""
    first = Leader(wiring.database, "main", "x", "first", seconds=0.2)
    second = Leader(wiring.database, "main", "x", "second", seconds=60.0)
    assert await first.lead()
    await asyncio.sleep(0.3)
    assert await second.lead()
    assert not await first.lead()


async def test_beats_at_once_never_share_a_partition(wiring: Wiring) -> None:
    """Five relays that beat at the same moment, again and again, hold disjoint shares that settle at a fifth."""
    relays = [Partitions(wiring.database, "main", f"r{i}") for i in range(5)]
    for _ in range(6):
        await asyncio.gather(*(relay.beat() for relay in relays))
        async with wiring.database.shard() as connection:
            held = await connection.fetchval(
                "select count(*) from leases where name like 'outbox:%' and holder <> ''"
            )
        assert held <= PARTITIONS
    shares = [relay.held.partitions for relay in relays]
    assert sum(len(share) for share in shares) == PARTITIONS
    assert frozenset().union(*shares) == frozenset(range(PARTITIONS))
    assert {len(share) for share in shares} <= {12, 13}


async def test_partitions_of_the_dead_are_suspect_and_returned_ones_are_not(wiring: Wiring) -> None:
    """Who takes over after an expiry is told so; who takes what was given back is not."""
    first = Partitions(wiring.database, "main", "first", seconds=0.2)
    await first.beat()
    await asyncio.sleep(0.3)
    second = Partitions(wiring.database, "main", "second")
    assert len((await second.beat()).suspect) == PARTITIONS
    await second.let_go()
    third = Partitions(wiring.database, "main", "third")
    held = await third.beat()
    assert (len(held.partitions), len(held.suspect)) == (PARTITIONS, 0)
