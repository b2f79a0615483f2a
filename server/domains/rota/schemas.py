"""The rota as it is said and heard."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from server.domains.rota.models import Duty, Present, Shift
from server.kit.instants import Instant

Languages = Annotated[
    list[Annotated[str, Meta(pattern="^[a-z]{2,3}$")]], Meta(max_length=20, examples=[["en", "es"]])
]
Zone = Annotated[
    str, Meta(min_length=1, max_length=64, description="IANA time zone.", examples=["America/New_York"])
]


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A shift to be planned. A weekly one repeats until the end of the day `until`, or for ever."""

    person: UUID
    duty: Duty
    starts_at: Instant
    ends_at: Instant
    zone: Zone
    weekly: bool = False
    until: date | None = None
    languages: Languages = []


class ShiftChange(Plan, frozen=True, forbid_unknown_fields=True):
    """A shift as it shall be. Of a weekly one the times before `instead_of` stay as they were.

    `instead_of`: which of its times is changed, by its `starts_at`; without it the one nearest to the new `starts_at`.
    """

    instead_of: Instant | None = None


class ShiftShown(msgspec.Struct, frozen=True):
    """A shift as staff sees it; `starts_at` and `ends_at` of a weekly one are those of its next time."""

    id: UUID
    person: UUID
    name: str
    duty: Duty
    starts_at: datetime
    ends_at: datetime
    zone: str
    weekly: bool
    until: date | None
    languages: list[str]

    @classmethod
    def of(cls, shift: Shift, name: str, starts_at: datetime, ends_at: datetime) -> ShiftShown:
        """Show a shift at one of its times."""
        return cls(
            shift.id,
            shift.person_id,
            name,
            shift.duty,
            starts_at,
            ends_at,
            shift.zone,
            shift.weekly,
            shift.until,
            list(shift.languages),
        )


class Here(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """I am here now, or not any more; to be said again every two minutes."""

    here: bool
    languages: Languages = []


class PresentShown(msgspec.Struct, frozen=True):
    """Somebody on duty now."""

    person: UUID
    name: str
    languages: list[str]
    since: datetime

    @classmethod
    def of(cls, present: Present) -> PresentShown:
        """Show somebody who is here."""
        return cls(present.person_id, present.name, list(present.languages), present.here_since)


class OnDuty(msgspec.Struct, frozen=True):
    """Who is here now, and whose shift it is by the plan."""

    here: list[PresentShown]
    planned: list[ShiftShown]
