"""Shifts' rows and who is here: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from server.domains.rota.models import Present, Shift
from server.domains.rota.schemas import Plan
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


def _shift(row: Mapping[str, Any]) -> Shift:
    return Shift(**{**row, "languages": tuple(row["languages"])})


def _columns(plan: Plan) -> dict[str, object]:
    columns = {name: getattr(plan, name) for name in Plan.__struct_fields__ if name != "person"}
    return columns | {"person_id": plan.person}


async def insert(connection: Connection, plan: Plan, now: datetime) -> Shift:
    """Add a shift."""
    return _shift(await _sql.insert(connection, now=now, **_columns(plan)))


async def lock(connection: Connection, id: UUID) -> Shift | None:
    """Read a shift that is to be changed."""
    row = await _sql.lock(connection, id=id)
    return None if row is None else _shift(row)


async def update(connection: Connection, id: UUID, plan: Plan) -> Shift:
    """Write the new state of a locked shift."""
    return _shift(await _sql.update(connection, id=id, **_columns(plan)))


async def delete(connection: Connection, id: UUID) -> UUID | None:
    """Take a shift away; return whose it was."""
    row = await _sql.delete(connection, id=id)
    return None if row is None else row["person_id"]


async def between(connection: Connection, since: datetime, until: datetime, most: int) -> Sequence[Shift]:
    """Read the shifts that may happen in a span of time."""
    return [_shift(row) for row in await _sql.between(connection, since=since, until=until, most=most)]


async def count(connection: Connection) -> int:
    """Count the shifts."""
    return int(await _sql.count(connection))


async def here(connection: Connection, now: datetime) -> Sequence[Present]:
    """Read who is here now."""
    rows = await _sql.here(connection, now=now)
    return [Present(**{**row, "languages": tuple(row["languages"])}) for row in rows]


async def come(connection: Connection, present: Present) -> bool:
    """Write that somebody is here; return whether they were not before."""
    return bool(
        await _sql.come(
            connection,
            person_id=present.person_id,
            name=present.name,
            languages=list(present.languages),
            now=present.here_since,
            here_until=present.here_until,
        )
    )


async def go(connection: Connection, person_id: UUID) -> bool:
    """Write that somebody is gone; return whether they were here."""
    return await _sql.go(connection, person_id=person_id) is not None


async def trim(connection: Connection, now: datetime, before: datetime) -> None:
    """Forget what is over."""
    await _sql.trim(connection, now=now, before=before)


async def forget(connection: Connection, person_id: UUID) -> None:
    """Forget one person."""
    await _sql.forget_shifts(connection, person_id=person_id)
    await _sql.go(connection, person_id=person_id)
