"""One topic on this node: who is in it, how far it has got, and what is about to leave.

A member is *live* (it has everything up to `shipped`), or *waiting* with a cursor: it could not take a
write, or it has already read further than this node has. The hub moves members between the two.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from realtime import frames
from realtime.ring import Ring
from realtime.sequencer import Sequencer
from realtime.spread import Spread
from realtime.topics import Topic
from realtime.transport import Write

EPHEMERAL_FRAMES: Final = 64
"""Passing frames in one flush; when it is hit newer ones are dropped."""

KEPT_VALUES: Final = 128
"""Newest values kept of a topic for members that missed them; when it is hit the oldest is forgotten."""


MUSTER: Final = 16
"""Live members from which on a feed keeps a roster; what leads to the sockets of fewer stays in the cache."""


class Figures(msgspec.Struct):
    """What a node counts; plain numbers, to be exported by whoever wants them."""

    arrival: Spread = msgspec.field(default_factory=Spread)
    """Seconds from the start of a transaction until it was told here."""
    behind: int = 0
    deliveries: int = 0
    delivery: Spread = msgspec.field(default_factory=Spread)
    """Seconds from the start of a transaction until the last live member was written its event."""
    events: int = 0
    flush: Spread = msgspec.field(default_factory=Spread)
    """Seconds of writing, one value for each round."""
    frames_in: int = 0
    gaps: int = 0
    healed: int = 0
    joins: int = 0
    publishes: int = 0
    pushes: int = 0
    recovered: int = 0
    resets: int = 0
    slow: int = 0
    snapshots: int = 0
    writes: int = 0


class Member(Protocol):
    """What the hub sees of a session."""

    send: Callable[[bytes], bool]
    """Write framed bytes; False when nothing was written."""
    named: bool
    """Whether this member is shown names in presence."""

    def writer(self) -> Write | None:
        """Return what writes to this member unasked, as `Transport.writer` does."""
        ...

    def finish(self, rest: bytes) -> None:
        """Write what this member's `writer` has not taken, as `Transport.finish` does."""
        ...

    def fell_behind(self, feed: "Feed") -> None:
        """Learn that a frame of this feed could not be written; `Hub.resume` it when it can take more."""
        ...

    def caught_up(self, feed: "Feed") -> None:
        """Learn that this member is live in the feed again."""
        ...


class Wait:
    """Where a waiting member stands: the last seq it has, and the last newest value it was told."""

    __slots__ = ("blocked", "cursor", "refilling", "stamp")

    def __init__(self, cursor: int, stamp: int, blocked: bool) -> None:
        self.cursor = cursor
        self.stamp = stamp
        self.blocked = blocked
        """Whether its socket has refused a write and not yet said that it has room again."""
        self.refilling = False


class Share:
    """What one church's flushes cost on this node."""

    __slots__ = ("feeds", "slow", "spent")

    def __init__(self) -> None:
        self.feeds = 0
        self.spent = 0.0
        self.slow = 1.0


class Roster:
    """Who is live in a feed where nobody comes or goes, and what writes to each, side by side.

    Between a member and its socket lie half a dozen objects, each a miss of the processor's cache, and together they
    cost a fifth of a delivery: from here it is one step.
    """

    __slots__ = ("members", "writers")

    def __init__(self, members: tuple[Member, ...], writers: tuple[Write, ...]) -> None:
        self.members = members
        self.writers = writers


class Feed:
    """One topic on this node."""

    __slots__ = (
        "busy_until", "diff", "ephemeral", "flushing", "fresh", "healing", "holds", "idle_since", "kept",
        "linger", "live", "name", "next_flush", "pending", "present", "ring", "roster", "sequencer",
        "settled", "share", "shipped", "since", "stamp", "steady", "timer", "told", "topic", "waiting", "wanted",
    )  # fmt: skip

    def __init__(self, topic: Topic, share: Share) -> None:
        self.topic = topic
        self.name = topic.name
        self.share = share
        self.sequencer = Sequencer()
        self.ring: Ring | None = None
        self.live: dict[Member, int] = {}
        """Live members, each with the seq it became live at."""
        self.waiting: dict[Member, Wait] | None = None
        self.roster: Roster | None = None
        self.steady = False
        """Whether everybody who was written the last flush is still here, and nobody else."""
        self.shipped = 0
        """Live members have, or get from the flush under way, everything up to here."""
        self.settled = 0
        """The last seq that was written to every live member."""
        self.wanted = 0
        """The highest seq known to exist; above `sequencer.last` the log must be read."""
        self.pending: list[bytes] = []
        self.since = 0.0
        """When the first pending event was written, by the clock of its database; 0 without one."""
        self.fresh: dict[tuple[str, str], bytes] | None = None
        self.ephemeral: list[bytes] | None = None
        self.diff: tuple[bytes, bytes] | None = None
        """Presence changes not yet flushed: for members who see names, and for the others."""
        self.present: tuple[bytes, bytes] | None = None
        """The whole presence, framed, for who comes new."""
        self.kept: dict[tuple[str, str], tuple[int, bytes, int]] | None = None
        """The newest value of each (event, key) for who missed it: the stamp it changed at, the frame, its version."""
        self.stamp = 0
        self.told = 0
        """The stamp of the last flush."""
        self.timer: asyncio.Handle | None = None
        self.flushing = False
        self.healing = False
        self.next_flush = self.busy_until = self.linger = 0.0
        self.holds = 0
        """Joins under way."""
        self.idle_since: float | None = None

    @property
    def members(self) -> int:
        """How many sessions are in this topic here."""
        return len(self.live) + len(self.waiting or ())

    @property
    def heard(self) -> int:
        """How far the log is known to be, from itself or from what was published: a log that has less was restored."""
        return max(self.wanted, self.sequencer.highest)

    @property
    def lagging(self) -> int:
        """How many sessions here have not been written everything: all of them while this node reads the log."""
        missing = self.sequencer.gap or self.wanted > self.sequencer.last
        return self.members if missing else len(self.waiting or ())

    @property
    def anything(self) -> bool:
        """Tell whether something is about to leave."""
        return bool(self.pending or self.fresh or self.ephemeral or self.diff)

    def disband(self) -> None:
        """Forget the roster: somebody came or went, or must not be written to unasked any more."""
        self.roster = None
        self.steady = False

    def muster(self) -> None:
        """Make the roster, at the second flush in a row that finds everybody in their place."""
        if self.roster is not None or len(self.live) < MUSTER:
            return
        if self.steady:
            members = tuple(self.live)
            writers = tuple(write for member in members if (write := member.writer()) is not None)
            if len(writers) == len(members):
                self.roster = Roster(members, writers)
        self.steady = True

    def replay(self, after: int, upto: int) -> list[bytes] | None:
        """Return the encoded events with after < seq <= upto, None when the ring begins later."""
        if after >= upto:
            return []
        return None if self.ring is None else self.ring.after(after, upto)

    def newest(self, stamp: int, named: bool) -> list[bytes]:
        """Return, framed, the newest values that changed after `stamp`, and who is here."""
        found = [framed for at, framed, _ in self.kept.values() if at > stamp] if self.kept else []
        if self.present is not None:
            found.append(self.present[0 if named else 1])
        return found

    def keep(self, key: tuple[str, str], framed: bytes, version: int = 0) -> None:
        """Let a newest value leave with the next flush, and keep it for who misses that.

        One told twice leaves once, and one of a lower version than what is known not at all.
        """
        known = None if self.kept is None else self.kept.get(key)
        if known is not None and (known[1] == framed or 0 < version < known[2]):
            return
        if self.fresh is None:
            self.fresh = {}
        if self.kept is None:
            self.kept = {}
        self.fresh[key] = framed
        self.stamp += 1
        self.kept.pop(key, None)
        self.kept[key] = (self.stamp, framed, version)
        if len(self.kept) > KEPT_VALUES:
            del self.kept[next(iter(self.kept))]

    def mention(self, payload: bytes) -> None:
        """Let a passing frame leave with the next flush, or drop it."""
        if self.ephemeral is None:
            self.ephemeral = []
        if len(self.ephemeral) < EPHEMERAL_FRAMES:
            self.ephemeral.append(frames.framed(payload))

    def skip(self) -> None:
        """Nobody is here: what is in the ring counts as sent."""
        self.pending.clear()
        self.since = 0.0
        self.fresh = self.ephemeral = self.diff = None
        self.told = self.stamp
        self.shipped = self.settled = self.sequencer.last

    def take(self) -> tuple[bytes, bytes, int]:
        """Empty what is pending into one write: for who sees no names, for who does, and how many frames."""
        parts, self.pending = self.pending, []
        if self.fresh:
            parts.extend(self.fresh.values())
        if self.ephemeral:
            parts.extend(self.ephemeral)
        self.fresh = self.ephemeral = None
        self.told, self.shipped = self.stamp, self.sequencer.last
        plain = parts[0] if len(parts) == 1 else b"".join(parts)
        if self.diff is None:
            return plain, plain, len(parts)
        (named, counted), self.diff = self.diff, None
        return plain + counted, plain + named, len(parts) + 1


class Flight:
    """One flush under way: what is written, to whom, and what a member had before that misses it."""

    __slots__ = (
        "at", "before", "cost", "count", "feed", "members", "named", "plain", "roster", "sequencer", "since",
        "stamp", "upto",
    )  # fmt: skip

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.before, self.stamp = feed.shipped, feed.told
        self.since, feed.since = feed.since, 0.0
        self.plain, self.named, self.count = feed.take()
        self.upto = feed.shipped
        self.sequencer = feed.sequencer
        self.roster = feed.roster
        self.members = tuple(feed.live) if feed.roster is None else feed.roster.members
        self.at = 0
        self.cost = 0.0
