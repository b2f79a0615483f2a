"""Tasks' rows: the only user of this slice's queries."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from server.domains.followups.models import Task
from server.domains.followups.schemas import NewTask
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


async def insert(connection: Connection, task: NewTask, assigned_name: str, now: datetime) -> Task:
    """Add a task."""
    row = await _sql.insert(
        connection,
        session_id=task.session,
        request_id=task.request,
        title=task.title,
        note=task.note,
        assigned_to=task.assigned_to,
        assigned_name=assigned_name,
        due_on=task.due_on,
        now=now,
    )
    return Task(**row)


async def page(
    connection: Connection, *, done: bool, person_id: UUID | None, after: UUID, most: int
) -> list[Task]:
    """Read tasks in the order they were made."""
    rows = await _sql.page(connection, done=done, person_id=person_id, after=after, most=most)
    return [Task(**row) for row in rows]


async def finish(connection: Connection, id: UUID, at: datetime | None, by: str) -> Task | None:
    """Note that a task is done, or is not yet."""
    row = await _sql.finish(connection, id=id, at=at, by=by)
    return None if row is None else Task(**row)


async def forget(connection: Connection, person_id: UUID) -> None:
    """Take somebody's name off."""
    await _sql.forget_person(connection, person_id=person_id)
