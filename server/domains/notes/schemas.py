"""Notes as they are said and heard."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from server.domains.notes.models import Note


class WordForHosts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A word for the hosts, 1 to 500 characters. With an `id` of the client's own it may be sent again."""

    body: str
    id: UUID | None = None


class WordReceipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """The hosts will read it. `card` names a helpline card to show to its author."""

    id: UUID
    at: datetime
    card: str = ""


class WordShown(msgspec.Struct, frozen=True):
    """A note as hosts read it; `need` names the kind of need that its words speak of, if any."""

    id: UUID
    room: UUID
    title: str
    author: UUID
    name: str
    body: str
    need: str
    at: datetime

    @classmethod
    def of(cls, note: Note) -> WordShown:
        """Show a note to hosts."""
        return cls(
            note.id,
            note.room_id,
            note.room_title,
            note.author_id,
            note.author_name,
            note.body,
            note.need,
            note.at,
        )
