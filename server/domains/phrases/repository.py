"""Phrases' rows: the only user of this slice's queries."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from server.domains.phrases.models import Phrase
from server.domains.phrases.schemas import PhraseBody
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


def _columns(body: PhraseBody) -> dict[str, object]:
    return {name: getattr(body, name) for name in PhraseBody.__struct_fields__}


async def all_of(connection: Connection, most: int) -> list[Phrase]:
    """Read all phrases by their titles."""
    return [Phrase(**row) for row in await _sql.all(connection, most=most)]


async def count(connection: Connection) -> int:
    """Count the phrases."""
    return int(await _sql.count(connection))


async def insert(connection: Connection, body: PhraseBody, now: datetime) -> Phrase:
    """Keep a phrase."""
    return Phrase(**await _sql.insert(connection, now=now, **_columns(body)))


async def update(connection: Connection, id: UUID, body: PhraseBody, now: datetime) -> Phrase | None:
    """Replace a phrase."""
    row = await _sql.update(connection, id=id, now=now, **_columns(body))
    return None if row is None else Phrase(**row)


async def delete(connection: Connection, id: UUID) -> bool:
    """Throw a phrase away; return whether it was there."""
    return await _sql.delete(connection, id=id) is not None
