"""The last events of a topic."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import frames, ring
from realtime.log import LogEvent
from realtime.ring import RING_EVENTS, Ring
from realtime.topics import Topic

HALL = Topic("grace", "chat", "hall")


def event(seq: int, entity: str = "", body: str = "x") -> LogEvent:
    return LogEvent(HALL, "1.1", seq, "said", entity, "", msgspec.Raw(msgspec.json.encode({"body": body})))


def bodies(payloads: list[bytes] | None) -> list[str | None]:
    assert payloads is not None
    decoded = [msgspec.json.decode(payload)["data"] for payload in payloads]
    return [None if data is None else data["body"] for data in decoded]


def filled(count: int, start: int = 0) -> Ring:
    made = Ring(start)
    for seq in range(start + 1, start + count + 1):
        made.push(event(seq, f"m{seq}", str(seq)))
    return made


def test_it_answers_between_two_seqs() -> None:
    """What lies between a cursor and an end comes back, encoded and in order."""
    made = filled(10, start=100)
    assert bodies(made.after(103, 106)) == ["104", "105", "106"]
    assert made.after(110, 110) == []
    assert bodies(made.after(100, 999)) == [str(n) for n in range(101, 111)]


def test_it_says_when_it_does_not_reach_back() -> None:
    """A cursor before its start is not answered, rather than answered in part."""
    assert filled(10, start=100).after(99, 110) is None


def test_it_keeps_a_bounded_number() -> None:
    """When the bound is hit the oldest event goes."""
    made = filled(RING_EVENTS + 5)
    assert made.after(4, 999) is None
    assert len(made.after(5, 999) or ()) == RING_EVENTS
    assert made.last == RING_EVENTS + 5


def test_it_keeps_a_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the bytes are too many the oldest events go."""
    monkeypatch.setattr(ring, "RING_BYTES", 2000)
    made = Ring(0)
    for seq in range(1, 21):
        made.push(event(seq, body="x" * 300))
    kept = made.after(made.start, made.last) or []
    assert sum(map(len, kept)) <= 2000
    assert made.last == 20
    assert len(kept) == 20 - made.start > 3


def test_a_later_event_blanks_the_earlier_ones() -> None:
    """A removal or edit takes the data of all earlier events of the same entity; seqs stay."""
    made = Ring(0)
    for seq, (entity, body) in enumerate([("a", "first"), ("b", "other"), ("a", "edited"), ("a", "")], 1):
        made.push(event(seq, entity, body))
    assert bodies(made.after(0, 4)) == [None, "other", None, ""]
    assert b"first" not in b"".join(made.after(0, 4) or ())


def test_events_without_an_entity_blank_nothing() -> None:
    """An event about nothing in particular leaves all others alone."""
    made = Ring(0)
    made.push(event(1, "", "one"))
    made.push(event(2, "", "two"))
    assert bodies(made.after(0, 2)) == ["one", "two"]


def test_dropped_events_are_forgotten_whole() -> None:
    """An entity whose first event has left the ring is blanked where it still stands."""
    made = Ring(0)
    for seq in range(1, RING_EVENTS + 2):
        made.push(event(seq, "a" if seq in (1, 5) else f"m{seq}", str(seq)))
    made.push(event(RING_EVENTS + 2, "a", "last"))
    found = bodies(made.after(made.start, made.last))
    assert found[5 - made.start - 1] is None
    assert found[-1] == "last"


def test_it_reaches_further_back() -> None:
    """Events read from the log lengthen it at its old end, only where they fit without a hole."""
    made = filled(3, start=100)
    made.extend_back([event(seq, f"m{seq}", str(seq)) for seq in range(95, 103)])
    assert made.start == 94
    assert bodies(made.after(94, 103)) == [str(n) for n in range(95, 104)]
    made.extend_back([event(90), event(91)])
    assert made.start == 94


def test_what_was_taken_away_meanwhile_stays_away() -> None:
    """An event read from the log whose entity has a later one in the ring is blanked at once."""
    made = Ring(10)
    made.push(event(11, "a", "removed"))
    made.extend_back([event(9, "a", "secret"), event(10, "b", "fine")])
    assert bodies(made.after(8, 11)) == [None, "fine", "removed"]
    made.push(event(12, "a", "again"))
    assert bodies(made.after(8, 12)) == [None, "fine", None, "again"]


@given(st.lists(st.sampled_from(["", "a", "b", "c"]), min_size=1, max_size=60), st.integers(1, 20))
def test_it_is_the_tail_of_the_log(entities: list[str], keep: int) -> None:
    """With any bound and any entities, it holds the log's tail with exactly the newest data of each entity."""
    made, log = Ring(0), []
    bound = pytest.MonkeyPatch()
    bound.setattr(ring, "RING_EVENTS", keep)
    try:
        for seq, entity in enumerate(entities, 1):
            made.push(event(seq, entity, str(seq)))
            log = [msgspec.structs.replace(e, data=None) if entity and e.entity == entity else e for e in log]
            log.append(event(seq, entity, str(seq)))
    finally:
        bound.undo()
    assert made.after(made.start, made.last) == [frames.event(e) for e in log[-keep:]]
