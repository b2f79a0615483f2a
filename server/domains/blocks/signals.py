"""Facts about blocks."""

from __future__ import annotations

from uuid import UUID

from server.kit.outbox import Signal


class _OfPerson(Signal, frozen=True, kw_only=True):
    person_id: UUID
    by: UUID

    @property
    def key(self) -> str:
        """Order by who blocks."""
        return str(self.by)


class PersonBlocked(_OfPerson, frozen=True, kw_only=True, tag="blocks.blocked"):
    """`by` wants to hear nothing of this person."""


class PersonUnblocked(_OfPerson, frozen=True, kw_only=True, tag="blocks.unblocked"):
    """`by` hears this person again."""
