"""Blocks on a real database."""

from __future__ import annotations

from uuid import uuid4

import pytest

from realtime.topics import Topic
from server.domains.blocks.errors import NotYourself, TooManyBlocks
from server.kit.errors import Unauthenticated
from server.kit.scope import Actor, Scope
from server.wiring import Wiring
from tests.server.domains.voices import guest, id_of, log, person


async def test_a_block_is_ones_own(wiring: Wiring, system: Scope) -> None:
    """Blocking twice is once; only the blocker's own topic and list tell of it."""
    bob, eve = person(system, "Bob"), guest(system, "Eve")
    for _ in range(2):
        await wiring.blocks.block(bob, id_of(eve))
    assert await wiring.blocks.mine(bob) == [id_of(eve)]
    assert await wiring.blocks.mine(eve) == []
    assert [event for event, _ in await log(wiring, Topic(system.tenant.id, "me", str(id_of(bob))))] == [
        "person.blocked"
    ]
    assert await log(wiring, Topic(system.tenant.id, "me", str(id_of(eve)))) == []
    async with wiring.database.transaction(system) as tx:
        pairs = await wiring.blocks.between(tx, [id_of(bob), id_of(eve)], [id_of(bob), id_of(eve)])
        assert pairs == {(id_of(bob), id_of(eve))}
    for _ in range(2):
        await wiring.blocks.unblock(bob, id_of(eve))
    assert await wiring.blocks.mine(bob) == []


async def test_nobody_blocks_themselves_or_everybody(wiring: Wiring, system: Scope) -> None:
    """The list ends at 500; nobody and oneself are refused."""
    bob = person(system, "Bob")
    with pytest.raises(NotYourself):
        await wiring.blocks.block(bob, id_of(bob))
    with pytest.raises(Unauthenticated):
        await wiring.blocks.block(Scope(system.tenant, Actor()), id_of(bob))
    async with wiring.database.transaction(system) as tx:
        await tx.connection.execute(
            "insert into blocks_people select $1, gen_random_uuid(), now() from generate_series(1, 500)",
            id_of(bob),
        )
    with pytest.raises(TooManyBlocks):
        await wiring.blocks.block(bob, uuid4())
    assert len(await wiring.blocks.mine(bob)) == 500


async def test_a_person_is_forgotten(wiring: Wiring, system: Scope) -> None:
    """Neither whom they blocked nor who blocked them is kept."""
    bob, eve = person(system, "Bob"), guest(system, "Eve")
    await wiring.blocks.block(bob, id_of(eve))
    await wiring.blocks.block(eve, id_of(bob))
    async with wiring.database.transaction(system) as tx:
        await wiring.blocks.forget(tx, id_of(bob))
        assert await tx.connection.fetchval("select count(*) from blocks_people") == 0
