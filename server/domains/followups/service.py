"""Note what is to be done, list it, finish it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from server.domains.accounts.service import AccountsService
from server.domains.followups import policy, repository
from server.domains.followups.errors import NoSuchTask
from server.domains.followups.models import Task
from server.domains.followups.schemas import NewTask
from server.kit.clock import Clock
from server.kit.db import Database, Transaction
from server.kit.errors import Invalid
from server.kit.scope import Scope

FIRST = UUID(int=0)


class FollowupsService:
    """Keep the tasks of each church's prayer team."""

    def __init__(self, database: Database, accounts: AccountsService, clock: Clock) -> None:
        self._database = database
        self._accounts = accounts
        self._clock = clock

    async def add(self, scope: Scope, task: NewTask) -> Task:
        """Note something to be done; raise Invalid for somebody who is not on the team."""
        policy.TEAM.require(scope)
        task = policy.tidy(task)
        async with self._database.transaction(scope) as tx:
            name = "" if task.assigned_to is None else await self._name(tx, task.assigned_to)
            return await repository.insert(tx.connection, task, name, self._clock.now())

    async def page(
        self,
        scope: Scope,
        *,
        done: bool = False,
        mine: bool = False,
        after: UUID | None = None,
        most: int = 50,
    ) -> Sequence[Task]:
        """Return what is to be done, or was; of the caller or of all, in the order it was noted."""
        policy.TEAM.require(scope)
        person = scope.actor.id if mine else None
        async with self._database.transaction(scope, readonly=True) as tx:
            return await repository.page(
                tx.connection, done=done, person_id=person, after=after or FIRST, most=most
            )

    async def finish(self, scope: Scope, id: UUID, *, done: bool = True) -> Task:
        """Note that a task is done, or is not yet after all; raise NoSuchTask."""
        policy.TEAM.require(scope)
        at, by = (self._clock.now(), scope.actor.name[:200]) if done else (None, "")
        async with self._database.transaction(scope) as tx:
            task = await repository.finish(tx.connection, id, at, by)
            if task is None:
                raise NoSuchTask()
            return task

    async def forget(self, tx: Transaction, person: UUID) -> None:
        """Take the name of one person off what is to be done."""
        await repository.forget(tx.connection, person)

    async def _name(self, tx: Transaction, id: UUID) -> str:
        standing = await self._accounts.standing(tx, id)
        if standing is None or standing.person.roles.isdisjoint(policy.TEAM.roles):
            raise Invalid.field("/assigned_to", "Choose somebody of the prayer team.", code="no_volunteer")
        return standing.person.name
