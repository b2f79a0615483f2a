"""Facts about alarms."""

from __future__ import annotations

from uuid import UUID

from server.kit.outbox import Signal


class AlarmRaised(Signal, frozen=True, kw_only=True, tag="alarms.raised"):
    """Somebody must look at once."""

    alarm_id: UUID
    kind: str
    told: tuple[UUID, ...]

    @property
    def key(self) -> str:
        """Order by alarm."""
        return str(self.alarm_id)
