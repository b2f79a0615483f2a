"""What a socket may ask of a room, of one's own topic, and of the hosts' list."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from realtime.channel import Channel, Push, Who
from realtime.errors import Refused
from realtime.topics import Topic
from server.domains.rooms.models import Room
from server.domains.rooms.schemas import RoomChange
from server.domains.rooms.service import topic_of
from server.kit.errors import AppError
from server.kit.scope import Actor, Scope
from server.wiring import Wiring
from tests.server.domains.voices import Heard, guest, id_of, person, send


def who(scope: Scope) -> Who:
    """Return somebody as the engine knows them."""
    return Who(str(scope.actor.id), msgspec.Raw(b"{}"), True, None, scope)


class Socket:
    """Somebody who has joined a room; `ask` is one push."""

    def __init__(self, channel: Channel, scope: Scope, topic: Topic) -> None:
        self.channel = channel
        self.who = who(scope)
        self.topic = topic

    async def ask(self, event: str, data: Any = None, id: object = None) -> Any:
        raw = data if isinstance(data, bytes) else msgspec.json.encode({} if data is None else data)
        push = Push(self.topic, event, None if id is None else str(id), msgspec.Raw(raw))
        answer = await self.channel.receive(self.who, push)
        return None if answer is None else msgspec.json.decode(answer)


@pytest.fixture
def one(wiring: Wiring, system: Scope, room: Room) -> Socket:
    """Give a guest in the room."""
    return Socket(wiring.channels()["chat"], guest(system), topic_of(system.tenant.id, room.id))


async def test_a_conversation(wiring: Wiring, system: Scope, room: Room, one: Socket) -> None:
    """Send, edit, react, read and delete, each answered after its commit."""
    id = uuid4()
    await one.channel.join(one.who, one.topic)
    receipt = await one.ask("message.send", {"body": "Good morning"}, id)
    assert (receipt["id"], receipt["state"]) == (str(id), "posted")
    edited = await one.ask("message.edit", {"body": "Good evening"}, id)
    assert (edited["body"], edited["number"], "card" in edited) == ("Good evening", 1, False)
    assert await one.ask("reaction.add", {"emoji": "🙏"}, id) == {"totals": {"🙏": 1}}
    assert (await one.ask("mine"))["reactions"] == {str(id): ["🙏"]}
    assert await one.ask("reaction.remove", {"emoji": "🙏"}, id) == {"totals": {}}
    assert await one.ask("read", {"number": 1}) == {"number": 1, "unread": 0}
    snapshot = await one.channel.snapshot(one.topic)
    assert snapshot.position == await wiring.log.head(one.topic)
    shown = msgspec.json.decode(snapshot.data)
    assert [message["body"] for message in shown["messages"]] == ["Good evening"]
    assert shown["room"]["phase"] == "open"
    assert await one.ask("message.delete", None, id) is None
    assert (
        msgspec.json.decode((await one.channel.snapshot(one.topic)).data)["messages"][0]["state"] == "removed"
    )


async def test_an_edit_in_need_is_answered_with_a_card(one: Socket) -> None:
    """As a send is; what stands in the room stays as it is."""
    id = uuid4()
    await one.ask("message.send", {"body": "Good morning"}, id)
    edited = await one.ask("message.edit", {"body": "I want to kill myself"}, id)
    assert (edited["state"], edited["card"], edited["id"] == str(id)) == ("held", "self_harm", False)


async def test_typing_and_hearts_pass(wiring: Wiring, system: Scope, room: Room, one: Socket) -> None:
    """Typing and hearts are told without a transaction; who may only read throws none."""
    heard = Heard()
    wiring.crowd._announcer = heard
    await one.ask("typing")
    await one.ask("float", {"emoji": "❤️"})
    reader = Socket(one.channel, Scope(system.tenant, Actor()), one.topic)
    for event, data in (("typing", None), ("float", {"emoji": "❤️"})):
        with pytest.raises(AppError) as caught:
            await reader.ask(event, data)
        assert caught.value.code == "unauthenticated"
    await asyncio.sleep(1.1)  # the second of them may wait for the next frame
    events = [passing.event for p in heard.publications for passing in p.passing]
    assert events == ["typing", "floats"]


async def passed(wiring: Wiring, one: Socket) -> list[tuple[str, str]]:
    """Let somebody type and throw a heart; return what was told or refused, in order."""
    heard, told = Heard(), list[tuple[str, str]]()
    wiring.crowd._announcer = heard
    wiring.crowd._done._topics.clear()
    for event in ("typing", "float"):
        try:
            await one.ask(event, {"emoji": "❤️"} if event == "float" else None)
        except AppError as error:
            told.append((event, error.code))
        await asyncio.sleep(0)  # the first of a topic is told in the loop's next turn
        wiring.crowd._done._topics.clear()
    return told + [("told", passing.event) for p in heard.publications for passing in p.passing]


ALL = [("told", "typing"), ("told", "floats")]


async def test_who_may_not_speak_does_not_type_either(
    wiring: Wiring, system: Scope, room: Room, one: Socket
) -> None:
    """A timeout and a lockdown refuse what passes, a shadow hold lets nobody see it, and each ends at once."""
    olga, maria = person(system, "Olga", "owner"), id_of(one.who.scope)
    host = Socket(one.channel, person(system, "Ann", "moderator"), one.topic)
    assert await passed(wiring, one) == ALL
    await wiring.safety.timeout(olga, maria, "Maria", 5)
    assert await passed(wiring, one) == [("typing", "timeout"), ("float", "timeout")]
    await wiring.safety.release(olga, maria, "timeout")
    await wiring.safety.shadow(olga, maria, "Maria")
    assert await passed(wiring, one) == []
    await wiring.safety.release(olga, maria, "shadow")
    assert await passed(wiring, one) == ALL
    await wiring.safety.lock(olga, locked=True)
    assert await passed(wiring, one) == [("typing", "lockdown"), ("float", "lockdown")]
    assert await passed(wiring, host) == ALL
    await wiring.safety.lock(olga, locked=False)
    assert await passed(wiring, one) == ALL


async def test_nobody_types_under_another_ones_name(wiring: Wiring, system: Scope, room: Room) -> None:
    """A guest called like somebody who spoke here is a guest without a name; the person themselves keeps it."""
    pastor = person(system, "Pastor Jim", "pastor")
    await send(wiring, pastor, room)
    await send(wiring, guest(system, "Maria"), room)
    topic, names = topic_of(system.tenant.id, room.id), list[str]()
    for scope in (guest(system, "PASTOR  Jím"), guest(system, "Maria"), guest(system, "\u202eAnn\n"), pastor):
        heard = Heard()
        wiring.crowd._announcer = heard
        wiring.crowd._done._topics.clear()
        await Socket(wiring.channels()["chat"], scope, topic).ask("typing")
        await asyncio.sleep(0)
        [typing] = [passing for p in heard.publications for passing in p.passing]
        names += [one["name"] for one in msgspec.json.decode(typing.data)["people"]]
    assert names == ["Guest", "Maria", "Ann", "Pastor Jim"]


BAD: list[tuple[str, Any, str | None, str, str | None]] = [
    ("message.send", {"body": "x" * 2001}, "new", "bad_text", "/body"),
    ("message.send", {"body": ""}, "new", "bad_text", "/body"),
    ("message.send", {"body": 5}, "new", "invalid", "/body"),
    ("message.send", {}, "new", "invalid", "/body"),
    ("message.send", {"body": "x", "extra": 1}, "new", "invalid", "/extra"),
    ("message.send", {"body": "x", "mentions": [1]}, "new", "invalid", "/mentions/0"),
    (
        "message.send",
        {"body": "x", "mentions": [str(UUID(int=n)) for n in range(21)]},
        "new",
        "invalid",
        "/mentions",
    ),
    ("message.send", b'{"body":"\\ud800"}', "new", "invalid", "/body"),
    ("message.send", b'{"body":"a\\u0000b"}', "new", "invalid", "/body"),
    ("message.send", b'{"body":"a","body":"b"}', "new", "invalid", "/body"),
    ("message.send", b"[]", "new", "invalid", ""),
    ("message.send", b"[" * 500 + b"]" * 500, "new", "invalid", ""),
    ("message.send", {"body": "x"}, None, "invalid", "/id"),
    ("message.send", {"body": "x"}, "me", "invalid", "/id"),
    ("message.edit", {"body": "x"}, "new", "no_such_message", None),
    ("message.delete", {}, "new", "no_such_message", None),
    ("message.pin", {}, "new", "no_such_room", None),
    ("reaction.add", {"emoji": "amen"}, "new", "bad_emoji", "/emoji"),
    ("reaction.add", {"emoji": "🙏"}, "new", "no_such_message", None),
    ("float", {"emoji": "<b>"}, None, "bad_emoji", "/emoji"),
    ("read", {"number": -1}, None, "invalid", "/number"),
    ("read", {"number": 2**60}, None, "invalid", "/number"),
    ("read", {"number": 1.5}, None, "invalid", "/number"),
]


async def test_bad_input_has_an_answer(one: Socket) -> None:
    """Each wrong frame is refused with a code, and the field is named."""
    for event, data, id, code, pointer in BAD:
        with pytest.raises(AppError) as caught:
            await one.ask(event, data, uuid4() if id == "new" else id)
        found = [caught.value.code, *(error.pointer for error in caught.value.errors)][:2]
        assert found == [code, *([] if pointer is None else [pointer])], (event, data)


async def test_unknown_events_are_refused(one: Socket) -> None:
    """What nobody serves is refused, the connection stays."""
    with pytest.raises(Refused) as caught:
        await one.ask("message.explode")
    assert caught.value.code == "unknown_event"


async def test_rooms_that_are_not_there(wiring: Wiring, system: Scope) -> None:
    """A topic whose key is no room's id, in its only form, cannot be joined on any channel."""
    scope = person(system, "Ann", "moderator")
    for key in ("nonsense", "0198", str(uuid4()), str(uuid4()).upper(), "a" * 64):
        for kind in ("chat", "held", "me"):
            with pytest.raises(AppError) as caught:
                await wiring.channels()[kind].join(who(scope), Topic(system.tenant.id, kind, key))
            assert caught.value.code == "no_such_room"


async def test_my_topic_is_mine(wiring: Wiring, system: Scope, room: Room, one: Socket) -> None:
    """Nobody joins another's own topic; its snapshot holds what only they see."""
    me = wiring.channels()["me"]
    mine = Topic(system.tenant.id, "me", one.who.id)
    await me.join(one.who, mine)
    for scope in (guest(system), person(system, "Olga", "owner"), Scope(system.tenant, Actor())):
        with pytest.raises(AppError):
            await me.join(who(scope), mine)
    await wiring.rooms.change(person(system, "Ann", "moderator"), room.id, RoomChange(hold="all"))
    receipt = await one.ask("message.send", {"body": "hello"}, uuid4())
    other = guest(system)
    await wiring.blocks.block(one.who.scope, id_of(other))
    snapshot = await me.snapshot(mine)
    shown = msgspec.json.decode(snapshot.data)
    assert [message["id"] for message in shown["held"]] == [receipt["id"]]
    assert shown["blocked"] == [str(id_of(other))]
    assert snapshot.position == await wiring.log.head(mine)
    with pytest.raises(Refused):
        await me.receive(one.who, Push(mine, "message.send", None, msgspec.Raw(b"{}")))


async def test_the_hosts_list_is_for_hosts(wiring: Wiring, system: Scope, room: Room) -> None:
    """Hosts see what waits and decide on the socket; guests find no such topic."""
    host = person(system, "Ann", "moderator")
    await wiring.rooms.change(host, room.id, RoomChange(hold="all"))
    topic = Topic(system.tenant.id, "held", str(room.id))
    socket = Socket(wiring.channels()["held"], host, topic)
    await socket.channel.join(socket.who, topic)
    with pytest.raises(AppError):
        await socket.channel.join(who(guest(system)), topic)
    first, second = [await send(wiring, guest(system, name), room) for name in ("Ada", "Bea")]
    shown = msgspec.json.decode((await socket.channel.snapshot(topic)).data)
    assert [held["message"]["id"] for held in shown["held"]] == [str(first.id), str(second.id)]
    with pytest.raises(AppError) as caught:
        await socket.ask("message.approve", {"edited_at": "2026-01-01T00:00:00Z"}, first.id)
    assert caught.value.code == "changed"
    assert (await socket.ask("message.approve", None, first.id))["state"] == "posted"
    assert (await socket.ask("message.decline", None, second.id))["state"] == "declined"
    with pytest.raises(AppError) as caught:
        await socket.ask("message.approve", None, second.id)
    assert caught.value.code == "already_decided"
    intruder = Socket(socket.channel, guest(system), topic)
    with pytest.raises(AppError) as caught:
        await intruder.ask("message.approve", None, first.id)
    assert caught.value.code == "forbidden"


async def test_another_churchs_ids_open_nothing(
    wiring: Wiring, system: Scope, other_system: Scope, room: Room
) -> None:
    """The same ids in another church's topics are nothing there."""
    stranger = person(other_system, "Olga", "owner")
    for kind, key in (("chat", str(room.id)), ("held", str(room.id))):
        with pytest.raises(AppError) as caught:
            await wiring.channels()[kind].join(who(stranger), Topic(other_system.tenant.id, kind, key))
        assert caught.value.code == "no_such_room"


async def test_everyone_gets_their_own_topic_however_many_come_at_once(
    wiring: Wiring, system: Scope, room: Room
) -> None:
    """Snapshots of people are read together, and each holds what is theirs: what waits, and whom they blocked."""
    host, channel = person(system, "Olga", "owner"), wiring.channels()["me"]
    await wiring.rooms.change(host, room.id, RoomChange(hold="all"))
    people = [guest(system, f"G{number}") for number in range(30)]
    for number, scope in enumerate(people[:10]):
        await send(wiring, scope, room, f"words of {number}")
        await wiring.blocks.block(scope, id_of(people[number + 1]))
    topics = [Topic(system.tenant.id, "me", str(id_of(scope))) for scope in people]
    found = await asyncio.gather(*(channel.snapshot(topic) for topic in topics))
    for number, snapshot in enumerate(found):
        shown = msgspec.json.decode(bytes(snapshot.data))
        early = number < 10
        assert [one["body"] for one in shown["held"]] == ([f"words of {number}"] if early else [])
        assert shown["blocked"] == ([str(id_of(people[number + 1]))] if early else [])
        assert (snapshot.position.seq > 0) is early
