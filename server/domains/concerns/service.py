"""Let who was in a conversation tell the pastors what was not right in it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from server.domains.accounts.service import AccountsService
from server.domains.audit.service import AuditService
from server.domains.care.service import CareService
from server.domains.concerns import policy, repository, signals
from server.domains.concerns.errors import ToldAgain
from server.domains.concerns.models import READ, Concern
from server.domains.concerns.schemas import ConcernShown, ConcernTold, NewConcern
from server.domains.safety.service import SafetyService
from server.kit import text
from server.kit.clock import Clock
from server.kit.db import Database, Transaction
from server.kit.scope import Scope


class ConcernsService:
    """Keep what each church's pastors are told about one-to-one prayer."""

    def __init__(
        self,
        database: Database,
        audit: AuditService,
        accounts: AccountsService,
        care: CareService,
        safety: SafetyService,
        clock: Clock,
    ) -> None:
        self._database = database
        self._audit = audit
        self._accounts = accounts
        self._care = care
        self._safety = safety
        self._clock = clock

    async def tell(self, scope: Scope, new: NewConcern) -> ConcernTold:
        """Tell the pastors about a conversation the caller is or was in; told again, the newest words stand.

        Raise NoSuchSession, NobodyCame, TooLateToTell, BadText.
        """
        policy.TELL.require(scope)
        assert scope.actor.id is not None, "the rule lets in people and guests"
        note = text.tidy(new.note, policy.LONGEST_NOTE, pointer="/note", noun="A note", optional=True)
        new = msgspec.structs.replace(new, note=note)
        async with self._database.transaction(scope) as tx:
            session = (await self._care.by_ids(tx, [new.session])).get(new.session)
            came = await repository.present(tx.connection, new.session)
            now = self._clock.now()
            about = policy.others(session, came, scope.actor.id, now)
            by = (scope.actor.id, text.shown_name(scope.actor.name))
            id = await repository.tell(tx.connection, new, by, about, now)
            crisis = self._safety.crisis(note)
            tx.signal(signals.ConcernRaised(concern_id=id, urgent=policy.urgent(new.reason, crisis)))
        return ConcernTold(crisis)

    async def read(self, scope: Scope, id: UUID) -> ConcernShown:
        """Read a concern; who did is in the history. Raise NoSuchConcern, or AboutYou for whom it is about."""
        READ.require(scope)
        async with self._database.transaction(scope) as tx:
            concern = policy.check_reader(await repository.lock(tx.connection, id), scope)
            await self._audit.record(tx, scope, "concern.read", str(id))
        return ConcernShown.of(concern)

    async def by_ids(self, tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Concern]:
        """Return concerns by their ids."""
        return await repository.by_ids(tx.connection, ids)

    async def open_ids(self, tx: Transaction) -> list[UUID]:
        """Return which concerns wait, the oldest first."""
        return await repository.open_ids(tx.connection, policy.MOST_OPEN)

    async def came(self, tx: Transaction, session_id: UUID, person: UUID) -> None:
        """Note that a volunteer came into a conversation: whoever goes on, they were there."""
        standing = await self._accounts.standing(tx, person)
        name = "" if standing is None else standing.person.name
        await repository.came(tx.connection, session_id, (person, name[:200]), self._clock.now())

    async def check_in(self, tx: Transaction, id: UUID) -> None:
        """Raise NoSuchConcern or AboutYou for whoever shall not read what is told or remarked about it."""
        policy.check_reader((await self.by_ids(tx, [id])).get(id), tx.scope)

    async def settle_in(self, tx: Transaction, id: UUID, version: int) -> None:
        """Note that the caller has seen to what they read; raise NoSuchConcern, AboutYou, ToldAgain."""
        await self._settle(tx, id, version)
        tx.signal(signals.ConcernSettled(concern_id=id, by=tx.scope.actor.id))

    async def reopen_in(self, tx: Transaction, id: UUID) -> None:
        """Take that back; raise NoSuchConcern, AboutYou."""
        await self._settle(tx, id, None)
        tx.signal(signals.ConcernReopened(concern_id=id, by=tx.scope.actor.id))

    async def trim(self, scope: Scope) -> int:
        """Forget what was seen to a year ago, and who came into conversations then; return how much."""
        async with self._database.transaction(scope) as tx:
            return await repository.trim(tx.connection, self._clock.now() - policy.KEPT)

    async def forget(self, tx: Transaction, person: UUID) -> None:
        """Take the name of one person off what they told and what was told of them."""
        await repository.forget(tx.connection, person)

    async def _settle(self, tx: Transaction, id: UUID, version: int | None) -> None:
        READ.require(tx.scope)
        concern = policy.check_reader(await repository.lock(tx.connection, id), tx.scope)
        if version not in (None, concern.version):
            raise ToldAgain()
        await repository.settle(tx.connection, id, None if version is None else self._clock.now())
        action = "concern.reopened" if version is None else "concern.settled"
        await self._audit.record(tx, tx.scope, action, str(id))
