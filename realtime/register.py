"""Who is here, seen from one node: count its own people, tell the store, tell the members.

State first, then differences, once a second at most. A person on three devices is one person.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

import msgspec

from realtime import frames
from realtime.broker import Order, Publication
from realtime.frames import PresenceFrame
from realtime.hub import Hub
from realtime.presence import BEAT_SECONDS, Changes, Presence, View
from realtime.topics import Topic

_log = logging.getLogger("realtime.register")

ROUND_SECONDS: Final = 1.0

WHOLE_SECONDS: Final = 900.0
"""Everything is written again this often, before the store's own expiry of an hour."""


class Attendance:
    """Who is in which topic on this node, and what of it has not been written yet."""

    __slots__ = ("_changes", "_here")

    def __init__(self) -> None:
        self._here: dict[Topic, dict[str, tuple[int, bytes]]] = {}
        self._changes: dict[Topic, dict[str, bytes | None]] = {}

    def enter(self, topic: Topic, person: str, public: bytes) -> None:
        """Count one more connection of a person in a topic."""
        people = self._here.setdefault(topic, {})
        connections, known = people.get(person, (0, None))
        people[person] = (connections + 1, public)
        if known != public:
            self._changes.setdefault(topic, {})[person] = public

    def leave(self, topic: Topic, person: str) -> None:
        """Count one connection less; who never entered is ignored."""
        people = self._here.get(topic, {})
        connections, public = people.get(person, (0, b""))
        if connections > 1:
            people[person] = (connections - 1, public)
        elif connections == 1:
            del people[person]
            if not people:
                del self._here[topic]
            self._changes.setdefault(topic, {})[person] = None

    def topics(self) -> list[Topic]:
        """Return the topics somebody is in here."""
        return list(self._here)

    def take(self) -> dict[Topic, dict[str, bytes | None]]:
        """Return what changed since the last call."""
        taken, self._changes = self._changes, {}
        return taken

    def give_back(self, changes: Changes) -> None:
        """Return changes that could not be written; newer ones win."""
        for topic, people in changes.items():
            self._changes[topic] = {**people, **self._changes.get(topic, {})}

    def everything(self) -> dict[Topic, dict[str, bytes | None]]:
        """Return all that is true on this node, for a store that has forgotten it."""
        return {
            topic: {person: public for person, (_, public) in people.items()}
            for topic, people in self._here.items()
        }


class Register:
    """Keep presence going for one node."""

    __slots__ = (
        "_alive",
        "_attendance",
        "_beaten",
        "_hub",
        "_presence",
        "_publish",
        "_touched",
        "_views",
        "_whole",
    )

    def __init__(self, presence: Presence, hub: Hub, publish: Callable[[str, Publication], bool]) -> None:
        self._presence = presence
        self._hub = hub
        self._publish = publish
        self._attendance = Attendance()
        self._touched: dict[Topic, None] = {}
        self._views: dict[Topic, View] = {}
        self._alive: frozenset[str] = frozenset()
        self._beaten = self._whole = -WHOLE_SECONDS

    def enter(self, topic: Topic, person: str, public: bytes) -> None:
        """Count one more connection of a person in a topic; `public` is b"" for the nameless."""
        self._attendance.enter(topic, person, public)

    def leave(self, topic: Topic, person: str) -> None:
        """Count one connection less."""
        self._attendance.leave(topic, person)

    def touch(self, topic: Topic) -> None:
        """Learn that who is in this topic has changed, here or elsewhere."""
        self._touched[topic] = None

    def touch_all(self) -> None:
        """Look at every topic again: something may have been missed."""
        self._touched.update(dict.fromkeys(self._views))

    async def keep(self) -> None:
        """Run for ever; when the store is away nothing is told, and everything is as soon as it is back."""
        while True:
            await asyncio.sleep(ROUND_SECONDS)
            try:
                await self.round(time.monotonic())
            except OSError as problem:
                _log.warning("presence cannot be reached: %s", problem)

    async def round(self, now: float) -> None:
        """Beat if it is time, write what changed, tell what is new; raise OSError when the store is away."""
        if now - self._beaten >= BEAT_SECONDS:
            await self._beat(now)
        await self._write()
        await self._tell_all()

    async def _beat(self, now: float) -> None:
        held, alive = await self._presence.beat()
        if alive != self._alive:
            self._alive = alive
            self.touch_all()
        if not held or now - self._whole >= WHOLE_SECONDS:
            await self._presence.write(self._attendance.everything())
            self._whole = now
        self._beaten = now

    async def _write(self) -> None:
        changes = self._attendance.take()
        if not changes:
            return
        try:
            await self._presence.write(changes)
        except OSError:
            self._attendance.give_back(changes)
            raise
        orders: dict[str, list[Order]] = {}
        for topic in changes:
            orders.setdefault(topic.tenant, []).append(Order("touch", topic=topic))
        for tenant, touches in orders.items():
            self._publish(tenant, Publication(orders=tuple(touches)))

    async def _tell_all(self) -> None:
        for topic in [topic for topic in self._views if not self._wanted(topic)]:
            del self._views[topic]
        touched, self._touched = self._touched, {}
        topics = [topic for topic in touched if self._wanted(topic)]
        if not topics:
            return
        try:
            views = await self._presence.views(topics)
        except OSError:
            self._touched = {**touched, **self._touched}
            raise
        for topic, view in views.items():
            self._tell(topic, view)

    def _wanted(self, topic: Topic) -> bool:
        feed = self._hub.find(topic)
        return feed is not None and feed.members > 0

    def _tell(self, topic: Topic, view: View) -> None:
        feed, old = self._hub.find(topic), self._views.get(topic)
        if feed is None or not feed.members:
            return
        self._views[topic] = view
        entire = whole(topic, view)
        diff = entire if old is None or feed.present is None else changed(topic, old, view)
        if diff is not None:
            self._hub.present(feed, entire, diff)


def whole(topic: Topic, view: View) -> tuple[bytes, bytes]:
    """Frame the whole presence: for who sees names, and for who does not."""
    counted = PresenceFrame(topic.name, view.count, True)
    if view.people is None:
        return _framed(counted), _framed(counted)
    named = PresenceFrame(topic.name, view.count, True, [msgspec.Raw(p) for p in view.people.values() if p])
    return _framed(named), _framed(counted)


def changed(topic: Topic, old: View, new: View) -> tuple[bytes, bytes] | None:
    """Frame what changed between two views, None when nothing that anybody sees has changed."""
    if old.people is None or new.people is None:
        if old.count == new.count and (old.people is None) == (new.people is None):
            return None
        return whole(topic, new)
    came = [msgspec.Raw(p) for person, p in new.people.items() if p and old.people.get(person) != p]
    went = [person for person, p in old.people.items() if p and not new.people.get(person)]
    if not came and not went and old.count == new.count:
        return None
    named = PresenceFrame(topic.name, new.count, False, came, went)
    return _framed(named), _framed(PresenceFrame(topic.name, new.count))


def _framed(frame: PresenceFrame) -> bytes:
    return frames.framed(frames.encode(frame))
