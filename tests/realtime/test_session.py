"""The shell of one connection: order, back-pressure, one way to end."""

import asyncio
import time
from collections import Counter

import pytest

from realtime import closes
from realtime import session as sessions
from realtime.channel import Who
from realtime.errors import TRANSIENT, Refused
from realtime.limits import Limits, Rate
from realtime.session import OUTBOX, PUSHES, Session
from tests.realtime.memory import Pipe, Plant, eventually

WIDE = Limits(Rate(1e9, 1e9), Rate(1e9, 1e9), Rate(1e12, 1e12))
SAY = {"type": "push", "ref": 9, "topic": "chat:hall", "event": "say", "id": "m1", "data": {"b": 1}}


def push(ref: int, event: str = "say", **fields: object) -> dict[str, object]:
    return {**SAY, "ref": ref, "event": event, "id": f"m{ref}", **fields}


def replies(pipe: Pipe) -> dict[int, dict[str, object]]:
    return {frame["ref"]: frame for frame in pipe.frames("reply")}


async def test_hello_is_answered_with_a_welcome(plant: Plant) -> None:
    """The welcome tells the session, the person, the ping and the time."""
    node = await plant.node()
    pipe = plant.connect(node)
    pipe.say({"type": "hello", "token": "anna"})
    await eventually(lambda: bool(pipe.frames()))
    [welcome] = pipe.frames()
    assert welcome["type"] == "welcome"
    assert welcome["person"] == {"id": "anna", "name": "Anna"}
    assert (welcome["ping"], welcome["protocol"]) == (25, 1)
    assert welcome["time"].endswith("Z")


@pytest.mark.parametrize(("token", "code"), [("expired", 4001), ("bad", 4501)])
async def test_who_is_not_let_in_is_told_why(plant: Plant, token: str, code: int) -> None:
    """An expired token closes with a code to come back, a bad one with a final code."""
    pipe = plant.connect(await plant.node())
    pipe.say({"type": "hello", "token": token}, {"type": "join", "ref": 1, "topic": "chat:hall"})
    await eventually(lambda: pipe.closed is not None)
    assert pipe.closed is not None
    assert pipe.closed[0] == code
    assert pipe.frames("reply") == []


async def test_a_failing_door_closes_as_internal(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the door itself fails the client is sent away to come back."""

    async def fail(*args: object) -> None:
        raise RuntimeError("the door is broken")

    monkeypatch.setattr(plant.door, "admit", fail)
    pipe = plant.connect(await plant.node())
    pipe.say({"type": "hello"})
    await eventually(lambda: pipe.closed is not None)
    assert pipe.closed == (4011, "internal error")


async def test_work_is_done_in_order(plant: Plant) -> None:
    """Hello, join, push and leave written in one go are done in that order."""
    pipe = plant.connect(await plant.node())
    pipe.say(
        {"type": "hello", "token": "anna"},
        {"type": "join", "ref": 1, "topic": "chat:hall"},
        push(2),
        {"type": "leave", "ref": 3, "topic": "chat:hall"},
        {"type": "join", "ref": 4, "topic": "wall:public"},
    )
    await eventually(lambda: len(replies(pipe)) == 4)
    assert [frame["ref"] for frame in pipe.frames("reply") if frame["ref"] != 2] == [1, 3, 4]
    assert all(reply["ok"] for ref, reply in replies(pipe).items() if ref != 2)


async def test_many_pushes_run_side_by_side(plant: Plant) -> None:
    """Pushes of one connection do not wait for each other, and keep their order."""
    node = await plant.node(WIDE)
    pipe = await plant.enter(node)
    pipe.say(*(push(ref) for ref in range(2, 34)))
    await eventually(lambda: len(replies(pipe)) == 33)
    assert [frame["data"] for frame in pipe.frames("event")] == [{"b": 1}] * 32
    entities = [event.entity for events in plant.log.events.values() for event in events]
    assert entities == [f"m{ref}" for ref in range(2, 34)]


async def test_too_many_pushes_stop_the_reading(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """When too many pushes are at work the socket is not read, until half of them are done."""
    node = await plant.node(WIDE)
    pipe = await plant.enter(node)
    gate = asyncio.Event()

    async def wait(who: object, asked: object) -> None:
        await gate.wait()

    monkeypatch.setattr(plant.room(node), "receive", wait)
    pipe.say(*(push(ref) for ref in range(2, PUSHES + 1)))
    await asyncio.sleep(0.01)
    assert not pipe.held
    pipe.say(push(PUSHES + 1))
    assert pipe.held
    gate.set()
    await eventually(lambda: len(replies(pipe)) == PUSHES + 1)
    assert not pipe.held


async def test_a_bug_is_an_internal_error_to_the_client(plant: Plant) -> None:
    """An error nobody knows gets an answer without its text, and the connection stays."""
    pipe = await plant.enter(await plant.node())
    pipe.say(push(2, "fail"))
    await eventually(lambda: 2 in replies(pipe))
    error = replies(pipe)[2]["error"]
    assert isinstance(error, dict)
    assert error["code"] == "internal"
    assert "bug" not in error["detail"]
    assert pipe.closed is None


async def test_refusals_reach_the_client(plant: Plant) -> None:
    """What a channel refuses is answered with its code."""
    plant_node = await plant.node()
    pipe = await plant.enter(plant_node)
    plant.room(plant_node).banned.add("ben")
    pipe.say(push(2, "dance"))
    await eventually(lambda: 2 in replies(pipe))
    assert replies(pipe)[2]["error"] == {"code": "no_such_event", "detail": "There is no such event."}
    other = await plant.enter(plant_node, token="ben")
    assert replies(other)[1]["error"] == {"code": "banned", "detail": "You cannot join here."}
    other.say({"type": "join", "ref": 2, "topic": "nope:x"})
    await eventually(lambda: 2 in replies(other))
    assert replies(other)[2]["error"] == {"code": "no_such_topic", "detail": "There is no such topic."}


async def test_replies_wait_for_a_slow_reader(plant: Plant) -> None:
    """A reply that cannot be written is kept and comes before anything later; reading is held meanwhile."""
    node = await plant.node(WIDE)
    pipe = await plant.enter(node)
    before = len(pipe.frames())
    pipe.full = True
    pipe.say(push(2), push(3))
    await eventually(lambda: pipe.held)
    await asyncio.sleep(0.02)
    assert len(pipe.frames()) == before
    pipe.drain()
    await eventually(lambda: len(pipe.frames("event")) == 2)
    assert [frame["type"] for frame in pipe.frames()[before:]] == ["reply", "reply", "event", "event"]
    assert not pipe.held


async def test_a_reader_that_never_reads_is_cut(plant: Plant) -> None:
    """Replies kept for a socket are bounded; when there are too many it is closed as slow."""
    node = await plant.node(WIDE)
    pipe = await plant.enter(node)
    pipe.full = True
    for _ in range(OUTBOX + 1):
        pipe.say({"type": "ping"})
    assert pipe.closed == (4008, "too slow")
    await eventually(lambda: node.sessions == 0)


async def test_behind_for_too_long_is_slow(plant: Plant) -> None:
    """Who is behind for ten seconds is closed, to come back."""
    node = await plant.node(WIDE)
    slow, quick = await plant.enter(node), await plant.enter(node, token="ben")
    session = slow.receiver
    assert isinstance(session, Session)
    slow.full = True
    quick.say(push(2))
    await eventually(lambda: session.behind_since is not None)
    session.look(time.monotonic() + sessions.BEHIND_SECONDS - 1)
    assert slow.closed is None
    session.look(time.monotonic() + sessions.BEHIND_SECONDS + 1)
    assert slow.closed == (4008, "too slow")
    assert quick.closed is None


async def test_behind_three_times_a_minute_is_slow(plant: Plant) -> None:
    """Who falls behind for the third time in a minute is closed, to come back."""
    node = await plant.node(WIDE)
    slow, quick = await plant.enter(node), await plant.enter(node, token="ben")
    session = slow.receiver
    assert isinstance(session, Session)
    for ref in (2, 3, 4):
        assert slow.closed is None
        slow.full = True
        quick.say(push(ref))
        await eventually(lambda: session.behind_since is not None or slow.closed is not None)
        if slow.closed is None:
            slow.drain()
            assert session.behind_since is None
    assert slow.closed == (4008, "too slow")


@pytest.mark.parametrize("end", ["closes", "is full"])
async def test_no_roster_outlives_the_word_of_a_socket(plant: Plant, end: str) -> None:
    """Who closes or is full is not written to unasked from that moment on: nothing may follow a close frame."""
    node = await plant.node(WIDE)
    anna, ben = await plant.enter(node), await plant.enter(node, token="ben")
    for ref in (2, 3, 4):
        ben.say(push(ref))
        await eventually(lambda heard=ref - 1: len(anna.frames("event")) == heard)  # type: ignore[misc]
    session = anna.receiver
    assert isinstance(session, Session)
    (feed,) = session.feeds()
    assert feed.roster is not None
    if end == "closes":
        session.shut(closes.FORBIDDEN)
    else:
        anna.full = True
    assert feed.roster is None
    ben.say(push(5))
    await eventually(lambda: len(ben.frames("event")) == 4)
    assert len(anna.frames("event")) == 3


async def test_a_token_is_renewed_on_the_open_socket(plant: Plant) -> None:
    """A new token for the same person is taken without a word; for another person it ends the connection."""
    pipe = await plant.enter(await plant.node())
    session = pipe.receiver
    assert isinstance(session, Session)
    plant.door.expires_at = time.time() + 300
    pipe.say({"type": "token", "token": "anna"})
    await eventually(lambda: session.who is not None and session.who.expires_at is not None)
    assert pipe.closed is None
    pipe.say({"type": "token", "token": "ben"})
    await eventually(lambda: pipe.closed is not None)
    assert pipe.closed == (4503, "forbidden")


async def test_an_old_token_ends_the_connection(plant: Plant) -> None:
    """Sixty seconds after its end a token ends the connection, with a code to come back with a new one."""
    plant.door.expires_at = time.time() + 10
    pipe = await plant.enter(await plant.node())
    session = pipe.receiver
    assert isinstance(session, Session)
    session.heard()
    session.tick(time.monotonic() + 50)
    assert pipe.closed is None
    session.tick(time.monotonic() + 71)
    assert pipe.closed == (4001, "token expired")


async def test_pings_and_positions(plant: Plant) -> None:
    """A tick sends a WebSocket ping and the positions of the joined topics."""
    pipe = await plant.enter(await plant.node())
    pipe.say(push(2))
    await eventually(lambda: bool(pipe.frames("event")))
    session = pipe.receiver
    assert isinstance(session, Session)
    session.tick(time.monotonic())
    assert b"\x89\x00" in pipe.data
    assert pipe.frames("position") == [{"type": "position", "topics": {"chat:hall": ["1.1", 1]}}]


async def test_positions_never_run_ahead(plant: Plant) -> None:
    """A member that is behind is not told positions it has not reached."""
    node = await plant.node(WIDE)
    slow, quick = await plant.enter(node), await plant.enter(node, token="ben")
    slow.full = True
    quick.say(push(2))
    session = slow.receiver
    assert isinstance(session, Session)
    await eventually(lambda: session.behind_since is not None)
    slow.full = slow.refused = False
    session.tick(time.monotonic())
    assert slow.frames("position") == [{"type": "position", "topics": {}}]


async def test_a_broken_peer_is_closed(plant: Plant) -> None:
    """Binary or oversized messages close with 4510, as malformed JSON does."""
    node = await plant.node()
    one, two = await plant.enter(node), await plant.enter(node)
    assert one.receiver is not None
    assert two.receiver is not None
    one.receiver.bad()
    two.receiver.receive(b"{")
    assert one.closed == two.closed == (4510, "protocol error")


async def test_a_lost_connection_leaves_nothing(plant: Plant) -> None:
    """When the connection is gone, so are its membership, its presence and its session; the channel is told."""
    node = await plant.node()
    pipe = await plant.enter(node)
    pipe.say({"type": "join", "ref": 2, "topic": "wall:public"})
    await eventually(lambda: 2 in replies(pipe))
    pipe.lose()
    assert node.sessions == 0
    assert all(feed.members == 0 for feed in node.feeds)
    room = plant.room(node)
    await eventually(lambda: sorted(room.left) == [("anna", "chat:hall"), ("anna", "wall:public")])


async def test_lost_in_the_middle_of_a_join(plant: Plant) -> None:
    """A connection lost while it joins is not seated any more."""
    node = await plant.node()
    plant.room(node).pause = 0.05
    pipe = plant.connect(node)
    pipe.say({"type": "hello", "token": "anna"}, {"type": "join", "ref": 1, "topic": "chat:hall"})
    await eventually(lambda: plant.room(node).snapshots == 1)
    pipe.lose()
    await eventually(lambda: plant.room(node).left == [("anna", "chat:hall")])
    assert all(feed.members == 0 for feed in node.feeds)


async def test_a_push_outlives_its_connection(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A push under way when the connection is lost is still done."""
    node = await plant.node()
    pipe = await plant.enter(node)
    gate, done = asyncio.Event(), asyncio.Event()

    async def wait(who: object, asked: object) -> None:
        await gate.wait()
        done.set()

    monkeypatch.setattr(plant.room(node), "receive", wait)
    pipe.say(push(2))
    await asyncio.sleep(0.01)
    pipe.lose()
    gate.set()
    await asyncio.wait_for(done.wait(), 1)


async def test_drained(plant: Plant) -> None:
    """A drained session says so with the time that is left, then closes as a restart."""
    node = await plant.node(drain_seconds=0.05)
    pipe = await plant.enter(node)
    assert pipe.receiver is not None
    pipe.receiver.drain()
    [frame] = pipe.frames("drain")
    assert 0 <= frame["after_ms"] <= 50
    await eventually(lambda: pipe.closed is not None)
    assert pipe.closed == (1012, "restart")


async def test_idle_costs_no_task(plant: Plant) -> None:
    """An idle connection has no task and no queue."""
    node = await plant.node()
    tasks = len(asyncio.all_tasks())
    pipes = [await plant.enter(node, token=f"p{n}") for n in range(20)]
    await asyncio.sleep(0.01)
    assert len(asyncio.all_tasks()) == tasks
    assert all(pipe.closed is None for pipe in pipes)


async def test_anything_in_any_order_ends_in_order(plant: Plant) -> None:
    """A storm of joins, leaves and pushes on one connection leaves the node and the log consistent."""
    node = await plant.node(WIDE)
    pipe = await plant.enter(node)
    for round_ in range(30):
        pipe.say(
            {"type": "leave", "ref": 100 + round_, "topic": "chat:hall"},
            push(200 + round_),
            {"type": "join", "ref": 300 + round_, "topic": "chat:hall"},
        )
    await eventually(lambda: 329 in replies(pipe))
    [feed] = [feed for feed in node.feeds if feed.name == "chat:hall"]
    assert feed.members == 1
    joined = [r for ref, r in replies(pipe).items() if ref >= 300]
    assert all(reply["ok"] for reply in joined)
    assert all(reply["ok"] for ref, reply in replies(pipe).items() if 100 <= ref < 130)


async def test_a_person_pays_for_pushes_on_all_connections(plant: Plant) -> None:
    """The product counts each push by who it is; what it raises is the answer, and the connection stays."""
    paid: Counter[str] = Counter()

    async def toll(who: Who) -> None:
        paid[who.id] += 1
        if paid[who.id] > 2:
            raise Refused("limited", "Too much at once.", 7.0)

    node = await plant.node(toll=toll)
    pipes = [await plant.enter(node), await plant.enter(node), await plant.enter(node, token="ben")]
    for pipe in (*pipes, pipes[0]):
        pipe.say(push(2))
    await eventually(lambda: sum(len(pipe.frames("reply")) for pipe in pipes) == 7)
    refused = [frame["error"] for pipe in pipes for frame in pipe.frames("reply") if not frame["ok"]]
    assert refused == [{"code": "limited", "detail": "Too much at once.", "retry_after": 7.0}]
    assert paid == {"anna": 3, "ben": 1}


@pytest.mark.parametrize("code", sorted(TRANSIENT))
async def test_a_look_again_that_fails_for_the_moment_ends_no_subscription_for_good(
    plant: Plant, code: str
) -> None:
    """Policy that cannot be asked just now sends a session away to come back; it takes no subscription away."""
    node = await plant.node()
    pipe = await plant.enter(node)
    plant.room(node).refusals = [Refused(code, "Not now.")]
    node.recheck("grace", "anna")
    await eventually(lambda: pipe.closed is not None)
    assert pipe.closed == (4011, "internal error")
    assert pipe.frames("left") == []
