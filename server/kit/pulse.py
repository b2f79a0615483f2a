"""Tell those who look after a topic how many of its members are behind, each node for itself.

Nothing is told in peace: a node speaks when somebody on it has not been written everything, again every few seconds
while that lasts, and once when it is over. Who listens adds the nodes up and forgets one that has fallen silent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import msgspec

from realtime.broker import Passing, Publication
from realtime.feed import Feed
from realtime.topics import Topic

EVERY: Final = 3.0  # seconds between two looks


class Behind(msgspec.Struct, frozen=True):
    """How many members on one node have not been written everything yet."""

    node: str
    count: int


class Beating(Protocol):
    """The node as a pulse sees it."""

    @property
    def feeds(self) -> Sequence[Feed]:
        """The topics on this node."""
        ...

    def publish(self, tenant: str, publication: Publication) -> bool:
        """Tell every node, this one at once."""
        ...


class Pulse:
    """Looks at a node's topics; `told_in` is the kind of topic that hears of each kind that is watched."""

    def __init__(self, node: Beating, name: str, told_in: Mapping[str, str], *, every: float = EVERY) -> None:
        self._node = node
        self._name = name
        self._told_in = told_in
        self._every = every
        self._behind: set[Topic] = set()

    async def run(self) -> None:
        """Look again and again; supervised, and ends only by cancellation."""
        while True:
            await asyncio.sleep(self._every)
            self.beat()

    def beat(self) -> None:
        """Tell what is behind now, and of what was and is no more."""
        behind = {
            feed.topic: feed.lagging
            for feed in self._node.feeds
            if feed.topic.kind in self._told_in and feed.lagging
        }
        for topic in self._behind | behind.keys():
            self._tell(topic, behind.get(topic, 0))
        self._behind = set(behind)

    def _tell(self, topic: Topic, count: int) -> None:
        data = msgspec.Raw(msgspec.json.encode(Behind(self._name, count)))
        where = Topic(topic.tenant, self._told_in[topic.kind], topic.key)
        passing = Passing(where, "latest", "behind", data, self._name)
        self._node.publish(topic.tenant, Publication(passing=(passing,)))
