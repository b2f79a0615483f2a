"""A conversation for two, and a church's rules for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

State = Literal["waiting", "active", "ended", "left", "handed_off"]
Words = Literal["erase", "keep", "seal"]
NEWEST = (
    datetime(9999, 1, 1, tzinfo=UTC),
    UUID(int=2**128 - 1),
)  # before all, in a list with the newest in front


class Session(msgspec.Struct, frozen=True):
    """One conversation from the asking on; `room_id` is there once somebody has accepted."""

    id: UUID
    version: int
    state: State
    asker_id: UUID
    asker_name: str
    language: str
    topic: str
    minor: bool
    crisis: str
    room_id: UUID | None
    first_id: UUID | None
    first_name: str
    second_id: UUID | None
    second_name: str
    words: Words
    asked_at: datetime
    waits_since: datetime  # later than that once somebody handed it back to the queue
    accepted_at: datetime | None
    ended_at: datetime | None
    words_gone_at: datetime | None


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A church's rules for one-to-one prayer."""

    open: Annotated[bool, Meta(description="Off: the button never shows.")] = True
    words: Annotated[Words, Meta(description="What becomes of the words when a conversation ends.")] = "erase"
    keep_days: Annotated[int, Meta(ge=1, le=3650, description="Days that kept or sealed words stay.")] = 30
    two_adults: Annotated[
        Literal["never", "minors", "always"],
        Meta(description="When a second volunteer must be in the room before anybody writes."),
    ] = "minors"
    minors: Annotated[
        Literal["allow", "form"], Meta(description="`form`: who is under 18 is led to the form instead.")
    ] = "allow"
    patience_seconds: Annotated[
        int, Meta(ge=30, le=3600, description="After so long without an answer the form is offered.")
    ] = 300
    promise: Annotated[
        str,
        Meta(max_length=300, description="What is promised with the form; empty: our own words."),
    ] = ""
