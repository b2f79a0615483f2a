"""A gathering, and when its doors are open."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec


class Gathering(msgspec.Struct, frozen=True):
    """One worship service; `opens_before` and `closes_after` are minutes."""

    id: UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    video_url: str
    opens_before: int
    closes_after: int
    cancelled_at: datetime | None
    created_at: datetime
    changed_at: datetime

    @property
    def opens_at(self) -> datetime:
        """Return when people may come in."""
        return self.starts_at - timedelta(minutes=self.opens_before)

    @property
    def closes_at(self) -> datetime:
        """Return when the last have to leave."""
        return self.ends_at + timedelta(minutes=self.closes_after)
