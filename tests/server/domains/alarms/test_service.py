"""What must not wait, on a real database: who is called, by whatever was said wherever, and how it stops."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from realtime.topics import Topic
from server.domains.alarms.errors import NoSuchAlarm
from server.domains.care.schemas import Ask as AskForCare
from server.domains.chat.schemas import Send
from server.domains.prayer.schemas import Ask
from server.domains.rooms.models import Room
from server.domains.rota.schemas import Plan
from server.kit.errors import Forbidden
from server.kit.scope import Scope
from server.wiring import Wiring
from tests.server.domains.care.test_service import volunteer
from tests.server.domains.queueing import deliver
from tests.server.domains.voices import guest, id_of, log, person, send

NEED = "I want to kill myself"


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
