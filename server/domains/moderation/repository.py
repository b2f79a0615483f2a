"""Cases' rows and the remarks below them: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from server.domains.moderation.models import Case, Note
from server.domains.subjects.models import Kind, Look, Team
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)

_CHANGES = (
    "id",
    "team",
    "state",
    "weight",
    "subject_version",
    "claimed_by",
    "claimed_by_name",
    "claimed_until",
    "assigned_to",
    "assigned_to_name",
    "verdict",
    "decided_by",
    "decided_by_name",
    "decided_at",
)


async def lock(connection: Connection, id: UUID) -> Case | None:
    """Read a case and let nobody else change it until COMMIT."""
    row = await _sql.lock(connection, id=id)
    return None if row is None else Case(**row)


async def by_id(connection: Connection, id: UUID) -> Case | None:
    """Read a case."""
    row = await _sql.by_id(connection, id=id)
    return None if row is None else Case(**row)


async def lock_of(connection: Connection, kind: Kind, subject: UUID) -> list[Case]:
    """Read all cases of a subject and let nobody else change them until COMMIT."""
    return [Case(**row) for row in await _sql.lock_of(connection, kind=kind, subject=subject)]


async def insert(connection: Connection, kind: Kind, subject: UUID, look: Look) -> Case | None:
    """Open a case; None when somebody else has just opened it."""
    row = await _sql.insert(
        connection,
        kind=kind,
        subject=subject,
        round=look.round,
        team=look.team,
        weight=look.weight,
        subject_version=look.version,
        now=look.since,
    )
    return None if row is None else Case(**row)


async def update(connection: Connection, case: Case) -> Case:
    """Write a locked case's new state; return it with its new version."""
    return Case(**await _sql.update(connection, **{name: getattr(case, name) for name in _CHANGES}))


async def queue(
    connection: Connection,
    teams: Sequence[Team],
    *,
    kind: Kind | None,
    assigned_to: UUID | None,
    after: tuple[int, datetime, UUID],
    most: int,
) -> list[Case]:
    """Read open cases, the heaviest first, then the oldest."""
    heavier, at, id = after
    rows = await _sql.queue(
        connection,
        teams=list(teams),
        kind=kind,
        assigned_to=assigned_to,
        heavier=heavier,
        at=at,
        after=id,
        most=most,
    )
    return [Case(**row) for row in rows]


async def waiting(connection: Connection, team: Team) -> tuple[int, datetime | None]:
    """Count a team's open cases and read since when the oldest waits."""
    row = await _sql.waiting(connection, team=team)
    return row["waiting"], row["oldest_at"]


async def oldest(connection: Connection, teams: Sequence[Team]) -> datetime | None:
    """Read since when the oldest open case waits."""
    at: datetime | None = await _sql.oldest(connection, teams=list(teams))
    return at


async def add_note(
    connection: Connection, case_id: UUID, body: str, by: tuple[UUID | None, str], now: datetime
) -> Note:
    """Add a remark."""
    row = await _sql.add_note(
        connection, case_id=case_id, body=body, author_id=by[0], author_name=by[1], now=now
    )
    return Note(**row)


async def notes(connection: Connection, case_id: UUID, most: int) -> list[Note]:
    """Read the remarks below a case."""
    return [Note(**row) for row in await _sql.notes(connection, case_id=case_id, most=most)]


async def count_notes(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, int]:
    """Count the remarks below cases."""
    rows = await _sql.count_notes(connection, ids=list(ids))
    return {row["case_id"]: row["notes"] for row in rows}


async def week(connection: Connection, since: datetime) -> list[tuple[str, int, float]]:
    """Read what was decided since a moment: kind, how many, median seconds until then."""
    rows = await _sql.week(connection, since=since)
    return [(row["kind"], row["decided"], float(row["seconds"])) for row in rows]


async def trim(connection: Connection, before: datetime, most: int) -> int:
    """Forget cases that were over long ago; return how many."""
    return int(await _sql.trim(connection, before=before, most=most))


async def forget(connection: Connection, person_id: UUID) -> None:
    """Take the name of one person off."""
    await _sql.forget(connection, person_id=person_id)
    await _sql.forget_notes(connection, person_id=person_id)
