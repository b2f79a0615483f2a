"""Everything that is read from the log: for who joins, for who fell far behind, and for what never arrived.

A join subscribes first, then reads, then releases what is newer: the feed is open and collects before
anything is read, and the hub hands over whatever lies behind the position that was read.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from realtime import frames
from realtime.broker import Publication
from realtime.channel import Channels, Snapshot
from realtime.errors import PositionLost
from realtime.feed import Feed, Figures, Member
from realtime.hub import Hub
from realtime.log import NOWHERE, Log, LogEvent, Position, Together
from realtime.ring import RING_EVENTS
from realtime.topics import Topic

_log = logging.getLogger("realtime.recovery")

PATIENCE: Final = 0.1
"""Seconds a hole may stay open before the log is read: another node's publication may still be under way."""

LONGEST_PAUSE: Final = 5.0
"""Seconds between two attempts to read a log that cannot be reached, at most."""

TRIES: Final = 3
"""Reads for one member before its position counts as lost."""


class Start(msgspec.Struct, frozen=True):
    """What a join is answered with, and where the member then stands."""

    data: bytes
    cursor: int
    stamp: int
    latest: Sequence[bytes] = ()


class Recovery:
    """Read the log for a node's feeds; many who ask at once are answered by one read."""

    def __init__(self, log: Log, channels: Channels, figures: Figures, hub: Hub) -> None:
        self._log = log
        self._channels = channels
        self._figures = figures
        self._hub = hub
        self._heads: Together[Topic, Position] = Together(lambda topic: topic.tenant, self._read_heads)
        self._reads: Together[tuple[Topic, int], Sequence[LogEvent]] = Together(
            lambda cursor: cursor[0], self._read_cursors
        )
        self._snapshots: Together[Topic, Snapshot] = Together(lambda topic: topic, self._read_snapshot)
        self._latest: Together[Topic, Sequence[bytes]] = Together(lambda topic: topic, self._read_latest)

    async def _read_heads(self, topics: Sequence[Topic]) -> Mapping[Topic, Position]:
        return await self._log.heads(topics[0].tenant, topics)

    async def _read_cursors(
        self, cursors: Sequence[tuple[Topic, int]]
    ) -> Mapping[tuple[Topic, int], Sequence[LogEvent]]:
        """Read once from the oldest cursor; who would need more than one read holds takes a snapshot."""
        topic, oldest = min(cursors, key=lambda cursor: cursor[1])
        events = await self._log.read(topic, oldest, 2 * RING_EVENTS)
        return {(topic, after): [e for e in events if e.seq > after] for _, after in cursors}

    async def _read_snapshot(self, topics: Sequence[Topic]) -> Mapping[Topic, Snapshot]:
        return {topics[0]: await self._channels.of(topics[0]).snapshot(topics[0])}

    async def _read_latest(self, topics: Sequence[Topic]) -> Mapping[Topic, Sequence[bytes]]:
        topic = topics[0]
        found = await self._channels.of(topic).latest(topic)
        return {topic: [frames.encode(frames.Latest(topic.name, one.event, one.data)) for one in found]}

    # ---- joins

    async def begin(self, feed: Feed, after: Position | None) -> Start:
        """Return what answers a join: the missed events, or a snapshot. Never a part called the whole."""
        if after is not None:
            found = await self._recover(feed, after)
            if found is not None:
                self._figures.recovered += 1
                return found
        self._figures.snapshots += 1
        return await self._snapshot(feed)

    async def _recover(self, feed: Feed, after: Position) -> Start | None:
        if not await self._plausible(feed, after):
            return None
        stamp = feed.stamp
        latest = await self._latest.get(feed.topic) or ()
        missed = feed.replay(after.seq, feed.shipped)
        cursor = max(after.seq, feed.shipped)
        if missed is None:
            events = await self._reads.get((feed.topic, after.seq)) or ()
            if not _follows(events, after):
                return None
            self._hub.backfill(feed, events)
            missed, cursor = [frames.event(event) for event in events], events[-1].seq
        if len(missed) > RING_EVENTS or feed.sequencer.epoch != after.epoch:
            return None
        return Start(frames.recovered(Position(after.epoch, cursor), missed), cursor, stamp, latest)

    async def _plausible(self, feed: Feed, after: Position) -> bool:
        """Tell whether a cursor could be true: this epoch, not in the future, not too far back."""
        if not feed.sequencer.known or after.seq > feed.sequencer.last:
            seen = feed.heard
            head = await self._heads.get(feed.topic) or NOWHERE
            self._hub.prime(feed, head, seen)
            if after.seq > max(head.seq, feed.sequencer.last):
                return False
        if after.seq < 0 or after.epoch != feed.sequencer.epoch:
            return False
        return feed.sequencer.last - after.seq <= RING_EVENTS

    async def _snapshot(self, feed: Feed) -> Start:
        for _ in range(TRIES):
            stamp, seen = feed.stamp, feed.heard
            read = await self._snapshots.get(feed.topic)
            assert read is not None, "a snapshot's read answers for its topic"
            self._hub.prime(feed, read.position, seen)
            if feed.replay(read.position.seq, feed.shipped) is not None:
                return Start(frames.snapshot(read.position, read.data), read.position.seq, stamp)
        raise PositionLost(feed.name)

    # ---- members far behind

    async def refill(self, feed: Feed, member: Member, cursor: int) -> None:
        """Write to a waiting member what the ring does not hold any more; raise PositionLost if nobody
        does."""
        events = await self._reads.get((feed.topic, cursor)) or ()
        if not _follows(events, Position(feed.sequencer.epoch, cursor)):
            raise PositionLost(feed.name)
        self._hub.refill(feed, member, cursor, [frames.event(event) for event in events], events[-1].seq)

    # ---- holes

    async def reconcile(self, feeds: Sequence[Feed]) -> None:
        """Compare these feeds of one church with the log's heads."""
        seen = {feed: feed.heard for feed in feeds if feed.sequencer.known}
        if not seen:
            return
        heads = await self._log.heads(feeds[0].topic.tenant, [feed.topic for feed in seen])
        for feed, heard in seen.items():
            self._hub.prime(feed, heads.get(feed.topic, NOWHERE), heard)

    async def refresh(self, feeds: Sequence[Feed]) -> None:
        """Tell the members of these feeds the newest values again: a publication of one may have been lost."""
        for feed in feeds:
            if feed.members:
                found = await self._channels.of(feed.topic).latest(feed.topic)
                self._hub.deliver(Publication(passing=tuple(found)))

    async def heal(self, feed: Feed) -> None:
        """Read the log until nothing is missing in the feed; wait for the log as long as it is away."""
        pause = PATIENCE
        while True:
            await asyncio.sleep(pause)
            if not _missing(feed):
                return
            try:
                found = await self._fill(feed)
            except Exception as problem:
                pause = min(LONGEST_PAUSE, max(PATIENCE, pause * 2))
                _log.warning("the log of %s cannot be read: %s", feed.topic, type(problem).__name__)
            else:
                if not found:
                    return
                pause = 0.0

    async def _fill(self, feed: Feed) -> bool:
        last, epoch, heard = feed.sequencer.last, feed.sequencer.epoch, feed.heard
        events = await self._log.read(feed.topic, last, RING_EVENTS)
        if (feed.sequencer.last, feed.sequencer.epoch) != (last, epoch):
            return True
        if not events:
            return await self._give_up(feed, last, heard)
        self._figures.healed += len(events)
        if events[0].seq > last + 1:
            self._hub.restart(feed, Position(events[0].epoch, events[0].seq - 1))
        self._hub.logged(feed, events)
        return True

    async def _give_up(self, feed: Feed, last: int, heard: int) -> bool:
        """The log holds nothing after `last`: nothing was missed, it was trimmed away, or the log was restored."""
        head = await self._log.head(feed.topic) or NOWHERE
        if feed.sequencer.last == last and not last == head.seq == heard:
            self._hub.restart(feed, head)
            return True
        feed.wanted = feed.sequencer.last
        return False


def _missing(feed: Feed) -> bool:
    return feed.sequencer.gap or feed.wanted > feed.sequencer.last


def _follows(events: Sequence[LogEvent], after: Position) -> bool:
    """Tell whether these events are all that came after a position, none trimmed away."""
    return bool(events) and events[0].seq == after.seq + 1 and events[0].epoch == after.epoch
