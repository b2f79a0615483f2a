"""Plan shifts, say who is here, and tell others who is on duty."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from server.domains.accounts.models import Person
from server.domains.accounts.service import AccountsService
from server.domains.audit.service import AuditService
from server.domains.rota import policy, repository
from server.domains.rota.errors import BadShift, NoSuchShift
from server.domains.rota.models import Duty, Present, Shift
from server.domains.rota.schemas import Here, OnDuty, Plan, PresentShown, ShiftChange, ShiftShown
from server.domains.rota.signals import RotaChanged
from server.kit.clock import Clock
from server.kit.db import Database, Transaction
from server.kit.errors import FieldError, Invalid
from server.kit.scope import Scope

KEPT = timedelta(days=90)  # shifts that are over


class RotaService:
    """Keep the rota of each church."""

    def __init__(
        self, database: Database, audit: AuditService, accounts: AccountsService, clock: Clock
    ) -> None:
        self._database = database
        self._audit = audit
        self._accounts = accounts
        self._clock = clock

    # ---- asked by others

    async def here(self, tx: Transaction) -> Sequence[Present]:
        """Return who is here now, those longest here first."""
        return await repository.here(tx.connection, self._clock.now())

    async def on_duty(self, tx: Transaction, duty: Duty) -> list[UUID]:
        """Return whose shift it is by the plan, each once; whether they are here is another question."""
        now = self._clock.now()
        shifts = await self._between(tx, now, now + timedelta(seconds=1))
        return list(
            dict.fromkeys(
                shift.person_id for shift in shifts if shift.duty == duty and policy.current(shift, now)
            )
        )

    async def volunteer(self, tx: Transaction, id: UUID) -> Person | None:
        """Return somebody who may be on duty; None for everybody else."""
        standing = await self._accounts.standing(tx, id)
        if standing is None or standing.person.status != "active":
            return None
        return None if standing.person.roles.isdisjoint(policy.COME.roles) else standing.person

    # ---- planning

    async def plan(self, scope: Scope, plan: Plan) -> ShiftShown:
        """Add a shift; raise BadShift that names every wrong field."""
        policy.PLAN.require(scope)
        policy.check(plan)
        async with self._database.transaction(scope) as tx:
            person = await self._volunteer(tx, plan.person)
            shift = await self._insert(tx, plan)
            await self._changed(tx, scope, "rota.planned", shift)
        return self._shown(shift, person.name)

    async def change(self, scope: Scope, id: UUID, plan: ShiftChange) -> ShiftShown:
        """Replace a shift; of a weekly one the times before the changed one stay. Raise NoSuchShift, BadShift."""
        policy.PLAN.require(scope)
        policy.check(plan)
        async with self._database.transaction(scope) as tx:
            person = await self._volunteer(tx, plan.person)
            before = await repository.lock(tx.connection, id)
            if before is None:
                raise NoSuchShift()
            if (stays := policy.earlier(before, plan)) is not None:
                await self._insert(tx, stays)
            shift = await repository.update(tx.connection, id, plan)
            await self._changed(tx, scope, "rota.changed", shift)
        return self._shown(shift, person.name)

    async def remove(self, scope: Scope, id: UUID) -> None:
        """Take a shift off; raise NoSuchShift."""
        policy.PLAN.require(scope)
        async with self._database.transaction(scope) as tx:
            person = await repository.delete(tx.connection, id)
            if person is None:
                raise NoSuchShift()
            tx.signal(RotaChanged(person_id=person))
            await self._audit.record(tx, scope, "rota.removed", str(id), {"person": person})

    async def shifts(self, scope: Scope, since: datetime, until: datetime) -> list[ShiftShown]:
        """Return every time of every shift in a span of at most 62 days, in order."""
        policy.SEE.require(scope)
        if not timedelta(0) < until - since <= policy.LONGEST_VIEW:
            days = policy.LONGEST_VIEW.days
            raise Invalid.field("/until", f"Ask for at most {days} days.", code="too_long", limit=days)
        async with self._database.transaction(scope, readonly=True) as tx:
            found = await self._between(tx, since, until)
            names = await self._names(tx, found)
        shown = [
            ShiftShown.of(shift, names[shift.person_id], *span)
            for shift in found
            for span in policy.times(shift, since, until)
        ]
        return sorted(shown, key=lambda one: (one.starts_at, one.name))

    # ---- being there

    async def now(self, scope: Scope) -> OnDuty:
        """Return who is here, and whose shift it is."""
        policy.SEE.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await self._on_duty(tx)

    async def be_here(self, scope: Scope, here: Here) -> OnDuty:
        """Say that the caller is here for three minutes, or not any more; said again, it goes on."""
        policy.COME.require(scope)
        assert scope.actor.id is not None, "the rule lets in people alone"
        now = self._clock.now()
        present = Present(
            scope.actor.id, scope.actor.name[:200], tuple(here.languages), now, now + policy.HERE
        )
        async with self._database.transaction(scope) as tx:
            if here.here:
                moved = await repository.come(tx.connection, present)
            else:
                moved = await repository.go(tx.connection, present.person_id)
            if moved:
                tx.signal(RotaChanged(person_id=present.person_id))
            return await self._on_duty(tx)

    # ---- forgetting

    async def trim(self, scope: Scope) -> int:
        """Forget what was over long ago; nothing is left to be repeated."""
        now = self._clock.now()
        async with self._database.transaction(scope) as tx:
            await repository.trim(tx.connection, now, now - KEPT)
        return 0

    async def forget(self, tx: Transaction, person: UUID) -> None:
        """Forget one person's shifts."""
        await repository.forget(tx.connection, person)

    # ---- inside

    async def _between(self, tx: Transaction, since: datetime, until: datetime) -> Sequence[Shift]:
        return await repository.between(tx.connection, since, until, policy.MOST_SHIFTS)

    async def _insert(self, tx: Transaction, plan: Plan) -> Shift:
        if await repository.count(tx.connection) >= policy.MOST_SHIFTS:
            detail = (
                f"A church has at most {policy.MOST_SHIFTS} shifts: make one weekly, or take old ones off."
            )
            raise BadShift(detail, errors=(FieldError("", "too_many", detail, policy.MOST_SHIFTS),))
        return await repository.insert(tx.connection, plan, self._clock.now())

    async def _volunteer(self, tx: Transaction, id: UUID) -> Person:
        person = await self.volunteer(tx, id)
        if person is None:
            detail = "Only people of the prayer team, pastors and staff can be on duty."
            raise BadShift(detail, errors=(FieldError("/person", "no_volunteer", detail),))
        return person

    async def _names(self, tx: Transaction, shifts: Sequence[Shift]) -> dict[UUID, str]:
        names = {}
        for id in {shift.person_id for shift in shifts}:
            standing = await self._accounts.standing(tx, id)
            names[id] = standing.person.name if standing else ""
        return names

    async def _on_duty(self, tx: Transaction) -> OnDuty:
        now = self._clock.now()
        shifts = await self._between(tx, now, now + timedelta(seconds=1))
        spans = [(shift, policy.current(shift, now)) for shift in shifts]
        on = [(shift, span) for shift, span in spans if span is not None]
        names = await self._names(tx, [shift for shift, _ in on])
        here = [PresentShown.of(present) for present in await repository.here(tx.connection, now)]
        return OnDuty(here, [ShiftShown.of(shift, names[shift.person_id], *span) for shift, span in on])

    def _shown(self, shift: Shift, name: str) -> ShiftShown:
        """Show a shift at its present or next time; one that is over at its last."""
        now = self._clock.now()
        span = next(policy.times(shift, now, now + 2 * policy.WEEK), None)
        return ShiftShown.of(shift, name, *(span or (shift.starts_at, shift.ends_at)))

    async def _changed(self, tx: Transaction, scope: Scope, action: str, shift: Shift) -> None:
        tx.signal(RotaChanged(person_id=shift.person_id))
        details = {"person": shift.person_id, "duty": shift.duty, "weekly": shift.weekly}
        await self._audit.record(tx, scope, action, str(shift.id), details)
