"""Do what the prayer team does, each act in one transaction with its entry in the history."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from server.domains.accounts.models import Person
from server.domains.accounts.service import AccountsService
from server.domains.audit.service import AuditService
from server.domains.intercession.service import IntercessionService
from server.domains.prayer.errors import NoSuchRequest
from server.domains.prayer.models import PASTORS, Identity, Request, Settings, Visibility, Wanted
from server.domains.prayer.schemas import Decision, Editing, FlagShown, TeamRequest, WeekShown
from server.domains.prayer.service import PrayerService
from server.domains.tending import policy
from server.kit.clock import Clock
from server.kit.db import Database, Transaction
from server.kit.mail import Mail, post
from server.kit.scope import Scope

MOST_PRINTED = 200
PEOPLE_A_PAGE = 200
LETTER_SECONDS = 172_800.0  # a list of Monday is of no use on Thursday


class TendingService:
    """Let the team look after requests."""

    def __init__(
        self,
        database: Database,
        audit: AuditService,
        accounts: AccountsService,
        prayer: PrayerService,
        intercession: IntercessionService,
        clock: Clock,
        public_url: str,
    ) -> None:
        self._database = database
        self._audit = audit
        self._accounts = accounts
        self._prayer = prayer
        self._intercession = intercession
        self._clock = clock
        self._public_url = public_url

    # ---- read

    async def page(self, scope: Scope, wanted: Wanted) -> list[TeamRequest]:
        """Return requests that the caller may read, newest first; `q` finds words and parts of words."""
        policy.READ.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await self._prayer.team(tx, await self._prayer.team_list(tx, wanted))

    async def one(self, scope: Scope, id: UUID) -> TeamRequest:
        """Return one request; raise NoSuchRequest also for those who may not read it."""
        policy.READ.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return (await self._prayer.team(tx, [await self._readable(tx, id)]))[0]

    async def flags(self, scope: Scope, id: UUID) -> list[FlagShown]:
        """Return the open flags of a request, newest first; never who raised them."""
        policy.READ.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            await self._readable(tx, id)
            return await self._prayer.flags(tx, id)

    async def printable(self, scope: Scope) -> list[TeamRequest]:
        """Return what stands and may be read by the caller, least prayed for first, at most 200."""
        policy.READ.require(scope)
        walls: list[Visibility] = ["wall", "members", "team"]
        if PASTORS.allows(scope):
            walls.append("pastors")
        async with self._database.transaction(scope, readonly=True) as tx:
            standing = await self._prayer.standing(tx, walls)
            prayed = await self._intercession.totals(tx, [one.id for one in standing])
            return await self._prayer.shown(tx, policy.least_prayed(standing, prayed, MOST_PRINTED))

    async def week(self, scope: Scope) -> WeekShown:
        """Return the last seven days in figures."""
        policy.READ.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await self._prayer.week(tx, self._clock.now() - policy.WEEK)

    # ---- act

    async def decide(self, scope: Scope, id: UUID, decision: Decision) -> TeamRequest:
        """Decide about the version that was read. Raise NoSuchRequest, AlreadyDecided, Changed, WrongState, BadText."""
        policy.DECIDE.require(scope)
        async with self._database.transaction(scope) as tx:
            request = await self._prayer.decide_in(
                tx, id, decision.verdict, decision.version, decision.public_body
            )
            return (await self._prayer.team(tx, [request]))[0]

    async def edit(self, scope: Scope, id: UUID, change: Editing) -> TeamRequest:
        """Change what is named. Raise NoSuchRequest, Changed, WrongState, BadRequest, BadText."""
        policy.WORD.require(scope)
        async with self._database.transaction(scope) as tx:
            return (await self._prayer.team(tx, [await self._prayer.edit_in(tx, id, change)]))[0]

    async def archive(self, scope: Scope, id: UUID) -> TeamRequest:
        """Put a request away for good. Raise NoSuchRequest, WrongState."""
        policy.DECIDE.require(scope)
        async with self._database.transaction(scope) as tx:
            return (await self._prayer.team(tx, [await self._prayer.archive_in(tx, id)]))[0]

    async def unseal(self, scope: Scope, id: UUID, reason: str) -> Identity:
        """Open the envelope of a request; reason and caller stand in the history. Raise NeedsReason, NotSealed."""
        policy.OPEN.require(scope)
        reason = policy.check_reason(reason)
        async with self._database.transaction(scope) as tx:
            await self._readable(tx, id)
            identity = await self._prayer.identity(tx, id)
            await self._audit.record(tx, scope, "prayer.unsealed", str(id), {"reason": reason})
        return identity

    async def settings(self, scope: Scope) -> tuple[int, Settings]:
        """Return the church's rules with their version."""
        policy.READ.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await self._prayer.settings(tx)

    async def set_settings(self, scope: Scope, settings: Settings, version: int | None) -> int:
        """Replace the church's rules over a version; return the new one. Raise PreconditionFailed."""
        policy.SET.require(scope)
        async with self._database.transaction(scope) as tx:
            after = await self._prayer.set_settings(tx, settings, version)
            details = {name: getattr(settings, name) for name in settings.__struct_fields__}
            await self._audit.record(tx, scope, "prayer.settings", "prayer", details)
        return after

    # ---- each Monday

    async def write_week(self, scope: Scope) -> int:
        """Post the week's letter to the prayer team and the pastors, once a week however often it is called."""
        posted = 0
        async with self._database.transaction(scope) as tx:
            if (await self._prayer.settings(tx))[1].weekly_list:
                week = await self._prayer.week(tx, self._clock.now() - policy.WEEK)
                for person in await self._readers(scope):
                    await post(tx, self._letter(scope, week, person))
                    posted += 1
        return posted

    async def _readers(self, scope: Scope) -> Sequence[Person]:
        found: list[Person] = []
        after: UUID | None = None
        while page := await self._accounts.page(scope, after=after, most=PEOPLE_A_PAGE, staff=True):
            found += page
            after = page[-1].id
        return [
            one for one in found if one.status == "active" and one.email and one.roles & policy.GETS_LETTER
        ]

    def _letter(self, scope: Scope, week: WeekShown, person: Person) -> Mail:
        letter = policy.compose(week, person.name, person.locale, scope.tenant, self._public_url)
        assert person.email is not None
        return Mail(
            to=person.email,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            message_id=f"prayer.{policy.monday(self._clock.now())}.{person.id}",
            from_name=scope.tenant.name,
            useful_for=LETTER_SECONDS,
        )

    async def _readable(self, tx: Transaction, id: UUID) -> Request:
        found = (await self._prayer.by_ids(tx, [id])).get(id)
        if found is None or not self._prayer.may_read(tx.scope, found):
            raise NoSuchRequest()
        return found
