"""What was kept: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


async def keep(connection: Connection, subject: UUID, act: str, sealed: bytes, now: datetime) -> None:
    """Keep what takes an act back, in place of what was kept of the subject before."""
    await _sql.keep(connection, subject=subject, act=act, sealed=sealed, now=now)


async def take(connection: Connection, subject: UUID, act: str, since: datetime) -> bytes | None:
    """Give out what was kept after a moment, once."""
    sealed: bytes | None = await _sql.take(connection, subject=subject, act=act, since=since)
    return sealed


async def drop(connection: Connection, subjects: Iterable[UUID]) -> None:
    """Forget what was kept of these subjects."""
    await _sql.drop(connection, subjects=list(subjects))


async def trim(connection: Connection, before: datetime) -> int:
    """Forget what was kept before a moment; return how much."""
    return int(await _sql.trim(connection, before=before))
