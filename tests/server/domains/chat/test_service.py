"""Sending, editing, taking back and reacting, on a real database."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from realtime.topics import Topic
from server.domains.chat.errors import EditRefused, IdTaken, NameTaken, NotYours, SlowMode
from server.domains.chat.models import Post, React, Receipt
from server.domains.chat.policy import id_apart, id_once
from server.domains.chat.schemas import Send
from server.domains.messages.errors import NoSuchMessage, Removed
from server.domains.messages.schemas import ReactionTotals
from server.domains.rooms.errors import NoSuchRoom, RoomClosed, RoomLocked, RoomWaiting
from server.domains.rooms.models import Room
from server.domains.rooms.schemas import NewRoom, RoomChange
from server.domains.safety.errors import Banned, Duplicate, Flooding, LockedDown, TimedOut
from server.domains.safety.models import Rules, WordRule
from server.kit.errors import AppError, Unauthenticated
from server.kit.scope import Actor, Once, Origin, Scope
from server.wiring import Wiring
from tests.jobs.support import drained, relay, running
from tests.server.domains.care.test_service import conversation
from tests.server.domains.voices import Heard, bodies, guest, id_of, log, person, post, room_log, send

# ---- sending


async def test_an_acknowledged_message_is_in_the_log_and_in_the_history(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """A sent message is answered, logged with its full state, and read back."""
    receipt = await send(wiring, guest(system), room, "Good morning from Lagos!")
    assert receipt.state == "posted"
    [(event, data)] = await room_log(wiring, room, system)
    assert (event, data["body"], data["number"]) == ("message.posted", "Good morning from Lagos!", 1)
    page = await wiring.messages.history(system, room.id)
    assert [message.id for message in page.messages] == [receipt.id]
    assert (page.older, page.newer) == (False, False)


async def test_fifty_sends_of_one_id_are_one_message(wiring: Wiring, system: Scope, room: Room) -> None:
    """A storm of one id by one author, concurrent and later, is one message and fifty-one equal answers."""
    scope, id = guest(system), uuid4()
    receipts = await asyncio.gather(*(send(wiring, scope, room, "Once", id=id) for _ in range(50)))
    receipts.append(await send(wiring, scope, room, "Once", id=id))
    assert len({(r.id, r.at, r.state) for r in receipts}) == 1
    assert len(await room_log(wiring, room, system)) == 1


def test_a_key_names_a_message_for_a_day(system: Scope) -> None:
    """The id that follows from an Idempotency-Key is its actor's, its church's and its day's own; none without one."""
    now, later = datetime(2026, 3, 1, 9, tzinfo=UTC), datetime(2026, 3, 1, 10, tzinfo=UTC)

    def keyed(actor: str, key: str) -> Scope:
        return Scope(system.tenant, Actor(), Origin(once=Once(actor, key, b"")))

    one = keyed("api_key:1", "k")
    assert id_once(one, now) == id_once(one, later)
    elsewhere = msgspec.structs.replace(one, tenant=msgspec.structs.replace(system.tenant, id="h" * 16))
    others = [keyed("api_key:2", "k"), keyed("api_key:1", "l"), elsewhere]
    ids = {id_once(scope, now) for scope in (one, *others)} | {id_once(one, now + timedelta(days=1))}
    assert len(ids) == 5
    assert id_once(system, now) is None


async def test_the_same_id_from_another_author_is_refused(wiring: Wiring, system: Scope, room: Room) -> None:
    """An id belongs to its first author, in the same batch and afterwards."""
    id, one, other = uuid4(), guest(system, "Ada"), guest(system, "Bea")
    answers = await wiring.chat.post_many(
        system, [Post(one, room.id, id, "mine"), Post(other, room.id, id, "no, mine")]
    )
    assert isinstance(answers[0], Receipt)
    assert isinstance(answers[1], IdTaken)
    with pytest.raises(IdTaken):
        await send(wiring, other, room, id=id)
    with pytest.raises(IdTaken):
        await send(wiring, other, room, id=room.id)


async def test_a_refused_draft_leaves_the_batch_and_the_others_are_written(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """Each draft of a batch has its own answer."""
    drafts = [
        post(guest(system, "Ada"), room, "first"),
        post(guest(system, "Bea"), room, "x" * 2001),
        Post(guest(system, "Cyd"), uuid4(), uuid4(), "into a room that is not there"),
        post(Scope(system.tenant), room, "from nobody"),
        post(guest(system, "Eve"), room, "second"),
    ]
    answers = await wiring.chat.post_many(system, drafts)
    kinds = [answer.state if isinstance(answer, Receipt) else answer.code for answer in answers]
    assert kinds == ["posted", "bad_text", "no_such_room", "unauthenticated", "posted"]
    assert await bodies(wiring, system, room) == ["first", "second"]


async def test_numbers_follow_the_log(wiring: Wiring, system: Scope, room: Room) -> None:
    """A hundred concurrent writers get the numbers 1 to 100, in the order of the log."""
    await asyncio.gather(*(send(wiring, guest(system, f"G{n}"), room, f"text {n}") for n in range(100)))
    numbers = [data["number"] for _, data in await room_log(wiring, room, system)]
    assert numbers == list(range(1, 101))
    page = await wiring.messages.history(system, room.id, most=100)
    assert [message.number for message in page.messages] == numbers


async def test_one_batch_serves_many_writers(wiring: Wiring, system: Scope, room: Room) -> None:
    """What is sent at once is committed together: fewer transactions than messages."""
    before = await commits(wiring)
    await asyncio.gather(*(send(wiring, guest(system, f"G{n}"), room, f"text {n}") for n in range(60)))
    assert await commits(wiring) - before < 20


async def commits(wiring: Wiring) -> int:
    async with wiring.database.shard() as connection:
        return int(await connection.fetchval("select count(distinct xmin::text) from wakes"))


async def test_an_answer_names_a_message_of_this_room(wiring: Wiring, system: Scope, room: Room) -> None:
    """A reply to a message of another room, or to one that was taken down, is refused by name."""
    scope = guest(system)
    first = await send(wiring, scope, room, "first words")
    answer = await send(wiring, guest(system, "Bea"), room, "an answer", reply_to=first.id)
    assert (await room_log(wiring, room, system))[1][1]["reply_to"] == str(first.id)
    await wiring.chat.remove(scope, room.id, first.id)
    for wrong in (uuid4(), first.id):
        with pytest.raises(AppError) as caught:
            await send(wiring, scope, room, "too late", reply_to=wrong)
        assert caught.value.errors[0].pointer == "/reply_to"
    assert answer.state == "posted"


async def test_a_staff_members_name_is_not_for_guests(wiring: Wiring, system: Scope, room: Room) -> None:
    """A guest cannot speak under the name of somebody with an account, in whatever letters; two guests are marked."""
    await send(wiring, person(system, "Pastor Paul", "pastor"), room, "Welcome")
    with pytest.raises(NameTaken):
        await send(wiring, guest(system, "pаstor  PAUL."), room, "I am not")  # noqa: RUF001
    one, other = guest(system, "Maria"), guest(system, "maria")
    await send(wiring, one, room, "hello")
    await send(wiring, other, room, "hello too")
    authors = [data["author"] for _, data in await room_log(wiring, room, system)]
    assert authors[0]["label"] == "Host"
    assert "mark" not in authors[1]
    assert authors[2]["mark"] == str(other.actor.id)[-4:]


# ---- who may write


async def test_a_room_opens_and_closes(wiring: Wiring, system: Scope) -> None:
    """Before and after the window guests are refused, each with its own code; hosts may write early and late."""
    now = datetime.now(UTC)
    async with wiring.database.transaction(system) as tx:
        later = (now + timedelta(minutes=5), now + timedelta(minutes=9))
        waiting = await wiring.rooms.put_gathering(tx, UUID(int=1), "Later", later)
        over = (now - timedelta(minutes=9), now - timedelta(minutes=5))
        closed = await wiring.rooms.put_gathering(tx, UUID(int=2), "Over", over)
    with pytest.raises(RoomWaiting) as caught:
        await send(wiring, guest(system), waiting)
    assert 290 < (caught.value.retry_after or 0) <= 300
    with pytest.raises(RoomClosed):
        await send(wiring, guest(system), closed)
    for room in (waiting, closed):
        await send(wiring, person(system, "Ann", "moderator"), room)


async def test_a_private_room_is_not_there_for_others(wiring: Wiring, system: Scope) -> None:
    """Hosts and guests who were not invited find no room; the invited write, until they are taken off the list."""
    host, friend = person(system, "Ann", "moderator"), person(system, "Bob")
    assert friend.actor.id is not None
    room = await wiring.rooms.create(host, NewRoom("invited", "Choir", [friend.actor.id]))
    await send(wiring, friend, room)
    for other in (person(system, "Olga", "owner"), guest(system), Scope(system.tenant)):
        with pytest.raises(NoSuchRoom):
            await wiring.messages.history(other, room.id)
        with pytest.raises((NoSuchRoom, Unauthenticated)):
            await send(wiring, other, room)
    await wiring.rooms.remove(host, room.id, friend.actor.id)
    with pytest.raises(NoSuchRoom):
        await send(wiring, friend, room)


async def test_a_room_of_another_church_is_not_there(
    wiring: Wiring, system: Scope, other_system: Scope, room: Room
) -> None:
    """The other church's ids are refused whoever asks."""
    for scope in (guest(other_system), person(other_system, "Olga", "owner"), other_system):
        with pytest.raises(NoSuchRoom):
            await send(wiring, scope, room)
        with pytest.raises(NoSuchRoom):
            await wiring.messages.history(scope, room.id)


async def test_slow_mode_holds_for_all_but_hosts(wiring: Wiring, system: Scope, room: Room) -> None:
    """A second message within the seconds is refused with the time to wait, within one batch too."""
    host, one = person(system, "Ann", "moderator"), guest(system)
    await wiring.rooms.change(host, room.id, RoomChange(slow_seconds=30))
    answers = await wiring.chat.post_many(
        system, [post(one, room, "first things"), post(one, room, "second words")]
    )
    assert isinstance(answers[0], Receipt)
    assert isinstance(answers[1], SlowMode)
    with pytest.raises(SlowMode) as caught:
        await send(wiring, one, room, "third try")
    assert 25 < (caught.value.retry_after or 0) <= 30
    await send(wiring, host, room, "one")
    await send(wiring, host, room, "two")


async def test_lockdown_and_a_locked_room_leave_the_word_to_hosts(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """The church's lockdown and the room's own lock refuse guests at once, and let them go on afterwards."""
    host, one = person(system, "Ann", "moderator"), guest(system)
    await wiring.safety.lock(host, locked=True)
    with pytest.raises(LockedDown):
        await send(wiring, one, room)
    await send(wiring, host, room)
    await wiring.safety.lock(host, locked=False)
    await wiring.rooms.change(host, room.id, RoomChange(locked=True))
    with pytest.raises(RoomLocked):
        await send(wiring, one, room)
    await wiring.rooms.change(host, room.id, RoomChange(locked=False))
    await send(wiring, one, room)


async def test_a_timeout_ends_by_itself_or_by_a_host(wiring: Wiring, system: Scope, room: Room) -> None:
    """Who was asked to pause is told for how long, and may write when released."""
    host, one = person(system, "Ann", "moderator"), guest(system)
    assert one.actor.id is not None
    await wiring.safety.timeout(host, one.actor.id, "Maria", 5)
    with pytest.raises(TimedOut) as caught:
        await send(wiring, one, room)
    assert 295 < (caught.value.retry_after or 0) <= 300
    await wiring.safety.release(host, one.actor.id, "timeout")
    await send(wiring, one, room)


async def test_nothing_is_taken_after_a_ban_was_answered(wiring: Wiring, system: Scope, room: Room) -> None:
    """While somebody sends as fast as they can, no message of theirs is acknowledged after the ban has returned."""
    host, one = person(system, "Ann", "moderator"), guest(system)
    assert one.actor.id is not None
    await wiring.safety.set_rules(
        person(system, "Olga", "owner"), Rules(flood_messages=0, duplicate_seconds=0)
    )
    after_ban: list[Receipt] = []
    banned = asyncio.Event()

    async def talk(n: int) -> None:
        while True:
            sent_after = banned.is_set()
            try:
                receipt = await send(wiring, one, room, f"words {n}")
            except Banned:
                return
            if sent_after:
                after_ban.append(receipt)

    talkers = [asyncio.create_task(talk(n)) for n in range(8)]
    while not await room_log(wiring, room, system):
        await asyncio.sleep(0.01)
    await wiring.safety.ban(host, one.actor.id, "Maria")
    count = len(await room_log(wiring, room, system))
    banned.set()
    await asyncio.gather(*talkers)
    assert after_ban == []
    assert count == len(await room_log(wiring, room, system))
    assert count > 0


async def test_floods_and_repetitions_are_refused(wiring: Wiring, system: Scope, room: Room) -> None:
    """The ninth message in ten seconds, and nearly the same long text twice, are refused with a time to wait."""
    one = guest(system)
    drafts = [post(one, room, f"{word} is what I say now") for word in "abcdefghij"]
    with_words = [
        msgspec.structs.replace(d, body=f"{n} {w}")
        for n, (d, w) in enumerate(zip(drafts, WORDS, strict=False))
    ]
    answers = await wiring.chat.post_many(system, with_words)
    assert [isinstance(a, Receipt) for a in answers] == [True] * 8 + [False] * 2
    assert isinstance(answers[8], Flooding)
    other = guest(system, "Bea")
    await send(wiring, other, room, "Come and buy cheap watches at our wonderful shop, only 19 today")
    with pytest.raises(Duplicate):
        await send(wiring, other, room, "come and BUY cheap watches at our wonderful shop!! only 20 today")


WORDS = "alpha bravo charlie delta echo foxtrot golf hotel india juliet".split()  # noqa: SIM905


# ---- held


async def test_a_held_message_is_seen_by_its_author_and_hosts_only(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """A held word stays out of the room's log; the reply says so, and the author's own topic shows it."""
    rules = Rules(words=(WordRule("casino*"), WordRule("badword", "refuse"), WordRule("sneaky", "shadow")))
    await wiring.safety.set_rules(person(system, "Olga", "owner"), rules)
    one = guest(system)
    held = await send(wiring, one, room, "Visit our C a s i n o!")
    shadow = await send(wiring, one, room, "something sneaky")
    assert (held.state, shadow.state) == ("held", "posted")
    with pytest.raises(AppError) as caught:
        await send(wiring, one, room, "a b4dword")
    assert caught.value.code == "word_refused"
    assert await room_log(wiring, room, system) == []
    own = await log(wiring, Topic(system.tenant.id, "me", str(one.actor.id)))
    assert [(event, data.get("state", "posted")) for event, data in own] == [
        ("message.held", "held"),
        ("message.posted", "posted"),
    ]
    hosts = await log(wiring, Topic(system.tenant.id, "held", str(room.id)))
    assert [(data["reason"], data["shadow"]) for _, data in hosts] == [("word", False), ("word", True)]
    mine = await wiring.messages.mine(one, room.id)
    assert [shown.id for shown in mine.held] == [shadow.id, held.id]
    assert (await wiring.messages.mine(guest(system), room.id)).held == []


async def test_a_cry_for_help_is_held_and_answered_with_a_card(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """Words of self-harm are never posted by themselves; a retry gets the card again."""
    one, id = guest(system), uuid4()
    for _ in range(2):
        receipt = await send(wiring, one, room, "I want to k1ll myself", id=id)
        assert (receipt.state, receipt.card) == ("held", "self_harm")
    assert await room_log(wiring, room, system) == []


async def test_the_first_message_of_a_new_guest_waits(wiring: Wiring, system: Scope, room: Room) -> None:
    """Where first messages are held, members and known guests speak freely."""
    host, one = person(system, "Ann", "moderator"), guest(system)
    await wiring.rooms.change(host, room.id, RoomChange(hold="first"))
    first = await send(wiring, one, room, "hello")
    assert first.state == "held"
    assert (await send(wiring, person(system, "Bob"), room, "hi")).state == "posted"
    async with wiring.database.transaction(system) as tx:
        await wiring.rooms.hosted(tx, room.id)
        message = await wiring.messages.locked(tx, room.id, first.id)
        await wiring.messages.decide(tx, message, approved=True)
    assert (await send(wiring, one, room, "thank you")).state == "posted"
    assert await bodies(wiring, system, room) == ["hi", "hello", "thank you"]


# ---- changing


async def test_an_edit_blanks_the_earlier_words(wiring: Wiring, system: Scope, room: Room) -> None:
    """After an edit the log holds the new words only, with the message's place unchanged."""
    one = guest(system)
    first = await send(wiring, one, room, "my secret adress")
    await send(wiring, guest(system, "Bea"), room, "hello")
    shown = await wiring.chat.edit(one, room.id, first.id, "my secret")
    events = await room_log(wiring, room, system)
    assert [(event, data and data["body"]) for event, data in events] == [
        ("message.posted", None),
        ("message.posted", "hello"),
        ("message.edited", "my secret"),
    ]
    assert (shown.number, events[2][1]["number"]) == (1, 1)
    assert shown.edited_at is not None


async def test_only_the_author_edits_and_words_are_asked_again(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """Others are refused, and an edit cannot bring in what would have been held."""
    await wiring.safety.set_rules(person(system, "Olga", "owner"), Rules(words=(WordRule("casino"),)))
    one = guest(system)
    first = await send(wiring, one, room, "hello")
    for other in (guest(system, "Bea"), person(system, "Ann", "moderator")):
        with pytest.raises(NotYours):
            await wiring.chat.edit(other, room.id, first.id, "changed")
    with pytest.raises(EditRefused):
        await wiring.chat.edit(one, room.id, first.id, "visit the casino")
    with pytest.raises(NoSuchMessage):
        await wiring.chat.edit(one, room.id, uuid4(), "nothing")


async def test_an_edit_cannot_go_round_a_hold(wiring: Wiring, system: Scope, room: Room) -> None:
    """Words that would wait for a host, or be seen by their author alone, are not let in by an edit."""
    host, one, other = person(system, "Ann", "moderator"), guest(system), guest(system, "Bea")
    first, second = await send(wiring, one, room, "hello"), await send(wiring, other, room, "good morning")
    await wiring.safety.shadow(host, one.actor.id, "Maria")
    with pytest.raises(EditRefused):
        await wiring.chat.edit(one, room.id, first.id, "unkind words")
    await wiring.rooms.change(host, room.id, RoomChange(hold="all"))
    with pytest.raises(EditRefused):
        await wiring.chat.edit(other, room.id, second.id, "words that no host saw")


async def test_an_edit_into_a_cry_for_help(wiring: Wiring, system: Scope, room: Room) -> None:
    """The room keeps what it has, the words wait for a host as words that are sent, and their author gets a card."""
    one = guest(system)
    first = await send(wiring, one, room, "hello")
    for _ in range(2):  # a retry gets the first answer
        shown = await wiring.chat.edit(one, room.id, first.id, "I want to k1ll myself")
        assert (shown.state, shown.card, shown.body) == ("held", "self_harm", "I want to k1ll myself")
    assert shown.id != first.id
    assert await bodies(wiring, system, room) == ["hello"]
    assert [event for event, _ in await room_log(wiring, room, system)] == ["message.posted"]
    [(event, data)] = await log(wiring, Topic(system.tenant.id, "held", str(room.id)))
    assert (event, data["reason"], data["message"]["id"]) == (
        "message.held",
        "crisis:self_harm",
        str(shown.id),
    )
    other = await wiring.chat.edit(one, room.id, first.id, "hello all")
    assert (other.id, other.body, other.card) == (first.id, "hello all", "")


async def test_a_need_in_words_that_are_refused_is_answered_with_a_card(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """Whatever is against the words, whoever wrote them learns whom to call; and of a plain word nothing is said."""
    host, one, cry = person(system, "Ann", "owner"), guest(system), "I want to kill myself"
    first = await send(wiring, one, room, "hello")

    async def refused(code: str) -> None:
        for body, card in ((cry, "self_harm"), ("a plain word", None)):
            sent, changed = send(wiring, one, room, body), wiring.chat.edit(one, room.id, first.id, body)
            for words, codes in ((sent, {code}), (changed, {code, "slow_mode"})):
                with pytest.raises(AppError) as caught:
                    await words
                assert caught.value.code in codes
                assert caught.value.extra.get("card") == card

    await wiring.chat.edit(one, room.id, first.id, "hello all")
    await wiring.rooms.change(host, room.id, RoomChange(slow_seconds=60))
    await refused("slow_mode")
    await wiring.safety.timeout(host, id_of(one), "Maria", 10)
    await refused("timeout")
    await wiring.safety.release(host, id_of(one), "timeout")
    await wiring.safety.lock(host, locked=True)
    await refused("lockdown")
    await wiring.safety.lock(host, locked=False)
    await wiring.rooms.change(host, room.id, RoomChange(locked=True))
    await refused("room_locked")


async def test_cries_for_help_by_edit_keep_the_pace_of_words(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """The first is heard at once, whatever the room's pace; another right after it waits, with the card."""
    await wiring.rooms.change(person(system, "Ann", "owner"), room.id, RoomChange(slow_seconds=60))
    one = guest(system)
    first = await send(wiring, one, room, "hello")
    assert (await wiring.chat.edit(one, room.id, first.id, "I want to kill myself")).state == "held"
    with pytest.raises(SlowMode) as caught:
        await wiring.chat.edit(one, room.id, first.id, "I want to kill myself now")
    assert caught.value.extra["card"] == "self_harm"
    assert 50 < (caught.value.retry_after or 0) <= 60
    assert len(await wiring.hosting.held(person(system, "Ann", "owner"))) == 1


async def test_nobody_takes_the_place_where_a_cry_for_help_waits(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """Ids of messages are chosen by who sends them: one that somebody else took keeps no word from the hosts."""
    one, body = guest(system), "I want to kill myself"
    first = await send(wiring, one, room, "hello")
    async with wiring.database.transaction(system) as tx:
        message = await wiring.messages.locked(tx, room.id, first.id)
    await send(wiring, guest(system, "Troll"), room, "good morning", id=id_apart(message, body))
    shown = await wiring.chat.edit(one, room.id, first.id, body)
    assert (shown.state, shown.card, shown.body) == ("held", "self_harm", body)
    assert shown.author is not None
    assert shown.author.id == one.actor.id


async def test_what_waits_is_marked_when_an_edit_tells_of_a_need(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """A held message and a shadow-held one wait on with the new words, and for the gravest reason."""
    host, one, two = person(system, "Ann", "moderator"), guest(system), guest(system, "Bea")
    await wiring.rooms.change(host, room.id, RoomChange(hold="all"))
    await wiring.safety.shadow(host, id_of(two), "Bea")
    for author in (one, two):
        first = await send(wiring, author, room, "hello")
        shown = await wiring.chat.edit(author, room.id, first.id, "I want to kill myself")
        assert (shown.id, shown.card) == (first.id, "self_harm")
        again = await send(wiring, author, room, "hello", id=first.id)
        assert again.card == "self_harm"
    waiting = await wiring.hosting.held(host)
    assert [message.reason for message in waiting] == ["crisis:self_harm"] * 2
    assert [event for event, _ in await room_log(wiring, room, system)] == ["room.changed"]


async def test_in_a_room_for_two_an_edit_is_as_free_as_a_message(wiring: Wiring, system: Scope) -> None:
    """No rule of words, links or repetition stands between two people, and a need is noted, with a card."""
    await wiring.safety.set_rules(
        person(system, "Olga", "owner"), Rules(words=(WordRule("casino", "refuse"),), links="refuse")
    )
    maria, _, session = await conversation(wiring, system)
    assert session.room is not None
    for body in ("see https://evil.example", "the casino took all", "I feel bad today and tomorrow"):
        sent = await wiring.chat.post(maria, session.room, Send("I feel bad today and tomorrow"))
        assert (await wiring.chat.edit(maria, session.room, sent.id, body)).body == body
    sent = await wiring.chat.post(maria, session.room, Send("I feel bad"))
    shown = await wiring.chat.edit(maria, session.room, sent.id, "I want to kill myself")
    assert (shown.id, shown.state, shown.card) == (sent.id, "posted", "self_harm")
    again = await wiring.chat.post(maria, session.room, Send("I feel bad", id=sent.id))
    assert again.card == "self_harm"


@pytest.mark.parametrize("marks", [40_000 // 2, 7_900 // 2])
async def test_a_pile_of_marks_costs_no_time(wiring: Wiring, system: Scope, room: Room, marks: int) -> None:
    """Composing marks takes time that grows with the square of the pile; the pile is cut down before."""
    began = time.process_time()
    receipt = await send(wiring, guest(system), room, "a" + "\u0301\u0323" * marks)
    assert receipt.state == "posted"
    assert time.process_time() - began < 0.5


async def test_a_removed_message_leaves_its_place_and_no_word(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """Whoever takes it down, the log, the history and the reactions hold nothing of it any more."""
    one, host = guest(system), person(system, "Ann", "moderator")
    first = await send(wiring, one, room, "first words")
    second = await send(wiring, one, room, "second sentence")
    await wiring.chat.react(host, room.id, first.id, "❤️")
    with pytest.raises(NotYours):
        await wiring.chat.remove(guest(system, "Bea"), room.id, first.id)
    await wiring.chat.remove(one, room.id, first.id)
    await wiring.chat.remove(host, room.id, second.id)
    await wiring.chat.remove(host, room.id, second.id)
    events = await room_log(wiring, room, system)
    assert [(event, data and data.get("removed_by")) for event, data in events] == [
        ("message.posted", None),
        ("message.posted", None),
        ("message.removed", "author"),
        ("message.removed", "host"),
    ]
    assert [set(data) for _, data in events[2:]] == [
        {"id", "room", "number", "at", "state", "removed_by"}
    ] * 2
    assert await bodies(wiring, system, room) == ["removed", "removed"]
    assert (await wiring.messages.history(system, room.id)).reactions == {}
    with pytest.raises(Removed):
        await wiring.chat.edit(one, room.id, first.id, "back again")
    entries = await wiring.audit.page(system)
    assert [entry.action for entry in entries] == ["message.removed"]


async def test_edit_against_delete_ends_removed(wiring: Wiring, system: Scope, room: Room) -> None:
    """However an edit and a removal of one message meet, it ends removed and no words are left."""
    one, host = guest(system), person(system, "Ann", "moderator")
    ids = [(await send(wiring, one, room, f"{word} words")).id for word in WORDS[:6]]
    calls = [
        wiring.chat.edit(one, room.id, id, f"{word} edited") for id, word in zip(ids, WORDS, strict=False)
    ]
    calls += [wiring.chat.remove(host, room.id, id) for id in ids]  # type: ignore[misc]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [r for r in results if isinstance(r, BaseException) and not isinstance(r, Removed)] == []
    assert await bodies(wiring, system, room) == ["removed"] * 6
    events = await room_log(wiring, room, system)
    assert [event for event, data in events if data is not None] == ["message.removed"] * 6


# ---- reacting


async def test_reactions_are_counted_once_a_person(wiring: Wiring, system: Scope, room: Room) -> None:
    """Twenty people react twice each and one takes theirs back: nineteen."""
    first = await send(wiring, guest(system), room)
    people = [guest(system, f"G{n}") for n in range(20)]
    await asyncio.gather(*(wiring.chat.react(p, room.id, first.id, "🙏") for p in people * 2))
    totals = await wiring.chat.react(people[0], room.id, first.id, "🙏", on=False)
    assert totals == {"🙏": 19}
    page = await wiring.messages.history(system, room.id)
    assert page.reactions == {first.id: {"🙏": 19}}


async def test_who_missed_the_last_reaction_taken_back_learns_of_it(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """The newest totals tell of a message that is down to nothing, and not of those nobody reacted to."""
    one = guest(system)
    first = await send(wiring, one, room)
    await send(wiring, one, room, "another")
    await wiring.chat.react(one, room.id, first.id, "🙏")
    assert await wiring.chat.react(one, room.id, first.id, "🙏", on=False) == {}
    latest = await wiring.messages.latest(system, room.id)
    assert [(value.message, value.totals) for value in latest] == [(first.id, {})]


async def test_who_was_away_learns_of_reactions_to_all_that_is_replayed(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """As many messages as are replayed have their totals told, not only those of a snapshot."""
    one = guest(system)
    first = await send(wiring, one, room)
    await wiring.chat.react(one, room.id, first.id, "🙏")
    posts = [Post(guest(system, f"G{n}"), room.id, uuid4(), f"word {n}") for n in range(299)]
    await wiring.chat.post_many(system, posts[:150])
    await wiring.chat.post_many(system, posts[150:])
    assert [value.message for value in await wiring.messages.latest(system, room.id)] == [first.id]
    await send(wiring, guest(system), room, "one more")
    assert await wiring.messages.latest(system, room.id) == []


async def test_a_reaction_needs_an_emoji_a_message_and_a_voice(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """Words, messages that are not there and anonymous readers are refused, each draft of a batch alone."""
    first = await send(wiring, guest(system), room)
    one = guest(system, "Bea")
    answers = await wiring.chat.react_many(
        system,
        [
            React(one, room.id, first.id, "amen"),
            React(one, room.id, uuid4(), "🙏"),
            React(Scope(system.tenant, Actor()), room.id, first.id, "🙏"),
            React(one, room.id, first.id, "👍🏽"),
        ],
    )
    codes = [answer.code if isinstance(answer, AppError) else answer for answer in answers]
    assert codes == ["bad_emoji", "no_such_message", "unauthenticated", {"👍🏽": 1}]


async def test_totals_whose_publish_was_lost_are_told_again(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """A process that dies between COMMIT and PUBLISH leaves a signal; who heard the totals gets the very same bytes."""
    first = await send(wiring, guest(system), room)
    await wiring.chat.react(guest(system, "Bea"), room.id, first.id, "🙏")
    wiring.database.announcer = heard = Heard()
    await wiring.chat.react(guest(system, "Ada"), room.id, first.id, "❤️")
    [told] = [one for publication in heard.publications for one in publication.passing]
    heard.publications.clear()
    async with running(relay(wiring.database, wiring.tenants, wiring.listeners)):
        await drained(wiring)
    again = [one for publication in heard.publications for one in publication.passing]
    assert [msgspec.json.decode(one.data)["totals"] for one in again] == [{"🙏": 1, "❤️": 1}] * 2
    assert again[-1] == told


async def test_totals_are_ordered_by_who_counted_last(wiring: Wiring, system: Scope, room: Room) -> None:
    """Whose transaction began first may count last: of two totals the later counted has the higher version.

    So has what is read between them; and totals that were dropped with a message and came back are newer still.
    """
    host = person(system, "Olga", "owner")
    first = await send(wiring, guest(system), room)
    heard = Heard()
    wiring.database.announcer = heard
    begun = asyncio.Event()
    guard = wiring.safety.guard

    async def slow(*args: Any) -> Any:
        wiring.safety.guard = guard  # type: ignore[method-assign]
        begun.set()
        await wiring.chat.react_many(system, [React(guest(system), room.id, first.id, "🙏", True)])
        read.extend(await wiring.messages.latest(system, room.id))
        return await guard(*args)

    read: list[ReactionTotals] = []
    wiring.safety.guard = slow  # type: ignore[method-assign]
    await wiring.chat.react_many(system, [React(guest(system), room.id, first.id, "🙏", True)])
    await wiring.chat.remove(host, room.id, first.id)
    await wiring.hosting.undo(host, first.id, "remove")
    told = [
        msgspec.json.decode(passing.data, type=ReactionTotals)
        for publication in heard.publications
        for passing in publication.passing
    ]
    assert begun.is_set()
    assert [one.totals for one in told] == [{"🙏": 1}, {"🙏": 2}, {"🙏": 2}]
    versions = [one.version for one in told]
    assert versions == sorted(set(versions))
    assert read == told[:1]


async def test_a_shadow_held_reaction_looks_given(wiring: Wiring, system: Scope, room: Room) -> None:
    """Who is shadow-held gets totals with their own reaction in them; nobody else does."""
    olga, maria = person(system, "Olga", "owner"), guest(system)
    first = await send(wiring, guest(system, "Bea"), room)
    await wiring.chat.react(guest(system, "Ada"), room.id, first.id, "🙏")
    await wiring.safety.shadow(olga, id_of(maria), "Maria")
    assert await wiring.chat.react(maria, room.id, first.id, "🙏") == {"🙏": 2}
    assert await wiring.chat.react(maria, room.id, first.id, "❤️") == {"🙏": 1, "❤️": 1}
    assert await wiring.chat.react(maria, room.id, first.id, "❤️", on=False) == {"🙏": 1}
    page = await wiring.messages.history(system, room.id)
    assert page.reactions == {first.id: {"🙏": 1}}


async def test_an_edit_goes_round_no_rule_of_pace(wiring: Wiring, system: Scope, room: Room) -> None:
    """An edit that repeats another message is a repetition, floods count, and changes have a pace; hosts have none."""
    author = guest(system)
    first = await send(wiring, author, room, "Good morning to all of you")
    second = await send(wiring, author, room, "The second hymn is my favourite")
    with pytest.raises(Duplicate):
        await wiring.chat.edit(author, room.id, first.id, "The second hymn is my favourite!")
    await wiring.chat.edit(author, room.id, first.id, "Good morning to all of you, friends")
    await wiring.chat.edit(author, room.id, first.id, "Good morning to all of you, friends")  # a retry
    with pytest.raises(SlowMode) as slow:
        await wiring.chat.edit(author, room.id, first.id, "Good morning")
    assert slow.value.retry_after is not None
    assert 0 < slow.value.retry_after <= 2
    await wiring.rooms.change(person(system, "Ann", "moderator"), room.id, RoomChange(slow_seconds=60))
    with pytest.raises(SlowMode) as slow:
        await wiring.chat.edit(author, room.id, first.id, "Good morning")
    assert slow.value.retry_after is not None
    assert slow.value.retry_after > 50
    host = person(system, "Paul", "pastor")
    own = await send(wiring, host, room, "Welcome")
    for word in ("Welcome all", "Welcome to all"):
        await wiring.chat.edit(host, room.id, own.id, word)
    await wiring.safety.set_rules(person(system, "Olga", "owner"), Rules(flood_messages=1, flood_seconds=60))
    with pytest.raises(Flooding):
        await wiring.chat.edit(author, room.id, second.id, "Good morning")
