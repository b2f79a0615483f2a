"""Times that strangers send."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kit.errors import Invalid
from server.kit.instants import Instant, settle


def test_a_time_needs_an_offset() -> None:
    """A time without offset means nothing."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'"2026-03-01T10:00:00"', type=Instant)


def test_times_are_kept_in_utc() -> None:
    """The same instant, whatever the offset."""
    at = msgspec.json.decode(b'"2026-03-01T10:00:00-05:00"', type=Instant)
    assert settle(at, "/at") == datetime(2026, 3, 1, 15, tzinfo=UTC)
    assert settle(at, "/at").tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "1899-12-31T23:59:59Z",
        "2201-01-01T00:00:00Z",
    ],
)
def test_years_nobody_means(text: str) -> None:
    """Times at the borders of what can be held are refused by name."""
    with pytest.raises(Invalid) as caught:
        settle(msgspec.json.decode(f'"{text}"'.encode(), type=Instant), "/at")
    assert caught.value.errors[0].pointer == "/at"


OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=OFFSETS))
def test_any_time_is_settled_or_refused(at: datetime) -> None:
    """No time fails in another way."""
    try:
        assert settle(at, "/at") == at
    except Invalid:
        assert not 1901 <= at.year <= 2199
