"""Gatherings as they are said and heard."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from server.domains.events.models import Gathering
from server.kit.instants import Instant

Title = Annotated[str, Meta(min_length=1, max_length=200, examples=["Sunday worship"])]
Zone = Annotated[
    str, Meta(min_length=1, max_length=64, description="IANA time zone.", examples=["America/New_York"])
]
Address = Annotated[
    str, Meta(max_length=500, description="https address, or empty.", examples=["https://video.example/live"])
]
Minutes = Annotated[int, Meta(ge=0, le=1440, examples=[30])]


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is needed to plan a gathering."""

    title: Title
    starts_at: Instant
    ends_at: Instant
    zone: Zone
    video_url: Address = ""
    opens_before: Minutes = 30
    closes_after: Minutes = 30


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What shall be different; what is left out stays."""

    title: Title | UnsetType = UNSET
    starts_at: Instant | UnsetType = UNSET
    ends_at: Instant | UnsetType = UNSET
    zone: Zone | UnsetType = UNSET
    video_url: Address | UnsetType = UNSET
    opens_before: Minutes | UnsetType = UNSET
    closes_after: Minutes | UnsetType = UNSET


class GatheringShown(msgspec.Struct, frozen=True):
    """A gathering as everyone may see it; the doors are open from `opens_at` to `closes_at`."""

    id: UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    video_url: str
    opens_before: int
    closes_after: int
    opens_at: datetime
    closes_at: datetime
    cancelled: bool

    @classmethod
    def of(cls, gathering: Gathering) -> GatheringShown:
        """Show a gathering."""
        return cls(
            gathering.id,
            gathering.title,
            gathering.starts_at,
            gathering.ends_at,
            gathering.zone,
            gathering.video_url,
            gathering.opens_before,
            gathering.closes_after,
            gathering.opens_at,
            gathering.closes_at,
            gathering.cancelled_at is not None,
        )


class Now(msgspec.Struct, frozen=True):
    """What is on at this moment, and what comes next."""

    current: GatheringShown | None
    next: GatheringShown | None
