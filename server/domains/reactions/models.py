"""A reaction given or taken back."""

from __future__ import annotations

from uuid import UUID

import msgspec

Totals = dict[str, int]


class Counted(msgspec.Struct, frozen=True):
    """The totals of one subject; of two the one with the higher `version` is the newer.

    A version is the database's clock in microseconds, read under the subject's lock and never lower than the one
    before (a hybrid logical clock, Kulkarni et al. 2014), so that it grows after totals were dropped, too.
    """

    totals: Totals
    version: int


class Change(msgspec.Struct, frozen=True):
    """One person gives (`on`) or takes back one emoji."""

    subject: UUID
    person: UUID
    emoji: str
    on: bool
