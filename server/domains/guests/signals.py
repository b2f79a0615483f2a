"""Facts about guests."""

from __future__ import annotations

from uuid import UUID

from server.kit.outbox import Signal


class GuestSignal(Signal, frozen=True, kw_only=True):
    """A fact about one guest."""

    guest_id: UUID

    @property
    def key(self) -> str:
        """Order by guest."""
        return str(self.guest_id)


class GuestArrived(GuestSignal, frozen=True, kw_only=True, tag="guests.arrived"):
    """A visitor gave a nickname and agreed."""


class GuestRenamed(GuestSignal, frozen=True, kw_only=True, tag="guests.renamed"):
    """A guest goes by another nickname."""


class GuestBecameMember(GuestSignal, frozen=True, kw_only=True, tag="guests.became_member"):
    """A guest turned out to be a person; what the guest wrote is the person's. The ids are equal for a new account."""

    person_id: UUID
