"""Gather what a crowd does and tell it once a second and topic; nothing here waits for anything.

Each process gathers what its own people do and tells the others once a second; each gathers what all have told and
shows it to its own people once a second. So whoever looks gets one frame a second, however many processes there are.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from uuid import UUID

import msgspec

from realtime.broker import Passing, Publication
from realtime.topics import Topic
from server.domains.crowd.models import Floats, Typing, Typist
from server.kit.db import Announcer
from server.kit.scope import Scope, TenantRef

SECOND = 1.0
NAMES = 5  # of those who type; the others are counted
MOST_KINDS = 12  # different emoji in one frame; more are not shown
MOST_COUNT = 200  # of one emoji in one frame
MOST_TYPISTS = 100  # counted within a second
MOST_TOPICS = 10_000  # gathered at once; beyond it a topic's crowd is not shown


class _Gathered:
    """What a topic has gathered since it was last told of."""

    __slots__ = ("floats", "more", "typists")

    def __init__(self) -> None:
        self.floats: Counter[str] = Counter()
        self.typists: dict[UUID, str] = {}
        self.more = 0  # typists beside those

    def type(self, id: UUID, name: str) -> None:
        """Note that somebody is typing."""
        if len(self.typists) < MOST_TYPISTS:
            self.typists[id] = name

    def throw(self, emoji: str, count: int = 1) -> None:
        """Add emoji."""
        if emoji in self.floats or len(self.floats) < MOST_KINDS:
            self.floats[emoji] = min(self.floats[emoji] + count, MOST_COUNT)

    def told(self) -> list[tuple[str, msgspec.Struct]]:
        """Return what there is to tell, by event."""
        found: list[tuple[str, msgspec.Struct]] = []
        if self.typists:
            people = [Typist(id, name) for id, name in list(self.typists.items())[:NAMES]]
            found.append(("typing", Typing(people, len(self.typists) + self.more)))
        if self.floats:
            found.append(("floats", Floats(dict(self.floats))))
        return found


class _Pot:
    """Gathers by topic; what came first is told at once, what comes within the next second together."""

    def __init__(self, tell: Callable[[Topic, str, msgspec.Raw], None]) -> None:
        self._tell = tell
        self._topics: dict[Topic, _Gathered] = {}

    def __len__(self) -> int:
        return len(self._topics)

    def of(self, topic: Topic) -> _Gathered:
        """Return where to put what a topic's crowd does."""
        gathered = self._topics.get(topic)
        if gathered is None:
            gathered = _Gathered()
            if len(self._topics) < MOST_TOPICS:
                self._topics[topic] = gathered
                asyncio.get_running_loop().call_soon(self._empty, topic)
        return gathered

    def _empty(self, topic: Topic) -> None:
        """Tell what was gathered and go on gathering for a second; end when nothing came."""
        found = self._topics.pop(topic).told()
        if not found:
            return
        for event, data in found:
            self._tell(topic, event, msgspec.Raw(msgspec.json.encode(data)))
        self._topics[topic] = _Gathered()
        asyncio.get_running_loop().call_later(SECOND, self._empty, topic)


class CrowdService:
    """Tell what passes, at most once a second for a topic: the first at once, the rest together."""

    def __init__(self, announcer: Announcer) -> None:
        self._announcer = announcer
        self._done = _Pot(self._publish)
        self._heard = _Pot(self._show)
        self.show: Callable[[Passing], object] = lambda _: (
            None
        )  # to this process's own people, once it has some

    def typing(self, scope: Scope, topic: Topic, name: str) -> None:
        """Note that the caller is typing, under this name."""
        if scope.actor.id is not None:
            self._done.of(topic).type(scope.actor.id, name)

    def float(self, scope: Scope, topic: Topic, emoji: str) -> None:
        """Throw one emoji."""
        self._done.of(topic).throw(emoji)

    def hear(self, passing: Passing) -> None:
        """Take what some process has gathered, this one too."""
        gathered = self._heard.of(passing.topic)
        if passing.event == "typing":
            typing = msgspec.json.decode(passing.data, type=Typing)
            for typist in typing.people:
                gathered.type(typist.id, typist.name)
            gathered.more += typing.count - len(typing.people)
        elif passing.event == "floats":
            for emoji, count in msgspec.json.decode(passing.data, type=Floats).emoji.items():
                gathered.throw(emoji, count)

    def _publish(self, topic: Topic, event: str, data: msgspec.Raw) -> None:
        church = Scope(TenantRef(topic.tenant, "", ""))
        told = Publication(passing=(Passing(topic, "gathered", event, data),))
        self._announcer.committed(church, told, signals=False)

    def _show(self, topic: Topic, event: str, data: msgspec.Raw) -> None:
        self.show(Passing(topic, "ephemeral", event, data))
