"""Marks, totals and followers: the only user of this slice's queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)

Marked = tuple[UUID, bytes]


async def pray(connection: Connection, given: Sequence[Marked], now: datetime) -> dict[UUID, int]:
    """Write marks; return the new totals of the subjects that moved."""
    rows = await _sql.pray(connection, **_columns(given), today=now.date())
    moved = Counter(row["subject"] for row in rows)
    if not moved:
        return {}
    subjects = sorted(moved)
    more = [moved[subject] for subject in subjects]
    rows = await _sql.count(connection, subjects=subjects, more=more, now=now)
    return {row["subject"]: row["prayed"] for row in rows}


async def totals(connection: Connection, subjects: Sequence[UUID]) -> dict[UUID, int]:
    """Read totals."""
    return {row["subject"]: row["prayed"] for row in await _sql.totals(connection, subjects=list(subjects))}


async def prayed_by(connection: Connection, given: Sequence[Marked]) -> set[UUID]:
    """Read the subjects of those marks that are there."""
    return {row["subject"] for row in await _sql.prayed_by(connection, **_columns(given))}


async def prayed_since(connection: Connection, day: date) -> int:
    """Count prayers since a day."""
    return int(await _sql.prayed_since(connection, day=day))


async def follow(connection: Connection, subject: UUID, person_id: UUID, now: datetime) -> None:
    """Let somebody hear of a subject."""
    await _sql.follow(connection, subject=subject, person_id=person_id, now=now)


async def count_following(connection: Connection, person_id: UUID) -> int:
    """Count what somebody follows."""
    return int(await _sql.count_following(connection, person_id=person_id))


async def unfollow(connection: Connection, subject: UUID, person_id: UUID) -> None:
    """Let somebody hear of a subject no more."""
    await _sql.unfollow(connection, subject=subject, person_id=person_id)


async def following(connection: Connection, person_id: UUID, subjects: Sequence[UUID]) -> set[UUID]:
    """Read which of these subjects somebody follows."""
    rows = await _sql.following(connection, person_id=person_id, subjects=list(subjects))
    return {row["subject"] for row in rows}


async def followers(connection: Connection, subject: UUID, after: UUID, most: int) -> list[UUID]:
    """Read who follows a subject."""
    rows = await _sql.followers(connection, subject=subject, after=after, most=most)
    return [row["person_id"] for row in rows]


async def drop(connection: Connection, subjects: Iterable[UUID]) -> None:
    """Forget everything about these subjects."""
    gone = list(subjects)
    await _sql.drop_prayed(connection, subjects=gone)
    await _sql.drop_totals(connection, subjects=gone)
    await _sql.drop_followers(connection, subjects=gone)


async def subjects(connection: Connection, after: UUID, most: int) -> list[UUID]:
    """Read the subjects that were prayed for."""
    return [row["subject"] for row in await _sql.subjects(connection, after=after, most=most)]


async def forget_marks(connection: Connection, given: Sequence[Marked]) -> None:
    """Take marks out; the totals stay."""
    await _sql.forget_marks(connection, **_columns(given))


async def take_over_marks(connection: Connection, marks: Sequence[tuple[UUID, bytes, bytes]]) -> None:
    """Replace marks under (subject, before) by another."""
    subjects, befores, afters = ([mark[at] for mark in marks] for at in range(3))
    await _sql.take_over_marks(connection, subjects=subjects, befores=befores, afters=afters)


async def forget_follower(connection: Connection, person_id: UUID) -> None:
    """Let somebody follow nothing."""
    await _sql.forget_follower(connection, person_id=person_id)


def _columns(given: Sequence[Marked]) -> dict[str, list[Any]]:
    return {"subjects": [subject for subject, _ in given], "marks": [mark for _, mark in given]}
