"""Sealed words: the only user of this slice's queries."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


async def put(connection: Connection, room_id: UUID, box: bytes, now: datetime) -> None:
    """Keep sealed words."""
    await _sql.put(connection, room_id=room_id, box=box, now=now)


async def read(connection: Connection, room_id: UUID) -> bytes | None:
    """Read sealed words."""
    box: bytes | None = await _sql.read(connection, room_id=room_id)
    return box


async def delete(connection: Connection, room_id: UUID) -> None:
    """Throw sealed words away."""
    await _sql.delete(connection, room_id=room_id)
