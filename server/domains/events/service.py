"""Plan, change and cancel gatherings; tell which is on and which comes next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET

from server.domains.audit.service import AuditService
from server.domains.events import policy, repository
from server.domains.events.errors import Cancelled, NoSuchGathering
from server.domains.events.models import Gathering
from server.domains.events.schemas import Change, Plan
from server.domains.events.signals import GatheringCancelled, GatheringChanged, GatheringPlanned
from server.kit.clock import Clock
from server.kit.db import Database, Transaction
from server.kit.scope import Scope

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = UUID(int=0)


class EventsService:
    """Keep each church's gatherings."""

    def __init__(self, database: Database, audit: AuditService, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock

    async def plan(self, scope: Scope, plan: Plan) -> Gathering:
        """Put a gathering into the calendar; raise BadGathering."""
        policy.MANAGE.require(scope)
        plan = policy.check(plan)
        async with self._database.transaction(scope) as tx:
            gathering = await repository.insert(tx.connection, plan, self._clock.now())
            tx.signal(GatheringPlanned(**_facts(gathering)))
            await self._record(tx, scope, "gathering.planned", gathering)
        return gathering

    async def change(self, scope: Scope, id: UUID, change: Change) -> Gathering:
        """Change what is named; raise NoSuchGathering, Cancelled, BadGathering."""
        policy.MANAGE.require(scope)
        async with self._database.transaction(scope) as tx:
            before = _found(await repository.lock(tx.connection, id))
            if before.cancelled_at is not None:
                raise Cancelled()
            plan = policy.check(_merged(before, change))
            gathering = await repository.update(tx.connection, id, plan, self._clock.now())
            tx.signal(GatheringChanged(**_facts(gathering)))
            await self._record(tx, scope, "gathering.changed", gathering)
        return gathering

    async def cancel(self, scope: Scope, id: UUID) -> Gathering:
        """Take a gathering off; a second call changes nothing."""
        policy.MANAGE.require(scope)
        async with self._database.transaction(scope) as tx:
            gathering = _found(await repository.lock(tx.connection, id))
            if gathering.cancelled_at is None:
                gathering = await repository.cancel(tx.connection, id, self._clock.now())
                tx.signal(GatheringCancelled(**_facts(gathering)))
                await self._record(tx, scope, "gathering.cancelled", gathering)
        return gathering

    async def get(self, scope: Scope, id: UUID) -> Gathering:
        """Return one gathering; raise NoSuchGathering."""
        policy.READ.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return _found(await repository.by_id(tx.connection, id))

    async def page(
        self,
        scope: Scope,
        *,
        after: tuple[datetime, UUID] | None = None,
        since: datetime | None = None,
        most: int = 50,
    ) -> Sequence[Gathering]:
        """Return gatherings that end after `since` (all, when None), in order of their start."""
        policy.READ.require(scope)
        starts_at, id = after or (_LONG_AGO, _FIRST)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await repository.page(
                tx.connection, since=since or _LONG_AGO, starts_at=starts_at, id=id, most=most
            )

    async def now(self, scope: Scope) -> tuple[Gathering | None, Gathering | None]:
        """Return the gathering whose doors are open, and the one that comes next."""
        policy.READ.require(scope)
        now = self._clock.now()
        async with self._database.transaction(scope, readonly=True) as tx:
            current = await repository.current(tx.connection, now)
            return current, await repository.following(tx.connection, now)

    async def _record(self, tx: Transaction, scope: Scope, action: str, gathering: Gathering) -> None:
        details = {"title": gathering.title, "starts_at": gathering.starts_at, "ends_at": gathering.ends_at}
        await self._audit.record(tx, scope, action, str(gathering.id), details)


def _found(gathering: Gathering | None) -> Gathering:
    if gathering is None:
        raise NoSuchGathering()
    return gathering


def _merged(before: Gathering, change: Change) -> Plan:
    new = {name: getattr(change, name) for name in Change.__struct_fields__}
    return Plan(**{name: getattr(before, name) if value is UNSET else value for name, value in new.items()})


def _facts(gathering: Gathering) -> dict[str, Any]:
    return {
        "gathering_id": gathering.id,
        "title": gathering.title,
        "starts_at": gathering.starts_at,
        "opens_at": gathering.opens_at,
        "closes_at": gathering.closes_at,
    }
