"""Facts about gatherings."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from server.kit.outbox import Signal


class _OfGathering(Signal, frozen=True, kw_only=True):
    gathering_id: UUID
    title: str
    starts_at: datetime
    opens_at: datetime
    closes_at: datetime

    @property
    def key(self) -> str:
        """Order by gathering."""
        return str(self.gathering_id)


class GatheringPlanned(_OfGathering, frozen=True, kw_only=True, tag="events.planned"):
    """A gathering stands in the calendar."""


class GatheringChanged(_OfGathering, frozen=True, kw_only=True, tag="events.changed"):
    """A gathering has another title, time or window."""


class GatheringCancelled(_OfGathering, frozen=True, kw_only=True, tag="events.cancelled"):
    """A gathering will not be held."""
