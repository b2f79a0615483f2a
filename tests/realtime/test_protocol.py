"""One connection's rules, without any socket: frames and facts in, effects out."""

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime import closes, protocol
from realtime.limits import REFUSALS, Limits, Rate
from realtime.log import Position
from realtime.protocol import Admit, Effect, Enter, Exit, Hand, Phase, Protocol, Send, Shut
from realtime.topics import Topic

HALL = Topic("grace", "chat", "hall")
WIDE = Limits(Rate(1e9, 1e9), Rate(1e9, 1e9), Rate(1e12, 1e12))


def frame(type: str, **fields: Any) -> bytes:
    return msgspec.json.encode({"type": type, **fields})


def new(limits: Limits = WIDE) -> Protocol:
    return Protocol("grace", limits, 0.0)


def opened(limits: Limits = WIDE) -> Protocol:
    rules = new(limits)
    rules.receive(frame("hello"), 0.0)
    rules.admitted(None, b"{}")
    return rules


def joined(limits: Limits = WIDE) -> Protocol:
    rules = opened(limits)
    rules.receive(frame("join", ref=1, topic="chat:hall"), 0.0)
    rules.entered(HALL, "note")
    return rules


def code(effects: list[Effect]) -> str | None:
    """Return the error code of the one reply among the effects."""
    assert len(effects) == 1
    assert isinstance(effects[0], Send)
    reply = msgspec.json.decode(effects[0].payload)
    assert reply["type"] == "reply"
    return None if reply["ok"] else reply["error"]["code"]


def test_hello_asks_the_door() -> None:
    """A hello leads to the door; the welcome opens the connection."""
    rules = new()
    assert rules.receive(frame("hello", token="t"), 0.0) == [Admit("t")]
    assert rules.phase is Phase.GREETING
    assert rules.admitted(50.0, b"welcome") == [Send(b"welcome")]
    assert rules.phase is Phase.OPEN


def test_hello_and_joins_in_one_go() -> None:
    """Joins written right behind the hello become effects behind the door's, in order."""
    rules = new()
    effects = rules.receive(frame("hello"), 0.0)
    effects += rules.receive(frame("join", ref=1, topic="chat:hall", after=["1.1", 5]), 0.0)
    effects += rules.receive(frame("join", ref=2, topic="wall:public"), 0.0)
    assert effects == [
        Admit(None), Enter(1, HALL, Position("1.1", 5)), Enter(2, Topic("grace", "wall", "public"), None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "early",
    [
        frame("join", ref=1, topic="chat:hall"), frame("push", ref=1, topic="chat:hall", event="x", data={}),
        frame("leave", ref=1, topic="chat:hall"), frame("token", token="t"),
    ],
)  # fmt: skip
def test_before_hello_nothing_else(early: bytes) -> None:
    """Anything but ping before the hello is refused, and the connection stays new."""
    rules = new()
    assert code(rules.receive(early, 0.0)) == "hello_first"
    assert rules.phase is Phase.NEW


def test_a_second_hello_breaks_the_protocol() -> None:
    """Saying hello twice closes with 4510."""
    assert opened().receive(frame("hello"), 0.0) == [Shut(closes.PROTOCOL_ERROR)]


def test_ping_is_answered_at_any_time() -> None:
    """A ping gets a pong, before the hello as well."""
    for rules in (new(), opened()):
        assert rules.receive(frame("ping"), 0.0) == [Send(b'{"type":"pong"}')]


def test_malformed_closes() -> None:
    """What is no JSON object closes with 4510, and everything after it is ignored."""
    rules = opened()
    assert rules.receive(b"{", 0.0) == [Shut(closes.PROTOCOL_ERROR)]
    assert rules.receive(frame("ping"), 0.0) == []
    assert rules.phase is Phase.CLOSED


def test_an_unknown_type_gets_an_error_reply() -> None:
    """A type nobody knows is refused with its own ref; the connection stays."""
    rules = opened()
    effects = rules.receive(frame("dance", ref=9), 0.0)
    assert code(effects) == "bad_frame"
    assert isinstance(effects[0], Send)
    assert msgspec.json.decode(effects[0].payload)["ref"] == 9
    assert rules.phase is Phase.OPEN


def test_joins_need_a_topic() -> None:
    """A name that is no topic is refused like a topic that does not exist."""
    assert code(opened().receive(frame("join", ref=1, topic="../etc"), 0.0)) == "no_such_topic"


def test_a_topic_is_joined_once() -> None:
    """Joining twice is refused, also while the first join is under way."""
    rules = opened()
    again = frame("join", ref=2, topic="chat:hall")
    assert isinstance(rules.receive(again, 0.0)[0], Enter)
    assert code(rules.receive(again, 0.0)) == "joined"
    rules.entered(HALL, "note")
    assert code(rules.receive(again, 0.0)) == "joined"


def test_a_refused_join_may_be_tried_again() -> None:
    """After a join failed the topic is free again."""
    rules = opened()
    rules.receive(frame("join", ref=1, topic="chat:hall"), 0.0)
    rules.exited(HALL)
    assert isinstance(rules.receive(frame("join", ref=2, topic="chat:hall"), 0.0)[0], Enter)


def test_topics_are_bounded() -> None:
    """One connection joins no more topics than the limit."""
    rules = opened(Limits(Rate(1e9, 1e9), Rate(1e9, 1e9), Rate(1e9, 1e9), topics=3))
    answers = [rules.receive(frame("join", ref=n, topic=f"chat:{n}"), 0.0)[0] for n in range(4)]
    assert [isinstance(answer, Enter) for answer in answers] == [True, True, True, False]
    assert code(rules.receive(frame("join", ref=9, topic="chat:9"), 0.0)) == "too_many_topics"


def test_pushes_need_a_join() -> None:
    """A push to a topic that is not joined is refused; to a joined one it is handed on with its data unread."""
    rules = joined()
    effects = rules.receive(frame("push", ref=3, topic="chat:hall", event="say", id="u1", data={"b": 1}), 0.0)
    assert isinstance(effects[0], Hand)
    assert (effects[0].topic, effects[0].event, effects[0].id) == (HALL, "say", "u1")
    assert bytes(effects[0].data) == b'{"b":1}'
    assert code(rules.receive(frame("push", ref=4, topic="chat:other", event="say"), 0.0)) == "not_joined"


def test_leaves_need_a_join() -> None:
    """A leave of a joined topic is carried out, another one is refused."""
    rules = joined()
    assert rules.receive(frame("leave", ref=3, topic="chat:hall"), 0.0) == [Exit(3, HALL)]
    rules.exited(HALL)
    assert code(rules.receive(frame("leave", ref=4, topic="chat:hall"), 0.0)) == "not_joined"


def test_leave_and_join_in_one_go() -> None:
    """A topic may be joined again right behind its leave; a second leave has nothing to leave."""
    rules = joined()
    assert rules.receive(frame("leave", ref=1, topic="chat:hall"), 0.0) == [Exit(1, HALL)]
    assert code(rules.receive(frame("leave", ref=2, topic="chat:hall"), 0.0)) == "not_joined"
    assert rules.receive(frame("join", ref=3, topic="chat:hall"), 0.0) == [Enter(3, HALL, None)]
    assert code(rules.receive(frame("join", ref=4, topic="chat:hall"), 0.0)) == "joined"
    rules.exited(HALL)
    assert rules.topics == {HALL: None}
    rules.entered(HALL, "again")
    rules.receive(frame("leave", ref=5, topic="chat:hall"), 0.0)
    rules.exited(HALL)
    assert rules.topics == {}


def test_too_many_frames_are_refused_with_a_time() -> None:
    """Above the rate a frame gets an error reply that tells how long to wait."""
    rules = opened(Limits(frames=Rate(10.0, 3.0)))
    push = frame("push", ref=5, topic="chat:hall", event="say")
    for _ in range(2):
        rules.receive(push, 0.0)
    [effect] = rules.receive(push, 0.0)
    assert isinstance(effect, Send)
    error = msgspec.json.decode(effect.payload)["error"]
    assert (error["code"], error["retry_after"]) == ("limited", pytest.approx(0.1, abs=0.002))


def test_who_waits_as_told_is_taken() -> None:
    """The time in a refusal is never too short, so that somebody who keeps to it is never closed as limited."""
    rules, now = joined(Limits(bytes=Rate(32_768.0, 262_144.0))), 0.0
    push = frame("push", ref=5, topic="chat:hall", event="say", data={"body": "x" * 6_000})
    for _ in range(500):
        effects = rules.receive(push, now)
        if isinstance(effects[0], Hand):
            continue
        assert isinstance(effects[0], Send), effects
        now += msgspec.json.decode(effects[0].payload)["error"]["retry_after"]
        assert isinstance(rules.receive(push, now)[0], Hand)


def test_ten_thousand_joins_end_as_limited() -> None:
    """A client that joins without end is refused more and more, and closed with 4029."""
    rules = opened(Limits())
    closed_after = None
    for n in range(10_000):
        effects = rules.receive(frame("join", ref=n, topic=f"chat:{n}"), 0.0)
        if effects == [Shut(closes.LIMITED)]:
            closed_after = n
            break
    assert closed_after is not None
    assert closed_after <= Limits().topics + REFUSALS
    assert len(rules.topics) <= Limits().topics


def test_big_frames_spend_the_bytes() -> None:
    """Bytes are limited as well as frames."""
    rules = joined(Limits(Rate(1e9, 1e9), Rate(1e9, 1e9), Rate(100.0, 1200.0)))
    big = frame("push", ref=1, topic="chat:hall", event="say", data="x" * 900)
    assert isinstance(rules.receive(big, 0.0)[0], Hand)
    assert code(rules.receive(big, 0.0)) == "limited"


def test_a_loop_of_join_and_leave_is_slowed() -> None:
    """Leaves count as joins, so that a loop of both runs into the limit."""
    rules = opened(Limits(frames=Rate(1e9, 1e9), joins=Rate(1.0, 10.0)))
    answers = []
    for n in range(10):
        effects = rules.receive(frame("join", ref=n, topic="chat:hall"), 0.0)
        if isinstance(effects[0], Enter):
            rules.entered(HALL, "note")
        answers += effects + rules.receive(frame("leave", ref=n, topic="chat:hall"), 0.0)
        rules.exited(HALL)
    assert [type(answer) for answer in answers[:10]] == [Enter, Exit] * 5
    assert all(isinstance(answer, Send) for answer in answers[10:])


def test_no_hello_in_time_closes() -> None:
    """Without a hello within ten seconds the connection ends, also while the door hesitates."""
    rules = new()
    assert rules.tick(protocol.HELLO_SECONDS - 0.1, 0.0) == []
    assert rules.tick(protocol.HELLO_SECONDS + 0.1, 0.0) == [Shut(closes.NO_HELLO)]
    hesitating = new()
    hesitating.receive(frame("hello"), 0.0)
    assert hesitating.tick(protocol.HELLO_SECONDS + 0.1, 0.0) == [Shut(closes.NO_HELLO)]


def test_a_token_has_a_grace() -> None:
    """Sixty seconds after its end a token is no longer good enough; a renewed one is."""
    rules = opened()
    rules.admitted(100.0, None)
    rules.heard = 159.0
    assert rules.tick(159.0, 0.0) == []
    assert rules.receive(frame("token", token="new"), 159.5) == [Admit("new", renewal=True)]
    rules.admitted(500.0, None)
    assert rules.tick(161.0, 0.0) == []
    rules.heard = 561.0
    assert rules.tick(561.0, 0.0) == [Shut(closes.TOKEN_EXPIRED)]


def test_silence_closes() -> None:
    """A peer that is not heard for two pings is gone."""
    rules = opened()
    rules.receive(frame("ping"), 100.0)
    assert rules.tick(100.0 + protocol.SILENCE_SECONDS - 1, 0.0) == []
    assert rules.tick(100.0 + protocol.SILENCE_SECONDS + 1, 0.0) == [Shut(closes.SILENT)]


def test_shut_happens_once() -> None:
    """After the close nothing more is decided."""
    rules = opened()
    assert rules.shut(closes.BANNED) == [Shut(closes.BANNED)]
    assert rules.shut(closes.SLOW) == []
    assert rules.tick(1e9, 0.0) == []
    assert rules.admitted(None, b"welcome") == []


CLIENT = st.fixed_dictionaries(
    {"type": st.sampled_from(["hello", "join", "leave", "push", "token", "ping", "event", ""])},
    optional={
        "ref": st.integers() | st.none() | st.text(max_size=3) | st.floats(),
        "topic": st.sampled_from(["chat:hall", "wall:public", "chat:", "x"]) | st.text(max_size=8),
        "after": st.tuples(st.text(max_size=3), st.integers()) | st.none() | st.integers(),
        "event": st.text(max_size=5),
        "id": st.text(max_size=5) | st.none(),
        "token": st.text(max_size=5) | st.none(),
        "data": st.recursive(
            st.none() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=2), max_leaves=4
        ),
    },
)


@settings(max_examples=300, deadline=None)
@given(st.lists(CLIENT.map(msgspec.json.encode) | st.binary(max_size=40), max_size=40), st.booleans())
def test_no_frame_raises(payloads: list[bytes], door_answers: bool) -> None:
    """Whatever a peer sends, in any order, the protocol decides and never raises; what it keeps is bounded."""
    rules, now = new(Limits()), 0.0
    for payload in payloads:
        now += 0.05
        for effect in rules.receive(payload, now):
            if isinstance(effect, Admit) and door_answers:
                rules.admitted(now + 1, b"{}")
            elif isinstance(effect, Enter):
                rules.entered(effect.topic, "note")
            elif isinstance(effect, Send):
                msgspec.json.decode(effect.payload)
        rules.tick(now, 0.0)
    assert len(rules.topics) <= Limits().topics


def test_a_hundred_thousand_mutations() -> None:
    """A hundred thousand damaged frames are each refused, answered or obeyed; none raises."""
    chance = random.Random(7)
    seeds = [
        frame("hello", token="t"), frame("join", ref=1, topic="chat:hall", after=["1.1", 3]), frame("ping"),
        frame("push", ref=2, topic="chat:hall", event="say", id="u", data={"b": "höre\u202e", "n": [1, 2.5e9]}),
        frame("leave", ref=3, topic="chat:hall"), frame("token", token="x" * 50),
    ]  # fmt: skip
    closed = 0
    rules = joined()
    for _ in range(100_000):
        payload = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(4)):
            at = chance.randrange(len(payload))
            payload[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
            if not payload:
                break
        rules.receive(bytes(payload), 0.0)
        if rules.phase is Phase.CLOSED:
            closed += 1
            rules = joined()
    assert closed > 1000


def test_frames_that_say_nothing_are_counted() -> None:
    """Pings, pongs and parts spend what frames spend; who goes on regardless is closed as limited."""
    protocol = Protocol("grace", Limits(frames=Rate(1.0, 10.0)), 0.0)
    assert protocol.spend(10, 0.0) == []
    assert protocol.spend(REFUSALS, 0.0) == []
    assert protocol.spend(1, 0.0) == [Shut(closes.LIMITED)]
    assert protocol.spend(1, 0.0) == []


def test_a_sign_of_life_now_and_then_costs_nothing() -> None:
    """Somebody who answers pings for hours is never limited."""
    protocol = Protocol("grace", Limits(frames=Rate(1.0, 10.0)), 0.0)
    for second in range(0, 36_000, 25):
        assert protocol.spend(2, float(second)) == []
    assert protocol.heard == second
