"""A church's life: make, find, suspend, resume, delete."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Protocol
from uuid import UUID

from realtime.closes import NOT_ALLOWED
from server.domains.tenants import policy, repository
from server.domains.tenants.errors import NoSuchChurch, NoSuchHost, NoSuchOperator
from server.domains.tenants.models import Addresses, Operator, Tenant
from server.domains.tenants.signals import ChurchOpened, ChurchRenamed, ChurchResumed, ChurchSuspended
from server.kit.db import Connection, Database, NoSchema
from server.kit.ids import new_tenant_id
from server.kit.scope import Scope

MOST_A_PAGE = 201  # a page of the API, and the church that says there is more


class Schemas(Protocol):
    """Make and drop the schema of a church; blocking, run in a thread."""

    def create(self, shard: str, tenant_id: str) -> None: ...

    def drop(self, shard: str, tenant_id: str) -> None: ...


class TenantsService:
    """Keep the list of churches. No method takes a Scope: these stand before any church is open."""

    def __init__(self, database: Database, schemas: Schemas, changed: Callable[[Tenant], None]) -> None:
        self._database = database
        self._schemas = schemas
        self._changed = changed  # tells every process's cache; may be lost, caches also expire

    async def create(
        self, slug: str, name: str, *, shard: str = "main", region: str | None = None, id: str | None = None
    ) -> Tenant:
        """Make a church: row, role, schema, then open it. Raise BadSlug, BadName, SlugTaken.

        When the schema cannot be made the row is taken back, so that the slug is free again.
        """
        policy.check_slug(slug)
        name = policy.check_name(name)
        tenant_id = id or new_tenant_id()
        async with self._database.control() as connection:
            await repository.insert(
                connection, id=tenant_id, slug=slug, name=name, shard=shard, region=region
            )
        try:
            await asyncio.to_thread(self._schemas.create, shard, tenant_id)
        except BaseException:
            async with self._database.control() as connection:
                await repository.delete(connection, tenant_id)
            raise
        async with self._database.control() as connection:
            tenant = _found(await repository.set_status(connection, tenant_id, "active"))
        async with self._database.transaction(Scope.system(tenant.ref)) as tx:
            tx.signal(ChurchOpened(tenant_id=tenant.id, slug=tenant.slug, name=tenant.name))
        self._changed(tenant)
        return tenant

    async def by_slug(self, slug: str) -> Tenant:
        """Find a church by a slug that it has or had; raise NoSuchChurch."""
        if not policy.SLUG.fullmatch(slug):
            raise NoSuchChurch()
        async with self._database.control() as connection:
            return _found(await repository.by_slug(connection, slug))

    async def by_host(self, host: str) -> Tenant | None:
        """Find the church whose own verified domain this is."""
        async with self._database.control() as connection:
            return await repository.by_host(connection, host.lower())

    async def by_id(self, id: str) -> Tenant:
        """Find a church by its id; raise NoSuchChurch."""
        async with self._database.control() as connection:
            return _found(await repository.by_id(connection, id))

    async def page(self, *, after: str = "", most: int = 50) -> Sequence[Tenant]:
        """Return churches in order of their slug, after a given one."""
        async with self._database.control() as connection:
            return await repository.page(connection, after=after, most=min(most, MOST_A_PAGE))

    async def ids(self, shard: str) -> Sequence[str]:
        """Return the ids of a shard's churches that have a schema."""
        async with self._database.control() as connection:
            return await repository.ids(connection, shard)

    async def suspend(self, slug: str) -> Tenant:
        """Pause a church: its pages say so, its sessions end."""
        tenant = await self._step(slug, "suspend")
        async with self._database.transaction(Scope.system(tenant.ref)) as tx:
            tx.signal(ChurchSuspended(tenant_id=tenant.id))
            tx.send_everybody_away(NOT_ALLOWED, "this church is paused")
        return tenant

    async def resume(self, slug: str) -> Tenant:
        """Open a paused church again."""
        tenant = await self._step(slug, "resume")
        async with self._database.transaction(Scope.system(tenant.ref)) as tx:
            tx.signal(ChurchResumed(tenant_id=tenant.id))
        return tenant

    async def rename(self, slug: str, *, to: str | None = None, name: str | None = None) -> Tenant:
        """Give a church another short name or name; the old short name goes on finding it. Raise SlugTaken.

        A page that is open under the old short name, and a snippet pasted long ago, work on.
        """
        before = await self.by_slug(slug)
        to = before.slug if to is None else policy.check_slug(to)
        name = before.name if name is None else policy.check_name(name)
        async with self._database.control() as connection:
            tenant = _found(await repository.rename(connection, before.id, slug=to, name=name))
        self._changed(tenant)
        async with self._database.transaction(Scope.system(tenant.ref)) as tx:
            tx.signal(ChurchRenamed(tenant_id=tenant.id, slug=tenant.slug, name=tenant.name))
        return tenant

    async def set_limits(self, slug: str, limits: Mapping[str, int]) -> Tenant:
        """Replace what overrides the installation's limits for a church; raise BadLimit."""
        before = await self.by_slug(slug)
        async with self._database.control() as connection:
            tenant = _found(await repository.set_limits(connection, before.id, policy.check_limits(limits)))
        self._changed(tenant)
        return tenant

    async def addresses(self, tenant: Tenant) -> Addresses:
        """Return every short name and domain by which a church is found."""
        async with self._database.control() as connection:
            return await repository.addresses(connection, tenant.id)

    async def add_domain(self, slug: str, host: str) -> Tenant:
        """Let a domain show this church and no other; whoever asks has made sure that it is the church's.

        Raise BadHost, HostTaken.
        """
        tenant = await self.by_slug(slug)
        async with self._database.control() as connection:
            await repository.add_host(connection, tenant.id, policy.check_host(host))
        self._changed(tenant)
        return tenant

    async def remove_domain(self, slug: str, host: str) -> Tenant:
        """Let a domain show this church no more; raise NoSuchHost."""
        tenant = await self.by_slug(slug)
        async with self._database.control() as connection:
            if not await repository.remove_host(connection, tenant.id, policy.check_host(host)):
                raise NoSuchHost()
        self._changed(tenant)
        return tenant

    async def delete(self, slug: str) -> Tenant:
        """Erase a church with everything in it. A second call finishes what a first one left half done."""
        tenant = await self._step(slug, "delete")
        with suppress(NoSchema):  # it was never made, or is gone already
            async with self._database.transaction(Scope.system(tenant.ref)) as tx:
                tx.send_everybody_away(NOT_ALLOWED, "this church is gone")
        await asyncio.to_thread(self._schemas.drop, tenant.shard, tenant.id)
        async with self._database.control() as connection:
            await repository.delete(connection, tenant.id)
        self._changed(tenant)
        return tenant

    async def add_operator(self, email: str, name: str, password_hash: str) -> Operator:
        """Add somebody who runs the installation; raise OperatorExists."""
        async with self._database.control() as connection:
            return await repository.insert_operator(
                connection, email=email.lower(), name=name, password_hash=password_hash
            )

    async def operators(self) -> Sequence[Operator]:
        """Return everybody who runs the installation."""
        async with self._database.control() as connection:
            return await repository.operators(connection)

    async def disable_operator(self, email: str) -> Operator:
        """Let an operator in no more, and end their tokens; raise NoSuchOperator."""
        async with self._one_operator(email) as (connection, operator):
            await repository.disable_operator(connection, operator.id)
        return operator

    async def enable_operator(self, email: str) -> Operator:
        """Let a disabled operator in again; raise NoSuchOperator."""
        async with self._one_operator(email) as (connection, operator):
            await repository.enable_operator(connection, operator.id)
        return operator

    async def set_operator_password(self, email: str, password_hash: str) -> Operator:
        """Give an operator another password, and end their tokens; raise NoSuchOperator."""
        async with self._one_operator(email) as (connection, operator):
            await repository.set_operator_password(connection, operator.id, password_hash)
        return operator

    async def drop_operator_totp(self, email: str) -> Operator:
        """Take an operator's authenticator away, and end their tokens; raise NoSuchOperator."""
        async with self._one_operator(email) as (connection, operator):
            await repository.drop_operator_totp(connection, operator.id)
        return operator

    async def end_operator_tokens(self, email: str) -> Operator:
        """End an operator's tokens; raise NoSuchOperator."""
        async with self._one_operator(email) as (connection, operator):
            await repository.end_operator_tokens(connection, operator.id)
        return operator

    async def see_operator_at(self, id: UUID, place: bytes) -> None:
        """Remember from where an operator signed in."""
        async with self._database.control() as connection:
            await repository.see_operator_at(connection, id, place)

    async def operator_was_at(self, id: UUID, place: bytes) -> bool:
        """Tell whether an operator signed in from this place in the last 90 days."""
        async with self._database.control() as connection:
            return await repository.operator_was_at(connection, id, place)

    async def operator(self, email: str) -> Operator | None:
        """Find an operator for sign-in."""
        async with self._database.control() as connection:
            return await repository.operator_by_email(connection, email.lower())

    async def operator_by_id(self, id: UUID) -> Operator | None:
        """Find the operator whose token is shown."""
        async with self._database.control() as connection:
            return await repository.operator_by_id(connection, id)

    async def use_operator_step(self, id: UUID, step: int) -> bool:
        """Remember the time step of an accepted code; False when it is not later than the last one."""
        async with self._database.control() as connection:
            return await repository.use_operator_step(connection, id, step)

    async def set_operator_totp(self, id: UUID, totp_sealed: bytes, step: int) -> None:
        """Give an operator an authenticator, with the step of the code that confirmed it."""
        async with self._database.control() as connection:
            await repository.set_operator_totp(connection, id, totp_sealed, step)

    @asynccontextmanager
    async def _one_operator(self, email: str) -> AsyncIterator[tuple[Connection, Operator]]:
        async with self._database.control() as connection:
            operator = await repository.operator_by_email(connection, email.strip().lower())
            if operator is None:
                raise NoSuchOperator()
            yield connection, operator

    async def _step(self, slug: str, step: str) -> Tenant:
        tenant = await self.by_slug(slug)
        policy.check_step(step, tenant.status)
        async with self._database.control() as connection:
            tenant = _found(await repository.set_status(connection, tenant.id, policy.AFTER[step]))
        self._changed(tenant)
        return tenant


def _found(tenant: Tenant | None) -> Tenant:
    if tenant is None:
        raise NoSuchChurch()
    return tenant
