"""Facts about hosts' work."""

from __future__ import annotations

from uuid import UUID

from server.kit.outbox import Signal


class MessageReported(Signal, frozen=True, kw_only=True, tag="hosting.reported"):
    """Somebody asks the hosts to look at a message."""

    room_id: UUID
    message_id: UUID
    author_id: UUID
    reporter_id: UUID
    reason: str

    @property
    def key(self) -> str:
        """Order by message."""
        return str(self.message_id)


class ReportsClosed(Signal, frozen=True, kw_only=True, tag="hosting.closed"):
    """Hosts have looked at the reports of a message."""

    room_id: UUID
    message_id: UUID

    @property
    def key(self) -> str:
        """Order by message."""
        return str(self.message_id)


class RoomExported(Signal, frozen=True, kw_only=True, tag="hosting.exported"):
    """Somebody took all words of a room away as a file."""

    room_id: UUID
    by: UUID | None

    @property
    def key(self) -> str:
        """Order by room."""
        return str(self.room_id)


class DecisionUndone(Signal, frozen=True, kw_only=True, tag="hosting.undone"):
    """A host took back what was decided about a message."""

    room_id: UUID
    message_id: UUID
    act: str

    @property
    def key(self) -> str:
        """Order by message."""
        return str(self.message_id)


class ClearingGoesOn(Signal, frozen=True, kw_only=True, tag="hosting.clearing"):
    """One transaction was not enough to take down everything of a person."""

    person_id: UUID

    @property
    def key(self) -> str:
        """Order by person."""
        return str(self.person_id)
