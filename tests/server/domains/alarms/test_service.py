"""What must not wait, on a real database: who is called, by whatever was said wherever, and how it stops."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import uuid4

import pytest

from realtime.topics import Topic
from server.domains.alarms.errors import NoSuchAlarm
from server.domains.alarms.models import About
from server.domains.alarms.policy import READERS
from server.domains.care.schemas import Ask as AskForCare
from server.domains.chat.schemas import Send
from server.domains.notes.schemas import WordForHosts
from server.domains.prayer.schemas import Ask, NewReply
from server.domains.rooms.models import Room
from server.domains.rooms.schemas import RoomChange
from server.domains.rota.schemas import Plan
from server.domains.safety.models import Rules, WordRule
from server.kit.errors import Forbidden
from server.kit.scope import Scope
from server.wiring import Wiring
from tests.server.domains.care.test_service import volunteer
from tests.server.domains.prayers import put_up, secret
from tests.server.domains.queueing import deliver
from tests.server.domains.voices import guest, id_of, log, person, send

NEED = "I want to kill myself"


async def lead(wiring: Wiring, boss: Scope, leader: Scope) -> None:
    """Plan who leads just now."""
    now = datetime.now(UTC)
    plan = Plan(id_of(leader), "leader", now - timedelta(hours=1), now + timedelta(hours=1), "UTC")
    await wiring.rota.plan(boss, plan)


async def test_need_rings_wherever_it_is_said(wiring: Wiring, system: Scope, room: Room) -> None:
    """In a prayer, in the chat, while waiting for somebody and in a room for two: once each, without the words."""
    pia = await volunteer(wiring, system, "Pia", "pastor")
    await wiring.asking.ask(guest(system), Ask(NEED, visibility="team"))
    await send(wiring, guest(system, "Max"), room, NEED)
    maria = guest(system, "Maria")
    asked = await wiring.care.ask(maria, AskForCare())
    session = await wiring.care.accept(pia, asked.id)
    assert session.room is not None
    for body in (NEED, "I will end my life tonight"):
        await wiring.chat.post(maria, session.room, Send(body))
    await wiring.care.ask(guest(system, "Rosa"), AskForCare(topic=NEED))
    await deliver(wiring, system, twice=True)
    rings = await wiring.alarms.ringing(pia)
    assert sorted(alarm.about for alarm in rings) == ["care", "care", "message", "prayer"]
    told = await log(wiring, Topic(system.tenant.id, "me", str(id_of(pia))))
    raised = [data for event, data in told if event == "alarm.raised"]
    assert len(raised) == 4
    assert "kill" not in str(raised)


async def test_an_edit_into_need_rings(wiring: Wiring, system: Scope, room: Room) -> None:
    """Of a message that stands, of one that waits and in a room for two; the queue shows what was found."""
    pia = await volunteer(wiring, system, "Pia", "pastor")
    one, two, maria = guest(system, "Max"), guest(system, "Bea"), guest(system, "Maria")
    stands = await send(wiring, one, room, "Hello")
    await wiring.rooms.change(pia, room.id, RoomChange(hold="all"))
    waits = await send(wiring, two, room, "Hello")
    session = await wiring.care.accept(pia, (await wiring.care.ask(maria, AskForCare())).id)
    assert session.room is not None
    private = await wiring.chat.post(maria, session.room, Send("Hello"))
    await deliver(wiring, system)
    apart = await wiring.chat.edit(one, room.id, stands.id, NEED)
    await wiring.chat.edit(two, room.id, waits.id, NEED)
    await wiring.chat.edit(maria, session.room, private.id, NEED)
    await deliver(wiring, system, twice=True)
    rings = await wiring.alarms.ringing(pia)
    assert {(alarm.about, alarm.subject) for alarm in rings} == {
        ("message", apart.id),
        ("message", waits.id),
        ("care", session.id),
    }
    cases = {case.subject: case for case in await wiring.moderation.queue(pia)}
    for id in (apart.id, waits.id):
        assert cases[id].crisis == "self_harm"


async def test_a_refused_word_does_not_keep_it_from_ringing(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """In the chat and in an encouragement: what the church refuses otherwise waits and rings."""
    pia = await volunteer(wiring, system, "Pia", "pastor")
    await wiring.safety.set_rules(
        person(system, "Olga", "owner"), Rules(words=(WordRule("kill*", "refuse"),), links="refuse")
    )
    receipt = await send(wiring, guest(system), room, NEED)
    assert (receipt.state, receipt.card) == ("held", "self_harm")
    asked = await put_up(wiring, system)
    reply, card = await wiring.wall.encourage(
        guest(system), asked.id, NewReply(f"{NEED} https://evil.example")
    )
    assert (reply.state, card) == ("held", "self_harm")
    await deliver(wiring, system)
    assert sorted(alarm.about for alarm in await wiring.alarms.ringing(pia)) == ["message", "reply"]


async def test_a_word_for_the_hosts_rings(wiring: Wiring, system: Scope, room: Room) -> None:
    """Once, without the words, also when it is sent again; one that tells of no need rings nobody."""
    pia = await volunteer(wiring, system, "Pia", "pastor", here=False)
    now = datetime.now(UTC)
    change = RoomChange(opens_at=now - timedelta(hours=2), closes_at=now - timedelta(minutes=5))
    await wiring.rooms.change(system, room.id, change)
    max_, id = guest(system, "Max"), uuid4()
    for _ in range(2):
        await wiring.notes.leave(max_, room.id, WordForHosts(NEED, id))
    await wiring.notes.leave(max_, room.id, WordForHosts("Thank you for today"))
    await deliver(wiring, system, twice=True)
    [alarm] = await wiring.alarms.ringing(pia)
    assert (alarm.kind, alarm.about, alarm.subject) == ("self_harm", "note", id)
    told = await log(wiring, Topic(system.tenant.id, "me", str(id_of(pia))))
    assert "kill" not in str(told)


@pytest.mark.parametrize("about", ["message", "note"])
async def test_what_only_hosts_read_calls_somebody_who_reads_it(
    wiring: Wiring, system: Scope, about: About
) -> None:
    """A leader on duty of the prayer team sees neither chat nor notes: owners and pastors are called with them."""
    pia = await volunteer(wiring, system, "Pia", "pastor", here=False)
    ruth = await volunteer(wiring, system, "Ruth", here=False)
    adam = await volunteer(wiring, system, "Adam", "admin", here=False)
    await lead(wiring, pia, ruth)
    async with wiring.database.transaction(system) as tx:
        await wiring.alarms.ring(tx, "self_harm", about, id_of(pia))
    await lead(wiring, pia, adam)
    async with wiring.database.transaction(system) as tx:
        await wiring.alarms.ring(tx, "self_harm", about, id_of(ruth))
    first, second = await wiring.alarms.ringing(pia)
    assert set(first.told) == {id_of(ruth), id_of(pia)}
    assert set(second.told) == {id_of(ruth), id_of(adam)}


def test_of_all_that_rings_it_is_known_who_may_look() -> None:
    """What is new names its readers, or the wrong people are called."""
    assert set(READERS) == set(get_args(About))


async def test_words_below_what_is_for_pastors_call_pastors_too(wiring: Wiring, system: Scope) -> None:
    """An update of a request that the prayer team may not read is nothing they could look at either."""
    pia = await volunteer(wiring, system, "Pia", "pastor", here=False)
    ruth = await volunteer(wiring, system, "Ruth", here=False)
    await lead(wiring, pia, ruth)
    theirs = await put_up(wiring, system, visibility="pastors", wall_consent=False)
    others = await put_up(wiring, system, "Another one altogether")
    for asked in (theirs, others):
        await wiring.asking.add_update(guest(system), asked.id, NEED, secret(asked))
    await deliver(wiring, system)
    assert [set(alarm.told) for alarm in await wiring.alarms.ringing(pia)] == [
        {id_of(ruth), id_of(pia)},
        {id_of(ruth)},
    ]


async def test_the_leader_on_duty_is_called(wiring: Wiring, system: Scope) -> None:
    """And nobody else; without one it is owners and pastors."""
    pia = await volunteer(wiring, system, "Pia", "pastor", here=False)
    ruth = await volunteer(wiring, system, "Ruth", here=False)
    async with wiring.database.transaction(system) as tx:
        await wiring.alarms.ring(tx, "abuse", "prayer", id_of(pia))
    now = datetime.now(UTC)
    plan = Plan(id_of(ruth), "leader", now - timedelta(hours=1), now + timedelta(hours=1), "UTC")
    await wiring.rota.plan(pia, plan)
    async with wiring.database.transaction(system) as tx:
        await wiring.alarms.ring(tx, "abuse", "prayer", id_of(ruth))
    first, second = await wiring.alarms.ringing(pia)
    assert first.told == (pia.actor.id,)
    assert second.told == (ruth.actor.id,)
    assert [alarm.id for alarm in await wiring.alarms.ringing(ruth)] == [second.id]


async def test_a_plan_of_who_left_calls_nobody_in_vain(wiring: Wiring, system: Scope) -> None:
    """The leader on duty was suspended, or taken off the team: then owners and pastors are called."""
    olga = await volunteer(wiring, system, "Olga", "owner", here=False)
    ruth = await volunteer(wiring, system, "Ruth", here=False)
    now = datetime.now(UTC)
    plan = Plan(id_of(ruth), "leader", now - timedelta(hours=1), now + timedelta(hours=1), "UTC")
    await wiring.rota.plan(olga, plan)
    await wiring.accounts.suspend(olga, id_of(ruth))
    async with wiring.database.transaction(system) as tx:
        await wiring.alarms.ring(tx, "self_harm", "prayer", id_of(ruth))
    [alarm] = await wiring.alarms.ringing(olga)
    assert alarm.told == (olga.actor.id,)


async def test_what_is_for_pastors_calls_pastors_too(wiring: Wiring, system: Scope) -> None:
    """A leader on duty who may not read it is called, and with them those who may."""
    pia = await volunteer(wiring, system, "Pia", "pastor", here=False)
    ruth = await volunteer(wiring, system, "Ruth", here=False)
    now = datetime.now(UTC)
    plan = Plan(id_of(ruth), "leader", now - timedelta(hours=1), now + timedelta(hours=1), "UTC")
    await wiring.rota.plan(pia, plan)
    await wiring.asking.ask(guest(system), Ask(NEED, visibility="pastors"))
    await deliver(wiring, system)
    [alarm] = await wiring.alarms.ringing(pia)
    assert set(alarm.told) == {ruth.actor.id, pia.actor.id}


async def test_it_stops_once_somebody_has_seen_to_it(wiring: Wiring, system: Scope) -> None:
    """On all screens, with who it was in the history; who was not called has nothing to see to."""
    pia = await volunteer(wiring, system, "Pia", "pastor", here=False)
    ruth = await volunteer(wiring, system, "Ruth", here=False)
    async with wiring.database.transaction(system) as tx:
        await wiring.alarms.ring(tx, "self_harm", "prayer", id_of(pia))
    [alarm] = await wiring.alarms.ringing(pia)
    with pytest.raises(NoSuchAlarm):
        await wiring.alarms.see_to(ruth, alarm.id)
    with pytest.raises(Forbidden):
        await wiring.alarms.see_to(person(system), alarm.id)
    assert (await wiring.alarms.see_to(pia, alarm.id)).seen_by_name == "Pia"
    await wiring.alarms.see_to(pia, alarm.id)
    assert await wiring.alarms.ringing(pia) == []
    told = await log(wiring, Topic(system.tenant.id, "me", str(id_of(pia))))
    assert [event for event, _ in told] == ["alarm.raised", "alarm.seen"]
    owner = person(system, "Olga", "owner")
    actions = [entry.action for entry in await wiring.audit.page(owner)]
    assert actions.count("alarm.seen") == 1
