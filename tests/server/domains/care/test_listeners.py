"""A guest who signs in while somebody prays with them."""

from __future__ import annotations

import pytest

from server.domains.care.errors import NoSuchSession
from server.domains.care.schemas import Ask
from server.domains.rooms.errors import NoSuchRoom
from server.kit.scope import Scope
from server.wiring import Wiring
from tests.server.domains.care.test_service import conversation, say, settle, volunteer, words_in_database
from tests.server.domains.voices import become, guest, id_of, person


async def test_a_conversation_goes_on_with_the_member(wiring: Wiring, system: Scope) -> None:
    """Who asked is in the same room under their own account, and the guest they were is not."""
    maria, ruth, session = await conversation(wiring, system)
    await say(wiring, maria, session, "quietzephyr")
    member = person(system, "Maria M.")
    await become(wiring, system, id_of(maria), id_of(member))
    current = await wiring.care.current(member)
    assert current is not None
    assert (current.id, current.state, current.room) == (session.id, "active", session.room)
    assert await wiring.care.current(maria) is None
    for scope in (member, ruth):
        await say(wiring, scope, session, "And on we go")
    with pytest.raises(NoSuchRoom):
        await say(wiring, maria, session, "Who am I?")
    with pytest.raises(NoSuchSession):
        await wiring.care.leave(maria, session.id)
    await wiring.care.end(ruth, session.id)
    await settle(wiring, system, session.id)
    assert await words_in_database(wiring, system, "quietzephyr") == []


async def test_a_place_in_the_queue_is_kept(wiring: Wiring, system: Scope) -> None:
    """Who waits keeps their place; whoever accepts finds the member."""
    ruth = await volunteer(wiring, system, "Ruth")
    maria, member = guest(system), person(system, "Maria M.")
    asked = await wiring.care.ask(maria, Ask())
    await become(wiring, system, id_of(maria), id_of(member))
    assert (await wiring.care.current(member)).id == asked.id  # type: ignore[union-attr]
    session = await wiring.care.accept(ruth, asked.id)
    await say(wiring, member, session, "Here I am")


async def test_nobody_is_in_two_conversations(wiring: Wiring, system: Scope) -> None:
    """Whose account waits already goes on there; what the guest waited for stays the guest's and runs out."""
    await volunteer(wiring, system, "Ruth")
    maria, member = guest(system), person(system, "Maria M.")
    asked, own = await wiring.care.ask(maria, Ask()), await wiring.care.ask(member, Ask())
    await become(wiring, system, id_of(maria), id_of(member))
    assert (await wiring.care.current(member)).id == own.id  # type: ignore[union-attr]
    assert (await wiring.care.current(maria)).id == asked.id  # type: ignore[union-attr]
