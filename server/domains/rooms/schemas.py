"""Rooms as they are said and heard."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from server.domains.rooms.models import Kind, Member, Phase, Role, Room, Seat
from server.domains.safety.models import Hold
from server.kit.instants import Instant

Title = Annotated[str, Meta(min_length=1, max_length=200, examples=["Sunday 10:00"])]
Slow = Annotated[int, Meta(ge=0, le=600, description="Seconds between two messages of one person; 0 is off.")]
People = Annotated[list[UUID], Meta(min_length=1, max_length=100)]


class NewRoom(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A room for hosts or invited people; rooms of gatherings are made by planning the gathering."""

    kind: Literal["hosts", "invited"]
    title: Title
    people: Annotated[list[UUID], Meta(max_length=100)] = []


class RoomChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What shall be different; what is left out stays. `null` for a time: no bound."""

    title: Title | UnsetType = UNSET
    opens_at: Instant | UnsetType | None = UNSET
    closes_at: Instant | UnsetType | None = UNSET
    slow_seconds: Slow | UnsetType = UNSET
    hold: Hold | UnsetType = UNSET
    locked: bool | UnsetType = UNSET


class Invitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may come in, and as what."""

    people: People
    role: Role = "member"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds in all rooms of the church."""

    host_label: Annotated[str, Meta(min_length=1, max_length=30, examples=["Host"])] = "Host"
    keep_days: Annotated[int, Meta(ge=1, le=3650, examples=[365])] = 365


class RoomShown(msgspec.Struct, frozen=True):
    """A room as everyone in it sees it. `lockdown` is the church's, `locked` this room's own.

    A hosts' room that `rehearses` a gathering is emptied when the rehearsal ends.
    """

    id: UUID
    kind: Kind
    title: str
    gathering: UUID | None
    opens_at: datetime | None
    closes_at: datetime | None
    phase: Phase
    slow_seconds: int
    hold: Hold
    locked: bool
    lockdown: bool
    archived: bool
    rehearses: UUID | None = None

    @classmethod
    def of(cls, room: Room, now: datetime, *, lockdown: bool) -> RoomShown:
        """Show a room at a moment."""
        return cls(
            room.id,
            room.kind,
            room.title,
            room.gathering_id,
            room.opens_at,
            room.closes_at,
            room.phase(now),
            room.slow_seconds,
            room.hold,
            room.locked,
            lockdown,
            room.archived_at is not None,
            room.rehearses,
        )


class MemberShown(msgspec.Struct, frozen=True):
    """Somebody on the list of a room."""

    id: UUID
    role: Role
    joined_at: datetime

    @classmethod
    def of(cls, member: Member) -> MemberShown:
        """Show a member."""
        return cls(member.person_id, member.role, member.joined_at)


class SeatShown(msgspec.Struct, frozen=True):
    """A room in my list: how far I have read, and how many messages came after (100 means: or more)."""

    room: RoomShown
    read_to: int
    unread: int

    @classmethod
    def of(cls, seat: Seat, unread: int, now: datetime, *, lockdown: bool) -> SeatShown:
        """Show a room of one person's list."""
        return cls(RoomShown.of(seat.room, now, lockdown=lockdown), seat.read_to, unread)
