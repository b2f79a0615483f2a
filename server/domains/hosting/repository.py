"""Reports' rows: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from server.domains.hosting.models import Report
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


async def report(connection: Connection, report: Report) -> None:
    """Write a report, or change the reason of the one that is there."""
    await _sql.report(
        connection,
        message_id=report.message_id,
        room_id=report.room_id,
        reporter_id=report.reporter_id,
        reason=report.reason,
        note=report.note,
        now=report.at,
    )


async def reports(
    connection: Connection, rooms: Iterable[UUID], after: tuple[datetime, UUID], most: int
) -> list[Report]:
    """Read the reports nobody has decided about, oldest first."""
    at, id = after
    rows = await _sql.reports(connection, rooms=list(rooms), at=at, id=id, most=most)
    return [Report(**row) for row in rows]


async def reports_of(connection: Connection, ids: Sequence[UUID]) -> list[Report]:
    """Read the reports of messages that nobody has decided about."""
    return [Report(**row) for row in await _sql.reports_of(connection, ids=list(ids))]


async def close_reports(connection: Connection, ids: Sequence[UUID], now: datetime) -> int:
    """Note that hosts have looked; return how many reports were open."""
    return int(await _sql.close_reports(connection, ids=list(ids), now=now))


async def reopen_reports(connection: Connection, id: UUID, since: datetime) -> int:
    """Put reports that were closed since a moment in front of hosts again; return how many."""
    return int(await _sql.reopen_reports(connection, id=id, since=since))


async def forget(connection: Connection, person_id: UUID) -> None:
    """Forget the reports of one person."""
    await _sql.forget_reporter(connection, person_id=person_id)
