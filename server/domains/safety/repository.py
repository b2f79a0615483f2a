"""Bans, restraints, rules and blocks as rows: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from server.domains.safety.models import Ban, Lock, MarkKind, Restraint, RestraintKind, Rules, Standing
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)

Mark = tuple[MarkKind, bytes]


class Found(msgspec.Struct, frozen=True):
    """What restrains a person, and which marks of theirs were not seen today."""

    standing: Standing
    fresh: frozenset[bytes]


class Memory(msgspec.Struct, frozen=True):
    """What a process remembers of a church: marks that keep out, who is restrained, whether only hosts may write."""

    bans: dict[bytes, datetime | None]
    people: dict[UUID, Found]
    locked: bool


class State(msgspec.Struct, frozen=True):
    """What decides over words at one moment; `rules` is None when the version is the one the reader knows.

    Who is restrained by nothing and was seen today is not among `people`.
    """

    version: int
    locked: bool
    rules: Rules | None
    people: dict[UUID, Found]


def _rules(text: str | None) -> Rules | None:
    return None if text is None else msgspec.json.decode(text, type=Rules)


async def read_church(connection: Connection) -> tuple[Lock, Rules]:
    """Read lockdown and rules; a church without a row has the defaults."""
    row = await _sql.read_church(connection)
    if row is None:
        return Lock(), Rules()
    return Lock(row["locked_at"], row["locked_by"]), _rules(row["rules"]) or Rules()


async def move_church(connection: Connection) -> None:
    """Wait for those who write under the old state, and keep new ones out until COMMIT."""
    await _sql.close(connection)
    if not await _sql.move_church(connection):
        await _sql.make_church(connection)
        await _sql.move_church(connection)


async def set_rules(connection: Connection, rules: Rules) -> None:
    """Replace the rules of a church whose row is there."""
    await _sql.set_rules(connection, rules=msgspec.json.encode(rules).decode())


async def set_lock(connection: Connection, at: datetime | None, by: str | None) -> Lock:
    """Close or open for all but hosts."""
    return Lock(**await _sql.set_lock(connection, at=at, by=by))


async def share(
    connection: Connection, marks: Mapping[UUID, Sequence[Mark]], known: int, now: datetime
) -> State:
    """Read what decides over these people's words, in one statement, and keep it so until COMMIT."""
    await _sql.share(connection)
    flat = [(person, kind, value) for person, of in marks.items() for kind, value in of]
    rows = await _sql.state(
        connection,
        people=list(marks),
        owners=[person for person, _, _ in flat],
        kinds=[kind for _, kind, _ in flat],
        values=[value for _, _, value in flat],
        known=known,
        now=now,
    )
    people = {row["person"]: _found(row) for row in rows if row["person"] is not None}
    church = rows[0]
    if church["version"] is None:  # nothing was ever set
        return State(0, False, Rules(), people)
    return State(church["version"], church["locked"], _rules(church["rules"]), people)


def _found(row: asyncpg.Record) -> Found:
    standing = Standing(row["banned"], row["banned_until"], row["timeout_until"], row["shadow"])
    return Found(standing, frozenset(row["fresh"] or ()))


async def trace(connection: Connection, seen: Sequence[tuple[UUID, MarkKind, bytes]], now: datetime) -> None:
    """Remember what people were recognised by."""
    ordered = sorted(set(seen))
    await _sql.trace(
        connection,
        people=[person for person, _, _ in ordered],
        kinds=[kind for _, kind, _ in ordered],
        values=[value for _, _, value in ordered],
        now=now,
    )


async def traces_of(connection: Connection, person_id: UUID) -> list[Mark]:
    """Read what a person was recognised by lately, newest first."""
    rows = await _sql.traces_of(connection, person_id=person_id)
    return [(row["kind"], row["value"]) for row in rows]


async def people_of(connection: Connection, values: Sequence[bytes], person_id: UUID) -> list[UUID]:
    """Read who else was recognised by the same."""
    rows = await _sql.people_of(connection, values=list(values), person_id=person_id)
    return [row["person_id"] for row in rows]


async def remember(connection: Connection, now: datetime, most: int) -> Memory:
    """Read what the door and what only passes are judged by; of marks and restraints at most so many."""
    lock, _ = await read_church(connection)
    people = await restrained(connection, now, most)
    return Memory(await in_force(connection, now, most), people, lock.locked_at is not None)


async def in_force(connection: Connection, now: datetime, most: int) -> dict[bytes, datetime | None]:
    """Read every mark that keeps somebody out, with its end; None is for good."""
    found: dict[bytes, datetime | None] = {}
    for row in await _sql.in_force(connection, now=now, most=most):
        value, until = row["value"], row["expires_at"]
        before = found.get(value, now)
        found[value] = None if before is None or until is None else max(before, until)
    return found


async def insert_ban(
    connection: Connection,
    *,
    person_id: UUID,
    person_name: str,
    reason: str,
    made_by: UUID | None,
    made_by_name: str,
    expires_at: datetime | None,
    marks: Sequence[Mark],
    now: datetime,
) -> Ban:
    """Write a ban with what it recognises by."""
    row = await _sql.insert_ban(
        connection,
        person_id=person_id,
        person_name=person_name,
        reason=reason,
        made_by=made_by,
        made_by_name=made_by_name,
        expires_at=expires_at,
        now=now,
    )
    kinds, values = [kind for kind, _ in marks], [value for _, value in marks]
    await _sql.insert_marks(connection, ban_id=row["id"], kinds=kinds, values=values)
    ban = await by_id(connection, row["id"])
    assert ban is not None
    return ban


async def by_id(connection: Connection, id: UUID) -> Ban | None:
    """Read one ban."""
    row = await _sql.ban(connection, id=id)
    return None if row is None else _ban(row)


async def lock_ban(connection: Connection, id: UUID) -> tuple[UUID, bool] | None:
    """Read whose ban it is and whether it was lifted, and keep others from lifting it."""
    row = await _sql.lock_ban(connection, id=id)
    return None if row is None else (row["person_id"], row["lifted_at"] is not None)


async def bans(connection: Connection, *, before: UUID, active: bool, now: datetime, most: int) -> list[Ban]:
    """Read bans, newest first."""
    rows = await _sql.bans(connection, before=before, active=active, now=now, most=most)
    return [_ban(row) for row in rows]


def _ban(row: asyncpg.Record) -> Ban:
    return Ban(**{**row, "kinds": tuple(sorted(row["kinds"]))})


async def lift(connection: Connection, id: UUID, by: str, now: datetime) -> None:
    """End a ban."""
    await _sql.lift(connection, id=id, by=by, now=now)


async def restrain(connection: Connection, restraint: Restraint) -> None:
    """Begin a timeout or shadow hold, or move its end."""
    await _sql.restrain(
        connection,
        person_id=restraint.person_id,
        kind=restraint.kind,
        person_name=restraint.person_name,
        until=restraint.until,
        by=restraint.made_by_name,
        now=restraint.made_at,
    )


async def release(connection: Connection, person_id: UUID, kind: RestraintKind) -> bool:
    """End a timeout or shadow hold; tell whether there was one."""
    return bool(await _sql.release(connection, person_id=person_id, kind=kind))


async def restraints(connection: Connection, now: datetime, most: int) -> list[Restraint]:
    """Read the timeouts and shadow holds in force."""
    return [Restraint(**row) for row in await _sql.restraints(connection, now=now, most=most)]


async def restrained(connection: Connection, now: datetime, most: int) -> dict[UUID, Found]:
    """Read the same by person."""
    people: dict[UUID, Found] = {}
    for one in await restraints(connection, now, most):
        before = people.get(one.person_id, Found(Standing(), frozenset())).standing
        change = {"timeout_until": one.until} if one.kind == "timeout" else {"shadow": True}
        people[one.person_id] = Found(msgspec.structs.replace(before, **change), frozenset())
    return people


async def restraints_of(connection: Connection, person_id: UUID, now: datetime) -> list[Restraint]:
    """Read what restrains one person."""
    rows = await _sql.restraints_of(connection, person_id=person_id, now=now)
    return [Restraint(**row) for row in rows]


async def trim(connection: Connection, traces_before: datetime, restraints_before: datetime) -> int:
    """Forget old traces and restraints that are over; return how many rows."""
    gone = await _sql.trim_traces(connection, before=traces_before)
    return int(gone) + int(await _sql.trim_restraints(connection, before=restraints_before))


async def forget(connection: Connection, person_id: UUID) -> None:
    """Forget the traces and restraints of one person."""
    await _sql.forget_traces(connection, person_id=person_id)
    await _sql.forget_restraints(connection, person_id=person_id)


async def bans_of(connection: Connection, person_id: UUID, now: datetime) -> list[UUID]:
    """Read which bans of one person are in force."""
    return [row["id"] for row in await _sql.bans_of(connection, person_id=person_id, now=now)]


async def mark_account(connection: Connection, bans: Sequence[UUID], person_id: UUID) -> None:
    """Let bans recognise one more account."""
    await _sql.mark_account(connection, bans=list(bans), value=person_id.bytes)
