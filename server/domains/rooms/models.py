"""A room, and what somebody may do in it."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from typing import Literal
from uuid import UUID

import msgspec

from server.domains.safety.models import Hold

Kind = Literal["gathering", "hosts", "invited", "group", "direct", "care"]
Role = Literal["member", "host"]
Phase = Literal["waiting", "open", "closed"]


class Right(IntEnum):
    """What somebody may do in a room; each includes those before it."""

    NONE = 0
    READ = 1
    WRITE = 2
    HOST = 3


class Room(msgspec.Struct, frozen=True):
    """One room; without `opens_at` and `closes_at` it is always open. `hold` says whose words wait for a host.

    `rehearses` is the gathering that hosts rehearse in it, out of everybody's sight.
    """

    id: UUID
    kind: Kind
    title: str
    gathering_id: UUID | None
    rehearses: UUID | None
    opens_at: datetime | None
    closes_at: datetime | None
    slow_seconds: int
    hold: Hold
    locked: bool
    archived_at: datetime | None
    created_at: datetime
    changed_at: datetime

    def phase(self, now: datetime) -> Phase:
        """Tell whether the room is open at this moment."""
        if self.archived_at is not None or (self.closes_at is not None and now >= self.closes_at):
            return "closed"
        return "waiting" if self.opens_at is not None and now < self.opens_at else "open"


class Member(msgspec.Struct, frozen=True):
    """Somebody who was let into a room of invited people."""

    person_id: UUID
    role: Role
    joined_at: datetime


class Seat(msgspec.Struct, frozen=True):
    """A room in somebody's list, and the number of the last message they have seen there."""

    room: Room
    read_to: int


class RoomSettings(msgspec.Struct, frozen=True):
    """What holds in all rooms of a church: the badge beside a host's name, days that messages are kept."""

    host_label: str = "Host"
    keep_days: int = 365
