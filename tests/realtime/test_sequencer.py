"""Order without duplicates and holes."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.errors import PositionLost
from realtime.log import NOWHERE, LogEvent, Position
from realtime.sequencer import EARLY_EVENTS, Sequencer
from realtime.topics import Topic

HALL = Topic("grace", "chat", "hall")


def event(seq: int, epoch: str = "1.1") -> LogEvent:
    return LogEvent(HALL, epoch, seq, "said", "", "", msgspec.Raw(b"{}"))


def started(seq: int = 0) -> Sequencer:
    sequencer = Sequencer()
    sequencer.start(Position("1.1", seq))
    return sequencer


def offer(sequencer: Sequencer, *seqs: int) -> list[int]:
    return [passed.seq for seq in seqs for passed in sequencer.offer(event(seq))]


def test_the_next_one_passes() -> None:
    """Events that come in order pass at once."""
    sequencer = started(5)
    assert offer(sequencer, 6, 7, 8) == [6, 7, 8]
    assert sequencer.position == Position("1.1", 8)


def test_doubles_are_dropped() -> None:
    """What has passed does not pass again."""
    sequencer = started()
    assert offer(sequencer, 1, 1, 2, 1, 2, 3) == [1, 2, 3]


def test_early_ones_wait() -> None:
    """What comes before its turn is held until the hole is filled."""
    sequencer = started()
    assert offer(sequencer, 3, 4) == []
    assert sequencer.gap
    assert offer(sequencer, 1) == [1]
    assert sequencer.gap
    assert offer(sequencer, 2) == [2, 3, 4]
    assert not sequencer.gap


def test_until_started_everything_is_held() -> None:
    """Before the log's head is known nothing passes; then what is newer does."""
    sequencer = Sequencer()
    assert offer(sequencer, 4, 5, 6) == []
    held = sequencer.start(Position("1.1", 4))
    assert [e.seq for one in held for e in sequencer.offer(one)] == [5, 6]


def test_another_epoch_is_a_lost_position() -> None:
    """When the epoch changes no position is worth anything."""
    sequencer = started(5)
    with pytest.raises(PositionLost):
        sequencer.offer(event(6, "2.1"))


def test_the_first_event_brings_its_epoch() -> None:
    """A topic nothing was appended to takes over the epoch of its first event."""
    sequencer = Sequencer()
    sequencer.start(NOWHERE)
    assert [e.seq for e in sequencer.offer(event(1, "3.1"))] == [1]
    assert sequencer.position == Position("3.1", 1)


def test_what_is_held_is_bounded() -> None:
    """When too many early events wait they are dropped; the log has them."""
    sequencer = started()
    offer(sequencer, *range(2, EARLY_EVENTS + 3))
    assert sequencer.gap
    passed = offer(sequencer, *range(1, EARLY_EVENTS + 5))
    assert passed == list(range(1, EARLY_EVENTS + 5))


@given(st.permutations(range(1, 25)), st.lists(st.integers(1, 24), max_size=20))
def test_any_order_comes_out_sorted(order: list[int], doubles: list[int]) -> None:
    """In whatever order and however often events come, each passes once, in order."""
    sequencer = started()
    assert offer(
        sequencer, *[seq for pair in zip(order, doubles + order, strict=False) for seq in pair]
    ) == list(range(1, 25))
    assert not sequencer.gap
