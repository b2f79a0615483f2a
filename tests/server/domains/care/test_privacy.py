"""Who is in a private room is for one-to-one prayer alone to say, and nobody learns its words by another way."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from realtime.topics import Topic
from server.domains.care.errors import AlreadyAsking, ForAdults
from server.domains.care.models import Settings
from server.domains.care.schemas import Ask, SessionShown
from server.domains.chat.schemas import Send
from server.domains.hosting.errors import NoHosts
from server.domains.hosting.schemas import ReportBody
from server.domains.rooms.errors import BadRoom, NoSuchRoom, RoomLocked
from server.domains.rooms.schemas import Invitation, NewRoom, RoomChange
from server.kit.errors import Invalid, Limited
from server.kit.scope import Scope
from server.wiring import Wiring
from tests.server.domains.care.test_service import (
    conversation,
    owner,
    say,
    settle,
    volunteer,
    words_in_database,
)
from tests.server.domains.queueing import deliver
from tests.server.domains.voices import guest, id_of, log, person, send


def room_of(session: SessionShown) -> UUID:
    assert session.room is not None
    return session.room


async def child_with_two(wiring: Wiring, system: Scope) -> tuple[Scope, Scope, Scope, SessionShown]:
    """Bring a child and two adults into a room; the first of them is a pastor."""
    first = await volunteer(wiring, system, "Pia", "pastor", "prayer_team", "member")
    child = guest(system)
    asked = await wiring.care.ask(child, Ask(minor=True))
    await wiring.care.accept(first, asked.id)
    second = await volunteer(wiring, system, "Paul")
    return child, first, second, await wiring.care.join(second, asked.id)


async def test_nobody_is_let_in_by_another_door(wiring: Wiring, system: Scope) -> None:
    """A volunteer is no host who invites: whoever comes in is accepted, joins or is handed over to."""
    _, ruth, session = await conversation(wiring, system)
    stranger = person(system, "Max")
    with pytest.raises(BadRoom):
        await wiring.rooms.invite(ruth, room_of(session), Invitation([id_of(stranger)], "host"))
    with pytest.raises(NoSuchRoom):
        await wiring.messages.history(stranger, room_of(session))


async def test_two_adults_stay_two(wiring: Wiring, system: Scope) -> None:
    """Neither throws the other out, nor slips out by the room's list: who leaves locks the room again."""
    child, first, second, session = await child_with_two(wiring, system)
    for scope, gone in ((first, second), (second, second), (first, child), (child, child)):
        with pytest.raises(BadRoom):
            await wiring.rooms.remove(scope, room_of(session), id_of(gone))
    await say(wiring, second, session, "I am here")
    await wiring.care.hand_over(second, session.id, None)
    with pytest.raises(RoomLocked):
        await say(wiring, first, session, "Only the two of us")


async def test_its_rules_are_not_the_rooms(wiring: Wiring, system: Scope) -> None:
    """No host unlocks, renames or closes a private room."""
    _, first, _, session = await child_with_two(wiring, system)
    with pytest.raises(BadRoom):
        await wiring.rooms.change(first, room_of(session), RoomChange(locked=False))
    with pytest.raises(BadRoom):
        await wiring.rooms.archive(first, room_of(session))


@pytest.mark.parametrize("words", ["keep", "erase"])
async def test_when_it_is_over_nobody_reads_on(wiring: Wiring, system: Scope, words: Any) -> None:
    """Kept words are opened with a permission and a reason, by who was there too."""
    await wiring.care.set_settings(owner(system), Settings(words=words), None)
    maria, ruth, session = await conversation(wiring, system)
    await say(wiring, maria, session, "Between us")
    await wiring.care.end(ruth, session.id)
    for scope in (maria, ruth):
        with pytest.raises(NoSuchRoom):
            await wiring.rooms.enter(scope, room_of(session))
        with pytest.raises(NoSuchRoom):
            await wiring.messages.history(scope, room_of(session))


# ---- the queue


async def queued(wiring: Wiring, system: Scope) -> str:
    """Return everything that any queue was told or shows."""
    told = [str(await log(wiring, Topic(system.tenant.id, "queue", team))) for team in TEAMS]
    return " ".join([*told, str(await wiring.moderation.queue(owner(system)))])


TEAMS = ("chat", "prayer", "pastors", "care")


async def test_no_host_is_told_of_a_private_room(wiring: Wiring, system: Scope) -> None:
    """A report would go to who is reported: it is refused, and pointed to the pastors."""
    maria, ruth, session = await conversation(wiring, system)
    sent = await wiring.chat.post(ruth, room_of(session), Send("a quietzephyr word"))
    with pytest.raises(NoHosts, match="/care/concerns"):
        await wiring.hosting.report(maria, room_of(session), sent.id, ReportBody("unsafe"))
    await deliver(wiring, system)
    assert "quietzephyr" not in await queued(wiring, system)


async def test_a_room_of_invited_people_is_in_no_queue(wiring: Wiring, system: Scope) -> None:
    """What waits or is reported there is for its own hosts; the chat's other moderators are not on its list."""
    host, maria = person(system, "Hanna", "moderator"), person(system, "Maria")
    room = await wiring.rooms.create(host, NewRoom("invited", "Just us", [id_of(maria)]))
    await send(wiring, maria, room, "see https://quietzephyr.example")
    sent = await send(wiring, host, room, "a quietzephyr word")
    await wiring.hosting.report(maria, room.id, sent.id, ReportBody("unkind"))
    await deliver(wiring, system)
    other = person(system, "Olaf", "moderator")
    assert await wiring.moderation.queue(other) == []
    assert "quietzephyr" not in await queued(wiring, system)
    assert len(await wiring.hosting.reports(host)) == 1


# ---- who is no volunteer any more


async def test_a_volunteer_who_may_not_any_more_is_out(wiring: Wiring, system: Scope) -> None:
    """Whoever is suspended or taken off the team leaves the room at once, and who asked waits for another."""
    boss = await volunteer(wiring, system, "Olga", "owner", "member", here=False)
    for number, take in enumerate(("roles", "suspend")):
        ruth = await volunteer(wiring, system, f"Ruth {number}")
        maria = guest(system)
        session = await wiring.care.accept(ruth, (await wiring.care.ask(maria, Ask())).id)
        if take == "roles":
            await wiring.accounts.set_roles(boss, id_of(ruth), frozenset({"member"}))
        else:
            await wiring.accounts.suspend(boss, id_of(ruth))
        await deliver(wiring, system)
        with pytest.raises(NoSuchRoom):
            await wiring.messages.history(ruth, room_of(session))
        current = await wiring.care.current(maria)
        assert current is not None
        assert (current.state, current.first) == ("waiting", "")
        paul = await volunteer(wiring, system, "Paul")
        await wiring.care.accept(paul, session.id)
        with pytest.raises(Invalid):
            await wiring.care.hand_over(paul, session.id, id_of(ruth))


async def test_somebody_is_forgotten_in_the_middle(wiring: Wiring, system: Scope) -> None:
    """An asker's open conversation ends and its words go, whatever the church keeps; a volunteer's name goes."""
    await wiring.care.set_settings(owner(system), Settings(words="keep"), None)
    maria, ruth, session = await conversation(wiring, system, topic="a quietzephyr topic")
    await say(wiring, maria, session, "a quietzephyr word")
    await wiring.care.forget(system, id_of(maria))
    await deliver(wiring, system)
    await settle(wiring, system, session.id)
    assert await words_in_database(wiring, system, "quietzephyr") == []
    [row] = await wiring.care.page(owner(system), before=None, most=5)
    assert (row.state, row.first_name) == ("left", "Ruth")
    await wiring.care.forget(system, id_of(ruth))
    [row] = await wiring.care.page(owner(system), before=None, most=5)
    assert (row.first_name, row.first_id) == ("", None)


async def test_one_house_does_not_fill_the_queue(wiring: Wiring, system: Scope) -> None:
    """Guests are made by anybody: those of one address ask so often and no more, and others still find a place."""
    await volunteer(wiring, system, "Ruth")
    with pytest.raises(Limited):
        for number in range(60):
            await wiring.care.ask(guest(system, f"G{number}", address="192.0.2.9"), Ask())
    await wiring.care.ask(guest(system, address="192.0.2.10"), Ask())


async def test_who_is_refused_in_need_still_gets_the_card(wiring: Wiring, system: Scope) -> None:
    """A child who is led to the form, and who asks twice, is shown helplines all the same."""
    await wiring.care.set_settings(owner(system), Settings(minors="form"), None)
    await volunteer(wiring, system, "Ruth")
    with pytest.raises(ForAdults) as child:
        await wiring.care.ask(guest(system), Ask(topic="I want to die", minor=True))
    assert child.value.extra == {"card": "self_harm"}
    maria = guest(system)
    await wiring.care.ask(maria, Ask())
    with pytest.raises(AlreadyAsking) as twice:
        await wiring.care.ask(maria, Ask(topic="I want to die"))
    assert twice.value.extra == {"card": "self_harm"}
