"""Times that strangers send: with an offset, and in years that the database and our own arithmetic can hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

from server.kit.errors import Invalid

FIRST_YEAR, LAST_YEAR = 1900, 2200  # beyond, adding a window or an offset could leave what datetime can hold

Instant = Annotated[
    datetime,
    Meta(tz=True, description="RFC 3339, with an offset or Z.", examples=["2026-03-01T10:00:00-05:00"]),
]


def settle(at: datetime, pointer: str) -> datetime:
    """Return a time in UTC; raise Invalid at `pointer` for a year that nobody means."""
    try:
        at = at.astimezone(UTC)
    except OverflowError:
        at = datetime.max.replace(tzinfo=UTC)
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        detail = f"The year must be {FIRST_YEAR} to {LAST_YEAR}."
        raise Invalid.field(pointer, detail, code="out_of_range", limit=LAST_YEAR)
    return at
