"""What hosts do, on a real database."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import msgspec
import pytest

from realtime.topics import Topic
from server.domains.hosting.errors import MessageChanged
from server.domains.hosting.listeners import listeners
from server.domains.hosting.policy import REPORTS, REPORTS_OF_GUESTS
from server.domains.hosting.schemas import ReportBody, WordsRead
from server.domains.messages.errors import AlreadyDecided, NoSuchMessage
from server.domains.messages.service import MOST_AT_ONCE
from server.domains.rooms.errors import NoSuchRoom
from server.domains.rooms.models import Room
from server.domains.rooms.schemas import NewRoom, RoomChange
from server.domains.safety.models import Rules
from server.domains.safety.signals import PersonBanned
from server.kit.errors import Conflict, Forbidden, Limited
from server.kit.outbox import Listeners, Signal, kind_of
from server.kit.scope import Origin, Scope
from server.wiring import Wiring
from tests.server.domains.voices import bodies, guest, id_of, log, person, post, room_log, send


async def hear(wiring: Wiring, system: Scope, signal: Signal) -> None:
    """Hand a signal to this slice as the relay would."""
    async with wiring.database.transaction(system) as tx:
        for listener in Listeners(listeners(wiring.hosting)).of(kind_of(type(signal))):
            await listener.handle(tx, signal)


async def open_gates(wiring: Wiring, system: Scope) -> None:
    """Take floods and repetitions as they come."""
    await wiring.safety.set_rules(
        person(system, "Olga", "owner"), Rules(flood_messages=0, duplicate_seconds=0)
    )


async def test_two_hosts_decide_once(wiring: Wiring, system: Scope, room: Room) -> None:
    """Of ten hosts who decide about one message one is first, the others are told."""
    host, one = person(system, "Ann", "moderator"), guest(system)
    await wiring.rooms.change(host, room.id, RoomChange(hold="all"))
    held = await send(wiring, one, room)
    assert [message.id for message in await wiring.hosting.held(host)] == [held.id]
    decisions = [wiring.hosting.approve(host, held.id) for _ in range(5)]
    decisions += [wiring.hosting.decline(host, held.id) for _ in range(5)]
    answers = await asyncio.gather(*decisions, return_exceptions=True)
    assert sum(isinstance(answer, AlreadyDecided) for answer in answers) == 9
    [shown] = [answer for answer in answers if not isinstance(answer, BaseException)]
    posted = [event for event, _ in await room_log(wiring, room, system) if event == "message.posted"]
    assert len(posted) == (1 if shown.state == "posted" else 0)
    assert await wiring.hosting.held(host) == []


async def test_an_approved_message_takes_its_place_now(wiring: Wiring, system: Scope, room: Room) -> None:
    """It is posted behind what was said meanwhile, and the waiting copies are blanked."""
    host, one = person(system, "Ann", "moderator"), guest(system)
    await wiring.rooms.change(host, room.id, RoomChange(hold="guests"))
    held = await send(wiring, one, room, "first thought")
    await send(wiring, person(system, "Bob"), room, "second")
    shown = await wiring.hosting.approve(host, held.id)
    assert (shown.number, shown.state) == (2, "posted")
    assert await bodies(wiring, system, room) == ["second", "first thought"]
    for topic in (
        Topic(system.tenant.id, "held", str(room.id)),
        Topic(system.tenant.id, "me", str(id_of(one))),
    ):
        [(_, before), (event, after)] = await log(wiring, topic)
        assert (before, event, after["state"]) == (None, "message.approved", "posted")


async def test_nobody_decides_about_words_they_have_not_read(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """Its author swaps the words of what waits, or was reported, before the host presses: the host is told."""
    host, one = person(system, "Ann", "moderator"), guest(system)
    stands = await send(wiring, one, room, "sharp words")
    await wiring.hosting.report(guest(system, "Bea"), room.id, stands.id, ReportBody("unkind"))
    await wiring.chat.edit(one, room.id, stands.id, "something else")
    await wiring.rooms.change(host, room.id, RoomChange(hold="guests"))
    held = await send(wiring, one, room, "first thought")
    await wiring.chat.edit(one, room.id, held.id, "something else")
    hosting, first = wiring.hosting, WordsRead(None)
    for act, id in (
        (hosting.approve, held.id),
        (hosting.decline, held.id),
        (hosting.dismiss_reports, stands.id),
    ):
        with pytest.raises(MessageChanged):
            await act(host, id, first)
    [shown] = await wiring.hosting.held(host)
    assert (await hosting.approve(host, held.id, WordsRead(shown.edited_at))).body == "something else"
    [reported] = await hosting.reports(host)
    await hosting.dismiss_reports(host, stands.id, WordsRead(reported.message.edited_at))
    assert await hosting.reports(host) == []


async def test_a_declined_message_is_gone(wiring: Wiring, system: Scope, room: Room) -> None:
    """Its author is told, nothing of its words is left; who was shadow-held is not told."""
    host, one, sly = person(system, "Ann", "moderator"), guest(system), guest(system, "Sly")
    await wiring.rooms.change(host, room.id, RoomChange(hold="guests"))
    await wiring.safety.shadow(host, id_of(sly), "Sly")
    held, hidden = await send(wiring, one, room, "some words"), await send(wiring, sly, room, "sly words")
    for receipt in (held, hidden):
        shown = await wiring.hosting.decline(host, receipt.id)
        assert (shown.state, shown.body) == ("declined", "")
    own = await log(wiring, Topic(system.tenant.id, "me", str(id_of(one))))
    assert [(event, data and data["state"]) for event, data in own] == [
        ("message.held", None),
        ("message.declined", "declined"),
    ]
    [(event, _)] = await log(wiring, Topic(system.tenant.id, "me", str(id_of(sly))))
    assert event == "message.posted"
    assert "message.posted" not in [event for event, _ in await room_log(wiring, room, system)]


async def test_only_hosts_of_the_room_decide(wiring: Wiring, system: Scope, room: Room) -> None:
    """Members and guests are refused, and hosts of the church see nothing of rooms they were not invited to."""
    host, maker, bob = (
        person(system, "Ann", "moderator"),
        person(system, "Eve", "moderator"),
        person(system, "Bob"),
    )
    private = await wiring.rooms.create(maker, NewRoom("invited", "Choir", [id_of(bob)]))
    await wiring.rooms.change(maker, private.id, RoomChange(hold="all"))
    held = await send(wiring, bob, private, "psst")
    with pytest.raises(Forbidden):
        await wiring.hosting.held(guest(system))
    for scope in (bob, host):
        assert await wiring.hosting.held(scope) == []
        with pytest.raises(NoSuchMessage):
            await wiring.hosting.approve(scope, held.id)
        with pytest.raises(NoSuchRoom):
            await wiring.hosting.held(scope, room_id=private.id)
    with pytest.raises(NoSuchMessage):
        await wiring.hosting.approve(host, uuid4())
    await wiring.hosting.approve(maker, held.id)


async def test_clearing_takes_everything_of_one_person(wiring: Wiring, system: Scope, room: Room) -> None:
    """Posted and held messages of one person go, in one room or in all; others stay; the history says who did it."""
    host, one, other = person(system, "Ann", "moderator"), guest(system), guest(system, "Bea")
    await open_gates(wiring, system)
    back = await wiring.rooms.create(host, NewRoom("hosts", "Back channel"))
    drafts = [post(one, room, f"text {n}") for n in range(450)] + [post(other, room, "stays")]
    for start in range(0, len(drafts), 200):
        await wiring.chat.post_many(system, drafts[start : start + 200])
    await send(wiring, host, back, "hosts only")
    assert (await wiring.hosting.clear(host, id_of(one), back.id)).removed == 0
    assert (await wiring.hosting.clear(host, id_of(one))).removed == 450
    assert (await wiring.hosting.clear(host, id_of(one))).removed == 0
    page = await wiring.messages.history(system, room.id, most=100)
    assert {message.state for message in page.messages[:-1]} == {"removed"}
    assert page.messages[-1].body == "stays"
    assert all(
        b"text" not in bytes(e.data or b"") for e in await wiring.log.read(topic(room, system), 0, 2000)
    )
    actions = [entry.action for entry in await wiring.audit.page(system)]
    assert actions.count("person.cleared") == 2
    with pytest.raises(Forbidden):
        await wiring.hosting.clear(other, id_of(one))


def topic(room: Room, system: Scope) -> Topic:
    return Topic(system.tenant.id, "chat", str(room.id))


async def test_clearing_finds_what_is_older_than_much_elsewhere(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """A full page of newer words in a room that is not the host's hides none in the one that is."""
    host, maker = person(system, "Ann", "moderator"), person(system, "Eve", "moderator")
    bob = person(system, "Bob")
    await open_gates(wiring, system)
    private = await wiring.rooms.create(maker, NewRoom("invited", "Choir", [id_of(bob)]))
    await send(wiring, bob, room, "bad words")
    drafts = [post(bob, private, f"text {n}") for n in range(MOST_AT_ONCE)]
    for start in range(0, len(drafts), 200):
        await wiring.chat.post_many(system, drafts[start : start + 200])
    assert (await wiring.hosting.clear(host, id_of(bob))).removed == 1
    assert await bodies(wiring, system, room) == ["removed"]


async def test_a_ban_may_clear(wiring: Wiring, system: Scope, room: Room) -> None:
    """The signal of a ban with `clear` takes everything down, one without leaves it."""
    one = guest(system)
    await send(wiring, one, room, "some words")
    banned = PersonBanned(person_id=id_of(one), by=None, ban_id=uuid4(), expires_at=None)
    await hear(wiring, system, banned)
    assert await bodies(wiring, system, room) == ["some words"]
    await hear(wiring, system, msgspec.structs.replace(banned, clear=True))
    assert await bodies(wiring, system, room) == ["removed"]


async def test_reports(wiring: Wiring, system: Scope, room: Room) -> None:
    """A report reaches hosts once a person, is closed by a decision, and vanishes with the message."""
    host, one, bea = person(system, "Ann", "moderator"), guest(system), guest(system, "Bea")
    first = await send(wiring, one, room, "unkind words")
    second = await send(wiring, one, room, "other words")
    for note in ("please look", "please look again"):
        await wiring.hosting.report(bea, room.id, first.id, ReportBody("unkind", note))
    await wiring.hosting.report(bea, room.id, second.id, ReportBody("spam"))
    found = await wiring.hosting.reports(host)
    assert [(r.message.id, r.note) for r in found] == [(first.id, "please look again"), (second.id, "")]
    await wiring.hosting.dismiss_reports(host, first.id)
    await wiring.chat.remove(host, room.id, second.id)
    assert await wiring.hosting.reports(host) == []
    for scope, id, error in (
        (one, first.id, Conflict),
        (bea, second.id, Conflict),
        (bea, uuid4(), NoSuchMessage),
    ):
        with pytest.raises(error):
            await wiring.hosting.report(scope, room.id, id, ReportBody("spam"))


async def test_nobody_fills_the_queue_with_reports(wiring: Wiring, system: Scope, room: Room) -> None:
    """One person's are counted, under new names those of their network; members beside them report on."""
    told = await send(wiring, person(system, "Ann", "owner"), room, "hello")

    async def report(scope: Scope) -> None:
        await wiring.hosting.report(scope, room.id, told.id, ReportBody("spam"))

    one, bob = guest(system, address="203.0.113.5"), person(system, "Bob")
    for scope in (one, bob):
        for _ in range(REPORTS.amount):
            await report(scope)
        with pytest.raises(Limited):
            await report(scope)
    for _ in range(REPORTS_OF_GUESTS.amount - REPORTS.amount):
        await report(guest(system, address="203.0.113.5"))
    with pytest.raises(Limited):
        await report(guest(system, address="203.0.113.5"))
    await report(guest(system, address="203.0.113.6"))
    await report(msgspec.structs.replace(person(system, "Paul"), origin=Origin(address="203.0.113.5")))


async def test_a_report_after_a_dismissal_opens_it_again(wiring: Wiring, system: Scope, room: Room) -> None:
    """The same person may see that the words were changed into worse ones; it waits at its new place."""
    host, one, bea = person(system, "Ann", "moderator"), guest(system), guest(system, "Bea")
    first, second = await send(wiring, one, room, "sharp words"), await send(wiring, one, room, "other words")
    await wiring.hosting.report(bea, room.id, first.id, ReportBody("unkind"))
    await wiring.hosting.dismiss_reports(host, first.id)
    await wiring.hosting.report(bea, room.id, second.id, ReportBody("spam"))
    await wiring.chat.edit(one, room.id, first.id, "shameful words")
    await wiring.hosting.report(bea, room.id, first.id, ReportBody("unsafe", "look now"))
    found = await wiring.hosting.reports(host)
    assert [(r.message.body, r.note) for r in found] == [("other words", ""), ("shameful words", "look now")]


async def test_an_export_is_whole(wiring: Wiring, system: Scope, room: Room) -> None:
    """Every number of the room is a line in order; what was taken down is its place alone; who exported is kept."""
    await open_gates(wiring, system)
    one = guest(system)
    await wiring.chat.post_many(system, [post(one, room, f"text {n}") for n in range(1, 231)])
    page = await wiring.messages.history(system, room.id, most=1)
    await wiring.chat.remove(one, room.id, page.messages[0].id)
    owner = person(system, "Olga", "owner")
    lines = [line async for line in wiring.hosting.export(owner, room.id)]
    assert [line.number for line in lines] == list(range(1, 231))
    assert (lines[0].body, lines[0].author) == ("text 1", "Maria")
    assert (lines[-1].state, lines[-1].body, lines[-1].author, lines[-1].id) == ("removed", "", "", None)
    assert (await wiring.audit.page(system))[0].action == "room.exported"
    async with wiring.database.shard() as connection:
        told = await connection.fetchval("select data from outbox where kind = 'hosting.exported'")
    assert msgspec.json.decode(told)["room_id"] == str(room.id)
    with pytest.raises(Forbidden):
        async for _ in wiring.hosting.export(person(system, "Ann", "moderator"), room.id):
            pass


async def test_a_person_is_forgotten(wiring: Wiring, system: Scope, room: Room) -> None:
    """Erasing leaves tombstones in their places and no word, name or id of the person anywhere in conversations."""
    one, bea = guest(system, "Wilhelmina", device="Phone", address="203.0.113.7"), guest(system, "Bea")
    first = await send(wiring, bea, room, "before")
    await send(wiring, one, room, "my secret words")
    await send(wiring, bea, room, "after")
    await wiring.chat.react(one, room.id, first.id, "🙏")
    await wiring.chat.react(bea, room.id, first.id, "🙏")
    await wiring.messages.read(one, room.id, 3)
    await wiring.blocks.block(one, id_of(bea))
    await wiring.hosting.report(one, room.id, first.id, ReportBody("spam"))
    await wiring.safety.timeout(person(system, "Ann", "moderator"), id_of(one), "Wilhelmina", 5)
    for _ in range(2):
        await wiring.hosting.forget(person(system, "Olga", "owner"), id_of(one))
    assert await bodies(wiring, system, room) == ["before", "removed", "after"]
    assert (await wiring.messages.history(system, room.id)).reactions == {first.id: {"🙏": 1}}
    async with wiring.database.transaction(system) as tx:
        tables = await tx.connection.fetch(
            "select tablename from pg_tables where schemaname = current_schema() and tablename ~"
            " '^(messages|reactions|rooms|blocks|safety|hosting|topic)_'"
        )
        for row in tables:
            text = (
                await tx.connection.fetchval(f"select string_agg(t::text, ' ') from {row['tablename']} t")
                or ""
            )
            traces = [trace for trace in ("Wilhelmina", "secret", str(id_of(one))) if _in(trace, text)]
            assert traces == [], (row["tablename"], traces)


def _in(trace: str, text: str) -> bool:
    return trace in text or trace.encode().hex() in text
