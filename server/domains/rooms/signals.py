"""Facts about rooms."""

from __future__ import annotations

from uuid import UUID

from server.kit.outbox import Signal


class _OfRoom(Signal, frozen=True, kw_only=True):
    room_id: UUID

    @property
    def key(self) -> str:
        """Order by room."""
        return str(self.room_id)


class RoomOpened(_OfRoom, frozen=True, kw_only=True, tag="rooms.opened"):
    """A room was made."""

    kind: str
    gathering_id: UUID | None


class RoomChanged(_OfRoom, frozen=True, kw_only=True, tag="rooms.changed"):
    """A room has another title, window or rule."""


class RoomArchived(_OfRoom, frozen=True, kw_only=True, tag="rooms.archived"):
    """A room is closed for good; it can still be read by who could before."""


class RoomsSet(Signal, frozen=True, kw_only=True, tag="rooms.set"):
    """What holds in all rooms of the church is another."""

    by: UUID | None

    @property
    def key(self) -> str:
        """Order within the church."""
        return "rooms"


class PeopleInvited(_OfRoom, frozen=True, kw_only=True, tag="rooms.invited"):
    """People may come into a room of invited people."""

    people: tuple[UUID, ...]


class PersonLeft(_OfRoom, frozen=True, kw_only=True, tag="rooms.left"):
    """Somebody may no longer come in: they left, or were taken off the list."""

    person_id: UUID
