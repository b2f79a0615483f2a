"""Facts about concerns. None carries what was told."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from server.kit.outbox import Signal


class _OfConcern(Signal, frozen=True, kw_only=True):
    concern_id: UUID

    @property
    def key(self) -> str:
        """Order by concern."""
        return str(self.concern_id)


class ConcernRaised(_OfConcern, frozen=True, kw_only=True, tag="concerns.raised"):
    """Somebody told the pastors that something was not right.

    `urgent`: what must not wait, a need that was found in the note or that somebody felt unsafe.
    """

    urgent: Literal["", "unsafe", "self_harm", "abuse"] = ""


class ConcernSettled(_OfConcern, frozen=True, kw_only=True, tag="concerns.settled"):
    """A pastor has seen to it."""

    by: UUID | None


class ConcernReopened(_OfConcern, frozen=True, kw_only=True, tag="concerns.reopened"):
    """Whoever had seen to it takes that back."""

    by: UUID | None
