"""Rows of links: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from server.domains.links.models import Kind, Link
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


def _link(row: Mapping[str, Any]) -> Link:
    return Link(**{**row, "roles": frozenset(row["roles"])})


async def insert(
    connection: Connection,
    *,
    kind: Kind,
    token_hash: bytes,
    email: str,
    life: timedelta,
    person_id: UUID | None = None,
    name: str = "",
    locale: str = "en",
    roles: frozenset[str] = frozenset(),
    invited_by: UUID | None = None,
) -> Link:
    """Remember a link; the ones of its kind that the address was sent before are over."""
    await _sql.replace(connection, email=email, kind=kind, person_id=person_id)
    row = await _sql.insert(
        connection,
        kind=kind,
        token_hash=token_hash,
        email=email,
        person_id=person_id,
        name=name,
        locale=locale,
        roles=sorted(roles),
        invited_by=invited_by,
        life=life,
    )
    return _link(row)


async def open_by_hash(connection: Connection, kind: Kind, token_hash: bytes) -> Link | None:
    """Read an open link."""
    row = await _sql.open_by_hash(connection, kind=kind, token_hash=token_hash)
    return _link(row) if row else None


async def use(connection: Connection, kind: Kind, token_hash: bytes) -> Link | None:
    """Use up an open link; None when it is over."""
    row = await _sql.use(connection, kind=kind, token_hash=token_hash)
    return _link(row) if row else None


async def end_of_person(connection: Connection, person_id: UUID) -> None:
    """End all open links that concern a person's account."""
    await _sql.end_of_person(connection, person_id=person_id)


async def invitations(connection: Connection, *, after: UUID, most: int) -> Sequence[Link]:
    """Read open invitations in the order they were sent."""
    return [_link(row) for row in await _sql.invitations(connection, after=after, most=most)]


async def lock_invitation(connection: Connection, id: UUID) -> Link | None:
    """Read an open invitation until COMMIT."""
    row = await _sql.lock_invitation(connection, id=id)
    return _link(row) if row else None


async def end(connection: Connection, id: UUID) -> None:
    """End a link."""
    await _sql.end(connection, id=id)


async def trim(connection: Connection) -> int:
    """Forget links that were over long ago; return how many."""
    return int(await _sql.trim(connection))
