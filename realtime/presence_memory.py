"""Presence inside one process: the reference for the contract tests, and enough for a single node."""

import time
from collections.abc import Callable, Mapping, Sequence

from realtime.presence import LEASE_SECONDS, NAMED_PEOPLE, Changes, View
from realtime.topics import Topic


class PresenceStore:
    """What all nodes of one process share."""

    __slots__ = ("leases", "said")

    def __init__(self) -> None:
        self.leases: dict[str, float] = {}
        self.said: dict[str, dict[Topic, dict[str, bytes]]] = {}


class MemoryPresence:
    """One node's hand on a shared store; `clock` is in seconds and may be a fake."""

    __slots__ = ("_clock", "_node", "_store")

    def __init__(self, store: PresenceStore, node: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._node = node
        self._clock = clock

    async def write(self, changes: Changes) -> None:
        """Say what changed on this node."""
        said = self._store.said.setdefault(self._node, {})
        for topic, people in changes.items():
            here = said.setdefault(topic, {})
            for person, public in people.items():
                if public is None:
                    here.pop(person, None)
                else:
                    here[person] = public
            if not here:
                del said[topic]

    async def views(self, topics: Sequence[Topic]) -> Mapping[Topic, View]:
        """Read who is in these topics."""
        alive = self._alive()
        return {topic: self._view(topic, alive) for topic in topics}

    async def beat(self) -> tuple[bool, frozenset[str]]:
        """Renew this node's lease."""
        held = self._node in self._alive()
        self._store.leases[self._node] = self._clock() + LEASE_SECONDS
        return held, frozenset(self._alive())

    async def withdraw(self) -> None:
        """End this node's lease."""
        self._store.leases.pop(self._node, None)
        self._store.said.pop(self._node, None)

    def _alive(self) -> list[str]:
        now = self._clock()
        for node in [node for node, until in self._store.leases.items() if until < now]:
            del self._store.leases[node]
            self._store.said.pop(node, None)
        return list(self._store.leases)

    def _view(self, topic: Topic, alive: Sequence[str]) -> View:
        said = [self._store.said.get(node, {}).get(topic, {}) for node in alive]
        total = sum(map(len, said))
        if any(len(people) > NAMED_PEOPLE for people in said):
            return View(total, None)
        union = {person: public for people in said for person, public in people.items()}
        return View(len(union), union) if len(union) <= NAMED_PEOPLE else View(total, None)
