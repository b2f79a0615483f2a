"""Rows of sessions: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from server.domains.sessions.models import Ended, Kind, Session
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


async def insert(
    connection: Connection,
    *,
    kind: Kind,
    guest_id: UUID | None,
    person_id: UUID | None,
    seed: bytes,
    device: str,
    place: bytes | None,
    site: str,
    strong: bool,
    life: timedelta,
) -> Session:
    """Begin a session."""
    row = await _sql.insert(
        connection,
        kind=kind,
        guest_id=guest_id,
        person_id=person_id,
        seed=seed,
        device=device,
        place=place,
        site=site,
        strong=strong,
        life=life,
    )
    return Session(**row)


async def by_ids(connection: Connection, ids: Sequence[UUID]) -> list[Session]:
    """Read sessions, in any order."""
    return [Session(**row) for row in await _sql.by_ids(connection, ids=list(ids))]


async def lock(connection: Connection, id: UUID) -> Session | None:
    """Read a session until COMMIT."""
    row = await _sql.lock(connection, id=id)
    return Session(**row) if row else None


async def rotate(connection: Connection, id: UUID, device: str) -> Session:
    """Move a locked session to its next refresh token."""
    return Session(**await _sql.rotate(connection, id=id, device=device))


async def touch(connection: Connection, id: UUID) -> None:
    """Write down that a session is in use."""
    await _sql.touch(connection, id=id)


async def end(connection: Connection, id: UUID, why: Ended) -> bool:
    """End one session; False when it had ended before."""
    return bool(await _sql.end(connection, id=id, why=why))


async def end_of_person(connection: Connection, person_id: UUID, why: Ended, *, but: UUID | None) -> None:
    """End a person's sessions but one."""
    await _sql.end_of_person(connection, person_id=person_id, why=why, but=but)


async def end_of_guest(connection: Connection, guest_id: UUID, why: Ended) -> None:
    """End a guest's sessions."""
    await _sql.end_of_guest(connection, guest_id=guest_id, why=why)


async def end_of_site(connection: Connection, site: str) -> Sequence[UUID]:
    """End the sessions begun on a website; return whose they were."""
    return [row["subject"] for row in await _sql.end_of_site(connection, site=site)]


async def of_person(connection: Connection, person_id: UUID) -> Sequence[Session]:
    """Read a person's open sessions."""
    return [Session(**row) for row in await _sql.of_person(connection, person_id=person_id)]


async def known_place(connection: Connection, person_id: UUID, place: bytes) -> bool:
    """Tell whether a person signed in from this place lately."""
    return bool(await _sql.known_place(connection, person_id=person_id, place=place))


async def trim(connection: Connection) -> int:
    """Forget at most 1,000 sessions that expired long ago; return how many."""
    return int(await _sql.trim(connection))
