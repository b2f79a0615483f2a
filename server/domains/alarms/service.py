"""Ring on the screens of those who are called, until somebody has seen to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from realtime.topics import Topic
from server.domains.accounts.service import AccountsService
from server.domains.alarms import policy, repository
from server.domains.alarms.errors import NoSuchAlarm
from server.domains.alarms.models import About, Alarm, AlarmKind
from server.domains.alarms.schemas import AlarmShown
from server.domains.alarms.signals import AlarmRaised
from server.domains.audit.service import AuditService
from server.domains.rota.service import RotaService
from server.kit.clock import Clock
from server.kit.db import Database, Transaction
from server.kit.log import Draft
from server.kit.scope import Scope

KEPT = timedelta(days=90)
MOST_LISTED = 50
PAGE = 200


class AlarmsService:
    """Keep the alarms of each church."""

    def __init__(
        self,
        database: Database,
        audit: AuditService,
        accounts: AccountsService,
        rota: RotaService,
        clock: Clock,
    ) -> None:
        self._database = database
        self._audit = audit
        self._accounts = accounts
        self._rota = rota
        self._clock = clock

    async def ring(
        self,
        tx: Transaction,
        kind: AlarmKind,
        about: About,
        subject: UUID | None,
        *,
        for_pastors: bool = False,
        apart: Collection[UUID] = (),
    ) -> None:
        """Call the leaders on duty, or without one owners and pastors; what rings already rings once.

        These are called too when nobody on duty may read what it is about; `for_pastors`: when nobody else may at all.
        Whom it is about are `apart`: they are not called, nor any more when they were; what nobody else may look at
        does not ring.
        """
        told = await self._called(tx, about, apart, for_pastors=for_pastors)
        await repository.spare(tx.connection, kind, about, subject, apart)
        closed = about in policy.CLOSED
        if closed and not told:
            return
        alarm = await repository.insert(tx.connection, kind, about, subject, told, self._clock.now())
        if alarm is None:
            return
        self._tell(tx, alarm, "alarm.raised")
        tx.signal(AlarmRaised(alarm_id=alarm.id, kind=kind, told=tuple(told)))
        # the history is read by whom it may be about
        details = {} if closed else {"kind": kind, "about": about, "told": len(told)}
        await self._audit.record(tx, tx.scope, "alarm.raised", str(alarm.id), details)

    async def last_of(self, tx: Transaction, kind: AlarmKind, about: About) -> datetime | None:
        """Return when something of this kind rang last."""
        return await repository.last_of(tx.connection, kind, about)

    async def ringing(self, scope: Scope) -> list[Alarm]:
        """Return what rings: for leaders all that is not closed to them, for others what they were called for."""
        policy.SEE.require(scope)
        leader = policy.LEADERS.allows(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await repository.ringing(
                tx.connection, scope.actor.id, MOST_LISTED, leader=leader, closed=policy.CLOSED
            )

    async def see_to(self, scope: Scope, id: UUID) -> Alarm:
        """Note that the caller has seen to it, on all screens; a second call changes nothing. Raise NoSuchAlarm."""
        policy.SEE.require(scope)
        async with self._database.transaction(scope) as tx:
            alarm = await repository.lock(tx.connection, id)
            if alarm is None or not policy.may_see_to(scope, alarm):
                raise NoSuchAlarm()
            if alarm.seen_at is None:
                alarm = await self._see(tx, alarm, scope.actor.id, scope.actor.name)
                details = {} if alarm.about in policy.CLOSED else {"kind": alarm.kind}
                await self._audit.record(tx, scope, "alarm.seen", str(id), details)
        return alarm

    async def settled(self, tx: Transaction, about: About, subject: UUID, by: UUID | None) -> None:
        """Let what rings about something be quiet: somebody has decided about it, which is in the history."""
        standing = None if by is None else await self._accounts.standing(tx, by)
        name = "" if standing is None else standing.person.name
        for alarm in await repository.ringing_about(tx.connection, about, subject):
            await self._see(tx, alarm, by, name)

    async def _see(self, tx: Transaction, alarm: Alarm, by: UUID | None, name: str) -> Alarm:
        alarm = await repository.see(tx.connection, alarm.id, by, name[:200], self._clock.now())
        self._tell(tx, alarm, "alarm.seen")
        return alarm

    async def trim(self, scope: Scope) -> int:
        """Forget what was seen to long ago; nothing is left to be repeated."""
        async with self._database.transaction(scope) as tx:
            await repository.trim(tx.connection, self._clock.now() - KEPT)
        return 0

    async def forget(self, tx: Transaction, person: UUID) -> None:
        """Take one person off the alarms."""
        await repository.forget(tx.connection, person)

    async def _called(
        self, tx: Transaction, about: About, apart: Collection[UUID], *, for_pastors: bool
    ) -> Sequence[UUID]:
        """Return who is called; a plan may name somebody who is not on the team any more, and would hear nothing."""
        planned = await self._rota.on_duty(tx, "leader")
        people = [person for id in planned if (person := await self._rota.volunteer(tx, id)) is not None]
        readers = policy.READERS[about].roles
        if about in policy.CLOSED:
            people = [person for person in people if person.id not in apart and readers & person.roles]
        called = [person.id for person in people]
        if for_pastors or all(readers.isdisjoint(person.roles) for person in people):
            called += [id for id in await self._leaders(tx) if id not in called and id not in apart]
        return called[: policy.MOST_TOLD]

    async def _leaders(self, tx: Transaction) -> list[UUID]:
        people = await self._accounts.staff(tx, PAGE)
        return [
            person.id
            for person in people
            if person.status == "active" and not person.roles.isdisjoint(policy.LEADERS.roles)
        ]

    def _tell(self, tx: Transaction, alarm: Alarm, event: str) -> None:
        data = msgspec.json.encode(AlarmShown.of(alarm))
        for person in alarm.told:
            topic = Topic(tx.scope.tenant.id, "me", str(person))
            tx.append(topic, Draft(alarm.id, event, data, new=event == "alarm.raised"))
