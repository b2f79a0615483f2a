"""What a host decided is taken back within a minute, on a real database."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from realtime.topics import Topic
from server.domains.hosting.models import Act
from server.domains.hosting.schemas import ReportBody
from server.domains.messages.signals import MessagesRemoved
from server.domains.rooms.models import Room
from server.domains.rooms.schemas import NewRoom, RoomChange
from server.domains.undos import service as undos_service
from server.domains.undos.errors import UndoNotYours, UndoOver
from server.domains.undos.service import KEPT
from server.kit.clock import SystemClock
from server.kit.errors import Forbidden, NotFound
from server.kit.scope import Scope
from server.wiring import Wiring
from tests.server.domains.hosting.test_service import hear
from tests.server.domains.voices import Heard, bodies, guest, id_of, log, person, room_log, send


@pytest.fixture
def host(system: Scope) -> Scope:
    """Give somebody who looks after the rooms."""
    return person(system, "Ann", "moderator")


async def held_log(wiring: Wiring, system: Scope, room: Room) -> list[tuple[str, Any]]:
    return await log(wiring, Topic(system.tenant.id, "held", str(room.id)))


async def test_what_was_taken_down_stands_again(
    wiring: Wiring, system: Scope, room: Room, host: Scope
) -> None:
    """The same message with its place, words, pin and reactions; the log keeps what it blanked, and the act."""
    one, bea = guest(system), guest(system, "Bea")
    first = await send(wiring, one, room, "kind words")
    await send(wiring, bea, room, "later words")
    await wiring.chat.react(bea, room.id, first.id, "🙏")
    await wiring.chat.pin(host, room.id, first.id, pinned=True)
    await wiring.chat.remove(host, room.id, first.id)
    heard = Heard()
    wiring.database.announcer = heard
    shown = await wiring.hosting.undo(host, first.id, "remove")
    assert (shown.id, shown.number, shown.body, shown.pinned) == (first.id, 1, "kind words", True)
    assert await bodies(wiring, system, room) == ["kind words", "later words"]
    assert (await wiring.messages.history(system, room.id)).reactions == {first.id: {"🙏": 1}}
    told = [(event, data and data.get("body")) for event, data in await room_log(wiring, room, system)]
    assert told[-1] == ("message.restored", "kind words")
    assert all(words in (None, "later words") for _, words in told[:-1])
    assert [passing.event for p in heard.publications for passing in p.passing] == ["reactions"]
    entry = (await wiring.audit.page(system))[0]
    assert (entry.action, entry.subject) == ("decision.undone", str(first.id))


async def test_what_was_approved_waits_again(wiring: Wiring, system: Scope, room: Room, host: Scope) -> None:
    """It leaves the room for the hosts' list, keeps no place for others, and its author is a stranger as before."""
    one = guest(system)
    await wiring.rooms.change(host, room.id, RoomChange(hold="first"))
    held = await send(wiring, one, room, "first thought")
    await wiring.hosting.approve(host, held.id)
    await wiring.hosting.undo(host, held.id, "approve")
    assert await bodies(wiring, system, room) == ["removed"]
    assert [(m.id, m.body) for m in await wiring.hosting.held(host)] == [(held.id, "first thought")]
    assert all(data is None or "thought" not in str(data) for _, data in await room_log(wiring, room, system))
    event, data = (await held_log(wiring, system, room))[-1]
    assert (event, data["message"]["state"], data["message"]["number"]) == ("message.held", "held", None)
    second = await send(wiring, one, room, "second thought")
    assert second.state == "held"
    await wiring.rooms.change(host, room.id, RoomChange(hold="none"))
    assert (await wiring.messages.history(system, room.id)).messages[-1].number == 1
    assert (await wiring.hosting.approve(host, second.id)).number == 2
    assert (await wiring.hosting.approve(host, held.id)).number == 3
    assert await bodies(wiring, system, room) == ["second thought", "first thought"]


async def test_a_shadow_held_one_is_hidden_again(
    wiring: Wiring, system: Scope, room: Room, host: Scope
) -> None:
    """Approved by mistake, it goes back to where only hosts and its author see it."""
    sly = guest(system, "Sly")
    await wiring.safety.shadow(host, id_of(sly), "Sly")
    hidden = await send(wiring, sly, room, "sly words")
    await wiring.hosting.approve(host, hidden.id)
    await wiring.hosting.undo(host, hidden.id, "approve")
    assert [message.state for message in await wiring.hosting.held(host)] == ["shadow"]
    event, data = (await log(wiring, Topic(system.tenant.id, "me", str(id_of(sly)))))[-1]
    assert (event, data["body"]) == ("message.posted", "sly words")


async def test_what_was_declined_waits_again(wiring: Wiring, system: Scope, room: Room, host: Scope) -> None:
    """Its words are back for hosts and for its author, and it can be approved."""
    one = guest(system)
    await wiring.rooms.change(host, room.id, RoomChange(hold="guests"))
    held = await send(wiring, one, room, "some words")
    await wiring.hosting.decline(host, held.id)
    await wiring.hosting.undo(host, held.id, "decline")
    assert [(m.id, m.body) for m in await wiring.hosting.held(host)] == [(held.id, "some words")]
    event, data = (await log(wiring, Topic(system.tenant.id, "me", str(id_of(one)))))[-1]
    assert (event, data["body"], data["state"]) == ("message.held", "some words", "held")
    assert (await wiring.hosting.approve(host, held.id)).body == "some words"


async def test_reports_are_open_again(wiring: Wiring, system: Scope, room: Room, host: Scope) -> None:
    """Those that were dismissed, and those that went with a message that stands again, however late that is heard."""
    one, bea = guest(system), guest(system, "Bea")
    first = await send(wiring, one, room, "unkind words")
    await wiring.hosting.report(bea, room.id, first.id, ReportBody("unkind"))
    await wiring.hosting.dismiss_reports(host, first.id)
    await wiring.hosting.undo(host, first.id, "keep")
    assert len(await wiring.hosting.reports(host)) == 1
    with pytest.raises(UndoOver):
        await wiring.hosting.undo(host, first.id, "keep")
    removed = MessagesRemoved(room_id=room.id, messages=(first.id,), by=id_of(host), how="host")
    await wiring.chat.remove(host, room.id, first.id)
    await hear(wiring, system, removed)
    assert await wiring.hosting.reports(host) == []
    await wiring.hosting.undo(host, first.id, "remove")
    await hear(wiring, system, removed)
    assert len(await wiring.hosting.reports(host)) == 1


async def test_an_undo_happens_once(wiring: Wiring, system: Scope, room: Room, host: Scope) -> None:
    """Of ten that come at once one is taken; the message stands once more in the log."""
    first = await send(wiring, guest(system), room, "kind words")
    await wiring.chat.remove(host, room.id, first.id)
    tries = [wiring.hosting.undo(host, first.id, "remove") for _ in range(10)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(answer, UndoOver) for answer in answers) == 9
    events = [event for event, _ in await room_log(wiring, room, system)]
    assert events.count("message.restored") == 1


async def test_only_the_newest_act_can_be_undone(
    wiring: Wiring, system: Scope, room: Room, host: Scope
) -> None:
    """Who approved does not bring back what another host has taken down since, nor anybody what its author did."""
    one = guest(system)
    await wiring.rooms.change(host, room.id, RoomChange(hold="guests"))
    held = await send(wiring, one, room, "some words")
    await wiring.hosting.approve(host, held.id)
    await wiring.chat.remove(person(system, "Eve", "moderator"), room.id, held.id)
    with pytest.raises(UndoOver):
        await wiring.hosting.undo(host, held.id, "approve")
    await wiring.chat.remove(one, room.id, held.id)  # its author wants it gone, too
    with pytest.raises(UndoOver):
        await wiring.hosting.undo(host, held.id, "remove")
    assert await bodies(wiring, system, room) == ["removed"]


async def test_only_who_did_it_takes_it_back(wiring: Wiring, system: Scope, room: Room, host: Scope) -> None:
    """What one host took down, approved, let stand or wrote and deleted, no other brings back; they themselves can."""
    one, eve = guest(system), person(system, "Eve", "moderator")
    bad, kept = await send(wiring, one, room, "bad words"), await send(wiring, one, room, "sharp words")
    own = await send(wiring, host, room, "my slip")
    await wiring.hosting.report(guest(system, "Bea"), room.id, kept.id, ReportBody("unkind"))
    await wiring.hosting.dismiss_reports(host, kept.id)
    await wiring.rooms.change(host, room.id, RoomChange(hold="guests"))
    held = await send(wiring, one, room, "some words")
    await wiring.hosting.approve(host, held.id)
    for message in (bad, own):
        await wiring.chat.remove(host, room.id, message.id)
    done: dict[UUID, Act] = {bad.id: "remove", own.id: "remove", kept.id: "keep", held.id: "approve"}
    for id, act in done.items():
        with pytest.raises(UndoNotYours):
            await wiring.hosting.undo(eve, id, act)
    assert await bodies(wiring, system, room) == ["removed", "sharp words", "removed", "some words"]
    for id, act in done.items():
        await wiring.hosting.undo(host, id, act)


async def test_what_an_earlier_version_kept_is_over(
    wiring: Wiring, system: Scope, room: Room, host: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of the version before, in the minute of an upgrade, are too old to be taken back."""
    first = await send(wiring, guest(system), room, "kind words")
    monkeypatch.setattr(undos_service, "_Act", lambda by, kept: {"message": kept})
    await wiring.chat.remove(host, room.id, first.id)
    monkeypatch.undo()
    with pytest.raises(UndoOver):
        await wiring.hosting.undo(host, first.id, "remove")


ACTS: list[Act] = ["remove", "approve", "decline", "keep"]


async def test_a_minute_later_it_is_over(
    wiring: Wiring, system: Scope, room: Room, host: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was done, it is too late; what was kept is gone from the database with the next thing kept."""
    one, bea = guest(system), guest(system, "Bea")
    posted = await send(wiring, one, room, "kind words")
    await wiring.hosting.report(bea, room.id, posted.id, ReportBody("spam"))
    await wiring.hosting.dismiss_reports(host, posted.id)
    await wiring.chat.remove(host, room.id, posted.id)
    await wiring.rooms.change(host, room.id, RoomChange(hold="guests"))
    yes, no = await send(wiring, one, room, "yes please"), await send(wiring, one, room, "no thanks")
    await wiring.hosting.approve(host, yes.id)
    await wiring.hosting.decline(host, no.id)
    now = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda clock: now(clock) + KEPT)
    for id, act in zip((posted.id, yes.id, no.id, posted.id), ACTS, strict=True):
        with pytest.raises(UndoOver):
            await wiring.hosting.undo(host, id, act)
    assert await wiring.undos.trim(system) == 3


async def test_only_hosts_of_the_room_undo(wiring: Wiring, system: Scope, room: Room, host: Scope) -> None:
    """A guest is refused, and a host of the church knows nothing of a room of invited people."""
    maker, bob = person(system, "Eve", "moderator"), person(system, "Bob")
    private = await wiring.rooms.create(maker, NewRoom("invited", "Choir", [id_of(bob)]))
    said = await send(wiring, bob, private, "psst")
    await wiring.chat.remove(maker, private.id, said.id)
    for scope, error in ((guest(system), Forbidden), (host, NotFound), (bob, NotFound)):
        with pytest.raises(error):
            await wiring.hosting.undo(scope, said.id, "remove")
    await wiring.hosting.undo(maker, said.id, "remove")
    assert await bodies(wiring, maker, private) == ["psst"]


async def test_nothing_comes_back_of_who_was_forgotten(
    wiring: Wiring, system: Scope, room: Room, host: Scope
) -> None:
    """After an erasure there is no undo, and what was kept is deleted."""
    one = guest(system)
    said = await send(wiring, one, room, "my secret words")
    await wiring.chat.remove(host, room.id, said.id)
    async with wiring.database.transaction(system) as tx:
        sealed = await tx.connection.fetchval("select sealed from undos_kept")
    assert b"secret" not in sealed
    await wiring.hosting.forget(person(system, "Olga", "owner"), id_of(one))
    with pytest.raises(UndoOver):
        await wiring.hosting.undo(host, said.id, "remove")
    async with wiring.database.transaction(system) as tx:
        assert await tx.connection.fetchval("select count(*) from undos_kept") == 0


async def test_a_minute_is_a_minute() -> None:
    """Screens offer ten seconds; the server has patience for a slow network."""
    assert timedelta(seconds=60) == KEPT
