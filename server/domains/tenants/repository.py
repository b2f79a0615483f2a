"""The control schema's rows: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from server.domains.tenants.errors import HostTaken, OperatorExists, SlugTaken
from server.domains.tenants.models import Addresses, Operator, Status, Tenant
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


def _tenant(row: asyncpg.Record | None) -> Tenant | None:
    if row is None:
        return None
    return Tenant(**{**row, "limits": msgspec.json.decode(row["limits"])})


def _operator(row: asyncpg.Record | None) -> Operator | None:
    return None if row is None else Operator(**row)


async def insert(
    connection: Connection, *, id: str, slug: str, name: str, shard: str, region: str | None
) -> None:
    """Reserve a church's row and slug; raise SlugTaken when another church has or had it."""
    try:
        await _sql.insert_tenant(connection, id=id, slug=slug, name=name, shard=shard, region=region)
        await _sql.insert_slug(connection, slug=slug, id=id)
    except asyncpg.UniqueViolationError:
        raise SlugTaken() from None


async def by_id(connection: Connection, id: str) -> Tenant | None:
    """Read one church."""
    return _tenant(await _sql.by_id(connection, id=id))


async def by_slug(connection: Connection, slug: str) -> Tenant | None:
    """Read the church that has or had this slug."""
    return _tenant(await _sql.by_slug(connection, slug=slug))


async def by_host(connection: Connection, host: str) -> Tenant | None:
    """Read the church whose own verified domain this is."""
    return _tenant(await _sql.by_host(connection, host=host))


async def page(connection: Connection, *, after: str, most: int) -> Sequence[Tenant]:
    """Read churches in order of their slug."""
    rows = await _sql.page(connection, after=after, most=most)
    return [tenant for row in rows if (tenant := _tenant(row))]


async def ids(connection: Connection, shard: str) -> Sequence[str]:
    """Read the ids of a shard's churches."""
    return [row["id"] for row in await _sql.ids(connection, shard=shard)]


async def set_status(connection: Connection, id: str, status: Status) -> Tenant | None:
    """Move a church to another status."""
    return _tenant(await _sql.set_status(connection, id=id, status=status))


async def delete(connection: Connection, id: str) -> None:
    """Forget a church."""
    await _sql.delete_tenant(connection, id=id)


async def rename(connection: Connection, id: str, *, slug: str, name: str) -> Tenant | None:
    """Give a church another name and short name; raise SlugTaken when another church has or had it."""
    if await _sql.own_slug(connection, slug=slug, id=id) == 0:
        raise SlugTaken()
    return _tenant(await _sql.rename(connection, id=id, slug=slug, name=name))


async def set_limits(connection: Connection, id: str, limits: Mapping[str, int]) -> Tenant | None:
    """Replace a church's own limits."""
    return _tenant(await _sql.set_limits(connection, id=id, limits=msgspec.json.encode(limits).decode()))


async def addresses(connection: Connection, id: str) -> Addresses:
    """Read where a church is found."""
    slugs = [row["slug"] for row in await _sql.slugs(connection, id=id)]
    return Addresses(slugs, [row["host"] for row in await _sql.hosts(connection, id=id)])


async def add_host(connection: Connection, id: str, host: str) -> None:
    """Let a domain show a church; raise HostTaken."""
    if await _sql.add_host(connection, id=id, host=host) == 0:
        raise HostTaken()


async def remove_host(connection: Connection, id: str, host: str) -> bool:
    """Let a domain show a church no more; False when it did not."""
    return bool(await _sql.remove_host(connection, id=id, host=host))


async def insert_operator(connection: Connection, *, email: str, name: str, password_hash: str) -> Operator:
    """Add an operator; raise OperatorExists for a known address."""
    try:
        row = await _sql.insert_operator(connection, email=email, name=name, password_hash=password_hash)
    except asyncpg.UniqueViolationError:
        raise OperatorExists() from None
    return Operator(**row)


async def operator_by_email(connection: Connection, email: str) -> Operator | None:
    """Read an operator for sign-in."""
    return _operator(await _sql.operator_by_email(connection, email=email))


async def operator_by_id(connection: Connection, id: UUID) -> Operator | None:
    """Read an operator whose token is shown."""
    return _operator(await _sql.operator_by_id(connection, id=id))


async def use_operator_step(connection: Connection, id: UUID, step: int) -> bool:
    """Remember the step of an accepted code; False when it is not later than the last one."""
    return bool(await _sql.use_operator_step(connection, id=id, step=step))


async def set_operator_totp(connection: Connection, id: UUID, totp_sealed: bytes, step: int) -> None:
    """Give an operator an authenticator."""
    await _sql.set_operator_totp(connection, id=id, totp_sealed=totp_sealed, step=step)


async def operators(connection: Connection) -> Sequence[Operator]:
    """Read everybody who runs the installation."""
    return [Operator(**row) for row in await _sql.operators(connection)]


async def disable_operator(connection: Connection, id: UUID) -> None:
    """Let an operator in no more."""
    await _sql.disable_operator(connection, id=id)


async def enable_operator(connection: Connection, id: UUID) -> None:
    """Let a disabled operator in again."""
    await _sql.enable_operator(connection, id=id)


async def set_operator_password(connection: Connection, id: UUID, password_hash: str) -> None:
    """Give an operator another password, and end their tokens."""
    await _sql.set_operator_password(connection, id=id, password_hash=password_hash)


async def drop_operator_totp(connection: Connection, id: UUID) -> None:
    """Take an operator's authenticator away, and end their tokens."""
    await _sql.drop_operator_totp(connection, id=id)


async def end_operator_tokens(connection: Connection, id: UUID) -> None:
    """End an operator's tokens."""
    await _sql.end_operator_tokens(connection, id=id)


async def see_operator_at(connection: Connection, id: UUID, place: bytes) -> None:
    """Remember from where an operator signed in, and forget what is long ago."""
    await _sql.see_operator_at(connection, id=id, place=place)
    await _sql.forget_operator_places(connection, id=id)


async def operator_was_at(connection: Connection, id: UUID, place: bytes) -> bool:
    """Tell whether an operator signed in from this place lately."""
    return bool(await _sql.operator_was_at(connection, id=id, place=place))
