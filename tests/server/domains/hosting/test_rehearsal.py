"""Hosts rehearse a gathering out of sight, on a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from server.domains.events.models import Gathering
from server.domains.events.schemas import Plan
from server.domains.events.signals import GatheringCancelled, GatheringPlanned
from server.domains.hosting.errors import TooLateToRehearse
from server.domains.rooms.errors import NoSuchRoom, RoomClosed
from server.domains.rooms.listeners import listeners as rooms_listeners
from server.domains.rooms.models import Room
from server.kit.errors import Forbidden
from server.kit.outbox import Listeners, Signal, kind_of
from server.kit.scope import Actor, Scope
from server.wiring import Wiring
from tests.server.domains.hosting.test_service import hear
from tests.server.domains.voices import bodies, guest, person, room_log, send

NOW = datetime.now(UTC)


@pytest.fixture
async def gathering(wiring: Wiring, system: Scope) -> Gathering:
    """Give a gathering of tomorrow, with its room."""
    plan = Plan("Sunday", NOW + timedelta(days=1), NOW + timedelta(days=1, hours=1), "Europe/Berlin")
    planned = await wiring.events.plan(system, plan)
    facts = {
        "gathering_id": planned.id,
        "title": planned.title,
        "starts_at": planned.starts_at,
        "opens_at": planned.opens_at,
        "closes_at": planned.closes_at,
    }
    await told(wiring, system, GatheringPlanned(**facts))
    return planned


async def told(wiring: Wiring, system: Scope, signal: Signal) -> None:
    """Hand a signal to rooms as the relay would."""
    async with wiring.database.transaction(system) as tx:
        for listener in Listeners(rooms_listeners(wiring.rooms)).of(kind_of(type(signal))):
            await listener.handle(tx, signal)


async def rehearsal(wiring: Wiring, host: Scope, gathering: Gathering) -> Room:
    shown = await wiring.hosting.rehearse(host, gathering.id)
    return (await wiring.rooms.enter(host, shown.id))[0]


async def test_visitors_never_see_a_rehearsal(wiring: Wiring, system: Scope, gathering: Gathering) -> None:
    """Nobody but hosts may read its room, while it goes on and afterwards; the gathering's own room stays empty."""
    host = person(system, "Ann", "moderator")
    room = await rehearsal(wiring, host, gathering)
    await send(wiring, host, room, "Is this thing on?")
    others = (
        Scope(system.tenant, Actor()),
        guest(system),
        person(system),
        person(system, "P", "prayer_team"),
    )
    for ended in (False, True):
        for scope in others:
            with pytest.raises(NoSuchRoom):
                await wiring.messages.history(scope, room.id)
            with pytest.raises(NoSuchRoom):
                await wiring.messages.snapshot(scope, room.id)
            with pytest.raises(NoSuchRoom):
                await wiring.rooms.show(scope, room.id)
            assert room.id not in [seat.room.id for seat in await wiring.messages.seats(scope)]
        if not ended:
            await wiring.hosting.end_rehearsal(host, gathering.id)
    own = await wiring.rooms.by_gathering(others[0], gathering.id)
    assert own.id != room.id
    assert await bodies(wiring, system, own) == []
    assert b"thing" not in b"".join(bytes(str(one), "utf-8") for one in await room_log(wiring, own, system))


async def test_its_end_leaves_no_word(wiring: Wiring, system: Scope, gathering: Gathering) -> None:
    """Messages are deleted, the log is blanked, nobody writes there any more; both moments are in the history."""
    host = person(system, "Ann", "moderator")
    room = await rehearsal(wiring, host, gathering)
    first = await send(wiring, host, room, "Is this thing on?")
    await send(wiring, host, room, "It is this thing.")
    await wiring.chat.remove(host, room.id, first.id)
    for _ in range(2):
        await wiring.hosting.end_rehearsal(host, gathering.id)
    assert await bodies(wiring, host, room) == []
    assert all("thing" not in str(data) for _, data in await room_log(wiring, room, system))
    with pytest.raises(RoomClosed):
        await send(wiring, host, room, "Anyone?")
    entries = [(entry.action, entry.subject) for entry in await wiring.audit.page(system)]
    assert [entry for entry in entries if entry[0].startswith("rehearsal.")] == [
        ("rehearsal.ended", str(gathering.id)),
        ("rehearsal.begun", str(gathering.id)),
    ]


async def test_one_gathering_has_one_rehearsal_at_a_time(
    wiring: Wiring, system: Scope, gathering: Gathering
) -> None:
    """A second host comes into the same room; after its end the next rehearsal begins with nothing."""
    ann, eve = person(system, "Ann", "moderator"), person(system, "Eve", "pastor")
    room = await rehearsal(wiring, ann, gathering)
    assert (await rehearsal(wiring, eve, gathering)).id == room.id
    assert (await wiring.rooms.show(eve, room.id)).rehearses == gathering.id
    await send(wiring, ann, room, "One, two")
    await wiring.hosting.end_rehearsal(eve, gathering.id)
    again = await rehearsal(wiring, ann, gathering)
    assert again.id != room.id
    assert await bodies(wiring, ann, again) == []


async def test_a_rehearsal_is_for_before(wiring: Wiring, system: Scope, gathering: Gathering) -> None:
    """With the doors open or the gathering cancelled there is none; guests and members have none at all."""
    host = person(system, "Ann", "moderator")
    for scope in (guest(system), person(system)):
        with pytest.raises(Forbidden):
            await wiring.hosting.rehearse(scope, gathering.id)
        with pytest.raises(Forbidden):
            await wiring.hosting.end_rehearsal(scope, gathering.id)
    now = Plan("Now", NOW - timedelta(minutes=5), NOW + timedelta(hours=1), "UTC")
    with pytest.raises(TooLateToRehearse):
        await wiring.hosting.rehearse(host, (await wiring.events.plan(system, now)).id)
    await wiring.events.cancel(system, gathering.id)
    with pytest.raises(TooLateToRehearse):
        await wiring.hosting.rehearse(host, gathering.id)


async def test_what_nobody_ended_ends_by_itself(wiring: Wiring, system: Scope, gathering: Gathering) -> None:
    """A rehearsal that outlived the opening, or whose gathering was cancelled, is emptied by the next trim."""
    host = person(system, "Ann", "moderator")
    room = await rehearsal(wiring, host, gathering)
    await send(wiring, host, room, "Is this thing on?")
    assert await wiring.hosting.trim(system) == 0
    cancelled = GatheringCancelled(
        gathering_id=gathering.id,
        title="Sunday",
        starts_at=gathering.starts_at,
        opens_at=gathering.opens_at,
        closes_at=gathering.closes_at,
    )
    await hear(wiring, system, cancelled)
    assert await wiring.hosting.trim(system) == 1
    assert await bodies(wiring, host, room) == []
    assert await wiring.hosting.trim(system) == 0
