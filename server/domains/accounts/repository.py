"""Rows of accounts: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from server.domains.accounts.errors import EmailTaken, NoSuchPerson
from server.domains.accounts.models import Person, Standing, Status
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


def _person(row: Mapping[str, Any]) -> Person:
    return Person(**{**row, "roles": frozenset(row["roles"])})


def _maybe(row: Mapping[str, Any] | None) -> Person | None:
    return None if row is None else _person(row)


def _found(row: Mapping[str, Any] | None) -> Person:
    if row is None:
        raise NoSuchPerson()
    return _person(row)


async def insert(
    connection: Connection,
    *,
    id: UUID | None,
    email: str | None,
    name: str,
    locale: str,
    roles: frozenset[str],
    password_hash: str | None,
) -> Person:
    """Open an account; raise EmailTaken."""
    try:
        row = await _sql.insert(
            connection,
            id=id,
            email=email,
            name=name,
            locale=locale,
            roles=sorted(roles),
            password_hash=password_hash,
        )
    except asyncpg.UniqueViolationError:
        raise EmailTaken() from None
    return _person(row)


async def by_id(connection: Connection, id: UUID) -> Person:
    """Read one account; raise NoSuchPerson."""
    return _found(await _sql.by_id(connection, id=id))


async def by_email(connection: Connection, email: str) -> Person | None:
    """Read the account with this address."""
    return _maybe(await _sql.by_email(connection, email=email))


async def lock(connection: Connection, id: UUID) -> Person:
    """Read one account until COMMIT; raise NoSuchPerson."""
    return _found(await _sql.lock(connection, id=id))


async def standings(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """Read accounts and from when on their sessions count."""
    found: dict[UUID, Standing] = {}
    for row in await _sql.standings(connection, ids=list(ids)):
        values = dict(row)
        sessions_from, kept_session = values.pop("sessions_from"), values.pop("kept_session")
        found[row["id"]] = Standing(_person(values), sessions_from, kept_session)
    return found


async def with_hash(connection: Connection, email: str) -> tuple[Person | None, str | None]:
    """Read the account with this address and its password hash; two nulls when there is none."""
    row = await _sql.with_hash(connection, email=email)
    if row is None:
        return None, None
    values = dict(row)
    hashed = values.pop("password_hash")
    return _person(values), hashed


async def hash_by_id(connection: Connection, id: UUID) -> str | None:
    """Read the password hash; nobody changes it before COMMIT."""
    row = await _sql.hash_by_id(connection, id=id)
    return row["password_hash"] if row else None


async def page(connection: Connection, *, after: UUID, most: int, staff: bool) -> Sequence[Person]:
    """Read accounts in the order they were opened."""
    query = _sql.staff if staff else _sql.page
    return [_person(row) for row in await query(connection, after=after, most=most)]


async def lock_owners(connection: Connection) -> frozenset[UUID]:
    """Read the active owners until COMMIT."""
    return frozenset(row["id"] for row in await _sql.lock_owners(connection))


async def set_roles(connection: Connection, id: UUID, roles: frozenset[str]) -> Person:
    """Replace roles; raise NoSuchPerson."""
    return _found(await _sql.set_roles(connection, id=id, roles=sorted(roles)))


async def set_status(connection: Connection, id: UUID, status: Status) -> Person:
    """Suspend or resume; raise NoSuchPerson."""
    return _found(await _sql.set_status(connection, id=id, status=status))


async def set_profile(connection: Connection, id: UUID, *, name: str, locale: str) -> Person:
    """Change name and language; raise NoSuchPerson."""
    return _found(await _sql.set_profile(connection, id=id, name=name, locale=locale))


async def set_email(connection: Connection, id: UUID, email: str) -> Person:
    """Change the address; raise EmailTaken or NoSuchPerson."""
    try:
        return _found(await _sql.set_email(connection, id=id, email=email))
    except asyncpg.UniqueViolationError:
        raise EmailTaken() from None


async def set_password(
    connection: Connection, id: UUID, password_hash: str, *, kept_session: UUID | None
) -> None:
    """Change the password and end all sessions but one."""
    await _sql.set_password(connection, id=id, password_hash=password_hash, kept_session=kept_session)


async def rehash(connection: Connection, id: UUID, *, before: str, password_hash: str) -> None:
    """Store the same password with today's parameters."""
    await _sql.rehash(connection, id=id, before=before, password_hash=password_hash)


async def end_sessions(connection: Connection, id: UUID, *, kept_session: UUID | None) -> None:
    """End all sessions but one."""
    await _sql.end_sessions(connection, id=id, kept_session=kept_session)
