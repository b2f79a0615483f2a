"""One-to-one prayer on a real database: queue, room, what nobody else sees, what becomes of the words."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import msgspec
import pytest

from realtime.topics import Topic
from server.domains.care.channel import CareChannel
from server.domains.care.errors import (
    AlreadyAccepted,
    AlreadyAsking,
    NobodyHere,
    NoSuchSession,
    NothingKept,
    Over,
)
from server.domains.care.models import Settings
from server.domains.care.schemas import Ask, SessionShown
from server.domains.chat.schemas import Send
from server.domains.rooms.errors import NoSuchRoom, RoomLocked
from server.domains.rota.schemas import Here
from server.kit.errors import AppError, Forbidden, Invalid
from server.kit.scope import Actor, Scope
from server.kit.text import BadText
from server.wiring import Wiring
from tests.server.domains.voices import guest, id_of, log

OWNER = frozenset({"owner", "member"})


async def volunteer(wiring: Wiring, system: Scope, name: str, *roles: str, here: bool = True) -> Scope:
    """Open an account on the team, and let it be on duty."""
    async with wiring.database.transaction(system) as tx:
        person = await wiring.accounts.open(
            tx,
            system,
            email=f"{uuid4().hex}@grace.example",
            name=name,
            roles=frozenset(roles or ("prayer_team", "member")),
            password_hash="",
        )
    scope = Scope(system.tenant, Actor("person", person.id, name, person.roles))
    if here:
        await wiring.rota.be_here(scope, Here(True, ["en"]))
    return scope


def owner(system: Scope) -> Scope:
    return Scope(system.tenant, Actor("person", uuid4(), "Olga", OWNER))


async def conversation(wiring: Wiring, system: Scope, **ask: object) -> tuple[Scope, Scope, SessionShown]:
    """Bring a guest and a volunteer into a room."""
    ruth = await volunteer(wiring, system, "Ruth")
    maria = guest(system)
    asked = await wiring.care.ask(maria, Ask(**ask))  # type: ignore[arg-type]
    return maria, ruth, await wiring.care.accept(ruth, asked.id)


async def say(wiring: Wiring, scope: Scope, session: SessionShown, body: str) -> str:
    """Write into the room; return the card that came back."""
    assert session.room is not None
    return (await wiring.chat.post(scope, session.room, Send(body))).card


async def settle(wiring: Wiring, system: Scope, session: UUID) -> None:
    """Do what the listener does when a conversation is over."""
    async with wiring.database.transaction(system) as tx:
        await wiring.care.settle_words(tx, session)


async def words_in_database(wiring: Wiring, system: Scope, needle: str) -> list[str]:
    """Return the tables of the church that hold a word, byte by byte."""
    found = []
    async with wiring.database.transaction(system) as tx:
        tables = await tx.connection.fetch(
            "select tablename from pg_tables where schemaname = $1", system.tenant.schema
        )
        for (name,) in tables:
            rows = await tx.connection.fetch(f'select t::text as text from "{name}" t')
            hexed = needle.encode().hex()
            if any(needle in row["text"] or hexed in row["text"] for row in rows):
                found.append(name)
    return found


async def test_two_people_talk(wiring: Wiring, system: Scope) -> None:
    """Who waits is told who came; both write in a room of their own."""
    maria, ruth, session = await conversation(wiring, system, topic="My father is ill.")
    assert (session.state, session.first, session.name) == ("active", "Ruth", "Maria")
    current = await wiring.care.current(maria)
    assert current is not None
    assert current.room == session.room
    await say(wiring, maria, session, "Thank you for being here")
    await say(wiring, ruth, session, "Shall we pray?")
    assert session.room is not None
    page = await wiring.messages.history(maria, session.room)
    assert [message.body for message in page.messages] == ["Thank you for being here", "Shall we pray?"]


async def test_nobody_else_looks_in(wiring: Wiring, system: Scope) -> None:
    """Owner, pastor, another volunteer, another guest: for them there is no such room and no such conversation."""
    _, ruth, session = await conversation(wiring, system)
    await say(wiring, ruth, session, "Between us")
    assert session.room is not None
    channel = CareChannel(wiring.care, lambda _: "main")
    strangers = [
        owner(system),
        await volunteer(wiring, system, "Pia", "pastor", "owner"),
        await volunteer(wiring, system, "Paul"),
        guest(system, "Max"),
        Scope(system.tenant),
        Scope(system.tenant, Actor("api_key", uuid4(), "Program", scopes=frozenset({"moderation:write"}))),
    ]
    for stranger in strangers:
        for ask in (
            wiring.rooms.enter(stranger, session.room),
            wiring.messages.history(stranger, session.room),
            wiring.chat.post(stranger, session.room, Send("Hello")),
            wiring.care.enter(stranger, session.id),
            anext(wiring.hosting.export(stranger, session.room)),
        ):
            with pytest.raises(AppError) as caught:
                await ask
            assert (
                isinstance(caught.value, NoSuchRoom | NoSuchSession | Forbidden) or caught.value.status == 401
            )
    assert channel.presence is False
    for lists in (await wiring.messages.seats(ruth), await wiring.messages.seats(strangers[1])):
        assert session.room not in [seat.room.id for seat in lists]


async def test_one_of_many_volunteers_wins(wiring: Wiring, system: Scope) -> None:
    """Ten accept at once: one is in the room, nine are told that somebody was quicker."""
    team = [await volunteer(wiring, system, f"V{number}") for number in range(10)]
    asked = await wiring.care.ask(guest(system), Ask())
    outcome = await asyncio.gather(
        *(wiring.care.accept(one, asked.id) for one in team), return_exceptions=True
    )
    assert sum(isinstance(one, SessionShown) for one in outcome) == 1
    assert sum(isinstance(one, AlreadyAccepted) for one in outcome) == 9


async def test_nobody_on_duty(wiring: Wiring, system: Scope) -> None:
    """The button does not show; who asks all the same is led to the form, with a card when there is need."""
    ruth = await volunteer(wiring, system, "Ruth", here=False)
    assert not (await wiring.care.offer(Scope(system.tenant))).open
    with pytest.raises(NobodyHere):
        await wiring.care.ask(guest(system), Ask())
    with pytest.raises(NobodyHere) as caught:
        await wiring.care.ask(guest(system), Ask(topic="I want to die"))
    assert caught.value.extra == {"card": "self_harm"}
    await wiring.rota.be_here(ruth, Here(True, ["es"]))
    offer = await wiring.care.offer(Scope(system.tenant))
    assert (offer.open, offer.languages) == (True, ["es"])
    with pytest.raises(NobodyHere):  # not even who is on duty asks themselves
        await wiring.care.ask(ruth, Ask())


async def test_one_request_each(wiring: Wiring, system: Scope) -> None:
    """Asking twice, even at once, is one place in the queue; after leaving one may ask again."""
    await volunteer(wiring, system, "Ruth")
    maria = guest(system)
    outcome = await asyncio.gather(*(wiring.care.ask(maria, Ask()) for _ in range(5)), return_exceptions=True)
    [session] = [one for one in outcome if isinstance(one, SessionShown)]
    assert sum(isinstance(one, AlreadyAsking) for one in outcome) == 4
    await wiring.care.leave(maria, session.id, form=True)
    await wiring.care.leave(maria, session.id)
    assert await wiring.care.current(maria) is None
    await wiring.care.ask(maria, Ask())
    with pytest.raises(NoSuchSession):
        await wiring.care.leave(guest(system), session.id)


async def test_a_child_waits_for_two(wiring: Wiring, system: Scope) -> None:
    """With a minor nobody writes before the second adult is in the room, and when one leaves it waits again."""
    child, ruth, session = await conversation(wiring, system, minor=True)
    assert session.needs_second
    for scope in (child, ruth):
        with pytest.raises(RoomLocked):
            await say(wiring, scope, session, "Hello")
    paul = await volunteer(wiring, system, "Paul")
    both = await wiring.care.join(paul, session.id)
    assert not both.needs_second
    for scope in (child, ruth, paul):
        await say(wiring, scope, session, "Hello")
    left = await wiring.care.hand_over(paul, session.id, None)
    assert left.needs_second
    with pytest.raises(RoomLocked):
        await say(wiring, ruth, session, "Are you there?")
    with pytest.raises(NoSuchRoom):
        await say(wiring, paul, session, "I am gone")


async def test_handing_over(wiring: Wiring, system: Scope) -> None:
    """Another volunteer goes on in the same room; back in the queue the next one finds it again."""
    maria, ruth, session = await conversation(wiring, system)
    paul = await volunteer(wiring, system, "Paul")
    with pytest.raises(Invalid):
        await wiring.care.hand_over(ruth, session.id, id_of(maria))
    assert (await wiring.care.hand_over(ruth, session.id, id_of(paul))).first == "Paul"
    told = await log(wiring, Topic(system.tenant.id, "me", str(id_of(paul))))
    assert told == [("care.given", {"id": str(session.id)})]
    with pytest.raises(NoSuchSession):
        await wiring.care.end(ruth, session.id)
    back = await wiring.care.hand_over(paul, session.id, None)
    assert back.state == "waiting"
    with pytest.raises(RoomLocked):
        await say(wiring, maria, session, "Hello?")
    again = await wiring.care.accept(ruth, session.id)
    assert again.room == session.room
    await say(wiring, maria, again, "There you are")


async def test_words_are_erased(wiring: Wiring, system: Scope) -> None:
    """By default nothing of what was said is left in any table once it is over, and nobody writes any more."""
    maria, ruth, session = await conversation(wiring, system, topic="quietzephyr topic")
    for _ in range(3):
        await say(wiring, maria, session, "a quietzephyr word")
    assert "messages_messages" in await words_in_database(wiring, system, "quietzephyr")
    await wiring.care.end(ruth, session.id)
    with pytest.raises(NoSuchRoom):
        await say(wiring, maria, session, "One more thing")
    await settle(wiring, system, session.id)
    assert await words_in_database(wiring, system, "quietzephyr") == []
    with pytest.raises(NothingKept):
        await wiring.care.open_words(owner(system), session.id, "Asked for by the safeguarding lead")
    with pytest.raises(Over):
        await wiring.care.end(ruth, session.id)


@pytest.mark.parametrize("words", ["keep", "seal"])
async def test_kept_words_are_opened_with_a_reason(wiring: Wiring, system: Scope, words: str) -> None:
    """Owner or pastor read them, the history tells who and why; sealed ones are in no table; in the end all goes."""
    boss = owner(system)
    await wiring.care.set_settings(boss, Settings(words=words, keep_days=1), None)  # type: ignore[arg-type]
    maria, ruth, session = await conversation(wiring, system)
    await say(wiring, maria, session, "a quietzephyr word")
    with pytest.raises(NothingKept):  # nobody looks in while they talk
        await wiring.care.open_words(boss, session.id, "Asked for by the safeguarding lead")
    await wiring.care.end(ruth, session.id)
    await settle(wiring, system, session.id)
    held = await words_in_database(wiring, system, "quietzephyr")
    assert held == [] if words == "seal" else "messages_messages" in held
    with pytest.raises(Forbidden):
        await wiring.care.open_words(ruth, session.id, "I would like to read it again")
    opened = await wiring.care.open_words(boss, session.id, "Asked for by the safeguarding lead")
    assert [(line.name, line.body) for line in opened.lines] == [("Maria", "a quietzephyr word")]
    entry = next(one for one in await wiring.audit.page(boss) if one.action == "care.opened")
    assert "safeguarding" in str(entry.details)
    async with wiring.database.transaction(system) as tx:
        await tx.connection.execute("update care_sessions set ended_at = ended_at - interval '2 days'")
    await wiring.care.trim(system)
    assert await words_in_database(wiring, system, "quietzephyr") == []
    with pytest.raises(NothingKept):
        await wiring.care.open_words(boss, session.id, "Asked for by the safeguarding lead")


async def test_need_calls_somebody_and_stops_nobody(wiring: Wiring, system: Scope) -> None:
    """Words of great need reach the volunteer; who wrote them gets a card; others are told, without the words."""
    maria, _, session = await conversation(wiring, system)
    assert session.room is not None
    assert await say(wiring, maria, session, "I want to kill myself") == "self_harm"
    page = await wiring.messages.history(maria, session.room)
    assert [message.body for message in page.messages] == ["I want to kill myself"]
    async with wiring.database.transaction(system) as tx:
        await wiring.care.in_need(tx, session.room, "self_harm")
        await wiring.care.in_need(tx, session.room, "self_harm")
    async with wiring.database.shard() as connection:
        told = await connection.fetch(
            "select data from outbox where kind = 'care.crisis' and church = $1", system.tenant.schema
        )
    assert len(told) == 1
    assert b"kill" not in told[0]["data"]


async def test_rules_about_words_do_not_stand_between_them(wiring: Wiring, system: Scope) -> None:
    """A link or a word that chat would hold is said freely in a room for two."""
    maria, _, session = await conversation(wiring, system)
    await say(wiring, maria, session, "See https://stranger.example")
    assert session.room is not None
    assert len((await wiring.messages.history(maria, session.room)).messages) == 1


async def test_what_is_told_in_the_topic(wiring: Wiring, system: Scope) -> None:
    """Those in it are told how it stands; of the need that was found the topic says nothing."""
    _, ruth, session = await conversation(wiring, system, topic="I want to die")
    await wiring.care.end(ruth, session.id)
    told = await log(wiring, Topic(system.tenant.id, "care", str(session.id)))
    assert [event for event, _ in told] == ["care.changed"] * 3
    assert told[-1][1]["state"] == "ended"
    assert "card" not in told[-1][1]
    assert "crisis" not in told[-1][1]


async def test_bad_words_to_begin_with(wiring: Wiring, system: Scope) -> None:
    """What it is about holds 500 characters, and the refusal says so."""
    await volunteer(wiring, system, "Ruth")
    with pytest.raises(BadText) as caught:
        await wiring.care.ask(guest(system), Ask(topic="x" * 501))
    assert (caught.value.errors[0].pointer, caught.value.errors[0].limit) == ("/topic", 500)


async def test_who_is_back_in_the_queue_has_begun_to_wait(wiring: Wiring, system: Scope) -> None:
    """After two hours together the asker who waits again is no forgotten one, and waits from now on."""
    maria, ruth, session = await conversation(wiring, system)
    async with wiring.database.transaction(system) as tx:
        await tx.connection.execute(
            "update care_sessions set asked_at = asked_at - interval '3 hours',"
            " waits_since = waits_since - interval '3 hours'"
        )
    await wiring.care.hand_over(ruth, session.id, None)
    await wiring.care.trim(system)
    current = await wiring.care.current(maria)
    assert current is not None
    assert current.state == "waiting"
    snapshot = await CareChannel(wiring.care, lambda _: "main").snapshot(
        Topic(system.tenant.id, "care", str(session.id))
    )
    place = msgspec.json.decode(snapshot.data)["place"]
    assert (place["place"], place["form"]) == (1, False)


async def test_who_is_no_volunteer_any_more_leaves_every_room(wiring: Wiring, system: Scope) -> None:
    """Also when there are more rooms than a screen shows."""
    ruth = await volunteer(wiring, system, "Ruth")
    for _ in range(22):
        asked = await wiring.care.ask(guest(system), Ask())
        await wiring.care.accept(ruth, asked.id)
    async with wiring.database.transaction(system) as tx:
        await tx.connection.execute(
            "update accounts_people set roles = '{member}' where id = $1", id_of(ruth)
        )
    async with wiring.database.transaction(system) as tx:
        await wiring.care.dismiss(tx, id_of(ruth))
        left = await tx.connection.fetchval(
            "select count(*) from care_sessions where $1 in (first_id, second_id)", id_of(ruth)
        )
    assert left == 0


async def test_of_two_who_change_the_rules_one_sees_the_other(wiring: Wiring, system: Scope) -> None:
    """Both have read the same version; the second is told, however close they are."""
    for before in range(8):
        answers = await asyncio.gather(
            *(wiring.care.set_settings(owner(system), Settings(keep_days=days), before) for days in (5, 6)),
            return_exceptions=True,
        )
        assert sorted(type(answer).__name__ for answer in answers) == ["PreconditionFailed", "int"]


async def test_a_person_is_forgotten(wiring: Wiring, system: Scope) -> None:
    """Name, first words and what was said go; that there was a conversation stays."""
    await wiring.care.set_settings(owner(system), Settings(words="keep"), None)
    maria, ruth, session = await conversation(wiring, system, topic="a quietzephyr topic")
    await say(wiring, maria, session, "a quietzephyr word")
    await wiring.care.end(ruth, session.id)
    await wiring.care.forget(system, id_of(maria))
    assert await words_in_database(wiring, system, "quietzephyr") == []
    assert len(await wiring.care.page(owner(system), before=None, most=5)) == 1
