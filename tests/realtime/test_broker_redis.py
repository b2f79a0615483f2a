"""The traps of pub/sub, each closed: cuts, deafness, hangs, failed publishes, moved slots, failovers."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from realtime import broker_redis
from realtime.broker import Publication, channel_of
from realtime.broker_redis import RedisBroker
from realtime.log import LogEvent
from realtime.supervise import Supervisor
from realtime.topics import Topic
from realtime.wire_redis import ClusterWire, SingleWire
from tests.realtime.memory import eventually
from tests.realtime.valkey import Cluster, Valkey


def publication(seq: int, tenant: str = "grace") -> Publication:
    event = LogEvent(Topic(tenant, "chat", "hall"), "1.1", seq, "posted", f"m{seq}", "", msgspec.Raw(b"{}"))
    return Publication(events=(event,))


class Node:
    """A broker with what it received, and the gaps it told."""

    def __init__(self, url: str, wire: type[SingleWire] | type[ClusterWire], probe_seconds: float) -> None:
        name = uuid.uuid4().hex[:12]
        self.deaths: list[str] = []
        self.supervisor = Supervisor(lambda name, problem: self.deaths.append(name))
        self.broker = RedisBroker(wire(url, name), name, self.supervisor, probe_seconds)
        self.seqs: list[int] = []
        self.gaps: list[str] = []

    async def start(self, *tenants: str) -> "Node":
        await self.broker.start(
            lambda _, p: self.seqs.extend(event.seq for event in p.events), lambda t: self.gaps.extend(t)
        )
        for tenant in tenants:
            await self.broker.subscribe(tenant)
        return self

    async def stop(self) -> None:
        await self.broker.stop()
        await self.supervisor.stop()
        assert not self.deaths


MakeNode = Callable[..., Node]


@pytest.fixture
async def make_node() -> AsyncIterator[MakeNode]:
    """Give a function that makes nodes at a URL, and stops them."""
    made: list[Node] = []

    def make(url: str, wire: type[SingleWire] | type[ClusterWire] = SingleWire, probe: float = 0.3) -> Node:
        made.append(Node(url, wire, probe))
        return made[-1]

    yield make
    for node in made:
        await node.stop()


async def becomes(true: Callable[[], bool], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


async def arrives(sender: Node, receiver: Node, start: int, tenant: str = "grace") -> int:
    """Publish until something arrives; return its seq."""
    for seq in range(start, start + 300):
        sender.broker.publish(tenant, publication(seq, tenant))
        await asyncio.sleep(0.05)
        if receiver.seqs and receiver.seqs[-1] >= start:
            return seq
    raise AssertionError("nothing arrived")


async def test_a_cut_is_healed_and_told(valkey_server: Valkey, make_node: MakeNode) -> None:
    """When the server cuts the pub/sub connections, they subscribe again and the gap is told."""
    one, two = make_node(valkey_server.url), await make_node(valkey_server.url).start("grace", "hope")
    await valkey_server.cut_subscribers()
    await becomes(lambda: sorted(two.gaps) == ["grace", "hope"])
    one.broker.publish("grace", publication(1))
    await becomes(lambda: two.seqs == [1])


async def test_who_comes_as_the_last_one_leaves_is_heard(valkey_server: Valkey, make_node: MakeNode) -> None:
    """The answer to our own farewell comes after we listen again: no server has ended anything, and none is a gap."""
    one, two = await make_node(valkey_server.url).start("grace"), await make_node(valkey_server.url).start()
    for _ in range(3):
        await one.broker.unsubscribe("grace")
        await one.broker.subscribe("grace")
    await asyncio.sleep(0.5)
    assert not one.gaps
    await arrives(two, one, 1)


async def test_a_restart_is_survived(valkey_server: Valkey, make_node: MakeNode) -> None:
    """While the server is away nothing raises and one's own sessions are served; afterwards all is as before."""
    one = await make_node(valkey_server.url).start("grace")
    two = await make_node(valkey_server.url).start("grace")
    valkey_server.kill()
    for seq in range(1, 50):
        one.broker.publish("grace", publication(seq))
        await asyncio.sleep(0.005)
    assert one.seqs == list(range(1, 50))
    assert two.seqs == []
    valkey_server.start()
    await becomes(lambda: "grace" in two.gaps)
    await arrives(one, two, 100)
    assert one.broker.lost > 0


async def test_subscribing_while_the_server_is_away(valkey_server: Valkey, make_node: MakeNode) -> None:
    """A church subscribed to during an outage is heard as soon as the server is back, after a gap."""
    one, two = make_node(valkey_server.url), await make_node(valkey_server.url).start()
    valkey_server.kill()
    async with asyncio.timeout(4):
        await two.broker.subscribe("grace")
    valkey_server.start()
    await becomes(lambda: two.gaps == ["grace"])
    await arrives(one, two, 1)


async def test_a_hanging_server_stops_nobody(valkey_server: Valkey, make_node: MakeNode) -> None:
    """While the server hangs, publish returns at once; afterwards the same loop goes on."""
    one, two = make_node(valkey_server.url), await make_node(valkey_server.url).start("grace")
    valkey_server.pause()
    loop = asyncio.get_running_loop()
    began = loop.time()
    for seq in range(1, 1001):
        one.broker.publish("grace", publication(seq))
    assert loop.time() - began < 1.0
    await asyncio.sleep(2.5)
    valkey_server.resume()
    await arrives(one, two, 2000)


async def test_the_queue_is_bounded(
    valkey_server: Valkey, make_node: MakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the queue is full the oldest publication is dropped and counted."""
    monkeypatch.setattr(broker_redis, "QUEUE", 10)
    one, two = make_node(valkey_server.url), await make_node(valkey_server.url).start("grace")
    answers = [one.broker.publish("grace", publication(seq)) for seq in range(1, 16)]
    assert answers == [True] * 10 + [False] * 5
    await becomes(lambda: two.seqs == list(range(6, 16)))
    assert one.broker.lost == 5


async def test_rubbish_on_a_channel_is_skipped(valkey_server: Valkey, make_node: MakeNode) -> None:
    """Something unreadable on a church's channel ends nothing."""
    one, two = make_node(valkey_server.url), await make_node(valkey_server.url).start("grace")
    async with Redis.from_url(valkey_server.url) as client:
        for rubbish in (b"", b"\n", b"x\n{", b"\xff\xfe", b"x\n[[1],[],[]]"):
            await client.publish(channel_of("grace"), rubbish)
    one.broker.publish("grace", publication(1))
    await becomes(lambda: two.seqs == [1])
    assert two.gaps == []


class Muffler:
    """A proxy that can stop passing on what the server says on connections that subscribed, without a cut."""

    def __init__(self, target: Path, socket: Path) -> None:
        self.target = target
        self.socket = socket
        self.url = f"unix://{socket}"
        self.muffled: list[asyncio.Event] = []
        self.subscribers: list[asyncio.Event] = []

    async def start(self) -> None:
        self.server = await asyncio.start_unix_server(self._serve, str(self.socket))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        muffled = asyncio.Event()
        up_reader, up_writer = await asyncio.open_unix_connection(str(self.target))
        down = asyncio.create_task(self._down(up_reader, writer, muffled))
        while data := await reader.read(65536):
            if b"SUBSCRIBE" in data and muffled not in self.subscribers:
                self.subscribers.append(muffled)
            up_writer.write(data)
        up_writer.close()
        await down
        writer.close()

    async def _down(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, muffled: asyncio.Event
    ) -> None:
        while data := await reader.read(65536):
            if not muffled.is_set():
                writer.write(data)

    def muffle(self) -> None:
        """Make every subscriber of now deaf."""
        for muffled in self.subscribers:
            muffled.set()

    async def stop(self) -> None:
        self.server.close()


async def test_a_deaf_subscription_is_built_anew(valkey_server: Valkey, make_node: MakeNode) -> None:
    """A pub/sub connection through which no probe comes is replaced, and the gap is told."""
    muffler = Muffler(valkey_server.socket, valkey_server.folder / "muffler.sock")
    await muffler.start()
    one, two = make_node(valkey_server.url), await make_node(muffler.url).start("grace")
    muffler.muffle()
    one.broker.publish("grace", publication(1))
    await becomes(lambda: two.gaps == ["grace"])
    assert two.seqs == []
    await arrives(one, two, 2)
    await two.stop()
    await muffler.stop()


async def test_a_hearing_subscription_is_left_alone(valkey_server: Valkey, make_node: MakeNode) -> None:
    """Probes that come through change nothing."""
    two = await make_node(valkey_server.url, probe=0.05).start("grace")
    await asyncio.sleep(0.6)
    assert two.gaps == []


async def test_a_failover_moves_subscriptions(valkey_cluster: Cluster, make_node: MakeNode) -> None:
    """When a primary dies and its replica takes over, every church is heard again and the gap is told."""
    churches = [f"church{n}" for n in range(6)]
    one = make_node(valkey_cluster.url, ClusterWire)
    two = await make_node(valkey_cluster.url, ClusterWire).start(*churches)
    valkey_cluster.servers[1].kill()
    for number, church in enumerate(churches, 1):
        two.seqs.clear()
        await arrives(one, two, 1000 * number, church)
    assert two.gaps


async def test_a_moved_slot_moves_its_subscription(valkey_cluster: Cluster, make_node: MakeNode) -> None:
    """When a slot is given to another server, its church is heard from there."""
    one = make_node(valkey_cluster.url, ClusterWire)
    two = await make_node(valkey_cluster.url, ClusterWire).start("grace")
    first, second, third, _ = valkey_cluster.servers
    slot = first.client.execute_command("CLUSTER", "KEYSLOT", channel_of("grace"))
    source, target = ((first, second), (second, third), (third, first))[slot // 5461]
    target.run("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
    source.run("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)
    target.run("CLUSTER", "SETSLOT", slot, "NODE", target.id)
    source.run("CLUSTER", "SETSLOT", slot, "NODE", target.id)
    await becomes(lambda: two.gaps == ["grace"])
    await arrives(one, two, 1)


class Slotless(SingleWire):
    """A server that has just given its last slot away: it can be named, but not listened at."""

    def probe(self, server: str) -> str:
        raise RedisError("this server owns no slot")


async def test_a_server_without_slots_refuses_no_subscription(valkey_server: Valkey) -> None:
    """A slot that moves while a church is subscribed to is looked for again; nobody is refused for it."""
    node = Node(valkey_server.url, Slotless, 0.1)
    await node.start("grace")
    assert node.broker._look.is_set()
    node.broker._wire = SingleWire(valkey_server.url, "other")
    await eventually(lambda: node.broker.deaf == 0 and bool(node.broker._ears))
    await node.stop()
