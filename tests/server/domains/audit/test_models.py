"""The chain as pure functions: whatever is changed, it breaks where it was changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from server.domains.audit.models import Entry, Head, entry_hash, genesis, walk

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
GRACE = "g" * 16


def entry(before: Head, **values: Any) -> Entry:
    """Make the entry that follows a head."""
    whole: dict[str, Any] = {
        "seq": before.seq + 1, "at": START + timedelta(seconds=before.seq), "actor_kind": "person",
        "actor_id": UUID(int=7), "actor_name": "Anna", "action": "a.done", "subject": "thing", "details": "{}",
        "request_id": "r", "address": None, "prev_hash": before.hash, "hash": b"", **values,
    }  # fmt: skip
    return Entry(**{**whole, "hash": entry_hash(Entry(**whole))})


def chain(length: int, tenant_id: str = GRACE) -> list[Entry]:
    """Make a chain of a church."""
    head, entries = genesis(tenant_id), []
    for _ in range(length):
        entries.append(entry(head))
        head = Head(entries[-1].seq, entries[-1].hash)
    return entries


def changed(one: Entry, **values: Any) -> Entry:
    return Entry(**{**{name: getattr(one, name) for name in Entry.__struct_fields__}, **values})


@given(st.integers(0, 20))
def test_whole_chain_holds(length: int) -> None:
    """An untouched chain holds to its end."""
    entries = chain(length)
    head, reason = walk(entries, genesis(GRACE))
    assert (head.seq, reason) == (length, "")


VALUES = {
    "at": st.datetimes(timezones=st.just(UTC)),
    "actor_kind": st.sampled_from(["guest", "system"]),
    "actor_id": st.none() | st.uuids(),
    "actor_name": st.text(max_size=10),
    "action": st.text(max_size=10),
    "subject": st.text(max_size=10),
    "details": st.text(max_size=10),
    "request_id": st.text(max_size=10),
    "address": st.none() | st.text(max_size=10),
    "prev_hash": st.binary(min_size=32, max_size=32),
    "hash": st.binary(min_size=32, max_size=32),
    "seq": st.integers(1, 100),
}


@given(st.integers(1, 8), st.data())
def test_any_change_is_named(length: int, data: st.DataObject) -> None:
    """Whatever field of whatever entry is changed, the walk stops before that entry and says why."""
    entries = chain(length)
    index = data.draw(st.integers(0, length - 1))
    field = data.draw(st.sampled_from(sorted(VALUES)))
    value = data.draw(VALUES[field])
    if value == getattr(entries[index], field):
        return
    entries[index] = changed(entries[index], **{field: value})
    head, reason = walk(entries, genesis(GRACE))
    assert head.seq == index
    assert reason


@given(st.integers(2, 8), st.data())
def test_taken_out_or_swapped(length: int, data: st.DataObject) -> None:
    """An entry that was taken out, doubled or swapped with the next breaks the chain there."""
    entries = chain(length)
    index = data.draw(st.integers(0, length - 2))
    for wrong in (
        entries[:index] + entries[index + 1 :],
        entries[: index + 1] + entries[index:],
        [*entries[:index], entries[index + 1], entries[index], *entries[index + 2 :]],
    ):
        head, reason = walk(wrong, genesis(GRACE))
        assert reason
        assert head.seq in (index, index + 1)


@given(st.text(max_size=5), st.text(max_size=5), st.text(max_size=5), st.text(max_size=5))
def test_fields_do_not_run_together(a: str, b: str, c: str, d: str) -> None:
    """Moving characters from one field to the next gives another hash."""
    head = genesis(GRACE)
    one, two = entry(head, action=a, subject=b), entry(head, action=c, subject=d)
    assert (one.hash == two.hash) == ((a, b) == (c, d))


def test_time_zone_does_not_matter() -> None:
    """The same moment hashes the same wherever it is read."""
    one = entry(genesis(GRACE))
    assert entry_hash(changed(one, at=one.at.astimezone(ZoneInfo("America/Lima")))) == one.hash


def test_churches_begin_apart() -> None:
    """A chain of one church does not hold in another."""
    head, reason = walk(chain(2, "h" * 16), genesis(GRACE))
    assert (head.seq, reason) == (0, "entry 1 is not chained to entry 0")
