"""The example client beside PROTOCOL.md against `narthex serve`, while one web process of three is killed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from server.cli.bench.stage import Room
from server.kit.scope import Scope
from server.wiring import build
from tests.faults.house import House, quietly
from tests.faults.run import Storm
from tests.realtime.memory import eventually
from tests.realtime.script import Script

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

WORKERS = 3
CLIENTS = 12

TALK = """
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
async function sure(id, body) {
  for (;;)
    try { return await client.push(topic, "message.send", { body }, id); }
    catch (error) { say("refused", error.code); await sleep(100); }
}
let enough = false;
process.stdin.once("data", () => (enough = true));
for (let n = 0; !enough; n++) {
  const id = crypto.randomUUID();
  say("sending", id);
  say("answer", (await sure(id, `from the example ${n}`)).id);
  await sleep(50);
}
say("done", true);
"""


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """Give a house with three web processes."""
    with House(workers=WORKERS, drain=1.0) as house:
        yield house


async def _key(house: House, room: Room) -> str:
    """Make an API key of the room's church that may talk."""
    wiring = build(house.settings)
    await wiring.start()
    try:
        church = await wiring.tenants.by_slug(room.church)
        scopes = frozenset({"chat:read", "chat:write"})
        _, text = await wiring.keys.create(Scope.system(church.ref), name="Example", scopes=scopes)
        return text
    finally:
        await wiring.stop()


async def test_one_web_process_of_three_is_killed(house: House, tmp_path: Path) -> None:
    """The others go on, nobody loses anything, and a client that is no browser comes back by itself with its key."""
    (room,) = await quietly(lambda: house.rooms(guests=CLIENTS))
    await quietly(house.start)
    key = await _key(house, room)
    storm = Storm(house, [room], clients=CLIENTS, rate=1.0, seed=3, say=print)
    async with storm.crowd(), Script(tmp_path, house.live(room), key, room.topic, TALK) as script:
        async with storm.talk():
            for _ in range(2):
                before = len(script.all("answer"))
                await eventually(partial(_answered, script, before + 5))
                pids = await quietly(house.workers)
                assert len(pids) == WORKERS
                victim = storm.chance.choice(pids)
                house.kill_web(victim)
                await quietly(house.until_replaced, victim)
                assert set(pids) - set(house.workers()) == {victim}
            await eventually(partial(_answered, script, len(script.all("answer")) + 5))
            script.tell()
            await eventually(lambda: bool(script.all("done")))
        assert not await storm.wrong()
        sent = script.all("sending")
        assert script.all("answer") == sent
        await eventually(lambda: _heard(script) >= set(sent))
        seqs = [seq for seq, _ in script.all("event")]
        assert seqs == sorted(set(seqs))


def _answered(script: Script, count: int) -> bool:
    return len(script.all("answer")) > count


def _heard(script: Script) -> set[str]:
    """Return every message the client was told of, live or in a snapshot."""
    snapshots = [message["id"] for shown in script.all("snapshot") for message in shown["messages"]]
    return {data["id"] for _, data in script.all("event")} | set(snapshots)
