"""Rows of identities that websites vouch for: the only user of this slice's queries."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


async def identity(connection: Connection, issuer: str, subject: str) -> UUID | None:
    """Read who a visitor is; nobody else decides about the same one before COMMIT."""
    await _sql.lock_identity(connection, issuer=issuer, subject=subject)
    person_id: UUID | None = await _sql.identity(connection, issuer=issuer, subject=subject)
    return person_id


async def insert_identity(connection: Connection, issuer: str, subject: str, person_id: UUID) -> None:
    """Remember who a visitor is."""
    await _sql.insert_identity(connection, issuer=issuer, subject=subject, person_id=person_id)


async def use_token(connection: Connection, token_hash: bytes, expires_at: int) -> bool:
    """Use up an identity token; False when it was used before. `expires_at` is Unix seconds."""
    return bool(await _sql.use_token(connection, token_hash=token_hash, expires_at=expires_at))


async def trim(connection: Connection) -> int:
    """Forget used tokens that nobody would take any more; return how many."""
    return int(await _sql.trim(connection))
