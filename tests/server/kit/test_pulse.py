"""How many are behind is told to who looks after a topic, while it lasts and once when it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from realtime.broker import Passing, Publication
from realtime.feed import Feed
from server.kit.pulse import Behind, Pulse
from tests.realtime.test_hub import Stage, settled


class Node:
    """A node of one hub; keeps what it is asked to tell."""

    def __init__(self) -> None:
        self.stage = Stage()
        self.told: list[Passing] = []

    @property
    def feeds(self) -> Sequence[Feed]:
        return self.stage.hub.feeds()

    def publish(self, tenant: str, publication: Publication) -> bool:
        assert all(passing.topic.tenant == tenant for passing in publication.passing)
        self.told += publication.passing
        return True


def counts(node: Node) -> list[int]:
    """Return what was told since the last call, in the right place and nowhere else."""
    told, node.told = node.told, []
    where = {(passing.topic.kind, passing.topic.key, passing.kind, passing.key) for passing in told}
    assert where <= {("held", "hall", "latest", "node-1")}
    return [msgspec.json.decode(passing.data, type=Behind).count for passing in told]


async def test_peace_is_not_told() -> None:
    """With everybody up to date nothing is said, however often it looks."""
    node = Node()
    pulse = Pulse(node, "node-1", {"chat": "held"})
    node.stage.seat()
    for _ in range(3):
        pulse.beat()
    assert counts(node) == []


async def test_who_is_behind_is_told_until_it_is_over() -> None:
    """Again at every look, with the number of those behind on this node, and nought when they have everything."""
    node = Node()
    pulse = Pulse(node, "node-1", {"chat": "held"})
    slow, slower, _ = node.stage.seat(), node.stage.seat(), node.stage.seat()
    slow.full = slower.full = True
    await node.stage.publish_each(1)
    pulse.beat()
    assert counts(node) == [2]
    slow.empty()
    node.stage.hub.resume(node.stage.feed, slow)
    pulse.beat()
    assert counts(node) == [1]
    slower.empty()
    node.stage.hub.resume(node.stage.feed, slower)
    for _ in range(2):
        pulse.beat()
    assert counts(node) == [0]


async def test_a_hole_leaves_everybody_behind() -> None:
    """While the node itself misses an event nobody on it has everything."""
    node = Node()
    pulse = Pulse(node, "node-1", {"chat": "held"})
    for _ in range(2):
        node.stage.seat()
    node.stage.publish(2)
    await settled()
    pulse.beat()
    assert counts(node) == [2]
    node.stage.publish(1)
    await settled()
    pulse.beat()
    assert counts(node) == [0]


async def test_other_topics_are_nobodys_business() -> None:
    """Only kinds that somebody looks after are told."""
    node = Node()
    pulse = Pulse(node, "node-1", {"wall": "queue"})
    node.stage.seat().full = True
    await node.stage.publish_each(1)
    pulse.beat()
    assert node.told == []


async def test_it_looks_by_itself() -> None:
    """Running, it beats again and again."""
    node = Node()
    node.stage.seat().full = True
    await node.stage.publish_each(1)
    task = asyncio.create_task(Pulse(node, "node-1", {"chat": "held"}, every=0.0).run())
    while len(node.told) < 3:
        await asyncio.sleep(0)
    task.cancel()
    assert set(counts(node)) == {1}
