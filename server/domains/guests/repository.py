"""Rows of guests: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from server.domains.guests.errors import NoSuchGuest
from server.domains.guests.models import Guest
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


async def insert(connection: Connection, *, nickname: str, consent: str, site: str, locale: str) -> Guest:
    """Welcome a guest."""
    return Guest(
        **await _sql.insert(connection, nickname=nickname, consent=consent, site=site, locale=locale)
    )


async def by_ids(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Guest]:
    """Read guests."""
    return {row["id"]: Guest(**row) for row in await _sql.by_ids(connection, ids=list(ids))}


async def rename(connection: Connection, id: UUID, nickname: str) -> Guest:
    """Let a guest go by another nickname; raise NoSuchGuest."""
    row = await _sql.rename(connection, id=id, nickname=nickname)
    if row is None:
        raise NoSuchGuest()
    return Guest(**row)


async def become(connection: Connection, id: UUID, person_id: UUID) -> bool:
    """Write down who the guest turned out to be; False when that was known already."""
    return bool(await _sql.become(connection, id=id, person_id=person_id))
