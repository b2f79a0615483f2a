"""Guard what people say, keep out who must be kept out, and hold a church's rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

import msgspec

from realtime import closes
from realtime.broker import Order, Passing
from realtime.topics import Topic
from server.domains.accounts.service import AccountsService
from server.domains.audit.service import AuditService
from server.domains.safety import policy, repository
from server.domains.safety.errors import Banned, NoSuchBan, NotYourself
from server.domains.safety.models import (
    HOST,
    Ban,
    Caller,
    Lock,
    MarkKind,
    Need,
    Restraint,
    RestraintKind,
    Rules,
    Said,
    Standing,
    Verdict,
)
from server.domains.safety.repository import Found, Mark, Memory, State
from server.domains.safety.schemas import Card, Pause
from server.domains.safety.signals import (
    BanLifted,
    LockdownChanged,
    PersonBanned,
    PersonReleased,
    PersonRestrained,
    RulesChanged,
)
from server.kit.cache import Cache, Caches
from server.kit.clock import Clock
from server.kit.crypto import Keyring
from server.kit.db import Database, Transaction
from server.kit.errors import AppError
from server.kit.log import Draft
from server.kit.scope import Scope

MOST_REMEMBERED = 50_000  # bans' marks of one church, and restraints; the guard asks the database anyway
MOST_CHURCHES = 5_000  # whose compiled rules are kept; beyond it all are compiled again when needed
MOST_HASHES = 20_000  # of devices and addresses, remembered because a person who writes once writes again
MOST_LISTED = 200
TRACES_KEPT = timedelta(days=30)
_NOBODY = Found(Standing(), frozenset())
_NO_RULES = policy.compile_rules(Rules())
_LAST = UUID(int=2**128 - 1)


class Guard:
    """The restraints and rules one transaction judges by; they stay as they are until its COMMIT."""

    __slots__ = ("_found", "_now", "_rules", "locked")

    def __init__(
        self, rules: policy.Compiled, found: dict[UUID, Found], *, locked: bool, now: datetime
    ) -> None:
        self._rules = rules
        self._found = found
        self._now = now
        self.locked = locked

    @property
    def remembers(self) -> int:
        """Return how many of a person's latest texts must be known to judge the next."""
        rules = self._rules.rules
        return max(rules.flood_messages, 3 if rules.duplicate_seconds else 0)

    @property
    def seconds(self) -> int:
        """Return how far back those texts reach."""
        return max(self._rules.rules.flood_seconds, self._rules.rules.duplicate_seconds)

    def sketch(self, text: str) -> tuple[int, ...]:
        """Return what a near-duplicate of this text is recognised by; nothing while nobody asks."""
        return policy.sketch(text) if self._rules.rules.duplicate_seconds else ()

    def judge(self, person: UUID, said: Said) -> Verdict | AppError:
        """Return the verdict over what a person says, or the error they are told."""
        standing = self._found.get(person, _NOBODY).standing
        return policy.judge(said, standing, self._rules, locked=self.locked, now=self._now)


class SafetyService:
    """Ask before words are taken; restrain, release, lock and set rules."""

    def __init__(
        self,
        database: Database,
        audit: AuditService,
        accounts: AccountsService,
        clock: Clock,
        keyring: Keyring,
        caches: Caches,
    ) -> None:
        self._database = database
        self._audit = audit
        self._accounts = accounts
        self._clock = clock
        self._caches = caches
        self._memory: Cache[Memory] = caches.make("safety", seconds=20.0, most=2_000)
        self._compiled: dict[str, tuple[int, policy.Compiled]] = {}

        @lru_cache(maxsize=MOST_HASHES)
        def macs(kind: MarkKind, church: str, text: str) -> tuple[bytes, ...]:
            return tuple(keyring.macs(f"ban.{kind}", church.encode(), text.encode()))

        self._macs = macs

    # ---- asked by others

    async def guard(self, tx: Transaction, callers: Iterable[Caller]) -> Guard:
        """Read what restrains these people and which rules hold, and keep both so until the caller's COMMIT.

        Ask before any other lock is taken. Devices and addresses that are new are remembered.
        """
        now = self._clock.now()
        marks: dict[UUID, list[Mark]] = {}
        for caller in callers:
            marks.setdefault(caller.person, []).extend(self._marks(tx.scope, caller))
        version, _ = self._compiled.get(tx.scope.tenant.id, (0, None))
        state = await repository.share(tx.connection, marks, version, now)
        fresh = [
            (person, kind, value)
            for person, has in state.people.items()
            for kind, value in marks[person]
            if value in has.fresh and not has.standing.banned
        ]
        if fresh:
            await repository.trace(tx.connection, fresh, now)
        return Guard(self._compile(tx.scope, state), state.people, locked=state.locked, now=now)

    async def admit(self, scope: Scope) -> None:
        """Raise Banned for who may not come in; asks this process's memory, at most 20 s old."""
        if scope.actor.kind in ("system", "api_key", "operator"):
            return
        bans = (await self._remember(scope)).bans
        if not bans:
            return
        now = self._clock.now()
        for value in self._values(scope):
            if value in bans and ((until := bans[value]) is None or until > now):
                raise Banned()

    async def glance(self, scope: Scope) -> Guard:
        """Return what this process remembers, at most 20 s old: enough for what only passes and is kept nowhere."""
        memory = await self._remember(scope)
        return Guard(_NO_RULES, memory.people, locked=memory.locked, now=self._clock.now())

    def crisis(self, text: str) -> str:
        """Return the kind of need a text speaks of, or nothing; every language is looked through."""
        return policy.crisis(text)

    def sketch(self, text: str) -> tuple[int, ...]:
        """Return what a near-duplicate of this text is recognised by."""
        return policy.sketch(text)

    def alike(self, one: Sequence[int], other: Sequence[int]) -> bool:
        """Tell whether two sketches are of nearly the same text."""
        return policy.alike(one, other)

    async def helplines(self, scope: Scope, kind: Need | None, country: str | None, language: str) -> Card:
        """Return who helps in a need, or in any, in a country: the church's own unless another is named."""
        if country is None:
            async with self._database.transaction(scope, readonly=True) as tx:
                country = (await repository.read_church(tx.connection))[1].country
        return policy.helplines(kind, country, language)

    async def restraints_of(self, tx: Transaction, person: UUID) -> list[Restraint]:
        """Return a person's timeout and shadow hold."""
        return await repository.restraints_of(tx.connection, person, self._clock.now())

    async def is_locked(self, tx: Transaction) -> bool:
        """Tell whether only hosts may write in this church."""
        return (await repository.read_church(tx.connection))[0].locked_at is not None

    # ---- bans

    async def ban(
        self,
        scope: Scope,
        person: UUID,
        name: str,
        *,
        kinds: Sequence[MarkKind] = ("account",),
        reason: str = "",
        expires_at: datetime | None = None,
        clear: bool = False,
    ) -> Ban:
        """Keep a person out, at once and on all nodes; `clear` asks that what they wrote is taken down.

        When this has returned, nothing of theirs is taken any more.
        """
        policy.MANAGE.require(scope)
        _not_oneself(scope, person)
        now = self._clock.now()
        policy.check_expiry(expires_at, now)
        async with self._database.transaction(scope) as tx:
            await repository.move_church(tx.connection)
            await self._check_over(tx, person)
            traces = await repository.traces_of(tx.connection, person)
            marks: list[Mark] = [("account", person.bytes)] if "account" in kinds else []
            marks += [mark for mark in traces if mark[0] in kinds]
            ban = await repository.insert_ban(
                tx.connection,
                person_id=person,
                person_name=name[:200],
                reason=reason,
                made_by=scope.actor.id,
                made_by_name=scope.actor.name[:200],
                expires_at=expires_at,
                marks=marks,
                now=now,
            )
            await self._send_away(tx, person, [value for kind, value in marks if kind != "account"])
            tx.signal(
                PersonBanned(
                    person_id=person, by=scope.actor.id, ban_id=ban.id, expires_at=expires_at, clear=clear
                )
            )
            details = {"ban": ban.id, "kinds": ban.kinds, "expires_at": expires_at, "clear": clear}
            await self._audit.record(tx, scope, "person.banned", str(person), details)
        self._caches.tell("safety", scope.tenant.id)
        return ban

    async def lift(self, scope: Scope, ban_id: UUID) -> Ban:
        """Undo a ban; a second call changes nothing. Raise NoSuchBan."""
        policy.MANAGE.require(scope)
        async with self._database.transaction(scope) as tx:
            await repository.move_church(tx.connection)
            found = await repository.lock_ban(tx.connection, ban_id)
            if found is None:
                raise NoSuchBan()
            person, lifted = found
            if not lifted:
                await repository.lift(tx.connection, ban_id, scope.actor.name[:200], self._clock.now())
                tx.signal(BanLifted(person_id=person, by=scope.actor.id, ban_id=ban_id))
                await self._audit.record(tx, scope, "person.unbanned", str(person), {"ban": ban_id})
            ban = await repository.by_id(tx.connection, ban_id)
        self._caches.tell("safety", scope.tenant.id)
        assert ban is not None
        return ban

    async def bans(
        self, scope: Scope, *, before: UUID | None = None, active: bool = True, most: int = 50
    ) -> Sequence[Ban]:
        """Return bans, newest first."""
        policy.MANAGE.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await repository.bans(
                tx.connection, before=before or _LAST, active=active, now=self._clock.now(), most=most
            )

    # ---- timeouts and shadow holds

    async def timeout(self, scope: Scope, person: UUID, name: str, minutes: int) -> Restraint:
        """Let a person pause for 1, 5, 10 or 60 minutes; they keep reading."""
        return await self._restrain(scope, person, name, "timeout", policy.check_minutes(minutes))

    async def shadow(self, scope: Scope, person: UUID, name: str) -> Restraint:
        """Let only hosts and the author see what a person writes from now on."""
        return await self._restrain(scope, person, name, "shadow", timedelta(days=policy.SHADOW_DAYS))

    async def release(self, scope: Scope, person: UUID, kind: RestraintKind) -> None:
        """End a timeout or shadow hold; nothing happens when there is none."""
        policy.MANAGE.require(scope)
        async with self._database.transaction(scope) as tx:
            await repository.move_church(tx.connection)
            if await repository.release(tx.connection, person, kind):
                tx.signal(PersonReleased(person_id=person, by=scope.actor.id, kind=kind))
                if kind == "timeout":
                    _tell_person(tx, person, None)
                await self._audit.record(tx, scope, "person.released", str(person), {"kind": kind})
        self._caches.tell("safety", scope.tenant.id)

    async def restraints(self, scope: Scope) -> Sequence[Restraint]:
        """Return the timeouts and shadow holds in force, those that end first in front."""
        policy.MANAGE.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await repository.restraints(tx.connection, self._clock.now(), MOST_LISTED)

    # ---- lockdown and rules

    async def lock(self, scope: Scope, *, locked: bool) -> Lock:
        """Let only hosts write in this church, or everybody again."""
        policy.MANAGE.require(scope)
        async with self._database.transaction(scope) as tx:
            await repository.move_church(tx.connection)
            before, _ = await repository.read_church(tx.connection)
            if (before.locked_at is not None) == locked:
                return before
            at, by = (self._clock.now(), scope.actor.name[:200]) if locked else (None, None)
            lock = await repository.set_lock(tx.connection, at, by)
            tx.signal(LockdownChanged(by=scope.actor.id, locked=locked))
            await self._audit.record(tx, scope, "lockdown.set" if locked else "lockdown.ended")
        self._caches.tell("safety", scope.tenant.id)
        return lock

    async def rules(self, scope: Scope) -> tuple[Lock, Rules]:
        """Return lockdown and rules."""
        policy.MANAGE.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await repository.read_church(tx.connection)

    def try_rules(self, scope: Scope, rules: Rules, text: str, *, guest: bool) -> Verdict | AppError:
        """Judge words that nobody said by rules that may hold nowhere; raise BadRules."""
        policy.MANAGE.require(scope)
        compiled = policy.compile_rules(rules)
        said = Said(text, guest=guest)
        return policy.judge(said, Standing(), compiled, locked=False, now=self._clock.now())

    async def set_rules(self, scope: Scope, rules: Rules) -> Rules:
        """Replace the church's rules; raise BadRules. They hold for everything taken after this has returned."""
        policy.SET_RULES.require(scope)
        policy.compile_rules(rules)
        async with self._database.transaction(scope) as tx:
            await repository.move_church(tx.connection)
            await repository.set_rules(tx.connection, rules)
            tx.signal(RulesChanged(by=scope.actor.id))
            details = {"words": len(rules.words), "links": rules.links, "flood": rules.flood_messages}
            await self._audit.record(tx, scope, "rules.changed", "safety", details)
        return rules

    # ---- retention

    async def trim(self, scope: Scope) -> int:
        """Forget old traces and restraints that are over; return how many."""
        now = self._clock.now()
        async with self._database.transaction(scope) as tx:
            return await repository.trim(tx.connection, now - TRACES_KEPT, now - timedelta(days=1))

    async def forget(self, tx: Transaction, person: UUID) -> None:
        """Forget the traces and restraints of one person; bans stay until they end or are lifted."""
        await repository.forget(tx.connection, person)

    async def hand_over(self, tx: Transaction, guest: UUID, person: UUID) -> None:
        """Let what keeps a guest back keep back the person they turned out to be; a ban keeps nobody from a duty."""
        now = self._clock.now()
        bans = await repository.bans_of(tx.connection, guest, now)
        found = await repository.restraints_of(tx.connection, guest, now)
        if not bans and not found:
            return
        await repository.move_church(tx.connection)
        own = await repository.restraints_of(tx.connection, person, now)
        for restraint in policy.handed_over(person, found, own):
            await repository.restrain(tx.connection, restraint)
            if restraint.kind == "timeout":
                _tell_person(tx, person, restraint.until)
        standing = await self._accounts.standing(tx, person)
        if bans and standing and HOST.roles.isdisjoint(standing.person.roles):
            await repository.mark_account(tx.connection, bans, person)
            await self._send_away(tx, person, [])

    # ---- inside

    def _compile(self, scope: Scope, state: State) -> policy.Compiled:
        """Make a church's rules ready, once a version."""
        if state.rules is not None:
            if len(self._compiled) >= MOST_CHURCHES:
                self._compiled.clear()
            self._compiled[scope.tenant.id] = (state.version, policy.compile_rules(state.rules))
        return self._compiled[scope.tenant.id][1]

    async def _restrain(
        self, scope: Scope, person: UUID, name: str, kind: RestraintKind, span: timedelta
    ) -> Restraint:
        policy.MANAGE.require(scope)
        _not_oneself(scope, person)
        now = self._clock.now()
        restraint = Restraint(person, kind, name[:200], now + span, scope.actor.name[:200], now)
        async with self._database.transaction(scope) as tx:
            await repository.move_church(tx.connection)
            await self._check_over(tx, person)
            await repository.restrain(tx.connection, restraint)
            tx.signal(PersonRestrained(person_id=person, by=scope.actor.id, kind=kind, until=restraint.until))
            if kind == "timeout":  # a shadow hold tells nobody
                _tell_person(tx, person, restraint.until)
            details = {"kind": kind, "until": restraint.until}
            await self._audit.record(tx, scope, "person.restrained", str(person), details)
        self._caches.tell("safety", scope.tenant.id)
        return restraint

    async def _check_over(self, tx: Transaction, person: UUID) -> None:
        standing = await self._accounts.standing(tx, person)
        policy.check_over(tx.scope, frozenset() if standing is None else standing.person.roles)

    async def _send_away(self, tx: Transaction, person: UUID, values: Sequence[bytes]) -> None:
        """Close the person's sockets, and let policy look again at who shares their device or address."""
        tx.order(Order("kick", person=str(person), code=closes.BANNED.code, reason=closes.BANNED.reason))
        others = await repository.people_of(tx.connection, values, person) if values else []
        for other in others:
            tx.order(Order("recheck", person=str(other)))
        topic = Topic(tx.scope.tenant.id, "control", "people")
        for id, act in ((person, "kick"), *((other, "recheck") for other in others)):
            tx.append(topic, Draft(id, act, msgspec.json.encode({"person": id, "code": closes.BANNED.code})))

    async def _remember(self, scope: Scope) -> Memory:
        return await self._memory.get(scope.tenant.id, "", lambda: self._load(scope))

    async def _load(self, scope: Scope) -> Memory:
        async with self._database.transaction(Scope.system(scope.tenant), readonly=True) as tx:
            return await repository.remember(tx.connection, self._clock.now(), MOST_REMEMBERED)

    def _values(self, scope: Scope) -> list[bytes]:
        """Return everything this caller could be recognised by."""
        id, origin = scope.actor.id, scope.origin
        values = [id.bytes] if id is not None else []
        if not HOST.allows(scope):
            caller = Caller(id or _LAST, origin.device, origin.address)
            values += [value for _, value in self._marks(scope, caller)[1:]]
        return values

    def _marks(self, scope: Scope, caller: Caller) -> list[Mark]:
        """Return the marks of a caller, the account first; by every key we believe, so that a rotation frees nobody."""
        marks: list[Mark] = [("account", caller.person.bytes)]
        network = policy.network(caller.address)
        shown: tuple[tuple[MarkKind, str], ...] = (
            ("device", policy.device(caller.device, network)),
            ("address", network),
        )
        for kind, text in shown:
            if text:
                marks += [(kind, mac) for mac in self._macs(kind, scope.tenant.id, text)]
        return marks


def _not_oneself(scope: Scope, person: UUID) -> None:
    if scope.actor.id == person:
        raise NotYourself()


def _tell_person(tx: Transaction, person: UUID, until: datetime | None) -> None:
    """Tell a person's own screens until when they pause."""
    data = msgspec.Raw(msgspec.json.encode(Pause(until)))
    tx.pass_on(Passing(Topic(tx.scope.tenant.id, "me", str(person)), "latest", "timeout", data))
