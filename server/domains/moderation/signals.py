"""Facts about cases."""

from __future__ import annotations

from uuid import UUID

from server.kit.outbox import Signal


class _OfCase(Signal, frozen=True, kw_only=True):
    case_id: UUID
    kind: str
    subject: UUID

    @property
    def key(self) -> str:
        """Order by subject."""
        return str(self.subject)


class CaseOpened(_OfCase, frozen=True, kw_only=True, tag="moderation.opened"):
    """Something waits for a decision."""

    team: str
    weight: int


class CaseDecided(_OfCase, frozen=True, kw_only=True, tag="moderation.decided"):
    """Somebody decided."""

    verdict: str
    by: UUID | None


class CaseReopened(_OfCase, frozen=True, kw_only=True, tag="moderation.reopened"):
    """A decision was taken back."""

    by: UUID | None


class CaseClosed(_OfCase, frozen=True, kw_only=True, tag="moderation.closed"):
    """It was decided elsewhere, or there is nothing left to decide."""
