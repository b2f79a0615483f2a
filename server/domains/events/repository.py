"""Gatherings' rows: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from server.domains.events.models import Gathering
from server.domains.events.schemas import Plan
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


def _gathering(row: asyncpg.Record | None) -> Gathering | None:
    return None if row is None else Gathering(**row)


def _columns(plan: Plan) -> dict[str, object]:
    return {name: getattr(plan, name) for name in Plan.__struct_fields__}


async def insert(connection: Connection, plan: Plan, now: datetime) -> Gathering:
    """Add a gathering."""
    return Gathering(**await _sql.insert(connection, now=now, **_columns(plan)))


async def by_id(connection: Connection, id: UUID) -> Gathering | None:
    """Read one gathering."""
    return _gathering(await _sql.by_id(connection, id=id))


async def lock(connection: Connection, id: UUID) -> Gathering | None:
    """Read one gathering and keep others from changing it."""
    return _gathering(await _sql.lock(connection, id=id))


async def update(connection: Connection, id: UUID, plan: Plan, now: datetime) -> Gathering:
    """Write the new state of a gathering that is locked."""
    return Gathering(**await _sql.update(connection, id=id, now=now, **_columns(plan)))


async def cancel(connection: Connection, id: UUID, now: datetime) -> Gathering:
    """Take a gathering off that is locked."""
    return Gathering(**await _sql.cancel(connection, id=id, now=now))


async def page(
    connection: Connection, *, since: datetime, starts_at: datetime, id: UUID, most: int
) -> Sequence[Gathering]:
    """Read gatherings in order of their start, after (starts_at, id)."""
    rows = await _sql.page(connection, since=since, starts_at=starts_at, id=id, most=most)
    return [Gathering(**row) for row in rows]


async def current(connection: Connection, now: datetime) -> Gathering | None:
    """Read the gathering whose doors are open."""
    return _gathering(await _sql.current(connection, now=now))


async def following(connection: Connection, now: datetime) -> Gathering | None:
    """Read the gathering that comes next."""
    return _gathering(await _sql.following(connection, now=now))
