"""The sessions of this node by topic: frame once, coalesce, fan out. Nothing in this file waits.

A frame for a topic is the same bytes for every subscriber. What arrives for one topic within its interval
leaves in one write per connection. The interval is nothing for an idle topic and grows with what the last
flush has cost, so a flood costs writes per interval, not writes per message.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from realtime import frames
from realtime.broker import Passing, Publication
from realtime.errors import PositionLost
from realtime.feed import Feed, Figures, Flight, Member, Roster, Share, Wait
from realtime.log import NOWHERE, LogEvent, Position
from realtime.ring import Ring
from realtime.sequencer import Sequencer
from realtime.topics import Topic

SLICE: Final = 500
SLICE_AMONG_OTHERS: Final = 32
"""Connections written to before others get the event loop; fewer where several churches share it."""

LONGEST_PACE: Final = 0.05
"""Seconds between two flushes of one topic at most, unless its church is over its share."""

PENDING_FRAMES: Final = 1024
"""Frames collected for one flush; when it is hit the flush happens at once."""

LINGER: Final = 0.5
LONGEST_LINGER: Final = 0.025
BUSY_SECONDS: Final = 1.0
"""A topic whose last flush, less than BUSY_SECONDS ago, carried several frames waits LINGER times what that
flush has cost for more to come, LONGEST_LINGER at most: what was committed together often arrives in two parts,
and a second flush costs more than the wait. A topic with few members has cheap flushes and hardly waits."""

IDLE_SECONDS: Final = 30.0
"""A topic nobody is in is kept this long, so that a reconnect finds its ring."""

IDLE_FEEDS: Final = 2000
"""Topics kept that nobody is in; when it is hit the one idle longest goes."""

BUSY: Final = 0.5
"""Share of a second spent in flushes above which the church that spends most is slowed."""


class Watcher(Protocol):
    """What the hub asks of its node: the things that need waiting."""

    def gap(self, feed: Feed) -> None:
        """Read the log: something is missing in front of what arrived."""
        ...

    def lost(self, feed: Feed, member: Member, cursor: int) -> None:
        """Bring this waiting member up to date from the log: the ring does not reach back to its cursor."""
        ...

    def reset(self, feed: Feed, members: Sequence[Member]) -> None:
        """Send these members away to come back with new positions: the topic has another epoch."""
        ...


class Hub:
    """All feeds of a node. Every method must be called on the loop it was made for."""

    def __init__(self, watcher: Watcher, figures: Figures, loop: asyncio.AbstractEventLoop) -> None:
        self._watcher = watcher
        self._figures = figures
        self._loop = loop
        self._feeds: dict[Topic, Feed] = {}
        self._shares: dict[str, Share] = {}
        self._idle: dict[Feed, None] = {}

    # ---- feeds

    def find(self, topic: Topic) -> Feed | None:
        """Return the topic's feed if this node has one."""
        return self._feeds.get(topic)

    def feeds(self, tenant: str | None = None) -> list[Feed]:
        """Return all feeds, or those of one church."""
        return [feed for feed in self._feeds.values() if tenant is None or feed.topic.tenant == tenant]

    def open(self, topic: Topic) -> Feed:
        """Return the topic's feed, made when needed; it collects what is delivered from now on."""
        feed = self._feeds.get(topic)
        if feed is None:
            share = self._shares.setdefault(topic.tenant, Share())
            share.feeds += 1
            feed = self._feeds[topic] = Feed(topic, share)
            self._rest(feed)
        return feed

    def prime(self, feed: Feed, position: Position, seen: int = 0) -> None:
        """Tell the feed where the log stands: it begins there, or learns that it has missed something.

        `seen` is how far the feed knew the log to be (`Feed.heard`) before it was asked; one with less was restored.
        """
        sequencer = feed.sequencer
        if sequencer.known and position.seq < seen:
            self.restart(feed, position)
        elif not sequencer.known:
            held = sequencer.start(position)
            feed.shipped = feed.settled = position.seq
            self.logged(feed, held)
        elif position.epoch != sequencer.epoch:
            self._meet(feed, position)
        elif position.seq > sequencer.last:
            self._want(feed, position.seq)

    def _meet(self, feed: Feed, position: Position) -> None:
        """Compare with a position of another epoch; a topic without events has none yet."""
        if position.seq == 0:
            return
        if feed.sequencer.epoch == NOWHERE.epoch:
            feed.sequencer.epoch = position.epoch
            self._want(feed, position.seq)
        else:
            self.restart(feed, position)

    def _want(self, feed: Feed, seq: int) -> None:
        feed.wanted = max(feed.wanted, seq)
        self._watcher.gap(feed)

    def restart(self, feed: Feed, position: Position) -> None:
        """Begin again after `position`, without any member: all their positions are lost."""
        self._figures.resets += 1
        members = [*feed.live, *(feed.waiting or ())]
        feed.live = {}
        feed.disband()
        feed.waiting = feed.ring = feed.kept = None
        feed.sequencer = Sequencer()
        feed.sequencer.start(position)
        feed.wanted = position.seq
        feed.skip()
        self._rest(feed)
        self._watcher.reset(feed, members)

    def holds(self, tenant: str) -> bool:
        """Tell whether there is any topic of this church."""
        return tenant in self._shares

    def sweep(self, now: float) -> list[str]:
        """Forget topics nobody was in for a while, share out the time; return churches without any topic
        left."""
        self._share_out()
        gone: list[str] = []
        excess = len(self._idle) - IDLE_FEEDS
        for feed in list(self._idle):
            since = feed.idle_since
            if since is None or feed.holds:
                continue
            if excess <= 0 and now - since < IDLE_SECONDS:
                break
            excess -= 1
            gone.extend(self._forget(feed))
        return gone

    def _forget(self, feed: Feed) -> Iterable[str]:
        del self._idle[feed], self._feeds[feed.topic]
        if feed.timer is not None:
            feed.timer.cancel()
        feed.share.feeds -= 1
        if feed.share.feeds == 0:
            del self._shares[feed.topic.tenant]
            yield feed.topic.tenant

    def _rest(self, feed: Feed) -> None:
        """Note that nobody is in the feed."""
        feed.idle_since = self._loop.time()
        feed.present = None
        self._idle.pop(feed, None)
        self._idle[feed] = None

    # ---- members

    def seat(self, feed: Feed, member: Member, cursor: int, stamp: int) -> None:
        """Take in a member that has everything up to `cursor`, and the newest values up to `stamp`."""
        self._idle.pop(feed, None)
        feed.idle_since = None
        if feed.waiting is None:
            feed.waiting = {}
        wait = feed.waiting[member] = Wait(cursor, stamp, blocked=False)
        self._replay(feed, member, wait)

    def unseat(self, feed: Feed, member: Member) -> None:
        """Let a member go."""
        feed.live.pop(member, None)
        feed.disband()
        if feed.waiting is not None:
            feed.waiting.pop(member, None)
            if not feed.waiting:
                feed.waiting = None
        if not feed.live and feed.waiting is None:
            self._rest(feed)

    def resume(self, feed: Feed, member: Member) -> None:
        """Replay a member whose socket has room again from its cursor, and make it live."""
        wait = feed.waiting.get(member) if feed.waiting is not None else None
        if wait is not None:
            wait.blocked = False
            self._replay(feed, member, wait)

    def _replay(self, feed: Feed, member: Member, wait: Wait) -> None:
        if wait.refilling or wait.cursor > feed.shipped:
            return
        missed = feed.replay(wait.cursor, feed.shipped)
        if missed is None:
            wait.refilling = True
            self._watcher.lost(feed, member, wait.cursor)
            return
        data = b"".join([*map(frames.framed, missed), *feed.newest(wait.stamp, member.named)])
        if self._could_write(feed, member, wait, data):
            self._figures.deliveries += len(missed)
            self._enliven(feed, member)

    def _could_write(self, feed: Feed, member: Member, wait: Wait, data: bytes) -> bool:
        if data and not member.send(data):
            wait.blocked = True
            member.fell_behind(feed)
            return False
        return True

    def refill(self, feed: Feed, member: Member, after: int, events: Sequence[bytes], cursor: int) -> None:
        """Write events after `after`, read from the log, to a waiting member, which then has all up to `cursor`.

        What was read for an earlier stay of the member, which waits elsewhere now, is dropped.
        """
        wait = feed.waiting.get(member) if feed.waiting is not None else None
        if wait is None or not wait.refilling or wait.cursor != after:
            return
        wait.refilling = False
        if self._could_write(feed, member, wait, b"".join(map(frames.framed, events))):
            wait.cursor = cursor
            self._replay(feed, member, wait)

    def _enliven(self, feed: Feed, member: Member) -> None:
        assert feed.waiting is not None
        del feed.waiting[member]
        if not feed.waiting:
            feed.waiting = None
        feed.live[member] = feed.shipped
        feed.disband()
        member.caught_up(feed)

    # ---- deliveries

    def deliver(self, publication: Publication) -> None:
        """Take what a commit published; what concerns no topic here is ignored."""
        for event in publication.events:
            feed = self._feeds.get(event.topic)
            if feed is not None:
                self._offer(feed, event)
        for passing in publication.passing:
            feed = self._feeds.get(passing.topic)
            if feed is not None and passing.kind != "gathered":
                self._pass(feed, passing)

    def logged(self, feed: Feed, events: Sequence[LogEvent]) -> None:
        """Take events in order, read from the log or held until now."""
        for event in events:
            self._offer(feed, event)

    def backfill(self, feed: Feed, events: Sequence[LogEvent]) -> None:
        """Let the ring reach further back, with events read from the log."""
        if feed.ring is None:
            if not feed.sequencer.known:
                return
            feed.ring = Ring(feed.sequencer.last)
        feed.ring.extend_back(events)

    def present(self, feed: Feed, whole: tuple[bytes, bytes], diff: tuple[bytes, bytes]) -> None:
        """Tell who is here: `whole` for who comes later, `diff` now; each first for who sees names."""
        feed.present = whole
        feed.diff = diff if feed.diff is None else whole
        self._schedule(feed)

    def _offer(self, feed: Feed, event: LogEvent) -> None:
        sequencer = feed.sequencer
        try:
            ready = sequencer.offer(event)
        except PositionLost:
            self.restart(feed, Position(event.epoch, event.seq - 1))
            ready = feed.sequencer.offer(event)
            sequencer = feed.sequencer
        if ready:
            self._accept(feed, ready)
        if sequencer.gap and sequencer.known:
            self._watcher.gap(feed)

    def _accept(self, feed: Feed, events: Sequence[LogEvent]) -> None:
        """Keep events that are next in order, and send them on."""
        if not events:
            return
        if feed.ring is None:
            feed.ring = Ring(events[0].seq - 1)
        if not feed.pending:
            feed.since = events[0].moment or 0.0
        for event in events:
            feed.pending.append(frames.framed(feed.ring.push(event)))
        self._figures.events += len(events)
        self._schedule(feed)

    def _pass(self, feed: Feed, passing: Passing) -> None:
        if passing.kind == "latest":
            latest = frames.encode(frames.Latest(feed.name, passing.event, passing.data))
            feed.keep((passing.event, passing.key), frames.framed(latest), passing.version)
        else:
            feed.mention(frames.encode(frames.Ephemeral(feed.name, passing.event, passing.data)))
        self._schedule(feed)

    # ---- flushing

    def _schedule(self, feed: Feed) -> None:
        if not feed.live and feed.waiting is None:
            feed.skip()
        elif feed.flushing:
            return
        elif feed.timer is None:
            now = self._loop.time()
            pause = max(feed.next_flush - now, feed.linger if now < feed.busy_until else 0.0)
            feed.timer = (
                self._loop.call_later(pause, self._flush, feed)
                if pause > 0
                else self._loop.call_soon(self._flush, feed)
            )
        elif len(feed.pending) >= PENDING_FRAMES:
            feed.timer.cancel()
            feed.timer = self._loop.call_soon(self._flush, feed)

    def _flush(self, feed: Feed) -> None:
        feed.timer = None
        if not feed.anything:
            return
        feed.muster()
        flight = Flight(feed)
        feed.flushing = True
        if feed.waiting is not None:
            for member, wait in list(feed.waiting.items()):
                if not wait.blocked:
                    self._replay(feed, member, wait)
        self._fly(flight)

    def _fly(self, flight: Flight) -> None:
        """Write to the next slice of members; the loop runs others between two slices."""
        feed, start = flight.feed, flight.at
        flight.at += SLICE if len(self._shares) == 1 else SLICE_AMONG_OTHERS
        began = time.perf_counter()
        if flight.roster is not None and flight.roster is feed.roster and flight.named is flight.plain:
            written = self._write_unasked(flight.plain, flight.roster, start, flight.at)
        else:
            written = self._write_asked(flight, flight.members[start : flight.at], late=start > 0)
        spent = time.perf_counter() - began
        flight.cost += spent
        feed.share.spent += spent
        self._figures.writes += written
        self._figures.deliveries += written * flight.count
        if flight.at < len(flight.members):
            self._loop.call_soon(self._fly, flight)
        else:
            self._land(flight)

    def _write_unasked(self, data: bytes, roster: Roster, start: int, end: int) -> int:
        """The inner loop while nobody comes or goes: everything a delivery costs is in here."""
        size, writers = len(data), roster.writers[start:end]
        for write in writers:
            try:
                taken = write(data)
            except OSError:  # no room, or the connection is gone, which its transport will notice
                taken = 0
            if taken != size:
                roster.members[start + writers.index(write)].finish(data[taken:])
        return len(writers)

    def _write_asked(self, flight: Flight, members: Sequence[Member], *, late: bool) -> int:
        """The same, member by member; who takes nothing falls behind. Return how many were written to."""
        if late:
            members = self._still_here(flight, members)
        plain, named = flight.plain, flight.named
        if named is plain:
            failed = [member for member in members if not member.send(plain)]
        else:
            failed = [member for member in members if not member.send(named if member.named else plain)]
        for member in failed:
            self._fall_behind(flight, member)
        return len(members) - len(failed)

    def _still_here(self, flight: Flight, members: Sequence[Member]) -> list[Member]:
        """Leave out who left meanwhile, and who came back meanwhile and was replayed."""
        live, before = flight.feed.live, flight.before
        return [member for member in members if live.get(member, before + 1) <= before]

    def _fall_behind(self, flight: Flight, member: Member) -> None:
        feed = flight.feed
        if feed.live.pop(member, None) is None:
            return
        feed.disband()
        if feed.waiting is None:
            feed.waiting = {}
        feed.waiting[member] = Wait(flight.before, flight.stamp, blocked=True)
        self._figures.behind += 1
        member.fell_behind(feed)

    def _land(self, flight: Flight) -> None:
        """Set the pace from what the flush has cost, and go on if more has come."""
        feed, figures = flight.feed, self._figures
        feed.flushing = False
        if feed.sequencer is flight.sequencer:
            feed.settled = max(feed.settled, flight.upto)
        figures.flush.add(flight.cost)
        if flight.since and flight.members:
            figures.delivery.add(max(0.0, time.time() - flight.since))
        slow = feed.share.slow
        pace = flight.cost * slow if flight.count > 1 or slow > 1.0 else 0.0
        now = self._loop.time()
        feed.next_flush = now + min(pace, LONGEST_PACE * slow)
        feed.busy_until = now + BUSY_SECONDS if flight.count > 1 else 0.0
        feed.linger = min(flight.cost * LINGER, LONGEST_LINGER)
        if feed.anything:
            self._schedule(feed)

    def _share_out(self) -> None:
        """Slow the church that takes most of the last second, when others need it too."""
        total = sum(share.spent for share in self._shares.values())
        crowded = total > BUSY and sum(share.spent > 0.005 for share in self._shares.values()) > 1
        for share in self._shares.values():
            part = share.spent / total if crowded else 0.0
            share.slow = 1.0 + 4.0 * part if part > 0.5 else 1.0
            share.spent = 0.0
