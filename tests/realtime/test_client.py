"""The Python client against a real server on a real socket."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

from realtime import closes
from realtime.broker import Publication
from realtime.client import Client
from realtime.errors import TRANSIENT, Disconnected, Refused
from realtime.frames import Event, Frame, Left, PresenceFrame
from realtime.limits import Limits, Rate
from realtime.log import Position
from realtime.topics import Topic
from tests.realtime.live import Live, serve
from tests.realtime.memory import Plant, eventually

HALL = Topic("grace", "chat", "hall")
WIDE = Limits(Rate(1e9, 1e9), Rate(1e9, 1e9), Rate(1e12, 1e12))


@pytest.fixture
async def live(plant: Plant) -> AsyncIterator[Live]:
    """Give a served node; sessions are let go at once when it stops."""
    made = await serve(plant, limits=WIDE, drain_seconds=0.05)
    yield made
    await made.stop()


def token(value: str) -> Callable[[], Any]:
    async def get() -> str:
        return value

    return get


def client(live: Live, name: str = "anna", on_frame: Callable[[Frame], None] = lambda frame: None) -> Client:
    return Client(live.url, token(name), on_frame, hurry=20.0)


class Ears:
    """What one subscription has been told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.snapshots: list[Any] = []

    def snapshot(self, raw: msgspec.Raw) -> None:
        self.snapshots.append(msgspec.json.decode(raw))

    @property
    def seqs(self) -> list[int]:
        return [event.seq for event in self.events]


async def test_join_push_hear(live: Live) -> None:
    """A client joins, gets the snapshot, says something, and hears it."""
    ears = Ears()
    async with client(live) as anna:
        assert anna.welcome is not None
        assert bytes(anna.welcome.person) == b'{"id":"anna","name":"Anna"}'
        await anna.join("chat:hall", ears.events.append, ears.snapshot)
        assert ears.snapshots == [[]]
        answer = await anna.push("chat:hall", "say", {"body": "hello"}, id="m1")
        assert bytes(answer) == b'{"id":"m1"}'
        await eventually(lambda: ears.seqs == [1])
        assert bytes(ears.events[0].data) == b'{"body":"hello"}'
        await anna.leave("chat:hall")
        with pytest.raises(Refused):
            await anna.push("chat:hall", "say", {})


@pytest.mark.parametrize("code", sorted(TRANSIENT))
async def test_a_join_after_a_cut_is_tried_until_it_is_answered(live: Live, plant: Plant, code: str) -> None:
    """A join refused with a code that will pass does not end a subscription, and loses nothing."""
    ears, frames = Ears(), list[Frame]()
    plant.log.append(HALL, "said", "m0", b"{}")
    async with client(live, on_frame=frames.append) as anna:
        await anna.join("chat:hall", ears.events.append, ears.snapshot)
        await anna.push("chat:hall", "say", {}, id="m1")
        plant.room(live.node).refusals = [Refused(code, "Not now.", 0.01), Refused(code, "Not now.")]
        anna.cut()
        for number in (3, 4):
            logged = plant.log.append(HALL, "said", f"m{number}", b"{}")
            live.node.publish("grace", Publication(events=(logged,)))
        await eventually(lambda: ears.seqs == [2, 3, 4])
        assert not plant.room(live.node).refusals
        assert len(ears.snapshots) == 1
        assert not [frame for frame in frames if isinstance(frame, Left)]


async def test_refusals_are_raised(live: Live) -> None:
    """What the server refuses is raised with its code."""
    async with client(live) as anna:
        with pytest.raises(Refused) as refused:
            await anna.join("nope:x")
        assert refused.value.code == "no_such_topic"
        assert anna.subscriptions == {}


async def test_a_cut_is_resumed(live: Live, plant: Plant) -> None:
    """After a cut the client comes back by itself and gets what it missed, without a snapshot."""
    ears = Ears()
    async with client(live) as anna, client(live, "ben") as ben:
        await ben.join("chat:hall")
        await ben.push("chat:hall", "say", {"n": 1}, id="m1")
        await anna.join("chat:hall", ears.events.append, ears.snapshot)
        anna.cut()
        for number in range(2, 6):
            await ben.push("chat:hall", "say", {"n": number}, id=f"m{number}")
        await eventually(lambda: ears.seqs == [2, 3, 4, 5])
        assert (anna.connections, anna.snapshots) == (2, 1)


async def test_an_ended_request_is_told(live: Live, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A push whose connection ends before the answer raises Disconnected."""

    async def never(who: object, push: object) -> None:
        await asyncio.sleep(3600)

    async with client(live) as anna:
        await anna.join("chat:hall")
        monkeypatch.setattr(plant.room(live.node), "receive", never)
        asking = asyncio.create_task(anna.push("chat:hall", "say", {}))
        await asyncio.sleep(0.05)
        anna.cut()
        with pytest.raises(Disconnected):
            await asking


async def test_a_final_close_ends_the_client(live: Live) -> None:
    """A kick with a final code ends the client for good, and every later request says so."""
    async with client(live) as anna:
        await anna.join("chat:hall")
        live.node.kick("grace", "anna", closes.BANNED)
        await eventually(lambda: anna.closed is not None)
        assert anna.closed is closes.BANNED
        with pytest.raises(Disconnected):
            await anna.push("chat:hall", "say", {})


async def test_a_client_that_is_not_let_in(live: Live) -> None:
    """A bad token ends the client before it began."""
    with pytest.raises(Disconnected) as refused:
        async with client(live, "bad"):
            pass
    assert refused.value.close is closes.NOT_ALLOWED


async def test_an_expired_token_is_fetched_again(live: Live) -> None:
    """After 4001 the client asks for another token and comes back."""
    tokens = iter(["expired", "expired", "anna"])

    async def fetch() -> str:
        return next(tokens)

    async with Client(live.url, fetch, hurry=50.0) as anna:
        assert anna.welcome is not None
        assert list(tokens) == []


async def test_a_drained_server(live: Live, plant: Plant) -> None:
    """When the server goes, the client is told, waits for another, and resumes there."""
    ears = Ears()
    plant.log.append(HALL, "said", "m0", b"0")
    async with client(live) as anna:
        await anna.join("chat:hall", ears.events.append, ears.snapshot)
        await live.stop()
        plant.log.append(HALL, "said", "m1", b"1")
        again = await serve(plant, port=live.port, drain_seconds=0.05)
        await eventually(lambda: ears.seqs == [2])
        assert anna.snapshots == 1
    await again.stop()


async def test_a_quiet_loss_is_noticed(live: Live, plant: Plant) -> None:
    """When something is lost on the way, the next position shows it, and the client joins again."""
    ears = Ears()
    async with client(live) as anna:
        subscription = await anna.join("chat:hall", ears.events.append, ears.snapshot)
        plant.log.append(HALL, "said", "m1", b"1")
        plant.log.append(HALL, "said", "m2", b"2")
        live.node.wake(HALL, Position("1.1", 2))
        await eventually(lambda: ears.seqs == [1, 2])
        subscription.position = Position("1.1", 1)  # as if the second had never arrived
        for session in list(live.node._sessions):
            session.tick(asyncio.get_running_loop().time())
        await eventually(lambda: ears.seqs == [1, 2, 2])


async def test_other_frames_are_handed_on(live: Live) -> None:
    """Presence, newest values and ended subscriptions reach the one who wants them."""
    seen: list[Frame] = []
    async with client(live, on_frame=seen.append) as anna:
        await anna.join("chat:hall")
        await anna.push("chat:hall", "count", 3)
        await eventually(lambda: any(isinstance(frame, PresenceFrame) for frame in seen))
        live.node.leave(HALL, "anna", "removed")
        await eventually(lambda: Left("chat:hall", "removed") in seen)
        assert anna.subscriptions == {}
        assert any(frame.__class__.__name__ == "Latest" for frame in seen)


async def test_a_crowd_under_cuts(live: Live, plant: Plant) -> None:
    """Thirty clients that are cut again and again all hear every message once, in order."""
    chance = random.Random(3)
    crowd = [(client(live, f"p{n}"), Ears()) for n in range(30)]
    for one, ears in crowd:
        await one.__aenter__()
        await one.join("chat:hall", ears.events.append, ears.snapshot)
    for number in range(1, 121):
        logged = plant.log.append(HALL, "said", f"m{number}", b"%d" % number)
        live.node.publish("grace", Publication(events=(logged,)))
        for one, _ in chance.sample(crowd, 2):
            one.cut()
        await asyncio.sleep(0.005)
    await eventually(lambda: all(ears.seqs[-1:] == [120] for _, ears in crowd))
    for one, ears in crowd:
        assert ears.seqs == sorted(set(ears.seqs))
        assert one.snapshots >= 1
        if one.snapshots == 1:
            assert ears.seqs == list(range(1, 121))
        await one.close()
    assert sum(one.connections for one, _ in crowd) > 60


async def test_it_ends_although_whoever_fetches_its_token_swallows_the_cancellation(live: Live) -> None:
    """A database driver may finish what it was cancelled in; the connection that follows would never end."""
    asked = asyncio.Event()

    async def stubborn() -> str:
        asked.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(30)
        return "anna"

    anna = Client(live.url, stubborn)
    entering = asyncio.create_task(anna.__aenter__())
    await asked.wait()
    async with asyncio.timeout(20):
        await anna.close()
    with pytest.raises(Disconnected):
        await entering
    assert anna.connections == 0
