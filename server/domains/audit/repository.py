"""Rows of the history: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from server.domains.audit.models import Entry, Head
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


async def lock(connection: Connection) -> None:
    """Wait until this transaction alone may add to the church's chain."""
    await _sql.lock(connection)


async def last(connection: Connection, genesis: Head) -> tuple[Head, datetime]:
    """Read the end of the chain and the database's time."""
    row = await _sql.last(connection)
    head = genesis if row["seq"] is None else Head(row["seq"], row["hash"])
    return head, row["at"]


async def insert(connection: Connection, entry: Entry) -> None:
    """Add an entry."""
    await _sql.insert(connection, **{name: getattr(entry, name) for name in Entry.__struct_fields__})


async def newest(
    connection: Connection,
    *,
    before: int,
    most: int,
    actor_id: UUID | None,
    subject: str | None,
    action: str | None,
) -> Sequence[Entry]:
    """Read entries newest first."""
    rows = await _sql.newest(
        connection, before=before, most=most, actor_id=actor_id, subject=subject, action=action
    )
    return [Entry(**row) for row in rows]


async def oldest(connection: Connection, *, after: int, most: int) -> Sequence[Entry]:
    """Read entries in the order of the chain."""
    return [Entry(**row) for row in await _sql.oldest(connection, after=after, most=most)]
