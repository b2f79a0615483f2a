"""Frames on the wire: what is read, what is refused, and that spliced bytes are what the Structs say."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import frames
from realtime.errors import BadFrame
from realtime.frames import Event, Hello, Join, Joined, Ping, Problem, Push, Reply
from realtime.log import LogEvent, Position
from realtime.topics import Topic

HALL = Topic("grace", "chat", "hall")


def logged(data: bytes | None, event: str = "message.posted") -> LogEvent:
    raw = None if data is None else msgspec.Raw(data)
    return LogEvent(HALL, "3.1", 7, event, "m1", "2026-01-01T10:00:00Z", raw)


def test_the_documented_frames_are_read() -> None:
    """The examples of the protocol's description are understood."""
    assert frames.decode(b'{"type":"hello","token":"t"}') == Hello("t")
    assert frames.decode(b'{"type":"hello"}') == Hello(None)
    join = frames.decode(b'{"type":"join","ref":1,"topic":"chat:0198","after":["3.1",1201]}')
    assert join == Join(1, "chat:0198", Position("3.1", 1201))
    push = frames.decode(
        b'{"type":"push","ref":2,"topic":"c:x","event":"message.send","id":"u","data":{"body":"a"}}'
    )
    assert isinstance(push, Push)
    assert (push.id, push.event, bytes(push.data)) == ("u", "message.send", b'{"body":"a"}')
    assert frames.decode(b'{"type":"ping"}') == Ping()


def test_unknown_fields_are_ignored() -> None:
    """A newer client's extra fields do no harm."""
    assert frames.decode(b'{"type":"ping","later":[1,{"a":null}]}') == Ping()


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"{", b"[]", b"null", b"1", b'"hello"', b"\xff\xfe", b'{"type":"ping"', b'{"type":"ping"} x', b"[" * 60000,
        b'{"type":"push","ref":1,"topic":"a:b","event":"x","data":' + b'{"a":' * 30000,
        b'{"type":"hello","token":"\xff"}', b'{"type":"nope"', b'[{"type":"ping"}]',
    ],
)  # fmt: skip
def test_what_is_no_json_object_is_bad(payload: bytes) -> None:
    """Anything but one whole JSON object in UTF-8 is a broken frame."""
    with pytest.raises(BadFrame):
        frames.decode(payload)


@pytest.mark.parametrize(
    "payload",
    [
        b"{}", b'{"type":"nope","ref":4}', b'{"type":"join","ref":4}', b'{"type":"join","ref":"4","topic":"a:b"}',
        b'{"type":"join","ref":-1,"topic":"a:b"}', b'{"type":"push","ref":1e999,"topic":"a:b","event":"x"}',
        b'{"type":"join","ref":4,"topic":"a:b","after":[1,2]}', b'{"type":"join","ref":4,"topic":"a:b","after":["e"]}',
        b'{"type":7}', b'{"type":"push","ref":4,"topic":"a:b","event":""}',
    ],
)  # fmt: skip
def test_a_wrong_shape_is_told_apart(payload: bytes) -> None:
    """A JSON object of the wrong shape is no broken frame: it gets an answer."""
    with pytest.raises(msgspec.ValidationError):
        frames.decode(payload)


def test_the_ref_is_fished_out() -> None:
    """The ref of an unreadable frame is found where there is one."""
    assert frames.ref_of(b'{"type":"nope","ref":4}') == 4
    assert frames.ref_of(b'{"type":"nope"}') is None
    assert frames.ref_of(b'{"type":"nope","ref":"x"}') is None
    assert frames.ref_of(b"rubbish") is None


def test_an_event_is_spliced_unchanged() -> None:
    """The log's data stands in the frame byte for byte, in the fields of the Struct."""
    data = '{"body":"ä \\u2028 \\"quoted\\"", "n": 1.50 }'.encode()
    payload = frames.event(logged(data))
    assert data in payload
    event = frames.decode_server(payload)
    assert isinstance(event, Event)
    assert (event.topic, event.seq, event.event, bytes(event.data)) == (
        "chat:hall",
        7,
        "message.posted",
        data,
    )


def test_data_taken_away_is_null() -> None:
    """An event whose data was taken away says null."""
    event = frames.decode_server(frames.event(logged(None)))
    assert isinstance(event, Event)
    assert bytes(event.data) == b"null"


@given(st.text(max_size=40), st.text(max_size=40))
def test_blanking_leaves_no_byte(name: str, body: str) -> None:
    """Whatever stands in the event's fields and data, blanking gives exactly the encoding without data."""
    data = msgspec.json.encode({"body": body, ',"data":': 1})
    full, blank = frames.event(logged(data, name)), frames.event(logged(None, name))
    assert frames.blanked(full) == blank
    assert frames.blanked(blank) == blank


def test_replies_match_their_structs() -> None:
    """Good and bad answers decode to what they were made from."""
    good = frames.decode_server(frames.reply(3, b'{"id":"x"}'))
    assert isinstance(good, Reply)
    assert (good.ref, good.ok, isinstance(good.data, msgspec.Raw) and bytes(good.data)) == (
        3,
        True,
        b'{"id":"x"}',
    )
    assert msgspec.json.decode(frames.reply(3)) == {"type": "reply", "ref": 3, "ok": True}
    bad = frames.decode_server(frames.refusal(None, Problem("slow_mode", "Wait.", 7.5)))
    assert bad == Reply(None, False, msgspec.UNSET, Problem("slow_mode", "Wait.", 7.5))


@pytest.mark.parametrize("half", [rb"\ud800", rb"x\udc00", rb"\ud83dx"])
def test_half_a_surrogate_pair_is_a_wrong_shape(half: bytes) -> None:
    """A browser sends it when text was cut inside an emoji: the frame is refused under its ref, and no more."""
    payload = b'{"type":"push","ref":9,"topic":"chat:x","event":"say","data":{"body":"%b"}}' % half
    with pytest.raises(msgspec.ValidationError):
        frames.decode(payload)
    assert frames.ref_of(payload) == 9
    with pytest.raises(BadFrame):
        frames.decode(payload[:-1])


def test_join_replies_match_their_struct() -> None:
    """Both answers to a join decode to the same Struct."""
    events = [frames.event(logged(b'{"n":1}')), frames.event(logged(None))]
    recovered = msgspec.json.decode(frames.recovered(Position('3."1', 9), events), type=Joined)
    assert (recovered.epoch, recovered.seq, recovered.recovered) == ('3."1', 9, True)
    assert isinstance(recovered.events, list)
    assert [bytes(raw) for raw in recovered.events] == events
    snapshot = msgspec.json.decode(frames.snapshot(Position("3.1", 9), b'{"messages":[]}'), type=Joined)
    assert not snapshot.recovered
    assert isinstance(snapshot.snapshot, msgspec.Raw)
    assert bytes(snapshot.snapshot) == b'{"messages":[]}'


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 70000])
def test_framing_is_an_unmasked_text_frame(size: int) -> None:
    """A frame has the final text opcode, no mask, and the shortest length form of RFC 6455."""
    payload = b"x" * size
    framed = frames.framed(payload)
    assert framed[0] == 0x81
    assert framed.endswith(payload)
    expected = {125: 2, 65535: 4}
    head = next((length for limit, length in expected.items() if size <= limit), 10)
    assert len(framed) == size + head
    length = framed[1] if head == 2 else int.from_bytes(framed[2:head])
    assert length == size
    assert framed[1] == (size if head == 2 else {4: 126, 10: 127}[head])


def test_close_frames_carry_code_and_reason() -> None:
    """A close frame holds the code in network order and at most 123 bytes of reason."""
    assert frames.framed_close(4510, "no") == b"\x88\x04\x11\x9eno"
    assert len(frames.framed_close(4510, "x" * 500)) == 2 + 125
