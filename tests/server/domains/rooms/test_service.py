"""Rooms on a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from server.domains.events.schemas import Plan
from server.domains.events.signals import GatheringCancelled, GatheringChanged, GatheringPlanned
from server.domains.rooms.errors import BadRoom, NoSuchRoom, TooManyMembers
from server.domains.rooms.listeners import listeners
from server.domains.rooms.models import Right, Room, RoomSettings
from server.domains.rooms.schemas import Invitation, NewRoom, RoomChange
from server.domains.safety.signals import LockdownChanged
from server.kit.errors import Forbidden
from server.kit.outbox import Listeners, Signal, kind_of
from server.kit.scope import Actor, Scope
from server.wiring import Wiring
from tests.server.domains.voices import Heard, guest, id_of, person, room_log

NOW = datetime.now(UTC)
OPEN = (NOW - timedelta(hours=1), NOW + timedelta(days=1))  # longer than any run of the tests


async def hear(wiring: Wiring, system: Scope, signal: Signal) -> None:
    """Hand a signal to this slice as the relay would."""
    async with wiring.database.transaction(system) as tx:
        for listener in Listeners(listeners(wiring.rooms)).of(kind_of(type(signal))):
            await listener.handle(tx, signal)


def facts(gathering_id: UUID, **more: Any) -> dict[str, Any]:
    return {
        "gathering_id": gathering_id,
        "title": "Sunday",
        "starts_at": NOW,
        "opens_at": OPEN[0],
        "closes_at": OPEN[1],
        **more,
    }


async def test_a_gathering_has_one_room_that_moves_with_it(wiring: Wiring, system: Scope) -> None:
    """Planned twice is one room; a change moves its window and is told in it; a cancel closes it for good."""
    pastor = person(system, "Pia", "pastor")
    plan = Plan("Sunday", NOW, NOW + timedelta(hours=1), "Europe/Berlin")
    gathering = await wiring.events.plan(pastor, plan)
    for _ in range(2):
        await hear(wiring, system, GatheringPlanned(**facts(gathering.id)))
    room = await wiring.rooms.by_gathering(guest(system), gathering.id)
    later = OPEN[1] + timedelta(hours=3)
    await hear(wiring, system, GatheringChanged(**facts(gathering.id, title="Easter", closes_at=later)))
    changed = await wiring.rooms.by_gathering(guest(system), gathering.id)
    assert (changed.id, changed.title, changed.closes_at) == (room.id, "Easter", later)
    await hear(wiring, system, GatheringCancelled(**facts(gathering.id)))
    shown = await wiring.rooms.show(guest(system), room.id)
    assert (shown.phase, shown.archived) == ("closed", True)
    titles = [(event, data and data["title"]) for event, data in await room_log(wiring, room, system)]
    assert titles == [("room.changed", None), ("room.changed", None), ("room.changed", "Easter")]


WHO: list[tuple[str, str, Right | None]] = [
    ("gathering", "anonymous", Right.READ),
    ("gathering", "guest", Right.WRITE),
    ("gathering", "member", Right.WRITE),
    ("gathering", "moderator", Right.HOST),
    ("hosts", "anonymous", None),
    ("hosts", "guest", None),
    ("hosts", "member", None),
    ("hosts", "prayer_team", None),
    ("hosts", "pastor", Right.HOST),
    ("invited", "anonymous", None),
    ("invited", "member", None),
    ("invited", "owner", None),
    ("invited", "invited", Right.WRITE),
    ("invited", "maker", Right.HOST),
]


async def test_who_comes_in(wiring: Wiring, system: Scope, room: Room) -> None:
    """Gatherings are for all, hosts' rooms for hosts, invited rooms for who was invited and nobody else."""
    maker, invited = person(system, "Ann", "moderator"), person(system, "Bob")
    rooms = {
        "gathering": room,
        "hosts": await wiring.rooms.create(maker, NewRoom("hosts", "Hosts")),
        "invited": await wiring.rooms.create(maker, NewRoom("invited", "Choir", [id_of(invited)])),
    }
    scopes = {
        "anonymous": Scope(system.tenant, Actor()),
        "guest": guest(system),
        "invited": invited,
        "maker": maker,
    }
    for kind, who, right in WHO:
        scope = scopes.get(who) or person(system, "Eve", who)
        try:
            found = (await wiring.rooms.enter(scope, rooms[kind].id))[1]
        except NoSuchRoom:
            found = None
        assert found is right, (kind, who)


async def test_the_list_is_the_hosts_business(wiring: Wiring, system: Scope) -> None:
    """Hosts of the room invite and remove, others do not; whoever is on the list may leave."""
    maker, bob, eve = person(system, "Ann", "moderator"), person(system, "Bob"), person(system, "Eve")
    room = await wiring.rooms.create(maker, NewRoom("invited", "Choir", [id_of(bob)]))
    with pytest.raises(NoSuchRoom):
        await wiring.rooms.invite(bob, room.id, Invitation([id_of(eve)]))
    with pytest.raises(NoSuchRoom):
        await wiring.rooms.remove(bob, room.id, id_of(maker))
    await wiring.rooms.invite(maker, room.id, Invitation([id_of(bob)], "host"))
    await wiring.rooms.invite(bob, room.id, Invitation([id_of(eve)]))
    names = [(member.person_id, member.role) for member in await wiring.rooms.members(eve, room.id)]
    assert sorted(names) == sorted([(id_of(maker), "host"), (id_of(bob), "host"), (id_of(eve), "member")])
    heard = Heard()
    wiring.database.announcer = heard
    await wiring.rooms.remove(eve, room.id, id_of(eve))
    orders = [(order.act, order.person) for p in heard.publications for order in p.orders]
    assert orders == [("leave", str(id_of(eve))), ("recheck", str(id_of(eve)))]
    with pytest.raises(NoSuchRoom):
        await wiring.rooms.members(eve, room.id)
    with pytest.raises(TooManyMembers):
        for _ in range(11):
            await wiring.rooms.invite(maker, room.id, Invitation([uuid4() for _ in range(100)]))


async def test_a_gathering_has_no_list(wiring: Wiring, system: Scope, room: Room) -> None:
    """Nobody is invited to a room that is open to all."""
    with pytest.raises(BadRoom):
        await wiring.rooms.invite(person(system, "Ann", "moderator"), room.id, Invitation([uuid4()]))
    with pytest.raises(BadRoom):
        await wiring.rooms.create(person(system, "Ann", "moderator"), NewRoom("hosts", "Hosts", [uuid4()]))


async def test_a_change_is_told_in_the_room(wiring: Wiring, system: Scope, room: Room) -> None:
    """Everyone in the room learns of slow mode and lock; what is left out stays, null takes a bound away."""
    host = person(system, "Ann", "moderator")
    shown = await wiring.rooms.change(host, room.id, RoomChange(slow_seconds=5, locked=True))
    assert (shown.slow_seconds, shown.locked, shown.title) == (5, True, "Sunday")
    shown = await wiring.rooms.change(host, room.id, RoomChange(closes_at=None, locked=False))
    assert (shown.slow_seconds, shown.closes_at, shown.opens_at) == (5, None, room.opens_at)
    last = (await room_log(wiring, room, system))[-1]
    assert (last[0], last[1]["locked"], last[1]["slow_seconds"]) == ("room.changed", False, 5)
    with pytest.raises(Forbidden):
        await wiring.rooms.change(person(system), room.id, RoomChange(locked=True))
    with pytest.raises(BadRoom) as caught:
        await wiring.rooms.change(host, room.id, RoomChange(closes_at=OPEN[0] - timedelta(hours=1)))
    assert caught.value.errors[0].pointer == "/closes_at"
    with pytest.raises(BadRoom):
        await wiring.rooms.change(host, room.id, RoomChange(title=" \n "))
    with pytest.raises(NoSuchRoom):
        await wiring.rooms.change(host, uuid4(), RoomChange(locked=True))


async def test_a_lockdown_is_shown_in_rooms_in_use(wiring: Wiring, system: Scope, room: Room) -> None:
    """When a church is locked, the state of each open room says so, and again when it ends."""
    host = person(system, "Ann", "moderator")
    async with wiring.database.transaction(system) as tx:
        over = (NOW - timedelta(days=2), NOW - timedelta(days=1))
        old = await wiring.rooms.put_gathering(tx, UUID(int=99), "Old", over)
    for locked in (True, False):
        await wiring.safety.lock(host, locked=locked)
        await hear(wiring, system, LockdownChanged(by=None, locked=locked))
        assert (await room_log(wiring, room, system))[-1][1]["lockdown"] is locked
    assert await room_log(wiring, old, system) == []


async def test_an_archived_room_can_be_read(wiring: Wiring, system: Scope) -> None:
    """Archiving twice is one change, and the room stays for who could read it."""
    maker = person(system, "Ann", "moderator")
    room = await wiring.rooms.create(maker, NewRoom("invited", "Choir"))
    for _ in range(2):
        await wiring.rooms.archive(maker, room.id)
    assert (await wiring.rooms.show(maker, room.id)).archived
    entries = [entry.action for entry in await wiring.audit.page(system)]
    assert entries == ["room.archived", "room.made"]


async def test_the_hosts_badge_is_the_churchs_own(wiring: Wiring, system: Scope) -> None:
    """Owner and admin set the label and how long messages are kept."""
    assert await wiring.rooms.settings(system) == RoomSettings("Host", 365)
    owner = person(system, "Olga", "owner")
    assert await wiring.rooms.set_settings(owner, RoomSettings(" Team ", 30)) == RoomSettings("Team", 30)
    async with wiring.database.shard() as connection:
        told = await connection.fetchval("select data from outbox where kind = 'rooms.set'")
    assert msgspec.json.decode(told)["by"] == str(owner.actor.id)
    assert await wiring.rooms.settings(system) == RoomSettings("Team", 30)
    with pytest.raises(Forbidden):
        await wiring.rooms.set_settings(person(system, "Ann", "moderator"), RoomSettings())
