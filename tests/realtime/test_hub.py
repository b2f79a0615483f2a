"""Fan-out: framed once, coalesced, in slices, without waiting for the slow."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from realtime import feed as feeds
from realtime import frames, hub
from realtime.broker import Passing, Publication
from realtime.feed import Feed, Figures
from realtime.hub import Hub
from realtime.log import NOWHERE, LogEvent, Position
from realtime.topics import Topic
from tests.realtime.memory import Pipe, eventually

AT = "2026-01-01T10:00:00.000Z"
HALL = Topic("grace", "chat", "hall")
WALL = Topic("grace", "wall", "public")


class Listener(Pipe):
    """A member that reads everything, or nothing while it is full."""

    def __init__(self, named: bool = False) -> None:
        super().__init__()
        self.named = named
        self.send = self.send_framed
        self.behind: list[Feed] = []

    def fell_behind(self, feed: Feed) -> None:
        self.behind.append(feed)

    def caught_up(self, feed: Feed) -> None:
        self.behind = [known for known in self.behind if known is not feed]

    def empty(self) -> None:
        """Have room again, without telling anybody."""
        self.full = self.refused = False

    def seqs(self) -> list[int]:
        return [frame["seq"] for frame in self.frames("event")]


class Chair:
    """What a session does for its feed when its socket takes no more."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed

    def unwritable(self) -> None:
        self.feed.disband()


class Witness:
    """Remembers what the hub asks for."""

    def __init__(self) -> None:
        self.gaps: list[Feed] = []
        self.lost_members: list[tuple[Feed, object, int]] = []
        self.resets: list[tuple[Feed, Sequence[object]]] = []

    def gap(self, feed: Feed) -> None:
        self.gaps.append(feed)

    def lost(self, feed: Feed, member: object, cursor: int) -> None:
        self.lost_members.append((feed, member, cursor))

    def reset(self, feed: Feed, members: Sequence[object]) -> None:
        self.resets.append((feed, members))


class Stage:
    """A hub with one open topic."""

    def __init__(self, seq: int = 0) -> None:
        self.witness, self.figures = Witness(), Figures()
        self.hub = Hub(self.witness, self.figures, asyncio.get_running_loop())  # type: ignore[arg-type]
        self.feed = self.hub.open(HALL)
        self.hub.prime(self.feed, Position("1.1", seq))

    def seat(self, cursor: int | None = None, named: bool = False) -> Listener:
        listener = Listener(named)
        listener.receiver = Chair(self.feed)  # type: ignore[assignment]  # nothing else is asked of it here
        at = self.feed.shipped if cursor is None else cursor
        self.hub.seat(self.feed, listener, at, self.feed.stamp)
        return listener

    def publish(self, *seqs: int, entity: str = "", epoch: str = "1.1") -> None:
        self.hub.deliver(Publication(events=tuple(event(seq, entity, epoch) for seq in seqs)))

    async def publish_each(self, *seqs: int) -> None:
        for seq in seqs:
            self.publish(seq)
            await settled()


def event(seq: int, entity: str = "", epoch: str = "1.1", topic: Topic = HALL) -> LogEvent:
    return LogEvent(topic, epoch, seq, "said", entity, AT, msgspec.Raw(b'{"n":%d}' % seq))


def latest(n: int, key: str = "", version: int = 0) -> Publication:
    return Publication(passing=(Passing(HALL, "latest", "count", msgspec.Raw(b"%d" % n), key, version),))


def wave(n: int) -> Publication:
    return Publication(passing=(Passing(HALL, "ephemeral", "wave", msgspec.Raw(b"%d" % n)),))


async def settled() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


async def test_everyone_gets_the_same_bytes() -> None:
    """One event is framed once: every member is handed the very same object."""
    stage = Stage()
    handed: list[bytes] = []
    for _ in range(3):
        listener = stage.seat()
        listener.send = lambda data: handed.append(data) is None
    stage.publish(1)
    await settled()
    assert len(handed) == 3
    assert all(data is handed[0] for data in handed)


async def test_events_leave_in_order_once() -> None:
    """Members get every event once, in seq order, whatever order it came in."""
    stage = Stage()
    listener = stage.seat()
    stage.publish(2, 1)
    stage.publish(1, 4)
    stage.publish(3)
    await settled()
    assert listener.seqs() == [1, 2, 3, 4]


async def test_a_commit_leaves_in_one_write() -> None:
    """What arrives together leaves in one write per connection."""
    stage = Stage()
    listener = stage.seat()
    stage.publish(1, 2, 3)
    stage.hub.deliver(latest(5))
    stage.hub.deliver(wave(6))
    await settled()
    assert [frame["type"] for frame in listener.frames()] == ["event"] * 3 + ["latest", "ephemeral"]
    assert listener.writes == 1


async def test_an_idle_topic_does_not_wait() -> None:
    """The first frame leaves at once, and so does each that comes alone."""
    stage = Stage()
    listener = stage.seat()
    for seq in range(1, 6):
        stage.publish(seq)
        await settled()
        assert listener.seqs()[-1] == seq


async def test_the_interval_grows_with_the_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an expensive flush of several frames the next one waits about as long as that cost, and is shared."""
    stage = Stage()
    now = [0.0]
    monkeypatch.setattr("realtime.hub.time.perf_counter", lambda: now[0])
    listener = stage.seat()
    plain = listener.send

    def slow(data: bytes) -> bool:
        now[0] += 0.03
        return plain(data)

    listener.send = slow
    loop = asyncio.get_running_loop()
    before = loop.time()
    stage.publish(1, 2)
    await settled()
    assert before + 0.029 < stage.feed.next_flush <= loop.time() + 0.031
    stage.feed.next_flush = loop.time() + 0.5  # so long no stall of a busy machine takes
    writes = listener.writes
    await stage.publish_each(3, 4, 5)
    assert listener.writes == writes
    await eventually(lambda: listener.seqs() == [1, 2, 3, 4, 5])
    assert listener.writes == writes + 1


async def test_the_interval_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much a flush costs, the next one waits 50 ms at most."""
    stage = Stage()
    now = [0.0]

    def clock() -> float:
        now[0] += 10.0
        return now[0]

    monkeypatch.setattr("realtime.hub.time.perf_counter", clock)
    stage.seat()
    stage.publish(1, 2)
    await settled()
    assert stage.feed.next_flush - asyncio.get_running_loop().time() <= hub.LONGEST_PACE


async def test_a_busy_topic_lingers() -> None:
    """Where several frames have just left together, the next one waits a little for its companions."""
    stage = Stage()
    listener = stage.seat()
    stage.publish(1, 2)
    await settled()
    assert stage.feed.busy_until > 0.0
    stage.feed.next_flush, stage.feed.linger = 0.0, 0.5
    stage.feed.busy_until = asyncio.get_running_loop().time() + 60.0
    await stage.publish_each(3, 4)
    assert listener.seqs() == [1, 2]
    await eventually(lambda: listener.seqs() == [1, 2, 3, 4])
    assert listener.writes == 2
    stage.feed.next_flush, stage.feed.linger = 0.0, 3600.0
    stage.feed.busy_until = asyncio.get_running_loop().time()
    await stage.publish_each(5)
    assert listener.seqs()[-1] == 5
    assert stage.feed.busy_until == 0.0


async def test_a_full_bundle_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """When too many frames are pending they leave without waiting for the interval."""
    monkeypatch.setattr(hub, "PENDING_FRAMES", 10)
    stage = Stage()
    listener = stage.seat()
    stage.feed.next_flush = asyncio.get_running_loop().time() + 3600
    stage.publish(*range(1, 10))
    await settled()
    assert listener.seqs() == []
    stage.publish(10)
    await settled()
    assert listener.seqs() == list(range(1, 11))


async def test_big_topics_are_flushed_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two slices others get the loop; every member is served all the same."""
    monkeypatch.setattr(hub, "SLICE", 2)
    stage = Stage()
    listeners = [stage.seat() for _ in range(7)]
    stage.publish(1)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    served = sum(bool(listener.data) for listener in listeners)
    assert 0 < served < 7
    assert stage.feed.settled == 0
    await settled()
    assert all(listener.seqs() == [1] for listener in listeners)
    assert stage.feed.settled == 1


async def test_leaving_between_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who leaves while a flush is under way is not written to any more."""
    monkeypatch.setattr(hub, "SLICE", 1)
    stage = Stage()
    first, second = stage.seat(), stage.seat()
    stage.publish(1)
    await asyncio.sleep(0)
    stage.hub.unseat(stage.feed, second)
    await settled()
    assert (first.seqs(), second.seqs()) == ([1], [])


async def test_coming_back_between_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who leaves and comes back while a flush is under way gets its events once."""
    monkeypatch.setattr(hub, "SLICE", 1)
    stage = Stage()
    stage.seat()
    second = stage.seat()
    stage.publish(1)
    await asyncio.sleep(0)
    stage.hub.unseat(stage.feed, second)
    stage.hub.seat(stage.feed, second, 0, 0)
    await settled()
    assert second.seqs() == [1]


async def test_joining_between_slices_misses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who joins while a flush is under way gets what it carries, once."""
    monkeypatch.setattr(hub, "SLICE", 1)
    stage = Stage()
    stage.seat()
    stage.seat()
    stage.publish(1)
    await asyncio.sleep(0)
    late = stage.seat(cursor=0)
    stage.publish(2)
    await settled()
    assert late.seqs() == [1, 2]


async def test_who_stays_is_written_to_from_a_roster() -> None:
    """At the second flush that finds everybody in their place a roster is made; until then all are asked."""
    stage = Stage()
    listeners = [stage.seat() for _ in range(3)]
    await stage.publish_each(1)
    assert stage.feed.roster is None
    await stage.publish_each(2, 3)
    assert stage.feed.roster is not None
    assert stage.feed.roster.members == tuple(listeners)
    assert all(listener.seqs() == [1, 2, 3] for listener in listeners)
    assert stage.figures.writes == stage.figures.deliveries == 9


@pytest.mark.parametrize("room", [0, 1, 30])
async def test_what_a_socket_has_no_room_for_follows_first(room: int) -> None:
    """A frame that is taken in part, or not at all, is finished before the next one, and the roster is made anew."""
    stage = Stage()
    first, narrow, last = stage.seat(), stage.seat(), stage.seat()
    await stage.publish_each(1, 2)
    assert stage.feed.roster is not None
    narrow.room = room
    await stage.publish_each(3)
    assert stage.feed.roster is None
    await stage.publish_each(4, 5, 6)
    assert all(one.seqs() == [1, 2, 3, 4, 5, 6] for one in (first, narrow, last))
    assert stage.figures.behind == 0
    assert stage.feed.roster is not None


async def test_few_need_no_roster(monkeypatch: pytest.MonkeyPatch) -> None:
    """A topic of one person keeps nothing more for being written to."""
    monkeypatch.setattr(feeds, "MUSTER", 2)
    stage = Stage()
    stage.seat()
    await stage.publish_each(1, 2, 3)
    assert stage.feed.roster is None
    stage.seat()
    await stage.publish_each(4, 5)
    assert stage.feed.roster is not None


@pytest.mark.parametrize("change", ["leaves", "comes", "is full"])
async def test_a_change_between_slices_of_a_roster(monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    """Whoever goes, comes or takes no more while a roster is written to is asked again from the next slice on."""
    stage = Stage()
    first, second, third = stage.seat(), stage.seat(), stage.seat()
    await stage.publish_each(1, 2)
    assert stage.feed.roster is not None
    monkeypatch.setattr(hub, "SLICE", 1)
    stage.publish(3)
    await asyncio.sleep(0)
    assert (first.seqs(), third.seqs()) == ([1, 2, 3], [1, 2])
    newcomer: Listener | None = None
    if change == "leaves":
        stage.hub.unseat(stage.feed, third)
    elif change == "comes":
        newcomer = stage.seat(cursor=2)
    else:
        third.full = True
    await settled()
    assert stage.feed.roster is None
    assert second.seqs() == [1, 2, 3]
    assert third.seqs() == ([1, 2, 3] if change == "comes" else [1, 2])
    assert newcomer is None or newcomer.seqs() == [3]
    if change == "is full":
        assert third.behind == [stage.feed]
        third.empty()
        stage.hub.resume(stage.feed, third)
        assert third.seqs() == [1, 2, 3]


async def test_a_restart_forgets_the_roster() -> None:
    """Nobody of another epoch is written to."""
    stage = Stage()
    listener = stage.seat()
    await stage.publish_each(1, 2)
    stage.hub.restart(stage.feed, Position("2.1", 0))
    stage.publish(1, epoch="2.1")
    await settled()
    assert listener.seqs() == [1, 2]


async def test_the_slow_are_skipped_and_replayed() -> None:
    """A member that takes no write is left out, nobody waits for it, and it is replayed when it can take more."""
    stage = Stage()
    slow, quick = stage.seat(), stage.seat()
    await stage.publish_each(1)
    slow.full = True
    await stage.publish_each(2, 3)
    assert (slow.seqs(), quick.seqs()) == ([1], [1, 2, 3])
    assert slow.behind == [stage.feed]
    assert stage.figures.behind == 1
    slow.empty()
    stage.hub.resume(stage.feed, slow)
    assert slow.seqs() == [1, 2, 3]
    assert slow.behind == []
    await stage.publish_each(4)
    assert slow.seqs() == [1, 2, 3, 4]


async def test_falling_behind_in_the_middle_of_a_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    """A member that fails in a late slice is replayed from before that flush."""
    monkeypatch.setattr(hub, "SLICE", 1)
    stage = Stage()
    stage.seat()
    slow = stage.seat()
    slow.full = True
    stage.publish(1)
    await asyncio.sleep(0)
    stage.publish(2)
    await settled()
    slow.empty()
    stage.hub.resume(stage.feed, slow)
    assert slow.seqs() == [1, 2]


async def test_far_behind_asks_the_log() -> None:
    """When the ring no longer reaches back to a member's cursor, the log is asked, once at a time."""
    stage = Stage()
    slow = stage.seat()
    slow.full = True
    await stage.publish_each(1)
    stage.publish(*range(2, 400))
    await settled()
    slow.empty()
    stage.hub.resume(stage.feed, slow)
    stage.hub.resume(stage.feed, slow)
    assert stage.witness.lost_members == [(stage.feed, slow, 0)]
    read = [frames.event(event(seq)) for seq in range(1, 301)]
    stage.hub.refill(stage.feed, slow, 0, read, 300)
    assert slow.seqs() == list(range(1, 400))


async def test_what_was_read_for_an_earlier_stay_is_dropped() -> None:
    """Who left while the log was read for them, and came back from elsewhere, gets nothing twice."""
    stage = Stage()
    slow = stage.seat()
    slow.full = True
    await stage.publish_each(1)
    stage.publish(*range(2, 400))
    await settled()
    slow.empty()
    stage.hub.resume(stage.feed, slow)
    assert stage.witness.lost_members == [(stage.feed, slow, 0)]
    stage.hub.unseat(stage.feed, slow)
    slow.full = True
    stage.hub.seat(stage.feed, slow, 350, stage.feed.stamp)
    slow.empty()
    stage.hub.refill(stage.feed, slow, 0, [frames.event(event(seq)) for seq in range(1, 301)], 300)
    stage.hub.resume(stage.feed, slow)
    assert slow.seqs() == list(range(351, 400))


async def test_who_has_read_further_waits() -> None:
    """A member whose snapshot is newer than this node's events gets none of them twice."""
    stage = Stage()
    ahead = stage.seat(cursor=3)
    await stage.publish_each(1, 2)
    assert ahead.seqs() == []
    await stage.publish_each(3, 4)
    assert ahead.seqs() == [4]


async def test_only_the_newest_value_leaves() -> None:
    """Of several newest values in one flush only the last of each kind and key leaves."""
    stage = Stage()
    listener = stage.seat()
    for n in range(5):
        stage.hub.deliver(latest(n))
        stage.hub.deliver(latest(10 + n, key="other"))
    await settled()
    assert [frame["data"] for frame in listener.frames("latest")] == [4, 14]


async def test_a_value_told_twice_leaves_once() -> None:
    """The newest value may be told again for those who missed it: who has it is spared; another value leaves."""
    stage = Stage()
    listener = stage.seat()
    for n in (1, 1, 2, 2):
        stage.hub.deliver(latest(n))
        await settled()
    assert [frame["data"] for frame in listener.frames("latest")] == [1, 2]


async def test_of_two_versions_the_higher_one_is_told() -> None:
    """What was counted before and is published behind does not leave: in one flush, nor in a later one."""
    stage = Stage()
    listener = stage.seat()
    for n, version in ((5, 5), (4, 4)):
        stage.hub.deliver(latest(n, version=version))
    await settled()
    stage.hub.deliver(latest(3, version=3))
    await settled()
    stage.hub.deliver(latest(2, version=6))
    await settled()
    assert [frame["data"] for frame in listener.frames("latest")] == [5, 2]


async def test_missed_newest_values_are_told_later() -> None:
    """A member that missed newest values is told the newest of each when it can take more, and nothing passing."""
    stage = Stage()
    slow = stage.seat()
    stage.hub.deliver(latest(0, key="old"))
    await settled()
    slow.full = True
    for n in (1, 2):
        stage.hub.deliver(latest(n))
        stage.hub.deliver(wave(n))
        await settled()
    slow.empty()
    stage.hub.resume(stage.feed, slow)
    assert [frame["data"] for frame in slow.frames("latest")] == [0, 2]
    assert slow.frames("ephemeral") == []


async def test_passing_frames_are_bounded() -> None:
    """Too many passing frames in one flush are dropped, the oldest stay."""
    stage = Stage()
    listener = stage.seat()
    for n in range(feeds.EPHEMERAL_FRAMES + 20):
        stage.hub.deliver(wave(n))
    await settled()
    assert [frame["data"] for frame in listener.frames("ephemeral")] == list(range(feeds.EPHEMERAL_FRAMES))


async def test_kept_values_are_bounded() -> None:
    """The newest values kept for later are bounded, the oldest are forgotten."""
    stage = Stage()
    for n in range(feeds.KEPT_VALUES + 20):
        stage.hub.deliver(latest(n, key=str(n)))
    assert len(stage.feed.kept or {}) == feeds.KEPT_VALUES


async def test_a_hole_asks_for_the_log() -> None:
    """While something is missing nothing later leaves, and the log is asked."""
    stage = Stage()
    listener = stage.seat()
    await stage.publish_each(1, 3)
    assert listener.seqs() == [1]
    assert stage.witness.gaps == [stage.feed]
    stage.hub.logged(stage.feed, [event(2), event(3)])
    await settled()
    assert listener.seqs() == [1, 2, 3]


async def test_a_head_further_on_asks_for_the_log() -> None:
    """When the log is known to be further than this node, the log is asked; an older head asks for nothing."""
    stage = Stage(seq=5)
    stage.hub.prime(stage.feed, Position("1.1", 5))
    stage.hub.prime(stage.feed, NOWHERE)
    assert stage.witness.gaps == []
    stage.hub.prime(stage.feed, Position("1.1", 8))
    assert stage.witness.gaps == [stage.feed]
    assert stage.feed.wanted == 8


async def test_what_came_before_the_head_was_known() -> None:
    """Events that arrive while the head is read are neither lost nor doubled."""
    stage = Stage()
    opened = stage.hub.open(WALL)
    stage.hub.deliver(Publication(events=(event(6, topic=WALL), event(7, topic=WALL))))
    stage.hub.prime(opened, Position("1.1", 6))
    listener = Listener()
    stage.hub.seat(opened, listener, 6, 0)
    await settled()
    assert listener.seqs() == [7]


@pytest.mark.parametrize("by_event", [True, False])
async def test_another_epoch_sends_everyone_away(by_event: bool) -> None:
    """When a topic's epoch changes, its members are given up and the topic begins again."""
    stage = Stage()
    old = stage.seat()
    await stage.publish_each(1, 2, 3)
    if by_event:
        stage.publish(2, epoch="2.1")
    else:
        stage.hub.prime(stage.feed, Position("2.1", 2))
    assert stage.witness.resets == [(stage.feed, [old])]
    assert stage.feed.sequencer.position == Position("2.1", 2)
    new = stage.seat(cursor=2)
    stage.publish(3, epoch="2.1")
    await settled()
    assert (old.seqs(), new.seqs()) == ([1, 2, 3], [3])


async def test_topics_nobody_is_in_are_kept_a_while() -> None:
    """An empty topic keeps its ring for a reconnect, then is forgotten; the church's last one is told."""
    stage = Stage()
    listener = stage.seat()
    stage.hub.open(WALL)
    await stage.publish_each(1)
    stage.hub.unseat(stage.feed, listener)
    now = asyncio.get_running_loop().time()
    assert stage.hub.sweep(now + 1) == []
    await stage.publish_each(2)
    back = stage.seat(cursor=1)
    assert back.seqs() == [2]
    assert stage.hub.sweep(now + hub.IDLE_SECONDS + 1) == []
    assert stage.hub.find(WALL) is None
    stage.hub.unseat(stage.feed, back)
    assert stage.hub.sweep(now + 2 * hub.IDLE_SECONDS + 9) == ["grace"]
    assert stage.hub.find(HALL) is None


async def test_empty_topics_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """When too many empty topics are kept the longest empty go first."""
    monkeypatch.setattr(hub, "IDLE_FEEDS", 5)
    stage = Stage()
    for n in range(20):
        stage.hub.open(Topic("grace", "me", str(n)))
    stage.hub.sweep(asyncio.get_running_loop().time())
    assert [feed.topic.key for feed in stage.hub.feeds()] == ["15", "16", "17", "18", "19"]


async def test_a_topic_being_joined_is_not_swept() -> None:
    """A topic somebody is just joining stays."""
    stage = Stage()
    stage.feed.holds = 1
    assert stage.hub.sweep(asyncio.get_running_loop().time() + 3600) == []
    assert stage.hub.find(HALL) is stage.feed


async def test_names_are_for_those_who_may_see_them() -> None:
    """A presence change leaves in two forms; who comes later gets the whole of it."""
    stage = Stage()
    named, nameless = stage.seat(named=True), stage.seat()
    whole = (
        frames.framed(b'{"type":"presence","who":"names"}'),
        frames.framed(b'{"type":"presence","who":"count"}'),
    )
    diff = (
        frames.framed(b'{"type":"presence","who":"new"}'),
        frames.framed(b'{"type":"presence","who":"more"}'),
    )
    stage.hub.present(stage.feed, whole, diff)
    await settled()
    assert [frame["who"] for frame in named.frames("presence")] == ["new"]
    assert [frame["who"] for frame in nameless.frames("presence")] == ["more"]
    assert [frame["who"] for frame in stage.seat(named=True).frames("presence")] == ["names"]


async def test_a_flooding_church_is_slowed() -> None:
    """While several churches need the node, the one that takes most of it waits longer between flushes."""
    stage = Stage()
    other = stage.hub.open(Topic("hope", "chat", "hall"))
    stage.feed.share.spent, other.share.spent = 0.7, 0.02
    stage.hub.sweep(0.0)
    assert stage.feed.share.slow > 3
    assert other.share.slow == 1.0
    stage.seat()
    await stage.publish_each(1)
    stage.feed.share.spent = 0.9
    stage.hub.sweep(0.0)
    assert stage.feed.share.slow == 1.0


async def test_topics_without_members_cost_nothing() -> None:
    """Events of a topic nobody is in are kept for later and written to nobody."""
    stage = Stage()
    await stage.publish_each(1, 2)
    stage.hub.deliver(latest(3))
    assert stage.feed.timer is None
    assert not stage.feed.anything
    assert stage.feed.shipped == 2
    assert stage.seat(cursor=0).seqs() == [1, 2]


async def test_unknown_topics_are_ignored() -> None:
    """What is published for a topic this node does not have leaves no trace."""
    stage = Stage()
    stage.hub.deliver(Publication(events=(event(1, topic=WALL),)))
    assert stage.hub.find(WALL) is None
