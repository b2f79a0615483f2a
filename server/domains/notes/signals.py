"""Facts about notes."""

from __future__ import annotations

from uuid import UUID

from server.domains.notes.models import Note
from server.kit.outbox import Signal


class NoteInNeed(Signal, frozen=True, kw_only=True, tag="notes.in_need"):
    """A word for the hosts speaks of a great need: somebody should be told at once, without the words."""

    note_id: UUID
    room_id: UUID
    crisis: str

    @classmethod
    def of(cls, note: Note) -> NoteInNeed:
        """Tell of a note."""
        return cls(note_id=note.id, room_id=note.room_id, crisis=note.need)

    @property
    def key(self) -> str:
        """Order by note."""
        return str(self.note_id)
