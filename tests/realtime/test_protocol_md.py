"""PROTOCOL.md says what is so, and the client written from it works under Node against a real server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from realtime import closes, frames, limits, protocol, ring
from realtime.broker import Publication
from realtime.errors import TRANSIENT, Refused
from realtime.limits import Limits, Rate
from realtime.topics import Topic
from tests.realtime.live import Live, serve
from tests.realtime.memory import Plant, eventually
from tests.realtime.script import Script

HALL = Topic("grace", "chat", "hall")
PROTOCOL = (Path(frames.__file__).parent / "PROTOCOL.md").read_text()
WIDE = Limits(Rate(1e9, 1e9), Rate(1e9, 1e9), Rate(1e12, 1e12))

DRIVER = """
process.stdin.once("data", async () => {
  try { say("answer", await client.push("chat:hall", "say", { n: "mine" }, "u1")); }
  catch (error) { say("refused", error); }
  try { await client.push("chat:hall", "dance", {}); } catch (error) { say("refused", error.code); }
});
"""


@pytest.fixture
async def live(plant: Plant) -> AsyncIterator[Live]:
    """Give a served node."""
    made = await serve(plant, limits=WIDE, drain_seconds=0.1)
    yield made
    await made.stop()


async def test_the_example_client(live: Live, plant: Plant, tmp_path: Path) -> None:
    """It joins, says, hears, is refused, resumes after a cut without a snapshot, and stops at a final close."""
    plant.log.append(HALL, "said", "m0", b'{"n":0}')
    async with Script(tmp_path, live.url, "anna", "chat:hall", DRIVER) as script:
        await eventually(lambda: bool(script.all("snapshot")))
        script.tell()
        await eventually(lambda: script.all("refused") == ["no_such_event"])
        await eventually(lambda: any(frame["type"] == "presence" for frame in script.all("frame")))
        assert script.all("snapshot") == [[{"n": 0}]]
        assert script.all("answer") == [{"id": "u1"}]
        assert script.all("event") == [[2, {"n": "mine"}]]
        for session in list(live.node._sessions):
            session.transport.transport.abort()  # type: ignore[attr-defined]
        for number in range(3, 6):
            logged = plant.log.append(HALL, "said", f"m{number}", b'{"n":%d}' % number)
            live.node.publish("grace", Publication(events=(logged,)))
        await eventually(lambda: len(script.all("event")) == 4)
        assert [seq for seq, _ in script.all("event")] == [2, 3, 4, 5]
        assert len(script.all("snapshot")) == 1
        live.node.kick("grace", "anna", closes.BANNED)
        await eventually(lambda: {"type": "closed", "code": 4504} in script.all("frame"))


@pytest.mark.parametrize("code", sorted(TRANSIENT))
async def test_a_join_refused_for_the_moment_is_tried_again(
    live: Live, plant: Plant, tmp_path: Path, code: str
) -> None:
    """The example client joins again by itself when a join is refused with a code that will pass."""
    plant.room(live.node).refusals = [Refused(code, "Not now.", 0.05)] * 2
    async with Script(tmp_path, live.url, "anna", "chat:hall") as script:
        await eventually(lambda: script.all("snapshot") == [[]])
    assert not plant.room(live.node).refusals


async def test_a_join_refused_for_good_ends_the_topic(live: Live, plant: Plant, tmp_path: Path) -> None:
    """Any other code is told like an end of the subscription."""
    plant.room(live.node).banned.add("anna")
    async with Script(tmp_path, live.url, "anna", "chat:hall") as script:
        await eventually(
            lambda: {"type": "left", "topic": "chat:hall", "code": "banned"} in script.all("frame")
        )


def test_the_codes_that_pass_are_described() -> None:
    """PROTOCOL.md names each code after which a join is tried again."""
    assert "With the code `unavailable`, `limited` or `internal`" in PROTOCOL
    assert frozenset({"unavailable", "limited", "internal"}) == TRANSIENT


def test_every_frame_is_described() -> None:
    """Each type a client may send or get is named in PROTOCOL.md."""
    for frame in (*frames.ClientFrame.__args__, *frames.ServerFrame.__args__):
        tag = frame.__struct_config__.tag
        assert f'"type":"{tag}"' in PROTOCOL or f"| `{tag}`" in PROTOCOL, tag


def test_every_code_is_described() -> None:
    """Each close code of ours stands in PROTOCOL.md, on the side of coming back or of stopping."""
    lines = [line for line in PROTOCOL.splitlines() if line.startswith("| 4")]
    again, final = (next(line for line in lines if line.startswith(start)) for start in ("| 4000", "| 4500"))
    for close in closes.ALL.values():
        if close.code >= 4000:
            assert str(close.code) in (final if close.final else again)


def test_the_numbers_are_those_of_the_code() -> None:
    """Times and bounds named in PROTOCOL.md are the constants."""
    assert f"within {protocol.HELLO_SECONDS:.0f} s" in PROTOCOL
    assert f"Every {protocol.PING_SECONDS} s" in PROTOCOL
    assert f"At most {ring.RING_EVENTS} missed events" in PROTOCOL
    assert f"at most {limits.Limits().topics} topics" in PROTOCOL
    assert protocol.GRACE_SECONDS == 60
