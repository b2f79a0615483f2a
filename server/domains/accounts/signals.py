"""Facts about accounts; none carries an address or a name."""

from __future__ import annotations

from uuid import UUID

from server.kit.outbox import Signal


class AccountSignal(Signal, frozen=True, kw_only=True):
    """A fact about one person."""

    person_id: UUID

    @property
    def key(self) -> str:
        """Order by person."""
        return str(self.person_id)


class AccountOpened(AccountSignal, frozen=True, kw_only=True, tag="accounts.opened"):
    """Somebody has an account now."""


class RolesChanged(AccountSignal, frozen=True, kw_only=True, tag="accounts.roles_changed"):
    """Roles were given or taken."""

    given: tuple[str, ...]
    taken: tuple[str, ...]


class AccountRenamed(AccountSignal, frozen=True, kw_only=True, tag="accounts.renamed"):
    """A person changed their name or language."""


class AccountSuspended(AccountSignal, frozen=True, kw_only=True, tag="accounts.suspended"):
    """An account may not be used; its sessions are over."""


class AccountResumed(AccountSignal, frozen=True, kw_only=True, tag="accounts.resumed"):
    """A suspended account may be used again."""


class PasswordChanged(AccountSignal, frozen=True, kw_only=True, tag="accounts.password_changed"):
    """A password was set; the person's other sessions are over."""


class EmailChanged(AccountSignal, frozen=True, kw_only=True, tag="accounts.email_changed"):
    """An account has another address; the one before is in the link that was used."""


class SignedOutEverywhere(AccountSignal, frozen=True, kw_only=True, tag="accounts.signed_out_everywhere"):
    """All sessions of a person are over."""
