"""Open cases as their subjects wait, let somebody claim and decide them, and take decisions back.

The domain's row is the truth: `sync` reads it and makes the case agree, whoever changed it and however often it is
told.
Locks are taken in one order: the case, then whatever the domain locks, and by the door topics.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import UNSET

from realtime.broker import Passing
from realtime.log import Position
from realtime.topics import Topic
from server.domains.accounts.service import AccountsService
from server.domains.alarms.service import AlarmsService
from server.domains.audit.service import AuditService
from server.domains.moderation import policy, repository
from server.domains.moderation.models import Case, Note
from server.domains.moderation.schemas import (
    CaseShown,
    Decide,
    QueueSnapshot,
    QueueWeek,
    Waiting,
    WorkerShown,
)
from server.domains.moderation.signals import CaseClosed, CaseDecided, CaseOpened, CaseReopened
from server.domains.prayer.service import PrayerService
from server.domains.subjects.models import TEAMS, Decided, Kind, Look, Team
from server.domains.subjects.service import SubjectsService
from server.kit import text
from server.kit.clock import Clock
from server.kit.db import Database, Transaction
from server.kit.errors import Invalid
from server.kit.log import Draft, PostgresLog
from server.kit.scope import Scope

NEWEST_SHOWN = 100
MOST_TRIMMED = 200
MOST_WORKERS = 500
WEEK = timedelta(days=7)
RINGS_AGAIN = timedelta(hours=4)  # while a queue stays unattended
Place = tuple[int, datetime, UUID]  # weight negated, opened at, id
FIRST: Place = (-9, datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))


class ModerationService:
    """Keep the queue of each church."""

    def __init__(
        self,
        database: Database,
        log: PostgresLog,
        audit: AuditService,
        accounts: AccountsService,
        subjects: SubjectsService,
        prayer: PrayerService,
        alarms: AlarmsService,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._audit = audit
        self._accounts = accounts
        self._subjects = subjects
        self._prayer = prayer
        self._alarms = alarms
        self._clock = clock

    # ---- kept in step with the domains

    async def sync(self, tx: Transaction, kind: Kind, subject: UUID) -> Case | None:
        """Make the cases of a subject agree with how it stands; return the open one. Repeating it changes nothing."""
        cases = await repository.lock_of(tx.connection, kind, subject)
        look = (await self._subjects.look(tx, kind, [subject])).get(subject)
        opened: Case | None = None
        for case in cases:
            after = await self._settle(tx, case, look)
            opened = after if after.state == "open" else opened
        known = any(look is not None and case.round == look.round for case in cases)
        if look is None or not look.waits or known:
            return opened
        new = await repository.insert(tx.connection, kind, subject, look)
        if new is not None:
            await self._tell(tx, new, look, "case.opened")
            await self._tell_waiting(tx, new.team)
            tx.signal(
                CaseOpened(case_id=new.id, kind=kind, subject=subject, team=new.team, weight=new.weight)
            )
        return new

    async def sync_below(self, tx: Transaction, request_id: UUID) -> None:
        """Make the cases of what waits below a request agree with whose request it is now."""
        for reply_id in sorted(await self._subjects.waiting_below(tx, request_id)):
            await self.sync(tx, "reply", reply_id)

    async def _settle(self, tx: Transaction, before: Case, look: Look | None) -> Case:
        after = policy.settled(before, look)
        if after == before:
            return before
        after = await repository.update(tx.connection, after)
        if after.team != before.team and before.state == "open":
            await self._tell(
                tx, msgspec.structs.replace(after, state="closed", team=before.team), None, "case.closed"
            )
            await self._tell_waiting(tx, before.team)
        event = "case.closed" if after.state == "closed" else "case.changed"
        event = "case.opened" if after.state == "open" and after.team != before.team else event
        event = "case.reopened" if after.state == "open" and before.state != "open" else event
        await self._tell(tx, after, look, event)
        await self._tell_waiting(tx, after.team)
        if after.state == "closed":
            tx.signal(CaseClosed(case_id=after.id, kind=after.kind, subject=after.subject))
        elif before.state != "open":
            by = tx.scope.actor.id
            tx.signal(CaseReopened(case_id=after.id, kind=after.kind, subject=after.subject, by=by))
        return after

    # ---- worked on

    async def claim(self, scope: Scope, id: UUID) -> CaseShown:
        """Tell the others that the caller looks at a case, for two minutes; raise Claimed, Decided, NoSuchCase."""
        async with self._database.transaction(scope) as tx:
            case = await self._case(tx, id)
            now = self._clock.now()
            policy.check_free(case, scope, now)
            return await self._change(tx, policy.claimed(case, scope, now))

    async def release(self, scope: Scope, id: UUID) -> CaseShown:
        """Let a case go that the caller has claimed; otherwise nothing changes. Raise NoSuchCase."""
        async with self._database.transaction(scope) as tx:
            case = await self._case(tx, id)
            mine = case.state == "open" and case.claimed_by == scope.actor.id
            return await self._change(tx, policy.released(case)) if mine else await self._shown(tx, case)

    async def assign(self, scope: Scope, id: UUID, to: UUID | None) -> CaseShown:
        """Say whose case it is, or that it is anybody's; raise Invalid for who does not work on this queue."""
        async with self._database.transaction(scope) as tx:
            case = await self._case(tx, id)
            policy.check_free(case, scope, self._clock.now())
            name = "" if to is None else await self._worker(tx, case.team, to)
            case = msgspec.structs.replace(case, assigned_to=to, assigned_to_name=name)
            shown = await self._change(tx, case)
            await self._audit.record(tx, scope, "case.assigned", str(id), {"to": to})
        return shown

    async def note(self, scope: Scope, id: UUID, body: str) -> Note:
        """Add a remark for the team; raise BadText, NoSuchCase."""
        body = text.tidy(body, 1_000, noun="A note")
        async with self._database.transaction(scope) as tx:
            case = await self._case(tx, id)
            by = (scope.actor.id, scope.actor.name[:200])
            note = await repository.add_note(tx.connection, id, body, by, self._clock.now())
            await self._change(tx, case)
        return note

    async def notes(self, scope: Scope, id: UUID) -> list[Note]:
        """Return the remarks below a case; raise NoSuchCase."""
        policy.WORK.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            case = policy.check_team(scope, await repository.by_id(tx.connection, id))
            await self._subjects.check_for(tx, case.kind, case.subject)
            return await repository.notes(tx.connection, id, policy.MOST_NOTES)

    async def decide(self, scope: Scope, id: UUID, decide: Decide) -> CaseShown:
        """Decide in one transaction with the domain, which refuses a subject that changed.

        Raise NoSuchCase, Claimed, Decided, WrongVerdict, or what the domain has against it.
        """
        async with self._database.transaction(scope) as tx:
            case = await self._case(tx, id)
            now = self._clock.now()
            policy.check_free(case, scope, now)
            wording = None if decide.public_body is UNSET else decide.public_body
            decided = Decided(decide.verdict, decide.version, wording, scope.actor.id)
            await self._subjects.decide(tx, case.kind, case.subject, decided)
            look = (await self._subjects.look(tx, case.kind, [case.subject])).get(case.subject)
            if look is not None and look.waits and look.round == case.round:  # handed on
                return await self._shown(tx, await self._settle(tx, case, look))
            case = await repository.update(tx.connection, policy.decided(case, scope, decide.verdict, now))
            shown = await self._tell(tx, case, None, "case.decided")
            await self._tell_waiting(tx, case.team)
            tx.signal(
                CaseDecided(
                    case_id=id,
                    kind=case.kind,
                    subject=case.subject,
                    verdict=decide.verdict,
                    by=scope.actor.id,
                )
            )
        return shown

    async def undo(self, scope: Scope, id: UUID) -> CaseShown:
        """Make good for what the caller has just decided; return the case that waits again. Raise NothingToUndo."""
        policy.WORK.require(scope)
        async with self._database.transaction(scope) as tx:
            found = policy.check_team(scope, await repository.by_id(tx.connection, id))
            # all of its subject's, as `sync` does: nobody holds one and waits for another
            cases = await repository.lock_of(tx.connection, found.kind, found.subject)
            case = policy.check_team(scope, next((one for one in cases if one.id == id), None))
            policy.check_undo(case, scope, self._clock.now())
            await self._subjects.undo(tx, case.kind, case.subject, case.verdict)
            opened = await self.sync(tx, case.kind, case.subject)
            if opened is None or opened.id != id:  # it waits in a new round: this one is not taken back twice
                case = await repository.update(tx.connection, msgspec.structs.replace(case, state="closed"))
                await self._tell(tx, case, None, "case.closed")
            await self._audit.record(tx, scope, "case.undone", str(id), {"verdict": case.verdict})
            return await self._shown(tx, opened or case)

    # ---- read

    async def queue(
        self,
        scope: Scope,
        *,
        team: Team | None = None,
        kind: Kind | None = None,
        mine: bool = False,
        after: Place | None = None,
        most: int = 50,
    ) -> list[CaseShown]:
        """Return what waits on the caller's queues, the heaviest first, then the oldest; raise NoSuchCase."""
        policy.WORK.require(scope)
        teams = policy.teams(scope, team)
        assigned_to = scope.actor.id if mine else None
        async with self._database.transaction(scope, readonly=True) as tx:
            cases = await repository.queue(
                tx.connection, teams, kind=kind, assigned_to=assigned_to, after=after or FIRST, most=most
            )
            return await self._all_shown(tx, cases)

    async def one(self, scope: Scope, id: UUID) -> CaseShown:
        """Return a case of the caller's queues; raise NoSuchCase."""
        policy.WORK.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            case = policy.check_team(scope, await repository.by_id(tx.connection, id))
            return await self._shown(tx, case)

    async def workers(self, scope: Scope) -> list[WorkerShown]:
        """Return who works on the caller's queues."""
        policy.WORK.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return policy.workers(scope, await self._accounts.staff(tx, MOST_WORKERS))

    async def snapshot(self, scope: Scope, topic: Topic, team: Team) -> tuple[Position, QueueSnapshot]:
        """Return a team's queue, and the place in its log it was read at."""
        async with self._database.transaction(scope, readonly=True) as tx:
            position = await self._log.position(tx, topic)
            cases = await repository.queue(
                tx.connection, [team], kind=None, assigned_to=None, after=FIRST, most=NEWEST_SHOWN
            )
            shown = await self._all_shown(tx, cases)
            waiting, oldest = await repository.waiting(tx.connection, team)
        return position, QueueSnapshot(shown, waiting, oldest)

    async def waiting(self, scope: Scope, team: Team) -> tuple[int, datetime | None]:
        """Return how many cases of a team wait, and since when the oldest does."""
        async with self._database.transaction(scope, readonly=True) as tx:
            return await repository.waiting(tx.connection, team)

    async def week(self, scope: Scope) -> QueueWeek:
        """Return the last seven days in figures."""
        policy.WEEK.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            found = await repository.week(tx.connection, self._clock.now() - WEEK)
            counts = [await repository.waiting(tx.connection, team) for team in TEAMS]
        oldest = min((at for _, at in counts if at is not None), default=None)
        return QueueWeek(
            {kind: decided for kind, decided, _ in found},
            {kind: seconds for kind, _, seconds in found},
            sum(waiting for waiting, _ in counts),
            oldest,
        )

    # ---- by itself, and forgotten

    async def ring_unattended(self, scope: Scope) -> None:
        """Ring when the oldest case waits longer than the church wants, and again every four hours."""
        now = self._clock.now()
        async with self._database.transaction(scope) as tx:
            _, settings = await self._prayer.settings(tx)
            if not settings.unattended_minutes:
                return
            oldest = await repository.oldest(tx.connection, ["prayer", "pastors", "care"])
            if oldest is None or now - oldest < timedelta(minutes=settings.unattended_minutes):
                return
            last = await self._alarms.last_of(tx, "unattended", "queue")
            if last is None or now - last > RINGS_AGAIN:
                await self._alarms.ring(tx, "unattended", "queue", None)

    async def trim(self, scope: Scope) -> int:
        """Forget cases that were over long ago, at most 200; return how many. Whatever has no case gets one."""
        async with self._database.transaction(scope) as tx:
            for concern in await self._subjects.unseen(
                tx
            ):  # a process of an earlier version has let its signal go
                await self.sync(tx, "concern", concern)
            return await repository.trim(tx.connection, self._clock.now() - policy.KEPT, MOST_TRIMMED)

    async def forget(self, tx: Transaction, person: UUID) -> None:
        """Take the name of one person off what they claimed, decided and remarked."""
        await repository.forget(tx.connection, person)

    # ---- inside

    async def _case(self, tx: Transaction, id: UUID) -> Case:
        policy.WORK.require(tx.scope)
        case = policy.check_team(tx.scope, await repository.lock(tx.connection, id))
        await self._subjects.check_for(tx, case.kind, case.subject)
        return case

    async def _worker(self, tx: Transaction, team: Team, id: UUID) -> str:
        standing = await self._accounts.standing(tx, id)
        if standing is None or standing.person.roles.isdisjoint(TEAMS[team].roles):
            raise Invalid.field("/to", "Choose somebody who works on this queue.", code="not_on_team")
        return standing.person.name

    async def _change(self, tx: Transaction, case: Case) -> CaseShown:
        case = await repository.update(tx.connection, case)
        look = (await self._subjects.look(tx, case.kind, [case.subject])).get(case.subject)
        return await self._tell(tx, case, look, "case.changed")

    async def _shown(self, tx: Transaction, case: Case) -> CaseShown:
        return (await self._all_shown(tx, [case]))[0]

    async def _all_shown(self, tx: Transaction, cases: Sequence[Case]) -> list[CaseShown]:
        notes = await repository.count_notes(tx.connection, [case.id for case in cases])
        looks: dict[tuple[Kind, UUID], Look] = {}
        for kind in {case.kind for case in cases}:
            ids = [case.subject for case in cases if case.kind == kind]
            looks |= {(kind, id): look for id, look in (await self._subjects.look(tx, kind, ids)).items()}
        return [
            policy.shown(case, looks.get((case.kind, case.subject)), notes.get(case.id, 0)) for case in cases
        ]

    async def _tell(self, tx: Transaction, case: Case, look: Look | None, event: str) -> CaseShown:
        """Put a case's new state into its team's log; what stood there before is blanked."""
        notes = await repository.count_notes(tx.connection, [case.id])
        shown = policy.shown(case, look, notes.get(case.id, 0))
        topic = Topic(tx.scope.tenant.id, "queue", case.team)
        tx.append(topic, Draft(case.id, event, msgspec.json.encode(shown)))
        return shown

    async def _tell_waiting(self, tx: Transaction, team: Team) -> None:
        waiting, oldest = await repository.waiting(tx.connection, team)
        data = msgspec.Raw(msgspec.json.encode(Waiting(waiting, oldest)))
        tx.pass_on(Passing(Topic(tx.scope.tenant.id, "queue", team), "latest", "waiting", data))
