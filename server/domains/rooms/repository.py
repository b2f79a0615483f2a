"""Rooms' rows: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from server.domains.rooms.models import Kind, Member, Role, Room, RoomSettings
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


def _room(row: asyncpg.Record | None) -> Room | None:
    return None if row is None else Room(**row)


async def insert(connection: Connection, kind: Kind, title: str, now: datetime) -> Room:
    """Make a room."""
    return Room(**await _sql.insert(connection, kind=kind, title=title, now=now))


async def put_gathering(
    connection: Connection,
    gathering_id: UUID,
    title: str,
    window: tuple[datetime, datetime],
    now: datetime,
) -> Room:
    """Make the room of a gathering, or give it a new title and window."""
    opens_at, closes_at = window
    return Room(
        **await _sql.put_gathering(
            connection,
            gathering_id=gathering_id,
            title=title,
            opens_at=opens_at,
            closes_at=closes_at,
            now=now,
        )
    )


async def put_rehearsal(
    connection: Connection, gathering_id: UUID, title: str, until: datetime, now: datetime
) -> Room:
    """Make the room in which a gathering is rehearsed, or open again the one that is there."""
    return Room(
        **await _sql.put_rehearsal(connection, rehearses=gathering_id, title=title, closes_at=until, now=now)
    )


async def by_rehearsal(connection: Connection, gathering_id: UUID) -> Room | None:
    """Read the room in which a gathering is rehearsed."""
    return _room(await _sql.by_rehearsal(connection, rehearses=gathering_id))


async def rehearsals(connection: Connection, before: datetime, most: int) -> list[UUID]:
    """Read the gatherings whose rehearsal is over but not forgotten yet."""
    return [row["rehearses"] for row in await _sql.rehearsals(connection, before=before, most=most)]


async def forget_rehearsal(connection: Connection, id: UUID) -> None:
    """Let a room be no rehearsal any more."""
    await _sql.forget_rehearsal(connection, id=id)


async def by_id(connection: Connection, id: UUID) -> Room | None:
    """Read one room."""
    return (await by_ids(connection, [id])).get(id)


async def by_ids(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, Room]:
    """Read rooms."""
    return {row["id"]: Room(**row) for row in await _sql.by_ids(connection, ids=list(ids))}


async def by_gathering(connection: Connection, gathering_id: UUID) -> Room | None:
    """Read the room of a gathering."""
    return _room(await _sql.by_gathering(connection, gathering_id=gathering_id))


async def lock(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, Room]:
    """Read rooms and let nobody else write in them until COMMIT."""
    return {row["id"]: Room(**row) for row in await _sql.lock(connection, ids=list(ids))}


async def update(connection: Connection, room: Room, now: datetime) -> Room:
    """Write the new state of a room that is locked."""
    return Room(
        **await _sql.update(
            connection,
            id=room.id,
            title=room.title,
            opens_at=room.opens_at,
            closes_at=room.closes_at,
            slow_seconds=room.slow_seconds,
            hold=room.hold,
            locked=room.locked,
            archived_at=room.archived_at,
            now=now,
        )
    )


async def roles(connection: Connection, wanted: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Role]:
    """Read the places of (room, person) pairs; who is on no list is absent."""
    rows = await _sql.roles(
        connection, rooms=[room for room, _ in wanted], people=[person for _, person in wanted]
    )
    return {(row["room_id"], row["person_id"]): row["role"] for row in rows}


async def members(connection: Connection, room_id: UUID, most: int) -> list[Member]:
    """Read a room's list."""
    return [Member(**row) for row in await _sql.members(connection, room_id=room_id, most=most)]


async def count_members(connection: Connection, room_id: UUID) -> int:
    """Count a room's list."""
    return int(await _sql.count_members(connection, room_id=room_id))


async def add_members(
    connection: Connection, room_id: UUID, people: Sequence[UUID], role: Role, now: datetime
) -> list[UUID]:
    """Put people on a room's list."""
    rows = await _sql.add_members(connection, room_id=room_id, people=list(people), role=role, now=now)
    return [row["person_id"] for row in rows]


async def remove_member(connection: Connection, room_id: UUID, person_id: UUID) -> bool:
    """Take somebody off a room's list; tell whether they were on it."""
    return bool(await _sql.remove_member(connection, room_id=room_id, person_id=person_id))


async def open_now(connection: Connection, kinds: Sequence[Kind], since: datetime, most: int) -> list[Room]:
    """Read rooms of these kinds that have not closed before a moment."""
    rows = await _sql.open_now(connection, kinds=list(kinds), since=since, most=most)
    return [Room(**row) for row in rows]


async def invited_to(connection: Connection, person_id: UUID, most: int) -> list[Room]:
    """Read the rooms on whose list somebody is."""
    return [Room(**row) for row in await _sql.invited_to(connection, person_id=person_id, most=most)]


async def reads(connection: Connection, person_id: UUID, rooms: Iterable[UUID]) -> Mapping[UUID, int]:
    """Read how far somebody has read in these rooms; where they never were is absent."""
    rows = await _sql.reads(connection, person_id=person_id, rooms=list(rooms))
    return {row["room_id"]: row["number"] for row in rows}


async def mark_read(
    connection: Connection, person_id: UUID, room_id: UUID, number: int, now: datetime
) -> int:
    """Move a mark forward; return where it stands."""
    return int(await _sql.mark_read(connection, person_id=person_id, room_id=room_id, number=number, now=now))


async def settings(connection: Connection) -> RoomSettings:
    """Read what holds in all rooms."""
    row = await _sql.settings(connection)
    return RoomSettings() if row is None else RoomSettings(**row)


async def put_settings(connection: Connection, settings: RoomSettings) -> None:
    """Replace what holds in all rooms."""
    await _sql.put_settings(connection, host_label=settings.host_label, keep_days=settings.keep_days)


async def forget(connection: Connection, person_id: UUID) -> None:
    """Forget how far somebody has read, and take them off every list."""
    await _sql.forget_reads(connection, person_id=person_id)
    await _sql.forget_member(connection, person_id=person_id)


async def hand_over(connection: Connection, before: UUID, after: UUID) -> None:
    """Let a person have read as far as another account of theirs, which is forgotten."""
    await _sql.hand_over_reads(connection, before=before, after=after)
    await _sql.forget_reads(connection, person_id=before)
