"""Two processes of one installation write into the same rooms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from server.domains.chat.errors import IdTaken
from server.domains.chat.models import Receipt
from server.domains.rooms.models import Room
from server.domains.safety.errors import Banned
from server.domains.safety.models import Rules
from server.kit.scope import Scope
from server.settings import Settings
from server.wiring import Wiring, build
from tests.server.domains.voices import guest, id_of, person, room_log, send


@pytest.fixture
async def nodes(wiring: Wiring, settings: Settings, system: Scope) -> AsyncIterator[list[Wiring]]:
    """Give two processes' worth of wiring, with floods allowed."""
    await wiring.safety.set_rules(
        person(system, "Olga", "owner"), Rules(flood_messages=0, duplicate_seconds=0)
    )
    second = build(settings)
    await second.start()
    yield [wiring, second]
    await second.stop()


async def test_numbers_have_no_holes_over_nodes(nodes: list[Wiring], system: Scope, room: Room) -> None:
    """Two hundred messages through both nodes are numbered 1 to 200 in the order of the log."""
    people = [guest(system, f"G{n}") for n in range(20)]
    await asyncio.gather(
        *(send(nodes[n % 2], people[n % 20], room, f"text {n}") for n in range(200)),
    )
    assert [data["number"] for _, data in await room_log(nodes[0], room, system)] == list(range(1, 201))


async def test_one_id_through_both_nodes_is_one_message(
    nodes: list[Wiring], system: Scope, room: Room
) -> None:
    """A retry that lands on the other node gets the first answer; another author is refused there too."""
    scope, id = guest(system), uuid4()
    answers = await asyncio.gather(*(send(nodes[n % 2], scope, room, "Once", id=id) for n in range(40)))
    assert all(answer == answers[0] for answer in answers)
    with pytest.raises(IdTaken):
        await send(nodes[1], guest(system, "Bea"), room, "Twice", id=id)
    assert len(await room_log(nodes[0], room, system)) == 1


async def test_one_id_into_two_rooms_is_one_message(nodes: list[Wiring], system: Scope, room: Room) -> None:
    """Sent into two rooms at once through two nodes, an id ends in one of them."""
    host = person(system, "Ann", "moderator")
    async with nodes[0].database.transaction(system) as tx:
        window = (room.opens_at, room.closes_at)
        other = await nodes[0].rooms.put_gathering(tx, uuid4(), "Other", window)  # type: ignore[arg-type]
    for _ in range(10):
        id = uuid4()
        answers = await asyncio.gather(
            send(nodes[0], host, room, "Here", id=id),
            send(nodes[1], host, other, "There", id=id),
            return_exceptions=True,
        )
        assert {type(answer) for answer in answers} == {Receipt, IdTaken}


async def test_a_ban_on_one_node_holds_on_the_other(nodes: list[Wiring], system: Scope, room: Room) -> None:
    """Nothing is acknowledged by any node after the ban has been answered by one."""
    one, late = guest(system), list[Receipt]()
    banned = asyncio.Event()

    async def talk(node: Wiring) -> None:
        while True:
            sent_after = banned.is_set()
            try:
                receipt = await send(node, one, room, "more words")
            except Banned:
                return
            if sent_after:
                late.append(receipt)

    talkers = [asyncio.create_task(talk(node)) for node in nodes * 3]
    await asyncio.sleep(0.3)
    await nodes[0].safety.ban(person(system, "Ann", "moderator"), id_of(one), "Maria")
    count = len(await room_log(nodes[0], room, system))
    banned.set()
    await asyncio.gather(*talkers)
    assert late == []
    assert len(await room_log(nodes[0], room, system)) == count > 0


async def test_reactions_through_both_nodes_add_up(nodes: list[Wiring], system: Scope, room: Room) -> None:
    """Thirty people through two nodes are thirty."""
    first = await send(nodes[0], guest(system), room)
    people = [guest(system, f"G{n}") for n in range(30)]
    await asyncio.gather(
        *(nodes[n % 2].chat.react(one, room.id, first.id, "🙏") for n, one in enumerate(people))
    )
    assert (await nodes[0].messages.history(system, room.id)).reactions == {first.id: {"🙏": 30}}


async def test_clearing_against_reacting_and_sending(nodes: list[Wiring], system: Scope, room: Room) -> None:
    """While one node clears a person, others react to and write more: nobody fails, and what is left is consistent."""
    one, host = guest(system), person(system, "Ann", "moderator")
    ids = [(await send(nodes[0], one, room, f"text {n}")).id for n in range(20)]
    people = [guest(system, f"G{n}") for n in range(10)]
    work = [nodes[n % 2].chat.react(p, room.id, id, "🙏") for n, p in enumerate(people) for id in ids]
    results = await asyncio.gather(
        nodes[1].hosting.clear(host, id_of(one)),
        *work,
        *(send(nodes[n % 2], one, room, f"more {n}") for n in range(10)),
        return_exceptions=True,
    )
    codes = {getattr(r, "code", repr(r)) for r in results if isinstance(r, BaseException)}
    assert codes <= {"no_such_message"}
    await nodes[0].hosting.clear(host, id_of(one))
    page = await nodes[0].messages.history(system, room.id, most=100)
    assert {message.state for message in page.messages} == {"removed"}
    assert page.reactions == {}
    assert [m.number for m in page.messages] == list(range(1, 31))
