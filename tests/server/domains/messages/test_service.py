"""Reading back by page, read marks, search and retention, on a real database."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from realtime.log import NOWHERE
from realtime.topics import Topic
from server.domains.messages.errors import BadSearch, NoSuchMessage, TooManyPins
from server.domains.rooms.errors import NoSuchRoom
from server.domains.rooms.models import Room
from server.domains.rooms.schemas import NewRoom
from server.domains.rooms.service import topic_of
from server.domains.safety.models import Rules
from server.kit.errors import Forbidden, Unauthenticated
from server.kit.scope import Actor, Scope
from server.wiring import Wiring
from tests.server.domains.voices import Heard, bodies, guest, id_of, log, person, post, room_log, send


@pytest.fixture
async def told(wiring: Wiring, system: Scope, room: Room) -> list[str]:
    """Fill the room with twelve messages of one guest; return their words."""
    await wiring.safety.set_rules(
        person(system, "Olga", "owner"), Rules(flood_messages=0, duplicate_seconds=0)
    )
    words = [f"text {n}" for n in range(1, 13)]
    await wiring.chat.post_many(system, [post(guest(system), room, word) for word in words])
    return words


async def numbers(
    wiring: Wiring, scope: Scope, room: Room, **asked: object
) -> tuple[list[int | None], bool, bool]:
    page = await wiring.messages.history(scope, room.id, **asked)  # type: ignore[arg-type]
    return [message.number for message in page.messages], page.older, page.newer


async def test_history_by_page_both_ways(wiring: Wiring, system: Scope, room: Room, told: list[str]) -> None:
    """Pages come in the room's order and say whether there is more on either side."""
    reader = Scope(system.tenant, Actor())
    assert await numbers(wiring, reader, room, most=5) == ([8, 9, 10, 11, 12], True, False)
    assert await numbers(wiring, reader, room, before=8, most=5) == ([3, 4, 5, 6, 7], True, True)
    assert await numbers(wiring, reader, room, before=3, most=5) == ([1, 2], False, True)
    assert await numbers(wiring, reader, room, before=1, most=5) == ([], False, True)
    assert await numbers(wiring, reader, room, after=0, most=5) == ([1, 2, 3, 4, 5], False, True)
    assert await numbers(wiring, reader, room, after=5, most=7) == ([6, 7, 8, 9, 10, 11, 12], True, False)
    assert await numbers(wiring, reader, room, after=12, most=7) == ([], True, False)
    assert await numbers(wiring, reader, room, after=10**9) == ([], True, False)


async def test_history_around_one_message(wiring: Wiring, system: Scope, room: Room, told: list[str]) -> None:
    """A message stands in the middle of its page, at the borders too; one of another room is not there."""
    page = await wiring.messages.history(system, room.id)
    ids = [message.id for message in page.messages]
    assert await numbers(wiring, system, room, around=ids[5], most=4) == ([4, 5, 6, 7], True, True)
    assert await numbers(wiring, system, room, around=ids[0], most=4) == ([1, 2], False, True)
    assert await numbers(wiring, system, room, around=ids[11], most=4) == ([10, 11, 12], True, False)
    assert await numbers(wiring, system, room, around=ids[3], most=1) == ([4], True, True)
    with pytest.raises(NoSuchMessage):
        await wiring.messages.history(system, room.id, around=uuid4())


async def test_a_snapshot_holds_state_and_position(wiring: Wiring, system: Scope, room: Room) -> None:
    """An empty room is nowhere in the log; later the snapshot's position is that of its newest event."""
    position, shown = await wiring.messages.snapshot(system, room.id)
    assert position == NOWHERE
    assert (shown.messages, shown.pins, shown.room.phase) == ([], [], "open")
    first = await send(wiring, guest(system), room)
    host = person(system, "Ann", "moderator")
    await wiring.chat.pin(host, room.id, first.id, pinned=True)
    await wiring.chat.react(host, room.id, first.id, "🙏")
    position, shown = await wiring.messages.snapshot(system, room.id)
    head = await wiring.log.head(topic_of(system.tenant.id, room.id))
    assert position == head
    assert [message.id for message in shown.messages] == [message.id for message in shown.pins] == [first.id]
    assert shown.reactions == {first.id: {"🙏": 1}}
    assert [(one.message, one.totals) for one in await wiring.messages.latest(system, room.id)] == [
        (first.id, {"🙏": 1})
    ]


async def test_pins_are_few_and_told(wiring: Wiring, system: Scope, room: Room, told: list[str]) -> None:
    """Hosts pin up to ten; pinning twice is one event; taking off makes place; guests do not pin."""
    host = person(system, "Ann", "moderator")
    ids = [message.id for message in (await wiring.messages.history(system, room.id)).messages]
    for id in [*ids[:10], ids[0]]:
        assert (await wiring.chat.pin(host, room.id, id, pinned=True)).pinned
    with pytest.raises(TooManyPins):
        await wiring.chat.pin(host, room.id, ids[10], pinned=True)
    assert not (await wiring.chat.pin(host, room.id, ids[0], pinned=False)).pinned
    await wiring.chat.pin(host, room.id, ids[10], pinned=True)
    events = [event for event, _ in await room_log(wiring, room, system)][12:]
    assert events == ["message.pinned"] * 10 + ["message.unpinned", "message.pinned"]
    with pytest.raises(NoSuchRoom):
        await wiring.chat.pin(guest(system), room.id, ids[11], pinned=True)
    await wiring.chat.remove(host, room.id, ids[1])
    _, shown = await wiring.messages.snapshot(system, room.id)
    assert ids[1] not in {message.id for message in shown.pins}


async def test_unread_counts_what_others_posted(
    wiring: Wiring, system: Scope, room: Room, told: list[str]
) -> None:
    """Own and removed messages are not unread; a mark never goes back nor beyond the last message."""
    one = guest(system, "Bea")
    assert (await wiring.messages.mine(one, room.id)).unread == 12
    assert await wiring.messages.read(one, room.id, 5) == (5, 7)
    assert await wiring.messages.read(one, room.id, 3) == (5, 7)
    await send(wiring, one, room, "my own")
    [_, *ids] = [message.id for message in (await wiring.messages.history(system, room.id)).messages]
    await wiring.chat.remove(system, room.id, ids[-2])
    assert (await wiring.messages.mine(one, room.id)).unread == 6
    heard = Heard()
    wiring.database.announcer = heard
    assert await wiring.messages.read(one, room.id, 10**12) == (13, 0)
    [passing] = [passing for p in heard.publications for passing in p.passing]
    assert (passing.topic.name, passing.event) == (f"me:{id_of(one)}", "read")
    [seat] = await wiring.messages.seats(one)
    assert (seat.room.id, seat.read_to, seat.unread) == (room.id, 13, 0)


async def test_the_list_of_rooms_is_ones_own(wiring: Wiring, system: Scope, room: Room) -> None:
    """Nobody sees rooms they may not enter; the invited see theirs."""
    host, bob = person(system, "Ann", "moderator"), person(system, "Bob")
    await wiring.rooms.create(host, NewRoom("hosts", "Back channel"))
    await wiring.rooms.create(host, NewRoom("invited", "Choir", [id_of(bob)]))
    titles = [
        sorted(seat.room.title for seat in await wiring.messages.seats(scope))
        for scope in (Scope(system.tenant, Actor()), guest(system), bob, host)
    ]
    assert titles == [["Sunday"], ["Sunday"], ["Choir", "Sunday"], ["Back channel", "Choir", "Sunday"]]


async def test_search(wiring: Wiring, system: Scope, room: Room) -> None:
    """Texts are found newest first, whatever their case; signs have no meaning; what was removed is not found."""
    scope = guest(system)
    for body in ("The potluck is at noon", "bring POTLUCK dishes", "100% sure", "100 sure", r"a\b_c"):
        await send(wiring, scope, room, body)
    gone = await send(wiring, scope, room, "no potluck for you")
    await wiring.chat.remove(scope, room.id, gone.id)

    async def found(text: str, **more: int) -> list[int | None]:
        messages = await wiring.messages.search(scope, room.id, text, **more)  # type: ignore[arg-type]
        return [message.number for message in messages]

    assert await found("potluck") == [2, 1]
    assert await found("potluck", before=2) == [1]
    assert await found("100%") == [3]
    assert await found(r"\b_c") == [5]
    assert await found("__") == []
    for wrong in ("a", " ", "x" * 101, "a\nb"):
        with pytest.raises(BadSearch):
            await found(wrong)
    with pytest.raises(Unauthenticated):
        await wiring.messages.search(Scope(system.tenant, Actor()), room.id, "potluck")
    with pytest.raises(Forbidden):
        await wiring.messages.search(Scope(system.tenant, Actor("api_key")), room.id, "potluck")


async def test_a_block_keeps_mentions_away(wiring: Wiring, system: Scope, room: Room) -> None:
    """Who blocked the author is not announced as mentioned; everyone sees the same message."""
    author, bob, eve = guest(system), person(system, "Bob"), person(system, "Eve")
    await wiring.blocks.block(bob, id_of(author))
    people = [id_of(bob), id_of(eve)]
    await send(wiring, author, room, "Hello @Bob and @Eve", mentions=people)
    assert (await room_log(wiring, room, system))[0][1]["mentions"] == [str(id) for id in people]
    async with wiring.database.shard() as connection:
        data = await connection.fetchval("select data from outbox where kind = 'chat.posted'")
    assert str(id_of(eve)).encode() in data
    assert str(id_of(bob)).encode() not in data


async def test_old_messages_are_forgotten(wiring: Wiring, system: Scope, room: Room, told: list[str]) -> None:
    """What is older than the church keeps it is deleted, and its words leave the log however long that is kept."""
    async with wiring.database.transaction(system) as tx:
        await tx.connection.execute(
            "update messages_messages set created_at = created_at - $1::interval, posted_at = posted_at - $1::interval"
            " where number <= 3",
            timedelta(days=366),
        )
    assert await wiring.messages.trim(system) == 3
    assert await wiring.messages.trim(system) == 0
    assert await bodies(wiring, system, room) == told[3:]
    events = await room_log(wiring, room, system)
    assert [event for event, data in events if data is None] == ["message.posted"] * 3
    assert not any(word in str(events) for word in (f"{word}'" for word in told[:3]))
    assert [event for event, _ in events[12:]] == ["message.removed"] * 3
    assert (await wiring.chat.post_many(system, [post(guest(system), room, "goes on")]))[0].state == "posted"  # type: ignore[union-attr]
    assert (await wiring.messages.history(system, room.id)).messages[-1].number == 13


async def test_a_shadow_held_message_goes_as_any_other(wiring: Wiring, system: Scope, room: Room) -> None:
    """Who is shadow-held sees a removed message like everybody, and never that it had been held."""
    olga, maria = person(system, "Olga", "owner"), guest(system)
    await wiring.safety.shadow(olga, id_of(maria), "Maria")
    mine = Topic(system.tenant.id, "me", str(id_of(maria)))
    for by in ("host", "author", "erasure"):
        receipt = await send(wiring, maria, room, f"Words taken by {by}")
        if by == "host":
            await wiring.hosting.clear(olga, id_of(maria))
        elif by == "author":
            await wiring.chat.remove(maria, room.id, receipt.id)
        else:
            await wiring.messages.forget(system, id_of(maria))
        (first, gone), (event, shown) = (await log(wiring, mine))[-2:]
        assert (first, gone, event) == ("message.posted", None, "message.removed")
        assert (shown["id"], shown["state"], shown["removed_by"]) == (str(receipt.id), "removed", by)
        assert "author" not in shown
        assert "body" not in shown


async def test_declined_shadow_words_leave_the_log(wiring: Wiring, system: Scope, room: Room) -> None:
    """A host's no to a shadow-held message is not told to its author, and its words stay in no log."""
    olga, maria = person(system, "Olga", "owner"), guest(system)
    await wiring.safety.shadow(olga, id_of(maria), "Maria")
    receipt = await send(wiring, maria, room, "Words")
    await wiring.hosting.decline(olga, receipt.id)
    mine = Topic(system.tenant.id, "me", str(id_of(maria)))
    assert await log(wiring, mine) == [("message.posted", None)]
