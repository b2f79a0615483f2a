"""Rows of keys: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from server.domains.keys.errors import KidTaken
from server.domains.keys.models import Algorithm, ApiKey, HostKey
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


def _api(row: Mapping[str, Any]) -> ApiKey:
    return ApiKey(**{**row, "scopes": frozenset(row["scopes"])})


async def insert_api(
    connection: Connection,
    *,
    name: str,
    secret_hash: bytes,
    hint: str,
    scopes: frozenset[str],
    created_by: UUID | None,
    expires_at: datetime | None,
) -> ApiKey:
    """Add an API key."""
    return _api(
        await _sql.insert_api(
            connection,
            name=name,
            secret_hash=secret_hash,
            hint=hint,
            scopes=sorted(scopes),
            created_by=created_by,
            expires_at=expires_at,
        )
    )


async def api_by_hash(connection: Connection, secret_hash: bytes) -> ApiKey | None:
    """Read the API key with this hash."""
    row = await _sql.api_by_hash(connection, secret_hash=secret_hash)
    return _api(row) if row else None


async def api_by_id(connection: Connection, id: UUID) -> ApiKey | None:
    """Read one API key."""
    row = await _sql.api_by_id(connection, id=id)
    return _api(row) if row else None


async def api_page(connection: Connection, *, after: UUID, most: int) -> Sequence[ApiKey]:
    """Read API keys in the order they were made."""
    return [_api(row) for row in await _sql.api_page(connection, after=after, most=most)]


async def revoke_api(connection: Connection, id: UUID) -> bool:
    """Revoke an API key; False when there is none that counts."""
    return bool(await _sql.revoke_api(connection, id=id))


async def api_of(connection: Connection, maker: UUID) -> Sequence[UUID]:
    """Read which API keys of one maker were not revoked."""
    return [row["id"] for row in await _sql.api_of(connection, created_by=maker)]


async def revoke_api_of(connection: Connection, maker: UUID) -> Sequence[UUID]:
    """Revoke every API key of one maker; return those that counted until now, in the order they were made."""
    return sorted([row["id"] for row in await _sql.revoke_api_of(connection, created_by=maker)])


async def touch_api(connection: Connection, id: UUID) -> None:
    """Write down that an API key is in use, once a minute."""
    await _sql.touch_api(connection, id=id)


async def insert_host(
    connection: Connection,
    *,
    name: str,
    kid: str,
    issuer: str,
    algorithm: Algorithm,
    public_key: str,
    created_by: UUID | None,
) -> HostKey:
    """Add a public key; raise KidTaken."""
    try:
        row = await _sql.insert_host(
            connection,
            name=name,
            kid=kid,
            issuer=issuer,
            algorithm=algorithm,
            public_key=public_key,
            created_by=created_by,
        )
    except asyncpg.UniqueViolationError:
        raise KidTaken() from None
    return HostKey(**row)


async def host_by_kid(connection: Connection, kid: str) -> HostKey | None:
    """Read a public key that was not revoked."""
    row = await _sql.host_by_kid(connection, kid=kid)
    return HostKey(**row) if row else None


async def host_page(connection: Connection, *, after: UUID, most: int) -> Sequence[HostKey]:
    """Read public keys in the order they were added."""
    return [HostKey(**row) for row in await _sql.host_page(connection, after=after, most=most)]


async def revoke_host(connection: Connection, id: UUID) -> bool:
    """Revoke a public key; False when there is none that counts."""
    return bool(await _sql.revoke_host(connection, id=id))
