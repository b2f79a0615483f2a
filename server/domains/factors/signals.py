"""Facts about second factors."""

from __future__ import annotations

from uuid import UUID

from server.kit.outbox import Signal


class FactorSignal(Signal, frozen=True, kw_only=True):
    """A fact about one person's second factor."""

    person_id: UUID

    @property
    def key(self) -> str:
        """Order by person."""
        return str(self.person_id)


class TotpAdded(FactorSignal, frozen=True, kw_only=True, tag="factors.totp_added"):
    """An authenticator is asked for from now on."""


class TotpRemoved(FactorSignal, frozen=True, kw_only=True, tag="factors.totp_removed"):
    """No authenticator is asked for any more."""


class RecoveryCodeUsed(FactorSignal, frozen=True, kw_only=True, tag="factors.recovery_code_used"):
    """Somebody signed in with a recovery code."""
