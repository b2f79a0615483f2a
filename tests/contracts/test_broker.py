"""What every broker guarantees; the numbers are those of `realtime.broker`."""

import asyncio
from collections.abc import Callable

import msgspec

from realtime.broker import Broker, Order, Passing, Publication
from realtime.log import LogEvent
from realtime.topics import Topic

MakeBroker = Callable[[], Broker]


class Node:
    """What one node has received."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.received: list[tuple[str, Publication]] = []
        self.gaps: list[tuple[str, ...]] = []

    async def start(self, *tenants: str) -> "Node":
        await self.broker.start(lambda t, p: self.received.append((t, p)), self.gaps.append)
        for tenant in tenants:
            await self.broker.subscribe(tenant)
        return self

    async def until(self, count: int) -> list[tuple[str, Publication]]:
        async with asyncio.timeout(5):
            while len(self.received) < count:
                await asyncio.sleep(0.005)
        return self.received


def publication(seq: int, tenant: str = "grace") -> Publication:
    topic = Topic(tenant, "chat", "hall")
    event = LogEvent(
        topic, "1.1", seq, "message.posted", f"m{seq}", "2026-01-01T00:00:00Z", msgspec.Raw(b'{"n":1}')
    )
    return Publication(events=(event,))


def seqs(received: list[tuple[str, Publication]]) -> list[int]:
    return [event.seq for _, p in received for event in p.events]


async def test_everyone_subscribed_receives_once(make_broker: MakeBroker) -> None:
    """A publication reaches every subscribed node, the publisher's own included, exactly once."""
    one, two = await Node(make_broker()).start("grace"), await Node(make_broker()).start("grace")
    one.broker.publish("grace", publication(1))
    await one.until(1)
    await two.until(1)
    await asyncio.sleep(0.1)
    assert seqs(one.received) == seqs(two.received) == [1]


async def test_content_survives(make_broker: MakeBroker) -> None:
    """Events, blanked events, passing frames and orders arrive as they were published."""
    one, two = await Node(make_broker()).start(), await Node(make_broker()).start("grace")
    topic = Topic("grace", "chat", "hall")
    sent = Publication(
        events=(
            LogEvent(
                topic,
                "1.1",
                7,
                "message.posted",
                "m7",
                "2026-01-01T00:00:00Z",
                msgspec.Raw('{"b":"ä\\n"}'.encode()),
            ),
            LogEvent(topic, "1.1", 8, "message.removed", "m7", "2026-01-01T00:00:01Z", None),
        ),
        passing=(Passing(topic, "latest", "viewers", msgspec.Raw(b'{"count":3}'), "k"),),
        orders=(Order("kick", person="p1", code=4504, reason="banned"), Order("touch", topic=topic)),
    )
    one.broker.publish("grace", sent)
    [(tenant, got)] = await two.until(1)
    assert tenant == "grace"
    assert msgspec.json.encode(got) == msgspec.json.encode(sent)
    assert got.events[1].data is None


async def test_one_publishers_order_is_kept(make_broker: MakeBroker) -> None:
    """Publications of one publisher to one church arrive in the order they were published."""
    one, two = await Node(make_broker()).start("grace"), await Node(make_broker()).start("grace")
    for seq in range(1, 501):
        one.broker.publish("grace", publication(seq))
        if seq % 100 == 0:
            await asyncio.sleep(0.001)
    assert seqs(await two.until(500)) == list(range(1, 501))
    assert seqs(one.received) == list(range(1, 501))


async def test_churches_are_apart(make_broker: MakeBroker) -> None:
    """A node only receives publications of churches it subscribed to."""
    one, two = await Node(make_broker()).start("grace"), await Node(make_broker()).start("hope")
    one.broker.publish("grace", publication(1))
    one.broker.publish("hope", publication(2, "hope"))
    assert [tenant for tenant, _ in await two.until(1)] == ["hope"]
    await asyncio.sleep(0.05)
    assert [tenant for tenant, _ in one.received] == ["grace"]
    assert len(two.received) == 1


async def test_unsubscribed_hears_no_more(make_broker: MakeBroker) -> None:
    """After unsubscribe nothing of the church arrives; after another subscribe it does again."""
    one, two = await Node(make_broker()).start("grace"), await Node(make_broker()).start("grace")
    await two.broker.unsubscribe("grace")
    one.broker.publish("grace", publication(1))
    await asyncio.sleep(0.1)
    assert two.received == []
    await two.broker.subscribe("grace")
    one.broker.publish("grace", publication(2))
    assert seqs(await two.until(1)) == [2]


async def test_publishing_needs_no_start(make_broker: MakeBroker) -> None:
    """A worker that was never started publishes, and receives nothing."""
    node, worker = await Node(make_broker()).start("grace"), make_broker()
    assert worker.publish("grace", publication(1))
    assert seqs(await node.until(1)) == [1]


async def test_stop_sends_what_is_queued(make_broker: MakeBroker) -> None:
    """Publications made right before stop still leave."""
    node, worker = await Node(make_broker()).start("grace"), make_broker()
    for seq in range(1, 21):
        worker.publish("grace", publication(seq))
    await worker.stop()
    assert seqs(await node.until(20)) == list(range(1, 21))
