"""Alarms' rows: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from server.domains.alarms.models import About, Alarm, AlarmKind
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


def _alarm(row: Mapping[str, Any]) -> Alarm:
    return Alarm(**{**row, "told": tuple(row["told"])})


async def insert(
    connection: Connection,
    kind: AlarmKind,
    about: About,
    subject: UUID | None,
    told: Sequence[UUID],
    now: datetime,
) -> Alarm | None:
    """Ring; None when the same rings already."""
    row = await _sql.insert(connection, kind=kind, about=about, subject=subject, told=list(told), now=now)
    return None if row is None else _alarm(row)


async def spare(
    connection: Connection, kind: AlarmKind, about: About, subject: UUID | None, apart: Iterable[UUID]
) -> None:
    """Take off what rings about this whom it has turned out to be about."""
    if apart := list(apart):
        await _sql.spare(connection, kind=kind, about=about, subject=subject, apart=apart)


async def lock(connection: Connection, id: UUID) -> Alarm | None:
    """Read an alarm and let nobody else see to it until COMMIT."""
    row = await _sql.lock(connection, id=id)
    return None if row is None else _alarm(row)


async def ringing_about(connection: Connection, about: About, subject: UUID) -> list[Alarm]:
    """Read what rings about something, and let nobody else see to it until COMMIT."""
    return [_alarm(row) for row in await _sql.ringing_about(connection, about=about, subject=subject)]


async def see(connection: Connection, id: UUID, by: UUID | None, name: str, now: datetime) -> Alarm:
    """Note that somebody has seen to it."""
    return _alarm(await _sql.see(connection, id=id, by=by, name=name, now=now))


async def ringing(
    connection: Connection, person_id: UUID | None, most: int, *, leader: bool, closed: Iterable[About]
) -> list[Alarm]:
    """Read what rings for one person; for a leader also what others were called for, but of `closed`."""
    rows = await _sql.ringing(connection, person_id=person_id, most=most, leader=leader, closed=list(closed))
    return [_alarm(row) for row in rows]


async def last_of(connection: Connection, kind: AlarmKind, about: About) -> datetime | None:
    """Read when something of this kind rang last."""
    at: datetime | None = await _sql.last_of(connection, kind=kind, about=about)
    return at


async def trim(connection: Connection, before: datetime) -> None:
    """Forget what was seen to long ago."""
    await _sql.trim(connection, before=before)


async def forget(connection: Connection, person_id: UUID) -> None:
    """Take one person off."""
    await _sql.forget(connection, person_id=person_id)
