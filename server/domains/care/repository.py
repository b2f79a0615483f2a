"""Conversations' rows: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from server.domains.care.errors import AlreadyAsking
from server.domains.care.models import Session, Settings
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


def _session(row: Mapping[str, Any] | None) -> Session | None:
    return None if row is None else Session(**row)


async def settings(connection: Connection) -> tuple[int, Settings]:
    """Read a church's rules and their version; 0 when it has set none."""
    row = await _sql.read_settings(connection)
    if row is None:
        return 0, Settings()
    return row["version"], msgspec.convert(
        {name: value for name, value in msgspec.json.decode(row["settings"]).items() if _known(name)},
        Settings,
    )


def _known(name: str) -> bool:
    return name in Settings.__struct_fields__


async def put_settings(connection: Connection, settings: Settings, expected: int | None) -> int | None:
    """Replace the rules; return the new version, None when they do not have the expected one any more."""
    written = msgspec.json.encode(settings).decode()
    version: int | None = await _sql.put_settings(connection, settings=written, expected=expected)
    return version


async def insert(connection: Connection, now: datetime, **columns: object) -> Session:
    """Let somebody wait; raise AlreadyAsking for who waits already."""
    try:
        return Session(**await _sql.insert(connection, now=now, **columns))
    except asyncpg.UniqueViolationError:
        raise AlreadyAsking() from None


async def by_id(connection: Connection, id: UUID) -> Session | None:
    """Read a conversation."""
    found = await by_ids(connection, [id])
    return found.get(id)


async def by_ids(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Session]:
    """Read conversations."""
    return {row["id"]: Session(**row) for row in await _sql.by_ids(connection, ids=list(ids))}


async def lock(connection: Connection, id: UUID) -> Session | None:
    """Read a conversation and let nobody else change it until COMMIT."""
    return _session(await _sql.lock(connection, id=id))


async def open_of(connection: Connection, asker_id: UUID) -> Session | None:
    """Read what somebody waits for or is in."""
    return _session(await _sql.open_of(connection, asker_id=asker_id))


async def lock_open_of(connection: Connection, asker_id: UUID) -> Session | None:
    """Read what somebody waits for or is in, and let nobody else change it until COMMIT."""
    return _session(await _sql.lock_open_of(connection, asker_id=asker_id))


async def take_over(connection: Connection, guest: UUID, person: UUID) -> list[Session]:
    """Let a guest's conversations be a person's; return those that are."""
    return [Session(**row) for row in await _sql.take_over(connection, guest=guest, person=person)]


async def by_room(connection: Connection, room_id: UUID) -> Session | None:
    """Read the conversation of a room."""
    return _session(await _sql.by_room(connection, room_id=room_id))


async def active_of(connection: Connection, person_id: UUID) -> list[Session]:
    """Read the conversations a volunteer is in."""
    return [Session(**row) for row in await _sql.active_of(connection, person_id=person_id)]


async def update(connection: Connection, session: Session) -> Session:
    """Write a locked conversation's new state; return it with its new version."""
    names = "id state crisis room_id first_id first_name second_id second_name accepted_at ended_at topic waits_since"
    columns = {name: getattr(session, name) for name in names.split()}
    return Session(**await _sql.update(connection, **columns))


async def waiting(connection: Connection, most: int) -> list[Session]:
    """Read who waits, in order."""
    return [Session(**row) for row in await _sql.waiting(connection, most=most)]


async def count_waiting(connection: Connection) -> int:
    """Count who waits."""
    return int(await _sql.count_waiting(connection))


async def waits(connection: Connection, since: datetime) -> list[float]:
    """Read the seconds that people waited lately."""
    return [row["seconds"] for row in await _sql.waits(connection, since=since)]


async def page(connection: Connection, before: tuple[datetime, UUID], most: int) -> list[Session]:
    """Read conversations, newest first."""
    at, id = before
    return [Session(**row) for row in await _sql.page(connection, at=at, id=id, most=most)]


async def words_gone(connection: Connection, id: UUID, now: datetime) -> None:
    """Note that the words are erased where they were said, the first ones too."""
    await _sql.words_gone(connection, id=id, now=now)


async def nothing_left(connection: Connection, id: UUID, now: datetime) -> None:
    """Note that nothing is kept of a conversation any more."""
    await _sql.nothing_left(connection, id=id, now=now)


async def kept_too_long(connection: Connection, before: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """Read conversations whose words stay longer than they may, with their rooms."""
    rows = await _sql.kept_too_long(connection, before=before, most=most)
    return [(row["id"], row["room_id"]) for row in rows]


async def forgotten_waits(connection: Connection, before: datetime, most: int) -> list[Session]:
    """Read who has waited for too long, and let nobody else change it until COMMIT."""
    rows = await _sql.forgotten_waits(connection, before=before, most=most)
    return [Session(**row) for row in rows]


async def erase_person(connection: Connection, person_id: UUID) -> None:
    """Take somebody's name off."""
    await _sql.erase_person(connection, person_id=person_id)
    await _sql.erase_volunteer(connection, person_id=person_id)


async def rooms_of(connection: Connection, person_id: UUID) -> list[tuple[UUID, UUID | None]]:
    """Read the conversations somebody asked for, with their rooms."""
    rows = await _sql.rooms_of(connection, person_id=person_id)
    return [(row["id"], row["room_id"]) for row in rows]
