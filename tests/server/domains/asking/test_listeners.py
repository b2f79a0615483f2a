"""What a guest asked for, wrote and prayed, once it is known who they are."""

from __future__ import annotations

import pytest

from server.domains.prayer.errors import LinkOver
from server.domains.prayer.schemas import Ask, NewReply
from server.kit.scope import Scope
from server.wiring import Wiring
from tests.server.domains.prayers import put_up, secret, seen
from tests.server.domains.voices import become, guest, id_of, person


async def test_requests_are_the_members(wiring: Wiring, system: Scope) -> None:
    """The member finds and tends what the guest asked for; the guest does not any more; the team sees whose it is."""
    maria, ruth, other = guest(system), person(system, "Ruth"), guest(system, "Bea")
    asked = await wiring.asking.ask(maria, Ask("My knee", visibility="wall", wall_consent=True))
    theirs = await wiring.asking.ask(other, Ask("My back"))
    await become(wiring, system, id_of(maria), id_of(ruth))
    assert [own.id for own in await wiring.asking.mine(ruth)] == [asked.id]
    assert await wiring.asking.mine(maria) == []
    assert [own.id for own in await wiring.asking.mine(other)] == [theirs.id]
    assert (await seen(wiring, system, asked.id)).asker == id_of(ruth)
    with pytest.raises(LinkOver):
        await wiring.asking.withdraw(maria, asked.id, None)
    assert (await wiring.asking.withdraw(ruth, asked.id, None)).state == "withdrawn"


async def test_a_sealed_request_stays_nobodys(wiring: Wiring, system: Scope) -> None:
    """What was asked anonymously is found by its link alone, before and after."""
    maria, ruth = guest(system), person(system, "Ruth")
    asked = await wiring.asking.ask(maria, Ask("My secret", anonymous=True))
    await become(wiring, system, id_of(maria), id_of(ruth))
    assert await wiring.asking.mine(ruth) == []
    assert (await wiring.asking.own(ruth, asked.id, secret(asked))).body == "My secret"
    assert (await seen(wiring, system, asked.id)).asker is None


async def test_who_prayed_as_a_guest_is_not_counted_again(wiring: Wiring, system: Scope) -> None:
    """A prayer of the guest is the member's; where both had prayed, both stay counted and none comes after."""
    maria, ruth = guest(system), person(system, "Ruth")
    one, both = [(await put_up(wiring, system, name=name)).id for name in ("Ann", "Ben")]
    await wiring.wall.pray(maria, one)
    for scope in (maria, ruth):
        await wiring.wall.pray(scope, both)
    await become(wiring, system, id_of(maria), id_of(ruth))
    assert (await wiring.wall.pray(ruth, one)).count == 1
    assert (await wiring.wall.pray(ruth, both)).count == 2
    assert (await wiring.wall.pray(person(system), one)).count == 2


async def test_words_below_a_request_are_the_members(wiring: Wiring, system: Scope) -> None:
    """Erasing the member takes out what they wrote as a guest too."""
    maria, ruth = guest(system), person(system, "Ruth")
    id = (await put_up(wiring, system, name="Ann")).id
    await wiring.wall.encourage(maria, id, NewReply("Be of good courage"))
    await become(wiring, system, id_of(maria), id_of(ruth))
    async with wiring.database.transaction(system) as tx:
        assert await wiring.replies.requests_of(tx, id_of(ruth)) == [id]
        assert await wiring.replies.requests_of(tx, id_of(maria)) == []


async def test_a_new_account_keeps_everything(wiring: Wiring, system: Scope) -> None:
    """Whose id stays the same has lost nothing, neither a request nor a prayer."""
    maria = guest(system)
    asked = await wiring.asking.ask(maria, Ask("My knee"))
    id = (await put_up(wiring, system, name="Ann")).id
    await wiring.wall.pray(maria, id)
    await become(wiring, system, id_of(maria), id_of(maria))
    assert [own.id for own in await wiring.asking.mine(maria)] == [asked.id]
    assert (await wiring.wall.pray(maria, id)).count == 1
