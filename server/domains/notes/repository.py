"""Notes' rows: the only user of this slice's queries."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from server.domains.notes.models import Note
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


async def lately(connection: Connection, author_id: UUID, since: datetime) -> int:
    """Count the notes of one person since a moment."""
    return int(await _sql.lately(connection, author_id=author_id, since=since))


async def insert(connection: Connection, note: Note) -> None:
    """Write a note; one that is sent again is there already."""
    await _sql.insert(connection, **msgspec.structs.asdict(note))


async def by_id(connection: Connection, id: UUID) -> Note | None:
    """Read one note, read or not."""
    row = await _sql.by_id(connection, id=id)
    return None if row is None else Note(**row)


async def unread(connection: Connection, after: tuple[datetime, UUID], most: int) -> list[Note]:
    """Read the notes no host has read, oldest first."""
    at, id = after
    return [Note(**row) for row in await _sql.unread(connection, at=at, id=id, most=most)]


async def read(connection: Connection, id: UUID, reader: UUID | None, now: datetime) -> UUID | None:
    """Note that a host has read it; return its room, or None when there is nothing to read."""
    room_id: UUID | None = await _sql.read(connection, id=id, reader=reader, now=now)
    return room_id


async def trim(connection: Connection, before: datetime) -> int:
    """Forget notes of long ago; return how many."""
    return int(await _sql.trim(connection, before=before))


async def forget(connection: Connection, person_id: UUID) -> None:
    """Forget the notes of one person."""
    await _sql.forget_author(connection, person_id=person_id)
