"""Rows of second factors: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from server.domains.factors.models import Totp
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


async def begin(connection: Connection, person_id: UUID, secret_sealed: bytes) -> bool:
    """Begin an enrolment; False when an authenticator is confirmed already."""
    return bool(await _sql.begin(connection, person_id=person_id, secret_sealed=secret_sealed))


async def lock(connection: Connection, person_id: UUID) -> Totp | None:
    """Read a person's authenticator until COMMIT."""
    row = await _sql.lock(connection, person_id=person_id)
    return Totp(**row) if row else None


async def asked(connection: Connection, person_id: UUID) -> bool:
    """Tell whether a second factor is asked for."""
    return bool(await _sql.asked(connection, person_id=person_id))


async def accept(connection: Connection, person_id: UUID, step: int) -> bool:
    """Remember an accepted step; False when it is not later than the last one."""
    return bool(await _sql.accept(connection, person_id=person_id, step=step))


async def remove(connection: Connection, person_id: UUID) -> bool:
    """Take the authenticator and its recovery codes away; False when there was none."""
    await _sql.forget_codes(connection, person_id=person_id)
    return bool(await _sql.remove(connection, person_id=person_id))


async def replace_codes(connection: Connection, person_id: UUID, code_hashes: Sequence[bytes]) -> None:
    """Replace all recovery codes."""
    await _sql.forget_codes(connection, person_id=person_id)
    await _sql.add_codes(connection, person_id=person_id, code_hashes=list(code_hashes))


async def use_code(connection: Connection, person_id: UUID, code_hash: bytes) -> bool:
    """Use up a recovery code; False when there is no such code or it was used."""
    return bool(await _sql.use_code(connection, person_id=person_id, code_hash=code_hash))


async def codes_left(connection: Connection, person_id: UUID) -> int:
    """Count the recovery codes that were not used."""
    return int(await _sql.codes_left(connection, person_id=person_id))
