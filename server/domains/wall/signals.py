"""Telling those who follow a request goes on by itself."""

from __future__ import annotations

from uuid import UUID

from server.kit.outbox import Signal


class TellingGoesOn(Signal, frozen=True, kw_only=True, tag="wall.telling"):
    """One transaction was not enough for all who follow a request; `after` was told last."""

    request_id: UUID
    after: UUID

    @property
    def key(self) -> str:
        """Order by request."""
        return str(self.request_id)
