"""What nobody should send, into a real web process: a specified answer each, and nobody else is harmed."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from tests.faults.house import claims_of
from tests.faults.place import GUESTS, Place, events
from tests.faults.raw import BINARY, PING, PONG, TEXT, Closed, Raw, masked

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

OTHERS = tuple(
    b'{"type":"%s"' % kind for kind in (b"presence", b"latest", b"event")
)  # people come, go and write

# ---- frames


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(masked(b'{"type":'), id="half an object"),
        pytest.param(masked(b"[]"), id="an array"),
        pytest.param(masked(b'"hello"'), id="a string"),
        pytest.param(masked(b""), id="nothing"),
        pytest.param(masked(b"\xff\xfe"), id="not UTF-8"),
        pytest.param(masked(b'{"type":"ping","x":"\xed\xa0\x80"}'), id="half a surrogate pair as bytes"),
        pytest.param(masked(b"[" * 60_000), id="very deep"),
        pytest.param(masked(b'{"type":"ping"}', BINARY), id="binary"),
        pytest.param(masked(b'{"type":"ping","x":"' + b"x" * 65_536 + b'"}'), id="oversized"),
        pytest.param(masked(b"x" * 40_000, fin=False) + masked(b"x" * 40_000, 0), id="oversized in parts"),
        pytest.param(bytes((0x81, 0xFF)) + (2**63).to_bytes(8), id="a length of 2^63"),
        pytest.param(masked(b"x", 0), id="a part of nothing"),
        pytest.param(b"\x81\x02{}", id="unmasked"),
        pytest.param(bytes((0xC1,)) + masked(b"{}")[1:], id="an extension nobody agreed on"),
        pytest.param(masked(b"x" * 126, PING), id="a ping too long"),
        pytest.param(masked(b"", 3), id="a reserved opcode"),
    ],
)
async def test_what_is_no_frame_closes_the_connection(place: Place, calm: Raw, data: bytes) -> None:
    """4510, and nothing else."""
    raw = await place.enter()
    raw.send(data)
    assert await raw.closed() == 4510


async def test_a_frame_in_parts_is_put_together(place: Place, calm: Raw) -> None:
    """Parts make one frame, a ping of the protocol may stand between them, and bytes may come one by one."""
    raw = await place.enter()
    raw.send(masked(b'{"type":', fin=False) + masked(b"now", PING) + masked(b'"ping"}', 0))
    answers: list[tuple[int, bytes]] = []
    while len(answers) < 2:
        frame = await raw._frame()
        if not frame[1].startswith(OTHERS):
            answers.append(frame)
    assert answers == [(PONG, b"now"), (TEXT, b'{"type":"pong"}')]
    for byte in masked(b'{"type":"ping"}'):
        raw.send(bytes((byte,)))
        await asyncio.sleep(0)
    await raw.until("pong")


async def test_frames_before_hello_are_refused(place: Place, calm: Raw) -> None:
    """Each is answered with `hello_first`, a ping with a pong, and a hello is still welcome."""
    raw = await place.open()
    for frame in ({"type": "join", "ref": 1, "topic": place.topic}, {"type": "leave", "ref": 2, "topic": place.topic},
                  {"type": "push", "ref": 3, "topic": place.topic, "event": "typing"}):  # fmt: skip
        raw.say(frame)
        reply = await raw.next()
        assert (reply["ref"], reply["error"]["code"]) == (frame["ref"], "hello_first")
    raw.say({"type": "token", "token": "x"})
    assert (await raw.next())["error"]["code"] == "hello_first"
    raw.say({"type": "ping"})
    assert (await raw.next())["type"] == "pong"
    raw.say({"type": "hello", "token": place.tokens[0]})
    assert (await raw.next())["type"] == "welcome"


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "nonsense", "ref": 5},
        {"type": 7, "ref": 5},
        {"ref": 5},
        {"type": "welcome", "ref": 5},
        {"type": "join", "ref": 5},
        {"type": "join", "ref": 5, "topic": 7},
        {"type": "join", "ref": 5, "topic": "chat:" + "x" * 100},
        {"type": "push", "ref": 5, "topic": "chat:x", "event": ""},
        {"type": "join", "ref": 5, "topic": "chat:x", "after": "1.1"},
    ],
)
async def test_what_is_not_understood_is_answered(place: Place, calm: Raw, frame: dict[str, Any]) -> None:
    """`bad_frame` under its own ref; the connection lives."""
    raw = await place.enter()
    raw.say(frame)
    reply = await raw.until("reply", ok=False)
    assert (reply["ref"], reply["error"]["code"]) == (5, "bad_frame")
    raw.say({"type": "ping"})
    await raw.until("pong")


# ---- topics and cursors


async def test_ten_thousand_joins(place: Place, calm: Raw) -> None:
    """They are refused one by one, then the connection is closed with 4029; nobody else notices."""
    raw = await place.enter(join=False)
    for number in range(10_000):
        raw.say({"type": "join", "ref": number, "topic": f"chat:{uuid4()}"})
    codes: set[str] = set()
    with pytest.raises(Closed, match="4029"):
        while True:
            frame = await raw.next()
            if frame["type"] == "reply":
                codes.add(frame["error"]["code"])
    assert codes <= {"no_such_room", "limited", "too_many_topics"}
    assert "limited" in codes


async def test_a_loop_of_joins_and_leaves_is_slowed(place: Place, calm: Raw) -> None:
    """Leaves count as joins do: the loop is told `limited`, and closed when it goes on all the same."""
    raw = await place.enter(join=False)
    for number in range(200):
        raw.say({"type": "join", "ref": 2 * number, "topic": place.topic})
        raw.say({"type": "leave", "ref": 2 * number + 1, "topic": place.topic})
    assert await raw.closed() == 4029


async def test_other_peoples_topics_do_not_exist(place: Place, calm: Raw) -> None:
    """Rooms of another church, lists of hosts, other people's own topics and made-up ones: there is no such thing."""
    raw = await place.enter(join=False)
    other = claims_of(place.tokens[1])["sub"]
    room = place.topic.partition(":")[2]
    for topic in (place.foreign, f"held:{room}", f"me:{other}", "chat:hall", f"chat:{room.upper()}", f"chat:{room}:x",
                  "queue:prayer", "control:x", ":", "chat:", "chat:../hope"):  # fmt: skip
        reply = await raw.ask({"type": "join", "topic": topic})
        assert not reply["ok"], topic
        assert reply["error"]["code"] in ("no_such_room", "no_such_topic", "no_such_case", "forbidden"), (
            topic,
            reply,
        )
        pushed = await raw.push(topic, "message.send", {"body": "x"}, str(uuid4()))
        assert pushed["error"]["code"] == "not_joined"
    raw.say({"type": "hello", "token": place.strangers[0]})
    assert await raw.closed() == 4510


async def test_a_stranger_is_not_let_in(place: Place, calm: Raw) -> None:
    """A token of another church, a torn one and a made-up one: 4501. No site: 4501. Another site: 403."""
    for token in (place.strangers[0], place.tokens[0][:-4], "x", "\x00", "a.b.c", "é" * 100):
        raw = await place.open()
        raw.say({"type": "hello", "token": token})
        assert await raw.closed() == 4501, token
    with pytest.raises(Closed, match="403"):
        await place.open(Origin="https://evil.example")
    with pytest.raises(Closed, match="426"):
        await place.open(**{"Sec-WebSocket-Protocol": "other"})


async def test_a_cursor_that_lies_gets_a_snapshot(place: Place, calm: Raw) -> None:
    """The future, the negative, the huge, another epoch, nothing: all that is visible; a true one: what was missed."""
    raw = await place.enter()
    for number in range(3):
        await raw.push(place.topic, "message.send", {"body": f"cursor {number} {uuid4()}"}, str(uuid4()))
    await raw.ask({"type": "leave", "topic": place.topic})
    true = (await raw.ask({"type": "join", "topic": place.topic}))["data"]
    epoch, seq = true["epoch"], true["seq"]
    future = [[epoch, seq + 1], [epoch, seq + 10**6], [epoch, 2**63 - 1], [epoch, 2**70]]
    nowhere = [
        [epoch, -1],
        [epoch, -(2**63)],
        ["9.9", seq],
        ["", 0],
        ["", seq],
        [epoch + "0", seq],
        ["\u202e" * 40, 1],
    ]
    for after in future + nowhere:
        lying = await place.enter(join=False)
        reply = await lying.ask({"type": "join", "topic": place.topic, "after": after})
        assert reply["ok"], (after, reply)
        assert not reply["data"]["recovered"], after
        assert reply["data"]["snapshot"]["messages"]
        lying.cut()
    honest = await place.enter(join=False)
    reply = await honest.ask({"type": "join", "topic": place.topic, "after": [epoch, seq - 2]})
    assert [event["seq"] for event in reply["data"]["events"]] == [seq - 1, seq]


# ---- words


async def test_words_have_bounds(place: Place, calm: Raw) -> None:
    """2,000 characters are taken and 2,001 are not; nothing, NUL and halves of surrogate pairs are refused by name."""
    raw = await place.enter(1)
    assert (await raw.push(place.topic, "message.send", {"body": "é" * 2_000}, str(uuid4())))["ok"]
    for body in ("é" * 2_001, "x" * 2_001, "", " \n ", "\u200b\u202e", "a\0b"):
        reply = await raw.push(place.topic, "message.send", {"body": body}, str(uuid4()))
        assert not reply["ok"], body
        assert reply["error"]["code"] in ("bad_text", "invalid"), reply
    for half in (rb"\ud800", rb"\udc00", rb"x\ud83dx"):
        raw.say(b'{"type":"push","ref":900,"topic":"%b","event":"message.send","id":"%b","data":{"body":"%b"}}'
                % (place.topic.encode(), str(uuid4()).encode(), half))  # fmt: skip
        reply = await raw.until("reply", ref=900)
        assert reply["error"]["code"] == "bad_frame", reply


async def test_what_cannot_be_seen_is_taken_out(place: Place, calm: Raw) -> None:
    """Control characters and marks that turn the reading direction do not reach anyone."""
    raw = await place.enter(2)
    id = str(uuid4())
    assert (
        await raw.push(place.topic, "message.send", {"body": "a\x1b[2J\u202eb\u2066c\x07\x85d\r\ne"}, id)
    )["ok"]
    while (event := await calm.until("event"))["data"]["id"] != id:
        pass
    assert event["data"]["body"] == "a[2Jbc\nd\ne"


@pytest.mark.parametrize(
    "id", [None, "", "x", "0" * 32, "not-a-uuid", 7, "\u202e", "0b3f7c1e-5d0a-4e6b-9c55-7d7f1f0c2a11x"]
)
async def test_an_id_is_a_uuid(place: Place, calm: Raw, id: Any) -> None:
    """Anything else is refused, as `invalid` or as no frame at all."""
    raw = await place.enter(3)
    reply = await raw.ask(
        {"type": "push", "topic": place.topic, "event": "message.edit", "id": id, "data": {"body": "x"}}
    )
    assert reply["error"]["code"] in ("invalid", "bad_frame", "no_such_message")


# ---- one id, many times


async def test_a_storm_of_one_id_is_one_message(place: Place, calm: Raw) -> None:
    """Sent 60 times over three connections at once: each gets the same answer, and one event comes."""
    raws = [await place.enter(4) for _ in range(3)]
    id, body = str(uuid4()), f"once {uuid4()}"
    for number in range(20):
        for raw in raws:
            raw.say({"type": "push", "ref": 100 + number, "topic": place.topic, "event": "message.send", "id": id,
                     "data": {"body": body}})  # fmt: skip
    answers = set()
    for raw in raws:
        for _ in range(20):
            reply = await raw.until("reply")
            assert reply["ok"], reply
            answers.add(msgspec.json.encode(reply["data"]))
    assert len(answers) == 1
    seen = await events(calm, 1.0, after=body)
    assert [event["data"]["body"] for event in seen].count(body) == 1


async def test_an_id_belongs_to_who_used_it_first(place: Place, calm: Raw) -> None:
    """The same id from another author is `id_taken`, and the first author's words stand."""
    first, second = await place.enter(5), await place.enter(6)
    id = str(uuid4())
    assert (await first.push(place.topic, "message.send", {"body": f"mine {id}"}, id))["ok"]
    reply = await second.push(place.topic, "message.send", {"body": "no, mine"}, id)
    assert reply["error"]["code"] == "id_taken"
    for event in ("message.edit", "message.delete"):
        reply = await second.push(place.topic, event, {"body": "no, mine"}, id)
        assert reply["error"]["code"] in ("not_yours", "forbidden"), reply
    bodies = [event["data"]["body"] for event in await events(calm, 0.5, after=f"mine {id}")]
    assert f"mine {id}" in bodies
    assert "no, mine" not in bodies


@pytest.mark.parametrize(
    "flood",
    [
        pytest.param(masked(b"", PING) * 50, id="pings"),
        pytest.param(masked(b"", PONG) * 50, id="pongs"),
        pytest.param(masked(b"", 0, fin=False) * 50, id="parts of nothing"),
        pytest.param(masked(b"xx", 0, fin=False) * 50, id="parts of two bytes"),
    ],
)
async def test_frames_that_say_nothing_are_counted_too(place: Place, calm: Raw, flood: bytes) -> None:
    """Who sends more of them than a connection may is closed with 4029."""
    raw = await place.enter()
    raw.send(masked(b"{", fin=False))

    async def pour() -> None:
        for _ in range(2_000):
            raw.send(flood)
            await raw.writer.drain()

    pouring = asyncio.create_task(pour())
    assert await raw.closed() == 4029
    pouring.cancel()
    await asyncio.gather(pouring, return_exceptions=True)


async def test_a_nickname_of_another_person(place: Place, calm: Raw) -> None:
    """A guest called like a member who spoke is shown as a guest without a name, and must choose another to speak."""
    raw = await place.open()
    raw.say({"type": "hello", "token": place.tokens[GUESTS]})
    welcome = await raw.until("welcome")
    assert welcome["person"]["name"] == "Guest"
    assert (await raw.ask({"type": "join", "topic": place.topic}))["ok"]
    assert (await raw.push(place.topic, "typing", {}))["ok"]
    typing = await calm.until("ephemeral", event="typing")
    assert [typist["name"] for typist in typing["data"]["people"]] == ["Guest"]
    reply = await raw.push(place.topic, "message.send", {"body": "It is me"}, str(uuid4()))
    assert (reply["ok"], reply["error"]["code"]) == (False, "name_taken")
    raw.cut()
