"""Reactions' rows: the only user of this slice's queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from server.domains.reactions.models import Change, Counted
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


async def write(
    connection: Connection, changes: Sequence[Change], now: datetime
) -> Counter[tuple[UUID, str]]:
    """Give and take reactions; return by how much each (subject, emoji) moved. A repeated change moves nothing."""
    given, taken = _columns(changes, on=True), _columns(changes, on=False)
    moved: Counter[tuple[UUID, str]] = Counter()
    if given["subjects"]:
        for row in await _sql.give(connection, now=now, **given):
            moved[row["subject"], row["emoji"]] += 1
    if taken["subjects"]:
        for row in await _sql.take(connection, **taken):
            moved[row["subject"], row["emoji"]] -= 1
    return moved


async def take_all(connection: Connection, person_id: UUID) -> Counter[tuple[UUID, str]]:
    """Take back everything one person gave; return by how much each (subject, emoji) moved."""
    rows = await _sql.take_all(connection, person_id=person_id)
    return Counter({(row["subject"], row["emoji"]): -1 for row in rows})


async def hand_over(connection: Connection, before: UUID, after: UUID) -> Counter[tuple[UUID, str]]:
    """Let what one account of a person gave be another's; return by how much each (subject, emoji) moved."""
    rows = await _sql.take_doubles(connection, before=before, after=after)
    await _sql.hand_over(connection, before=before, after=after)
    return Counter({(row["subject"], row["emoji"]): -1 for row in rows})


async def count(connection: Connection, moved: Counter[tuple[UUID, str]]) -> None:
    """Move the totals."""
    ordered = sorted((subject, emoji, by) for (subject, emoji), by in moved.items() if by)
    await _sql.count(
        connection,
        subjects=[subject for subject, _, _ in ordered],
        emoji=[emoji for _, emoji, _ in ordered],
        deltas=[by for _, _, by in ordered],
    )


async def totals(connection: Connection, subjects: Sequence[UUID]) -> dict[UUID, Counted]:
    """Read totals; a subject nobody ever reacted to is absent, one down to nothing is empty."""
    found: dict[UUID, Counted] = {}
    for row in await _sql.totals(connection, subjects=list(subjects)):
        counted = found.setdefault(row["subject"], Counted({}, row["version"]))
        if row["count"] > 0:
            counted.totals[row["emoji"]] = row["count"]
    return found


async def given_by(
    connection: Connection, person_id: UUID, subjects: Sequence[UUID]
) -> dict[UUID, list[str]]:
    """Read what one person gave to these subjects."""
    found: dict[UUID, list[str]] = {}
    for row in await _sql.given_by(connection, person_id=person_id, subjects=list(subjects)):
        found.setdefault(row["subject"], []).append(row["emoji"])
    return found


async def given_to(connection: Connection, subject: UUID, most: int) -> list[tuple[UUID, str]]:
    """Read who gave what to one subject."""
    rows = await _sql.given_to(connection, subject=subject, most=most)
    return [(row["person_id"], row["emoji"]) for row in rows]


async def drop(connection: Connection, subjects: Sequence[UUID]) -> None:
    """Forget everything about these subjects."""
    await _sql.drop_given(connection, subjects=list(subjects))
    await _sql.drop_totals(connection, subjects=list(subjects))


def _columns(changes: Sequence[Change], *, on: bool) -> dict[str, list[Any]]:
    picked = [change for change in changes if change.on is on]
    return {
        "subjects": [change.subject for change in picked],
        "people": [change.person for change in picked],
        "emoji": [change.emoji for change in picked],
    }
