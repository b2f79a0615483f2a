"""Presence as people see it: state first, then differences, one person however many devices."""

import asyncio
from typing import Any

import msgspec
import pytest

from realtime import presence, register
from realtime.presence import NAMED_PEOPLE, View
from realtime.register import Attendance, changed, whole
from realtime.topics import Topic
from tests.realtime.memory import Pipe, Plant, eventually

HALL = Topic("grace", "chat", "hall")
ANNA, BEN = b'{"id":"anna","name":"Anna"}', b'{"id":"ben","name":"Ben"}'


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "ROUND_SECONDS", 0.02)
    monkeypatch.setattr(register, "BEAT_SECONDS", 0.05)


def crowd(pipe: Pipe) -> tuple[int, set[str]]:
    """Fold presence frames as a client does."""
    count, people = 0, set()
    for frame in pipe.frames("presence"):
        count = frame["count"]
        if frame.get("full"):
            people = set()
        people |= {person["id"] for person in frame.get("joined", ())}
        people -= set(frame.get("left", ()))
    return count, people


def decoded(framed: tuple[bytes, bytes] | None) -> list[dict[str, Any]]:
    assert framed is not None
    pipe = Pipe()
    pipe.data = b"".join(framed)
    return pipe.frames()


async def test_everyone_sees_who_is_here(plant: Plant) -> None:
    """People on several nodes see each other; anonymous viewers are counted, not named."""
    one, two = await plant.node(), await plant.node()
    anna, ben = await plant.enter(one), await plant.enter(two, token="ben")
    viewer = await plant.enter(two, token=None)
    await eventually(lambda: crowd(anna) == crowd(ben) == (3, {"anna", "ben"}))
    await eventually(lambda: crowd(viewer) == (3, set()))
    assert b"Anna" not in viewer.data


async def test_a_person_on_three_devices_is_one(plant: Plant) -> None:
    """Several connections of a person count once, until the last of them is gone."""
    one, two = await plant.node(), await plant.node()
    ben = await plant.enter(one, token="ben")
    devices = [await plant.enter(one), await plant.enter(one), await plant.enter(two)]
    await eventually(lambda: crowd(ben) == (2, {"anna", "ben"}))
    for device in devices[:2]:
        device.lose()
    await asyncio.sleep(0.1)
    assert crowd(ben) == (2, {"anna", "ben"})
    devices[2].lose()
    await eventually(lambda: crowd(ben) == (1, {"ben"}))


async def test_who_comes_later_gets_the_whole(plant: Plant) -> None:
    """A later member is told everyone at once; the others only what changed."""
    node = await plant.node()
    anna = await plant.enter(node)
    await eventually(lambda: crowd(anna) == (1, {"anna"}))
    ben = await plant.enter(node, token="ben")
    await eventually(lambda: crowd(ben) == crowd(anna) == (2, {"anna", "ben"}))
    assert ben.frames("presence")[0]["full"]
    assert anna.frames("presence")[-1] == {
        "type": "presence", "topic": "chat:hall", "count": 2, "joined": [{"id": "ben", "name": "Ben"}], "left": [],
    }  # fmt: skip


async def test_a_killed_nodes_people_go(plant: Plant) -> None:
    """When a node stops beating its people disappear from the others."""
    one, two = await plant.node(), await plant.node()
    ben = await plant.enter(one, token="ben")
    await plant.enter(two)
    await eventually(lambda: crowd(ben) == (2, {"anna", "ben"}))
    await asyncio.sleep(0.15)  # a lease is longer than a beat: every node has seen the other alive
    node, supervisor, _ = plant.nodes[1]
    await supervisor.stop()
    plant.store.leases["node1"] = 0.0
    await eventually(lambda: crowd(ben) == (1, {"ben"}))
    assert node is two


async def test_a_store_that_came_back_empty_is_filled(plant: Plant) -> None:
    """When the store has forgotten everything, every node says everything again."""
    one, two = await plant.node(), await plant.node()
    anna = await plant.enter(one)
    await plant.enter(two, token="ben")
    await eventually(lambda: crowd(anna) == (2, {"anna", "ben"}))
    plant.store.leases.clear()
    plant.store.said.clear()
    await eventually(lambda: crowd(anna) == (2, {"anna", "ben"}) and bool(plant.store.said))
    assert (await one.view(HALL)).count == 2


async def test_an_absent_store_is_waited_for(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the store is away nothing is told and nothing lost; then everything is."""
    node = await plant.node()
    anna = await plant.enter(node)
    await eventually(lambda: crowd(anna) == (1, {"anna"}))

    async def away(self: object, *args: object) -> None:
        raise ConnectionError("away")

    monkeypatch.setattr("realtime.presence_memory.MemoryPresence.write", away)
    ben = await plant.enter(node, token="ben")
    await asyncio.sleep(0.1)
    assert crowd(anna) == (1, {"anna"})
    monkeypatch.undo()
    await eventually(lambda: crowd(anna) == crowd(ben) == (2, {"anna", "ben"}))


def test_attendance_counts_connections() -> None:
    """A person is said to come with the first connection and to go with the last."""
    attendance = Attendance()
    attendance.enter(HALL, "a", ANNA)
    attendance.enter(HALL, "a", ANNA)
    assert attendance.take() == {HALL: {"a": ANNA}}
    attendance.leave(HALL, "a")
    assert attendance.take() == {}
    attendance.leave(HALL, "a")
    attendance.leave(HALL, "stranger")
    assert attendance.take() == {HALL: {"a": None}}
    assert attendance.everything() == {}


def test_attendance_takes_changes_back() -> None:
    """Changes that could not be written come again, and newer ones win."""
    attendance = Attendance()
    attendance.enter(HALL, "a", ANNA)
    attendance.enter(HALL, "b", BEN)
    failed = attendance.take()
    attendance.leave(HALL, "a")
    attendance.give_back(failed)
    assert attendance.take() == {HALL: {"a": None, "b": BEN}}


def test_differences() -> None:
    """Two views differ by who came, who went and the count; equal ones by nothing."""
    old, new = View(2, {"anna": ANNA, "x": b""}), View(3, {"ben": BEN, "x": b"", "y": b""})
    named, counted = decoded(changed(HALL, old, new))
    assert (named["count"], named["joined"], named["left"]) == (3, [{"id": "ben", "name": "Ben"}], ["anna"])
    assert counted == {"type": "presence", "topic": "chat:hall", "count": 3}
    assert changed(HALL, old, old) is None


def test_beyond_the_names_only_counts() -> None:
    """A crowd too big to be named is told as a count, in both directions."""
    few, many, more = View(1, {"anna": ANNA}), View(NAMED_PEOPLE + 1, None), View(NAMED_PEOPLE + 2, None)
    for old, new in ((few, many), (many, more)):
        named, counted = decoded(changed(HALL, old, new))
        assert (
            named == counted == {"type": "presence", "topic": "chat:hall", "count": new.count, "full": True}
        )
    named, counted = decoded(changed(HALL, more, few))
    assert named["joined"] == [{"id": "anna", "name": "Anna"}]
    assert changed(HALL, many, many) is None
    assert decoded(whole(HALL, few))[1] == {
        "type": "presence",
        "topic": "chat:hall",
        "count": 1,
        "full": True,
    }


def test_a_new_name_is_told() -> None:
    """Someone who changed their name is told anew."""
    renamed = msgspec.json.encode({"id": "anna", "name": "Anne"})
    named, _ = decoded(changed(HALL, View(1, {"anna": ANNA}), View(1, {"anna": renamed})))
    assert named["joined"] == [{"id": "anna", "name": "Anne"}]
    assert named["left"] == []


def test_the_lease_outlives_missed_beats() -> None:
    """A node may miss two beats before it is forgotten, and a dead one is gone within thirty seconds."""
    assert presence.LEASE_SECONDS > 3 * presence.BEAT_SECONDS
    assert presence.LEASE_SECONDS + presence.BEAT_SECONDS + 2 * register.ROUND_SECONDS < 30
