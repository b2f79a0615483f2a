"""Joins, resumes, lies and holes: what is read from the log, and when."""

import asyncio
from typing import Any

import msgspec
import pytest

from realtime import recovery
from realtime.broker import Passing, Publication
from realtime.log import Together
from realtime.node import Node
from realtime.ring import RING_EVENTS
from realtime.topics import Topic
from tests.realtime.memory import MemoryLog, Pipe, Plant, eventually

HALL = Topic("grace", "chat", "hall")


def fill(plant: Plant, count: int, topic: Topic = HALL) -> None:
    """Commit events nobody publishes."""
    for _ in range(count):
        number = len(plant.log.events.get(topic, ())) + 1
        plant.log.append(topic, "said", f"m{number}", b'{"n":%d}' % number)


def say(plant: Plant, node: Node, entity: str | None = None, event: str = "said") -> None:
    """Commit and publish one event."""
    number = len(plant.log.events.get(HALL, ())) + 1
    logged = plant.log.append(HALL, event, entity or f"m{number}", b'{"n":%d}' % number)
    node.publish("grace", Publication(events=(logged,)))


def answer(pipe: Pipe) -> dict[str, Any]:
    """Return the data of the first reply."""
    reply = pipe.frames("reply")[0]
    assert reply["ok"], reply
    data: dict[str, Any] = reply["data"]
    return data


def seqs(pipe: Pipe) -> list[int]:
    """Return all seqs a client has seen, the reply's events first."""
    replayed = [event["seq"] for event in answer(pipe).get("events", [])]
    return replayed + [frame["seq"] for frame in pipe.frames("event")]


async def test_without_a_cursor_a_snapshot(plant: Plant) -> None:
    """A join without a position gets the channel's snapshot, with the position it was read at."""
    fill(plant, 5)
    pipe = await plant.enter(await plant.node())
    assert answer(pipe) == {
        "epoch": "1.1", "seq": 5, "recovered": False, "snapshot": [{"n": n} for n in range(1, 6)],
    }  # fmt: skip


async def test_a_new_topic_has_a_snapshot_too(plant: Plant) -> None:
    """A topic nothing was appended to is joined at position 0, and its first event arrives."""
    node = await plant.node()
    pipe = await plant.enter(node)
    assert answer(pipe) == {"epoch": "", "seq": 0, "recovered": False, "snapshot": []}
    say(plant, node)
    await eventually(lambda: seqs(pipe) == [1])


@pytest.mark.parametrize("known", [True, False])
async def test_with_a_cursor_what_was_missed(plant: Plant, known: bool) -> None:
    """A join with a position gets exactly what came after it, whether this node knew the topic or not."""
    node = await plant.node()
    fill(plant, 3)
    if known:
        await plant.enter(node, token="ben")
        say(plant, node)
        say(plant, node)
    else:
        fill(plant, 2)
    pipe = await plant.enter(node, after=["1.1", 3])
    data = answer(pipe)
    assert (data["recovered"], data["epoch"], data["seq"]) == (True, "1.1", 5)
    assert seqs(pipe) == [4, 5]
    assert data["events"][0] == {
        "type": "event", "topic": "chat:hall", "seq": 4, "event": "said", "at": "2026-01-01T10:00:00.000Z",
        "data": {"n": 4},
    }  # fmt: skip
    assert plant.room(node).snapshots == (1 if known else 0)


async def test_nothing_missed(plant: Plant) -> None:
    """A join at the head recovers with no events, and goes on from there."""
    fill(plant, 3)
    node = await plant.node()
    pipe = await plant.enter(node, after=["1.1", 3])
    assert (answer(pipe)["recovered"], answer(pipe)["events"]) == (True, [])
    say(plant, node)
    await eventually(lambda: seqs(pipe) == [4])


@pytest.mark.parametrize(
    "after",
    [
        ["1.1", 6],
        ["1.1", 2**62],
        ["1.1", -1],
        ["1.1", -(2**62)],
        ["9.9", 3],
        ["", 3],
        ["1.1", 10**30],
        ["x" * 9000, 0],
    ],
)
@pytest.mark.parametrize("known", [True, False])
async def test_cursors_that_lie(plant: Plant, after: list[Any], known: bool) -> None:
    """A position in the future, before the beginning, or of another epoch gets a snapshot."""
    fill(plant, 5)
    node = await plant.node()
    if known:
        await plant.enter(node, token="ben")
    pipe = plant.connect(node)
    pipe.say({"type": "hello"}, {"type": "join", "ref": 1, "topic": "chat:hall", "after": after})
    await eventually(lambda: bool(pipe.frames("reply")))
    assert answer(pipe)["recovered"] is False
    assert answer(pipe)["seq"] == 5
    say(plant, node)
    await eventually(lambda: seqs(pipe) == [6])


@pytest.mark.parametrize(("missed", "recovered"), [(RING_EVENTS, True), (RING_EVENTS + 1, False)])
async def test_too_much_missed_is_a_snapshot(plant: Plant, missed: int, recovered: bool) -> None:
    """At most RING_EVENTS are replayed; beyond that a snapshot, never a part called the whole."""
    fill(plant, missed + 7)
    pipe = await plant.enter(await plant.node(), after=["1.1", 7])
    assert answer(pipe)["recovered"] is recovered
    if recovered:
        assert seqs(pipe) == list(range(8, missed + 8))


async def test_trimmed_is_a_snapshot(plant: Plant) -> None:
    """A position from before the log's retention gets a snapshot."""
    fill(plant, 20)
    plant.log.trimmed[HALL] = 10
    node = await plant.node()
    assert answer(await plant.enter(node, after=["1.1", 5]))["recovered"] is False
    assert answer(await plant.enter(node, after=["1.1", 10], token="ben"))["recovered"] is True


async def test_the_past_shows_nothing_taken_away(plant: Plant) -> None:
    """What was removed is in no replay and no snapshot, not a byte of it."""
    node = await plant.node()
    live = await plant.enter(node, token="ben")
    logged = plant.log.append(HALL, "said", "secret", b'{"body":"do not show this"}')
    node.publish("grace", Publication(events=(logged,)))
    await eventually(lambda: b"do not show this" in live.data)
    say(plant, node, "secret", "removed")
    for after in (["1.1", 0], None):
        pipe = await plant.enter(node, after=after, token="carl")
        assert b"do not show this" not in pipe.data
    assert [frame["data"] for frame in answer(await plant.enter(node, after=["1.1", 0]))["events"]] == [
        None,
        {"n": 2},
    ]


async def test_events_during_the_snapshot(plant: Plant) -> None:
    """What is committed while a snapshot is read arrives after it, once."""
    node = await plant.node()
    plant.room(node).pause = 0.05
    fill(plant, 3)
    pipe = plant.connect(node)
    pipe.say({"type": "hello"}, {"type": "join", "ref": 1, "topic": "chat:hall"})
    await eventually(lambda: plant.room(node).snapshots == 1)
    for _ in range(4):
        say(plant, node)
    await eventually(lambda: bool(pipe.frames("reply")))
    assert answer(pipe)["seq"] == 3
    await eventually(lambda: seqs(pipe) == [4, 5, 6, 7])


async def test_a_flood_during_the_snapshot(plant: Plant) -> None:
    """When more is committed while a snapshot is read than the ring holds, it is read again."""
    node = await plant.node()
    await plant.enter(node, token="ben")
    plant.room(node).pause = 0.05
    pipe = plant.connect(node)
    pipe.say({"type": "hello"}, {"type": "join", "ref": 1, "topic": "chat:hall"})
    await eventually(lambda: plant.room(node).snapshots == 2)
    for _ in range(RING_EVENTS + 10):
        say(plant, node)
    await eventually(lambda: bool(pipe.frames("reply")))
    assert answer(pipe)["seq"] == RING_EVENTS + 10
    assert plant.room(node).snapshots == 3


async def test_ahead_of_this_node(plant: Plant) -> None:
    """A client that knows more than this node gets nothing twice, and nothing is missed."""
    one, two = await plant.node(), await plant.node()
    await plant.enter(one, token="ben")
    fill(plant, 2)
    ahead = await plant.enter(one, after=["1.1", 2])
    assert answer(ahead)["recovered"] is True
    say(plant, two)
    await eventually(lambda: seqs(ahead) == [3])


async def test_many_joins_share_one_read(plant: Plant) -> None:
    """A hundred joins at once cost a few snapshots, not a hundred."""
    fill(plant, 5)
    node = await plant.node()
    plant.room(node).pause = 0.01
    pipes = [plant.connect(node) for _ in range(100)]
    for pipe in pipes:
        pipe.say({"type": "hello"}, {"type": "join", "ref": 1, "topic": "chat:hall"})
    await eventually(lambda: all(pipe.frames("reply") for pipe in pipes))
    assert plant.room(node).snapshots <= 3


async def test_many_resumes_share_one_read(plant: Plant) -> None:
    """A hundred clients that come back at once with various positions cost a few reads of the log."""
    fill(plant, 150)
    node = await plant.node()
    pipes = [plant.connect(node) for _ in range(100)]
    for number, pipe in enumerate(pipes):
        pipe.say(
            {"type": "hello"}, {"type": "join", "ref": 1, "topic": "chat:hall", "after": ["1.1", number]}
        )
    await eventually(lambda: all(pipe.frames("reply") for pipe in pipes))
    assert [seqs(pipe) for pipe in pipes] == [list(range(n + 1, 151)) for n in range(100)]
    assert plant.log.reads <= 6


async def test_newest_values_come_with_a_resume(plant: Plant) -> None:
    """A client that resumes is told the newest values, which are in no event."""
    fill(plant, 2)
    node = await plant.node()
    plant.room(node).newest = [Passing(HALL, "latest", "count", msgspec.Raw(b"7"))]
    pipe = await plant.enter(node, after=["1.1", 1])
    await eventually(lambda: bool(pipe.frames("latest")))
    assert pipe.frames("latest") == [{"type": "latest", "topic": "chat:hall", "event": "count", "data": 7}]


async def test_a_lost_publication_is_healed_by_the_next(plant: Plant) -> None:
    """When a publication is lost, the next one shows the hole and the log fills it."""
    node = await plant.node()
    pipe = await plant.enter(node)
    fill(plant, 3)
    say(plant, node)
    await eventually(lambda: seqs(pipe) == [1, 2, 3, 4])
    assert node.figures.healed == 4


async def test_late_is_not_lost(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A publication that comes a little late fills its hole without the log."""
    monkeypatch.setattr(recovery, "PATIENCE", 1.0)
    node = await plant.node()
    pipe = await plant.enter(node)
    reads = plant.log.reads
    first, second = (plant.log.append(HALL, "said", f"m{n}", b"{}") for n in (1, 2))
    node.publish("grace", Publication(events=(second,)))
    await asyncio.sleep(0.01)
    node.publish("grace", Publication(events=(first,)))
    await eventually(lambda: seqs(pipe) == [1, 2])
    await asyncio.sleep(recovery.PATIENCE * 1.5)
    assert plant.log.reads == reads


async def test_a_wake_heals(plant: Plant) -> None:
    """When a node learns that the log is further on, it reads what it missed."""
    node = await plant.node()
    pipe = await plant.enter(node)
    fill(plant, 2)
    node.wake(HALL, await head(plant.log))
    await eventually(lambda: seqs(pipe) == [1, 2])
    reads = plant.log.reads
    node.wake(HALL, await head(plant.log))
    await asyncio.sleep(recovery.PATIENCE * 1.5)
    assert plant.log.reads == reads + 1  # the head() of this test


async def head(log: MemoryLog) -> Any:
    return await log.head(HALL)


async def test_reconciling_heals_every_topic(plant: Plant) -> None:
    """After an outage all heads are compared, and all topics healed."""
    node = await plant.node()
    hall, wall = await plant.enter(node), await plant.enter(node, "wall:public")
    fill(plant, 2)
    fill(plant, 3, Topic("grace", "wall", "public"))
    await node.reconcile(["grace"])
    await eventually(lambda: seqs(hall) == [1, 2] and seqs(wall) == [1, 2, 3])


async def test_healing_waits_for_the_log(plant: Plant) -> None:
    """While the log cannot be read the hole stays, nothing later is shown, and it is filled when it can."""
    node = await plant.node()
    pipe = await plant.enter(node)
    plant.log.away = True
    fill(plant, 1)
    say(plant, node)
    await asyncio.sleep(recovery.PATIENCE * 3)
    assert seqs(pipe) == []
    plant.log.away = False
    await eventually(lambda: seqs(pipe) == [1, 2])


async def test_a_hole_beyond_the_retention(plant: Plant) -> None:
    """When what is missing was trimmed, the members are sent away to come back for a snapshot."""
    node = await plant.node()
    fill(plant, 2)
    pipe = await plant.enter(node)
    fill(plant, 10)
    plant.log.trimmed[HALL] = 8
    say(plant, node)
    await eventually(lambda: pipe.closed is not None)
    assert pipe.closed == (4009, "position lost")


async def test_a_hole_of_which_nothing_is_left(plant: Plant) -> None:
    """When the log's head is further on and everything before it was trimmed, the members come back as well."""
    node = await plant.node()
    fill(plant, 2)
    pipe = await plant.enter(node)
    fill(plant, 5)
    plant.log.trimmed[HALL] = 7
    node.wake(HALL, await head(plant.log))
    await eventually(lambda: pipe.closed is not None)
    assert pipe.closed == (4009, "position lost")


async def test_restored_to_before_the_topic(plant: Plant) -> None:
    """When a restore leaves nothing of a topic, its members come back and see that it is empty."""
    node = await plant.node()
    fill(plant, 3)
    pipe = await plant.enter(node)
    plant.log.epoch = "2.1"
    del plant.log.events[HALL]
    await node.reconcile()
    await eventually(lambda: pipe.closed is not None)
    back = await plant.enter(node, after=["1.1", 3])
    assert answer(back) == {"epoch": "", "seq": 0, "recovered": False, "snapshot": []}


async def test_another_epoch(plant: Plant) -> None:
    """After a restore everyone is sent away, and comes back to a snapshot of the new epoch."""
    node = await plant.node()
    fill(plant, 3)
    pipe = await plant.enter(node)
    plant.log.epoch = "2.1"
    plant.log.events[HALL] = []
    fill(plant, 2)
    await node.reconcile()
    await eventually(lambda: pipe.closed is not None)
    assert pipe.closed == (4009, "position lost")
    back = await plant.enter(node, after=["1.1", 3])
    assert (answer(back)["recovered"], answer(back)["epoch"], answer(back)["seq"]) == (False, "2.1", 2)


async def test_far_behind_is_served_from_the_log(plant: Plant) -> None:
    """A slow member that missed more than the ring holds gets it from the log when it reads again."""
    node = await plant.node()
    slow = await plant.enter(node)
    slow.full = True
    for _ in range(RING_EVENTS + 50):
        say(plant, node)
        await asyncio.sleep(0)
    slow.drain()
    await eventually(lambda: seqs(slow) == list(range(1, RING_EVENTS + 51)))
    assert slow.closed is None


async def test_far_behind_and_trimmed(plant: Plant) -> None:
    """A slow member whose events nobody holds any more is sent away to come back."""
    node = await plant.node()
    slow = await plant.enter(node)
    slow.full = True
    for _ in range(RING_EVENTS + 50):
        say(plant, node)
        await asyncio.sleep(0)
    plant.log.trimmed[HALL] = 20
    slow.drain()
    await eventually(lambda: slow.closed is not None)
    assert slow.closed == (4009, "position lost")


async def test_a_log_that_is_away_refuses_the_join(plant: Plant) -> None:
    """A join that cannot be answered is refused, and can be tried again."""
    node = await plant.node()
    fill(plant, 1)
    plant.log.away = True
    pipe = plant.connect(node)
    pipe.say({"type": "hello"}, {"type": "join", "ref": 1, "topic": "chat:hall", "after": ["1.1", 0]})
    await eventually(lambda: bool(pipe.frames("reply")))
    assert pipe.frames("reply")[0]["error"]["code"] == "internal"
    plant.log.away = False
    pipe.say({"type": "join", "ref": 2, "topic": "chat:hall", "after": ["1.1", 0]})
    await eventually(lambda: len(pipe.frames("reply")) == 2)
    assert pipe.frames("reply")[1]["ok"]


async def test_together_answers_are_never_older_than_the_question() -> None:
    """Who asks while a read is running is answered by the next read."""
    gate, calls = asyncio.Event(), []

    async def read(items: Any) -> dict[str, int]:
        calls.append(list(items))
        await gate.wait()
        return {item: len(calls) for item in items}

    together: Together[str, int] = Together(lambda item: "group", read)
    first = asyncio.create_task(together.get("a"))
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(together.get(item)) for item in ("a", "b", "b")]
    await asyncio.sleep(0.01)
    gate.set()
    assert await first == 1
    assert await asyncio.gather(*others) == [2, 2, 2]
    assert calls == [["a"], ["a", "b"]]


async def test_together_failures_reach_everyone_once() -> None:
    """A failed read fails for all who waited for it, and the next one is tried afresh."""
    attempts = 0

    async def read(items: Any) -> dict[str, int]:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise OSError("away")
        return dict.fromkeys(items, attempts)

    together: Together[str, int] = Together(lambda item: "group", read)
    failed = await asyncio.gather(together.get("a"), together.get("b"), return_exceptions=True)
    assert [type(problem) for problem in failed] == [OSError, OSError]
    assert await together.get("a") == 2
