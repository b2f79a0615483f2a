"""Words for the hosts, on a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest

from server.domains.notes.errors import NoSuchNote, RoomIsOpen, TooManyNotes
from server.domains.notes.policy import NOTES_OF_GUESTS
from server.domains.notes.schemas import WordForHosts
from server.domains.rooms.errors import NoSuchRoom
from server.domains.rooms.models import Room
from server.domains.rooms.schemas import NewRoom, RoomChange
from server.domains.safety.models import Rules, WordRule
from server.kit.errors import AppError, Conflict, Forbidden, Limited, Unauthenticated
from server.kit.scope import Actor, Origin, Scope
from server.kit.text import BadText
from server.wiring import Wiring
from tests.server.domains.voices import guest, id_of, person


@pytest.fixture
async def closed(wiring: Wiring, system: Scope, room: Room) -> Room:
    """Give the room of a gathering that is over."""
    now = datetime.now(UTC)
    change = RoomChange(opens_at=now - timedelta(hours=2), closes_at=now - timedelta(minutes=5))
    await wiring.rooms.change(system, room.id, change)
    return room


async def bodies(wiring: Wiring, host: Scope) -> list[str]:
    return [note.body for note in await wiring.notes.unread(host)]


@pytest.mark.parametrize("minutes", [(-120, -5), (30, 90)], ids=["closed", "waiting"])
async def test_a_word_reaches_the_hosts(
    wiring: Wiring, system: Scope, room: Room, minutes: tuple[int, int]
) -> None:
    """Before the doors open and after they closed a guest leaves one; hosts read it once for all of them."""
    opens, closes = (datetime.now(UTC) + timedelta(minutes=offset) for offset in minutes)
    await wiring.rooms.change(system, room.id, RoomChange(opens_at=opens, closes_at=closes))
    one, host = guest(system, "Maria"), person(system, "Ann", "moderator")
    receipt = await wiring.notes.leave(one, room.id, WordForHosts("  Thank you for today \n"))
    [note] = await wiring.notes.unread(host)
    assert (note.id, note.body, note.author_name, note.room_title) == (
        receipt.id, "Thank you for today", "Maria", "Sunday"
    )  # fmt: skip
    await wiring.notes.read(host, note.id)
    assert await bodies(wiring, host) == []
    with pytest.raises(NoSuchNote):
        await wiring.notes.read(person(system, "Bo", "owner"), note.id)


async def test_an_open_room_takes_messages_instead(wiring: Wiring, system: Scope, room: Room) -> None:
    """While people can write in the room there is no note."""
    with pytest.raises(RoomIsOpen):
        await wiring.notes.leave(guest(system), room.id, WordForHosts("hello"))


async def test_only_gatherings_of_late_take_notes(wiring: Wiring, system: Scope, closed: Room) -> None:
    """Hosts' rooms, rooms that do not exist and gatherings of long ago take none."""
    one, host = guest(system), person(system, "Ann", "owner")
    hosts = await wiring.rooms.create(host, NewRoom("hosts", "Team"))
    for scope, id in ((one, uuid4()), (one, hosts.id), (host, hosts.id)):
        with pytest.raises(NoSuchRoom):
            await wiring.notes.leave(scope, id, WordForHosts("hello"))
    now = datetime.now(UTC)
    long_ago = RoomChange(opens_at=now - timedelta(days=40), closes_at=now - timedelta(days=31))
    await wiring.rooms.change(system, closed.id, long_ago)
    with pytest.raises(NoSuchRoom):
        await wiring.notes.leave(one, closed.id, WordForHosts("hello"))


async def test_it_is_judged_like_everything_people_write(wiring: Wiring, system: Scope, closed: Room) -> None:
    """A banned person, a refused word and a pause are told; what would be held is taken, since only hosts read it."""
    host = person(system, "Ann", "owner")
    words = (WordRule("casino", "refuse"), WordRule("odd", "hold"))
    await wiring.safety.set_rules(host, Rules(words=words))
    one, two, three = guest(system), guest(system), guest(system)
    await wiring.safety.ban(host, id_of(two), "Two", reason="", expires_at=None)
    await wiring.safety.timeout(host, id_of(three), "Three", 10)
    for scope, body, code in (
        (one, "casino tonight", "word_refused"),
        (two, "hello", "banned"),
        (three, "hello", "timeout"),
    ):
        with pytest.raises(AppError) as caught:
            await wiring.notes.leave(scope, closed.id, WordForHosts(body))
        assert caught.value.code == code
    await wiring.notes.leave(one, closed.id, WordForHosts("an odd thing"))
    assert await bodies(wiring, host) == ["an odd thing"]


async def test_somebody_in_need_is_shown_a_card(wiring: Wiring, system: Scope, closed: Room) -> None:
    """Words that speak of great need are taken, its author gets a card and hosts see what kind it is."""
    receipt = await wiring.notes.leave(guest(system), closed.id, WordForHosts("I want to kill myself"))
    assert receipt.card
    [note] = await wiring.notes.unread(person(system, "Ann", "pastor"))
    assert note.need == receipt.card


async def test_what_it_may_hold(wiring: Wiring, system: Scope, closed: Room) -> None:
    """1 to 500 characters that can be seen."""
    for body in ("", " \u200b ", "x" * 501):
        with pytest.raises(BadText):
            await wiring.notes.leave(guest(system), closed.id, WordForHosts(body))


async def test_three_in_an_hour(wiring: Wiring, system: Scope, closed: Room) -> None:
    """One person leaves at most three; somebody else is not held back by that."""
    one, host = guest(system), person(system, "Ann", "owner")
    for number in range(3):
        await wiring.notes.leave(one, closed.id, WordForHosts(f"note {number}"))
    with pytest.raises(TooManyNotes) as caught:
        await wiring.notes.leave(one, closed.id, WordForHosts("I want to kill myself"))
    assert caught.value.extra["card"] == "self_harm"  # whom to call they see all the same
    await wiring.notes.leave(guest(system), closed.id, WordForHosts("mine"))
    assert await bodies(wiring, host) == ["note 0", "note 1", "note 2", "mine"]


async def test_guests_of_one_network_are_counted_together(
    wiring: Wiring, system: Scope, closed: Room
) -> None:
    """Anybody makes himself a new guest: one network leaves so many an hour, other networks and members more."""

    async def leave(scope: Scope) -> None:
        await wiring.notes.leave(scope, closed.id, WordForHosts("hello"))

    for _ in range(NOTES_OF_GUESTS.amount):
        await leave(guest(system, address="203.0.113.5"))
    with pytest.raises(Limited):
        await leave(guest(system, address="203.0.113.5"))
    await leave(guest(system, address="203.0.113.6"))
    member = person(system, "Paul")
    await leave(msgspec.structs.replace(member, origin=Origin(address="203.0.113.5")))


async def test_sent_again_it_is_there_once(wiring: Wiring, system: Scope, closed: Room) -> None:
    """The same id is the same note, also when it was read meanwhile; somebody else's id is refused."""
    one, host, id = guest(system), person(system, "Ann", "owner"), uuid4()
    first = await wiring.notes.leave(one, closed.id, WordForHosts("thanks", id))
    assert await wiring.notes.leave(one, closed.id, WordForHosts("thanks", id)) == first
    assert await bodies(wiring, host) == ["thanks"]
    await wiring.notes.read(host, id)
    assert await wiring.notes.leave(one, closed.id, WordForHosts("thanks", id)) == first
    assert await bodies(wiring, host) == []
    with pytest.raises(Conflict):
        await wiring.notes.leave(guest(system), closed.id, WordForHosts("not mine", id))


async def test_who_may_do_what(wiring: Wiring, system: Scope, closed: Room) -> None:
    """Nobody without a name leaves a note; nobody but hosts reads them."""
    nobody = Scope(system.tenant, Actor("anonymous"))
    with pytest.raises(Unauthenticated):
        await wiring.notes.leave(nobody, closed.id, WordForHosts("hello"))
    await wiring.notes.leave(person(system, "Paul"), closed.id, WordForHosts("hello"))
    for scope in (guest(system), person(system, "Paul"), person(system, "Pat", "prayer_team")):
        with pytest.raises(Forbidden):
            await wiring.notes.unread(scope)
        with pytest.raises(Forbidden):
            await wiring.notes.read(scope, uuid4())


async def test_notes_are_forgotten(wiring: Wiring, system: Scope, closed: Room) -> None:
    """With their author, and after ninety days."""
    host, one, two = person(system, "Ann", "owner"), guest(system), guest(system)
    for scope in (one, two):
        await wiring.notes.leave(scope, closed.id, WordForHosts("hello"))
    await wiring.hosting.forget(host, id_of(one))
    assert [note.author_id for note in await wiring.notes.unread(host)] == [id_of(two)]
    async with wiring.database.transaction(system) as tx:
        await tx.connection.execute("update notes_notes set at = now() - interval '91 days'")
    assert await wiring.notes.trim(system) == 1
    assert await bodies(wiring, host) == []
