"""Whatever happens, in whatever order, every client ends with what the log shows, each thing once, in order."""

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, note, settings
from hypothesis import strategies as st

from realtime import register
from realtime.broker import Publication
from realtime.limits import Limits, Rate
from realtime.node import Node
from realtime.topics import Topic
from tests.realtime.memory import Pipe, Plant, eventually

HALL = Topic("grace", "chat", "hall")
WIDE = Limits(Rate(1e9, 1e9), Rate(1e9, 1e9), Rate(1e12, 1e12))
CLIENTS, NODES = 3, 2

STEP = st.one_of(
    st.tuples(st.sampled_from(["say", "edit", "remove", "lost say", "lost remove"]), st.integers(0, 5)),
    st.tuples(
        st.sampled_from(["cut", "come", "stall", "read", "leave and join"]), st.integers(0, CLIENTS - 1)
    ),
    st.tuples(st.sampled_from(["kill", "twice", "late"]), st.integers(0, NODES - 1)),
    st.tuples(st.sampled_from(["breathe", "flood", "trim", "restore"]), st.integers(0, 3)),
)


class Reader:
    """A client that folds what it is sent, and objects to any hole, double or disorder."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.pipe: Pipe | None = None
        self.read = 0
        self.position: list[Any] | None = None
        self.state: dict[str, Any] = {}
        self.joined = False
        self.resets = 0
        self.ref = 0
        self.asked: dict[int, int] = {}  # by a join's ref, the number after which it asked

    def connect(self, plant: Plant, node: Node) -> None:
        """Come back with the last position."""
        self.cut()
        self.pipe, self.read, self.joined = plant.connect(node), 0, False
        self.pipe.say({"type": "hello", "token": f"p{self.number}"})
        self.join()

    def join(self) -> None:
        """Ask for what was missed."""
        assert self.pipe is not None
        self.ref += 1
        join: dict[str, Any] = {"type": "join", "ref": self.ref, "topic": "chat:hall"}
        if self.position is not None:
            self.asked[self.ref] = self.position[1]
        self.pipe.say(join if self.position is None else {**join, "after": self.position})

    def leave_and_join(self) -> None:
        """Leave and come back on the same connection."""
        if self.pipe is not None and self.joined:
            self.fold()
            self.ref += 1
            self.pipe.say({"type": "leave", "ref": self.ref, "topic": "chat:hall"})
            self.join()

    def cut(self) -> None:
        """Lose the connection, and all that was on its way."""
        if self.pipe is not None:
            self.fold()
            self.pipe.lose()
            self.pipe = None

    def fold(self) -> None:
        """Take everything that has arrived."""
        assert self.pipe is not None
        frames = self.pipe.frames()
        for frame in frames[self.read :]:
            if frame["type"] == "reply":
                self._reply(frame)
            elif frame["type"] == "event":
                self._event(frame)
        self.read = len(frames)

    def _reply(self, reply: dict[str, Any]) -> None:
        assert reply["ok"], reply
        data = reply.get("data")
        if not data:
            return
        if data["recovered"]:
            assert self.position is not None
            # who joins twice before an answer has come is answered twice; the second holds what the first has brought
            after, known = self.asked.get(reply.get("ref", 0), self.position[1]), self.position[1]
            for number, event in enumerate(data["events"], after + 1):
                assert event["seq"] == number, f"{event['seq']} instead of {number}"
                if number > known:
                    self._event(event)
            assert self.position[1] == data["seq"], "a part was called the whole"
        else:
            self.resets += 1
            self.state = {entry["id"]: entry for entry in data["snapshot"] if not entry["gone"]}
        self.position, self.joined = [data["epoch"], data["seq"]], True

    def _event(self, event: dict[str, Any]) -> None:
        assert self.position is not None, "an event before the join's answer"
        assert event["seq"] == self.position[1] + 1, f"{event['seq']} after {self.position}"
        self.position = [self.position[0], event["seq"]]
        entry = event["data"]
        if entry is not None:
            self.state[entry["id"]] = entry
            if entry["gone"]:
                del self.state[entry["id"]]


class World:
    """Nodes, clients and a log, and every step that can happen to them."""

    def __init__(self) -> None:
        self.plant = Plant()
        self.readers = [Reader(number) for number in range(CLIENTS)]
        self.live: list[Node] = []
        self.version = 0
        self.withheld: list[tuple[int, Publication]] = []

    async def start(self) -> None:
        self.commit(0, "say")
        for _ in range(NODES):
            self.live.append(await self.plant.node(WIDE))
        for reader in self.readers:
            reader.connect(self.plant, self.node(reader.number))
        await self.breathe()

    def node(self, number: int) -> Node:
        return self.live[number % len(self.live)]

    async def breathe(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    def commit(self, number: int, event: str) -> Publication:
        self.version += 1
        entity = f"m{number}"
        state = {"id": entity, "gone": event == "remove", "body": None if event == "remove" else self.version}
        return Publication(events=(self.plant.log.append(HALL, event, entity, msgspec.json.encode(state)),))

    async def step(self, act: str, number: int) -> None:
        reader = self.readers[number % CLIENTS]
        if act in ("say", "edit", "remove"):
            self.node(number).publish("grace", self.commit(number, act))
        elif act.startswith("lost"):
            self.commit(number, act.removeprefix("lost "))
        elif act == "late":
            self.withheld.append((number, self.commit(number, "say")))
        elif act == "twice":
            self.twice(number)
        elif act == "flood":
            for extra in range(120 * number):
                self.node(extra).publish("grace", self.commit(100 + extra % 7, "say"))
        elif act == "cut":
            reader.cut()
        elif act == "come":
            reader.connect(self.plant, self.node(number))
        elif act == "stall" and reader.pipe is not None:
            reader.pipe.full = True
        elif act == "read" and reader.pipe is not None and reader.pipe.receiver is not None:
            reader.pipe.drain()
        elif act == "leave and join":
            reader.leave_and_join()
        elif act == "breathe":
            await asyncio.sleep(0.01 * number)
        elif act == "kill":
            await self.kill(number)
        elif act == "trim":
            self.plant.log.trimmed[HALL] = max(0, len(self.plant.log.events.get(HALL, ())) - number)
        elif act == "restore":
            await self.restore(number)
        await self.breathe()

    def twice(self, number: int) -> None:
        """Publish the newest event again, as a retry may."""
        events = self.plant.log.events.get(HALL)
        if events:
            self.node(number).publish("grace", Publication(events=(events[-1],)))

    async def kill(self, number: int) -> None:
        """Take a node away without a word, with all its connections, and start another."""
        dead = self.node(number)
        for reader in self.readers:
            if reader.pipe is not None and any(s is reader.pipe.receiver for s in dead._sessions):
                reader.cut()
        self.live.remove(dead)
        await dead.stop()
        self.live.append(await self.plant.node(WIDE))

    async def restore(self, number: int) -> None:
        """Bring the log back to an earlier state, under another epoch."""
        log = self.plant.log
        log.epoch = f"{int(log.epoch.split('.')[0]) + 1}.1"
        events = log.events.get(HALL, [])
        kept = events[: max(0, len(events) - number)]
        log.events[HALL] = [msgspec.structs.replace(event, epoch=log.epoch) for event in kept]
        self.withheld.clear()
        for node in self.live:
            await node.reconcile()

    async def settle(self) -> None:
        """Let everything be healed, everyone come back, and compare."""
        for number, publication in self.withheld:
            self.node(number).publish("grace", publication)
        for node in self.live:
            await node.reconcile()
        for reader in self.readers:
            if reader.pipe is not None and reader.pipe.closed is None and reader.pipe.receiver is not None:
                reader.pipe.drain()
        await eventually(self.all_even)

    def all_even(self) -> bool:
        head = len(self.plant.log.events.get(HALL, ()))
        wanted = (
            [self.plant.log.epoch, head],
            ["", head],
        )  # a topic joined while it was empty has no epoch yet
        for reader in self.readers:
            if reader.pipe is None or reader.pipe.closed is not None or reader.pipe.receiver is None:
                reader.connect(self.plant, self.node(reader.number))
            assert reader.pipe is not None
            reader.fold()
        return all(reader.joined and reader.position in wanted for reader in self.readers)

    def visible(self) -> dict[str, Any]:
        """Return what the log shows now."""
        state: dict[str, Any] = {}
        for event in self.plant.log.events.get(HALL, ()):
            if event.data is not None:
                entry = msgspec.json.decode(event.data)
                state[entry["id"]] = entry
        return {entity: entry for entity, entry in state.items() if not entry["gone"]}


async def live(steps: list[tuple[str, int]]) -> World:
    world = World()
    try:
        await world.start()
        for act, number in steps:
            await world.step(act, number)
            for reader in world.readers:
                if reader.pipe is not None:
                    reader.fold()
        await world.settle()
        for reader in world.readers:
            assert reader.state == world.visible()
    finally:
        await world.plant.stop()
    return world


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.recovery.PATIENCE", 0.005)
    monkeypatch.setattr("realtime.node.SPREAD_SECONDS", 0.01)
    monkeypatch.setattr("realtime.session.BEHIND_TIMES", 10**6)
    monkeypatch.setattr(register, "ROUND_SECONDS", 3600)


@pytest.mark.timeout(600)
@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(STEP, max_size=40))
@example([("stall", 0), ("say", 0), ("leave and join", 0), ("leave and join", 0)])
@example([("restore", 1), ("lost say", 3), ("come", 0), ("restore", 1)])
@example([("restore", 1), ("lost say", 1), ("come", 1), ("say", 2), ("restore", 3)])
def test_everyone_ends_with_what_is_visible(steps: list[tuple[str, int]]) -> None:
    """After any steps every client's folded state equals the log's, and no client saw a hole or a double."""
    note(f"{steps!r}")
    asyncio.run(live(steps))


async def test_the_checker_finds_what_is_wrong() -> None:
    """A reader objects to a hole, to a double, and to a part called the whole: the test above can fail."""
    reader = Reader(0)
    reader.position = ["1.1", 3]
    event = {"type": "event", "seq": 5, "data": None}
    with pytest.raises(AssertionError, match="5 after"):
        reader._event(event)
    with pytest.raises(AssertionError):
        reader._event({**event, "seq": 3})
    with pytest.raises(AssertionError, match="whole"):
        reader._reply({"ok": True, "data": {"recovered": True, "events": [], "seq": 9, "epoch": "1.1"}})


async def test_resumes_are_resumes() -> None:
    """Cuts and returns within reach of the ring are recovered, not answered with snapshots."""
    steps = [("say", n) for n in range(6)] + [("cut", 0), ("say", 1), ("say", 2), ("come", 0), ("breathe", 3)]
    world = await live(steps)
    assert world.readers[0].resets == 1
