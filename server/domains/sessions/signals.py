"""Facts about sessions."""

from __future__ import annotations

from uuid import UUID

from server.kit.outbox import Signal


class RefreshTokenReused(Signal, frozen=True, kw_only=True, tag="sessions.refresh_reused"):
    """An old refresh token was shown again: somebody may have copied it. The session is over."""

    session_id: UUID
    person_id: UUID | None

    @property
    def key(self) -> str:
        """Order by session."""
        return str(self.session_id)
