"""What a guest wrote, did and may not do, once it is known who they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from realtime.topics import Topic
from server.domains.chat.errors import NotYours
from server.domains.guests.signals import GuestBecameMember
from server.domains.messages import service
from server.domains.messages.signals import HandingOverGoesOn
from server.domains.rooms.models import Room
from server.domains.rooms.schemas import RoomChange
from server.domains.safety.errors import Banned
from server.domains.safety.models import Rules
from server.kit.outbox import Signal, kind_of
from server.kit.scope import Actor, Scope
from server.wiring import Wiring
from tests.server.domains.voices import guest, id_of, log, person, post, room_log, send

PASSWORD = "a long walk by the lake"


@pytest.fixture(autouse=True)
async def calm(wiring: Wiring, system: Scope) -> None:
    """Take floods and repetitions as they come."""
    rules = Rules(flood_messages=0, duplicate_seconds=0)
    await wiring.safety.set_rules(person(system, "Olga", "owner"), rules)


async def member(wiring: Wiring, system: Scope, *roles: str) -> Scope:
    """Return somebody with an account."""
    made = await wiring.accounts.create(
        system, email="ruth@grace.example", name="Ruth A.", password=PASSWORD, roles=frozenset(roles)
    )
    return Scope(system.tenant, Actor("person", made.id, made.name, made.roles))


async def become(wiring: Wiring, system: Scope, before: UUID, after: UUID) -> int:
    """Let a guest turn out to be a person, as the relay would; return how many transactions it took here."""
    waiting: list[Signal] = [GuestBecameMember(guest_id=before, person_id=after)]
    steps = 0
    while waiting:
        signal = waiting.pop(0)
        for listener in wiring.listeners.of(kind_of(type(signal))):
            async with wiring.database.transaction(system) as tx:
                await listener.handle(tx, signal)
                waiting += [one for one in tx.signals if isinstance(one, HandingOverGoesOn)]
                steps += listener.name.startswith("messages.")
    return steps


async def test_words_are_the_members_under_the_name_of_then(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """Everybody sees whose the words are now; the member may change them, and the name of then stays."""
    one, other, ruth = guest(system, "Ruth"), guest(system, "Bea"), await member(wiring, system)
    first = await send(wiring, one, room, "as a guest")
    theirs = await send(wiring, other, room, "not mine")
    await become(wiring, system, id_of(one), id_of(ruth))
    page = await wiring.messages.history(system, room.id)
    assert [(m.author.id, m.author.name) for m in page.messages] == [
        (id_of(ruth), "Ruth"),
        (id_of(other), "Bea"),
    ]
    event, data = (await room_log(wiring, room, system))[-1]
    assert (event, data["id"], data["author"]["id"]) == (
        "message.handed_over",
        str(first.id),
        str(id_of(ruth)),
    )
    await wiring.chat.edit(ruth, room.id, first.id, "as myself")
    await wiring.chat.remove(ruth, room.id, first.id)
    with pytest.raises(NotYours):
        await wiring.chat.edit(ruth, room.id, theirs.id, "no")
    await send(wiring, ruth, room, "and on")
    assert await wiring.messages.read(ruth, room.id, 3) == (3, 0)


async def test_a_retry_across_the_change_is_the_same_message(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """What was sent as a guest and is sent again as the member stands there once."""
    one, ruth = guest(system, "Ruth"), await member(wiring, system)
    draft = post(one, room, "once")
    await wiring.chat.post_many(system, [draft])
    await become(wiring, system, id_of(one), id_of(ruth))
    [again] = await wiring.chat.post_many(system, [post(ruth, room, "once", id=draft.id)])
    assert getattr(again, "id", None) == draft.id
    assert len((await wiring.messages.history(system, room.id)).messages) == 1


async def test_what_waits_for_a_host_waits_for_the_member(wiring: Wiring, system: Scope, room: Room) -> None:
    """A held message shows among the member's own and is approved as theirs."""
    host, one, ruth = person(system, "Ann", "moderator"), guest(system, "Ruth"), await member(wiring, system)
    await wiring.rooms.change(host, room.id, RoomChange(hold="all"))
    held = await send(wiring, one, room, "wait")
    await become(wiring, system, id_of(one), id_of(ruth))
    assert [message.id for message in (await wiring.messages.mine(ruth, room.id)).held] == [held.id]
    assert [event for event, _ in await log(wiring, Topic(system.tenant.id, "me", str(id_of(ruth))))] == [
        "message.held"
    ]
    assert (await wiring.hosting.approve(host, held.id)).author.id == id_of(ruth)  # type: ignore[union-attr]


async def test_reactions_count_once(wiring: Wiring, system: Scope, room: Room) -> None:
    """What both gave is one; what the guest alone gave is the member's, who can take it back."""
    one, ruth, ann = guest(system, "Ruth"), await member(wiring, system), guest(system, "Ann")
    sent = await send(wiring, ann, room)
    for who, emoji in ((one, "🙏"), (ruth, "🙏"), (one, "🎉")):
        await wiring.chat.react(who, room.id, sent.id, emoji)
    await become(wiring, system, id_of(one), id_of(ruth))
    page = await wiring.messages.history(system, room.id)
    assert page.reactions == {sent.id: {"🙏": 1, "🎉": 1}}
    assert await wiring.chat.react(ruth, room.id, sent.id, "🎉", on=False) == {"🙏": 1}


async def test_reading_goes_on_where_the_guest_was(wiring: Wiring, system: Scope, room: Room) -> None:
    """The further of both marks counts."""
    one, ruth, ann = guest(system, "Ruth"), await member(wiring, system), guest(system, "Ann")
    for number in range(5):
        await send(wiring, ann, room, f"text {number}")
    await wiring.messages.read(ruth, room.id, 2)
    await wiring.messages.read(one, room.id, 4)
    await become(wiring, system, id_of(one), id_of(ruth))
    mine = await wiring.messages.mine(ruth, room.id)
    assert (mine.read_to, mine.unread) == (4, 1)


async def test_blocks_hold_in_both_directions(wiring: Wiring, system: Scope) -> None:
    """Who was blocked stays so; who blocked the guest hears nothing of the member; nobody blocks oneself."""
    one, ruth = guest(system, "Ruth"), await member(wiring, system)
    bea, cid = guest(system, "Bea"), guest(system, "Cid")
    await wiring.blocks.block(one, id_of(bea))
    await wiring.blocks.block(cid, id_of(one))
    await wiring.blocks.block(ruth, id_of(one))
    await become(wiring, system, id_of(one), id_of(ruth))
    assert await wiring.blocks.mine(ruth) == [id_of(bea)]
    assert await wiring.blocks.mine(cid) == [id_of(ruth)]
    told = await log(wiring, Topic(system.tenant.id, "me", str(id_of(cid))))
    assert told[-1] == ("person.blocked", {"id": str(id_of(ruth))})


async def test_signing_in_ends_no_pause_and_no_ban(wiring: Wiring, system: Scope, room: Room) -> None:
    """The longer pause counts; a ban finds the account too, until it is lifted."""
    host, one, ruth = person(system, "Ann", "moderator"), guest(system, "Ruth"), await member(wiring, system)
    await wiring.safety.timeout(host, id_of(one), "Ruth", 60)
    await wiring.safety.timeout(host, id_of(ruth), "Ruth A.", 1)
    ban = await wiring.safety.ban(host, id_of(one), "Ruth")
    await become(wiring, system, id_of(one), id_of(ruth))
    until = (await wiring.safety.restraints(host))[-1].until
    assert until > datetime.now(UTC) + timedelta(minutes=50)
    with pytest.raises(Banned):
        await send(wiring, ruth, room)
    await wiring.safety.lift(host, ban.id)
    await wiring.safety.release(host, id_of(ruth), "timeout")
    await send(wiring, ruth, room)


async def test_a_ban_keeps_nobody_from_a_duty(wiring: Wiring, system: Scope, room: Room) -> None:
    """Who looks after others in this church is not kept out for what a guest on their device did."""
    host, one = person(system, "Ann", "owner"), guest(system, "Ruth")
    ruth = await member(wiring, system, "moderator")
    await wiring.safety.ban(host, id_of(one), "Ruth")
    await become(wiring, system, id_of(one), id_of(ruth))
    await send(wiring, ruth, room)


async def test_much_is_handed_over_step_by_step(
    wiring: Wiring, system: Scope, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No transaction moves more than it may; the last one finds nothing left, and repeating it changes nothing."""
    monkeypatch.setattr(service, "MOST_AT_ONCE", 3)
    one, ruth = guest(system, "Ruth"), await member(wiring, system)
    for number in range(7):
        await send(wiring, one, room, f"text {number}")
    assert await become(wiring, system, id_of(one), id_of(ruth)) == 3
    assert {m.author.id for m in (await wiring.messages.history(system, room.id)).messages} == {id_of(ruth)}
    told = len(await room_log(wiring, room, system))
    assert await become(wiring, system, id_of(one), id_of(ruth)) == 1
    assert len(await room_log(wiring, room, system)) == told


async def test_a_new_account_has_kept_the_id(wiring: Wiring, system: Scope, room: Room) -> None:
    """Nothing is touched where guest and person are the same id."""
    one = guest(system, "Ruth")
    await send(wiring, one, room)
    told = await room_log(wiring, room, system)
    await become(wiring, system, id_of(one), id_of(one))
    assert await room_log(wiring, room, system) == told
