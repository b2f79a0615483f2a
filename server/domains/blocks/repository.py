"""Blocks' rows: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


async def insert(connection: Connection, blocker: UUID, blocked: UUID, now: datetime) -> bool:
    """Remember a block; tell whether it is new."""
    return bool(await _sql.insert(connection, blocker=blocker, blocked=blocked, now=now))


async def delete(connection: Connection, blocker: UUID, blocked: UUID) -> bool:
    """Forget a block; tell whether there was one."""
    return bool(await _sql.delete(connection, blocker=blocker, blocked=blocked))


async def of(connection: Connection, blockers: Sequence[UUID], most: int) -> dict[UUID, list[UUID]]:
    """Read whom each of these people blocked."""
    found: dict[UUID, list[UUID]] = {blocker: [] for blocker in blockers}
    for row in await _sql.of(connection, blockers=list(blockers), most=most):
        found[row["blocker_id"]].append(row["blocked_id"])
    return found


async def count(connection: Connection, blocker: UUID) -> int:
    """Count whom somebody blocked."""
    return int(await _sql.count(connection, blocker=blocker))


async def between(
    connection: Connection, people: Sequence[UUID], authors: Sequence[UUID]
) -> set[tuple[UUID, UUID]]:
    """Read (blocker, blocked) pairs between these people and those authors."""
    rows = await _sql.between(connection, authors=list(authors), people=list(people))
    return {(row["blocker_id"], row["blocked_id"]) for row in rows}


async def forget(connection: Connection, person_id: UUID) -> None:
    """Forget every block by or of one person."""
    await _sql.forget(connection, person_id=person_id)


async def hand_over(connection: Connection, before: UUID, after: UUID) -> list[tuple[UUID, UUID]]:
    """Let blocks by and of one account be another's; return the (blocker, blocked) pairs that are new."""
    own = await _sql.hand_over_own(connection, before=before, after=after)
    others = await _sql.hand_over_others(connection, before=before, after=after)
    await _sql.forget(connection, person_id=before)
    return [(after, row["blocked_id"]) for row in own] + [(row["blocker_id"], after) for row in others]
