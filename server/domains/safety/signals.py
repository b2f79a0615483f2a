"""Facts about who is kept from speaking, and about a church's rules."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from server.kit.outbox import Signal


class _OfPerson(Signal, frozen=True, kw_only=True):
    person_id: UUID
    by: UUID | None

    @property
    def key(self) -> str:
        """Order by person."""
        return str(self.person_id)


class PersonBanned(_OfPerson, frozen=True, kw_only=True, tag="safety.banned"):
    """Somebody is kept out; `clear` asks that what they wrote is taken down."""

    ban_id: UUID
    expires_at: datetime | None
    clear: bool = False


class BanLifted(_OfPerson, frozen=True, kw_only=True, tag="safety.ban_lifted"):
    """Somebody may come back."""

    ban_id: UUID


class PersonRestrained(_OfPerson, frozen=True, kw_only=True, tag="safety.restrained"):
    """Somebody has to pause (`timeout`), or is heard by hosts only (`shadow`)."""

    kind: str
    until: datetime


class PersonReleased(_OfPerson, frozen=True, kw_only=True, tag="safety.released"):
    """A timeout or shadow hold was ended early."""

    kind: str


class _OfChurch(Signal, frozen=True, kw_only=True):
    by: UUID | None

    @property
    def key(self) -> str:
        """Order by church."""
        return "church"


class LockdownChanged(_OfChurch, frozen=True, kw_only=True, tag="safety.lockdown"):
    """Only hosts may write, or everybody may again."""

    locked: bool


class RulesChanged(_OfChurch, frozen=True, kw_only=True, tag="safety.rules"):
    """The church has other rules."""
