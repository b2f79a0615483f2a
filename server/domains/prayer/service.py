"""Keep requests as they stand and tell it in the same transaction; asking and tending say what shall become of them.

Locks are taken in one order, so that nobody deadlocks: a request, its replies, the history, and at the very end, by the
door, topics by id. Nothing here ever writes down who is asking: `by` is somebody of the team, or nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from realtime.topics import Topic
from server.domains.audit.service import AuditService
from server.domains.intercession.service import IntercessionService
from server.domains.prayer import policy, repository
from server.domains.prayer.errors import Changed, NotSealed, WrongState
from server.domains.prayer.models import (
    APPROVE,
    EDIT,
    PASTORS,
    READ_TEAM,
    FlagReason,
    Identity,
    OnWalls,
    Place,
    Request,
    Settings,
    Standing,
    Verdict,
    Visibility,
    Wanted,
)
from server.domains.prayer.schemas import (
    Editing,
    FlagShown,
    PrayerMoved,
    RequestShown,
    Rewording,
    TeamRequest,
    WeekShown,
)
from server.domains.prayer.signals import PrayerFlagged, facts, signal_of
from server.domains.replies.service import RepliesService
from server.domains.safety.service import SafetyService
from server.kit.clock import Clock
from server.kit.crypto import Keyring, digest
from server.kit.db import Database, Transaction
from server.kit.errors import PreconditionFailed
from server.kit.log import Draft
from server.kit.scope import Scope

MOST_FLAGS = 100
MOST_STANDING = 5_000  # of which a session is led
MOST_AT_ONCE = 100  # requests changed in one transaction of the schedule
ALIKE_FOR = timedelta(days=1)
MOST_ALIKE = 500
MOST_OF_ONE = 2_000
MOST_BOXES = 500


def topic_of(tenant: str, visibility: Visibility) -> Topic:
    """Return the topic of everybody who may read requests of an audience."""
    return Topic(tenant, *policy.TOPICS[visibility])


class PrayerService:
    """Keep each church's prayer requests."""

    def __init__(
        self,
        database: Database,
        audit: AuditService,
        safety: SafetyService,
        replies: RepliesService,
        intercession: IntercessionService,
        keyring: Keyring,
        clock: Clock,
    ) -> None:
        self._database = database
        self._audit = audit
        self._safety = safety
        self._replies = replies
        self._intercession = intercession
        self._keyring = keyring
        self._clock = clock

    # ---- written, inside the caller's transaction

    async def add(self, tx: Transaction, request: Request, identity: Identity | None, token: str) -> Request:
        """Write a new request that waits, who asked into its envelope, and the hash of the secret link."""
        sketch = self._safety.sketch(request.body)
        request = policy.suggested(request)
        request = await repository.insert(tx.connection, request, sketch, policy.searched(request))
        if identity is not None:
            box = self._keyring.seal(msgspec.json.encode(identity), _place(tx, request.id))
            await repository.seal(tx.connection, request.id, box)
        await repository.link(tx.connection, request.id, digest(token))
        tx.signal(signal_of(None, request, None, request.crisis))
        return request

    async def locked(self, tx: Transaction, id: UUID) -> Request:
        """Return a request that nobody else may change until COMMIT; raise NoSuchRequest."""
        return await repository.lock(tx.connection, id)

    async def for_team(self, tx: Transaction, id: UUID) -> Request:
        """Lock a request for somebody of the team; raise NoSuchRequest also for those who may not see it."""
        request = await self.locked(tx, id)
        if policy.for_pastors(request):
            PASTORS.require(tx.scope)
        return request

    async def save(
        self, tx: Transaction, before: Request, after: Request, *, by: UUID | None = None, crisis: str = ""
    ) -> Request:
        """Write what became of a locked request and tell everybody who may know.

        `by` is who of the team did it; never the asker. `crisis` names a need that was found just now.
        """
        now = self._clock.now()
        after = msgspec.structs.replace(policy.suggested(after), version=before.version + 1, changed_at=now)
        after = await repository.update(tx.connection, after, policy.searched(after))
        await self.tell(tx, before, after)
        if after.reason != policy.FLAGGED or not before.shown:
            tx.signal(signal_of(before, after, by, crisis))
        if after.asker_id is not None and after.state != before.state:
            data = msgspec.json.encode(PrayerMoved(after.id, after.state))
            me = Topic(tx.scope.tenant.id, "me", str(after.asker_id))
            tx.append(me, Draft(after.id, "prayer.own", data))
        return after

    async def tell(self, tx: Transaction, before: Request, after: Request) -> None:
        """Append what became of a request to the topics of those who may read it; times are coarse, a day."""
        old = topic_of(tx.scope.tenant.id, before.visibility) if before.shown else None
        new = topic_of(tx.scope.tenant.id, after.visibility) if after.shown else None
        if old is not None and old != new:
            # why it went is for those who may read it where it went
            gone = RequestShown(after.id, "withdrawn")
            tx.append(old, Draft(after.id, "prayer.removed", msgspec.json.encode(gone), day=True))
        if new is not None:
            (data,) = await self.public(tx, [after])
            kind = "prayer.changed" if old == new else "prayer.posted"
            tx.append(new, Draft(after.id, kind, msgspec.json.encode(data), day=True))

    # ---- changed by the asker, inside their transaction, which names nobody

    def check_words(self, body: str, public_body: str) -> tuple[str, str]:
        """Return words and public wording as they are kept; raise BadText that names field and limit."""
        return policy.check_body(body), policy.check_body(public_body, "/public_body", optional=True)

    async def reword_in(self, tx: Transaction, request: Request, change: Rewording, crisis: str) -> Request:
        """Change a locked request; new words and a wider audience wait. Raise BadText, ConsentMissing, WrongState."""
        return await self.save(tx, request, policy.reworded(request, change, crisis), crisis=crisis)

    async def answer_in(self, tx: Transaction, request: Request) -> Request:
        """Note that the prayer was answered; raise WrongState."""
        return await self.save(tx, request, policy.answered(request, self._clock.now()))

    async def renew_in(self, tx: Transaction, request: Request) -> Request:
        """Let a locked request stand for all its days again; raise WrongState."""
        _, settings = await repository.settings(tx.connection)
        return await self.save(tx, request, policy.renewed(request, settings, self._clock.now()))

    async def withdraw_in(self, tx: Transaction, request: Request) -> Request:
        """Take a locked request off everywhere, its words and its envelope with it; raise WrongState."""
        after = policy.withdrawn(request, self._clock.now())
        await repository.unseal(tx.connection, [request.id])
        await self._replies.drop(tx, [request.id])
        return await self.save(tx, request, after)

    # ---- decided, inside the transaction of whoever decides

    async def decide_in(
        self,
        tx: Transaction,
        id: UUID,
        verdict: Verdict,
        version: int,
        public_body: str | UnsetType = UNSET,
    ) -> Request:
        """Decide about the version that was read.

        Raise NoSuchRequest, AlreadyDecided, WrongState, BadText, or Changed with the new words in `extra["request"]`.
        """
        APPROVE.require(tx.scope)
        before = await self.for_team(tx, id)
        policy.check_waiting(before)
        await self.check_version(tx, before, version)
        _, settings = await repository.settings(tx.connection)
        actor = tx.scope.actor
        after = policy.decided(
            before, verdict, public_body, (actor.id, actor.name), settings, self._clock.now()
        )
        return await self._acted(tx, before, after, policy.ACTS[verdict])

    async def edit_in(self, tx: Transaction, id: UUID, change: Editing) -> Request:
        """Change wording, category, urgency, or make the audience narrower. Raise Changed, WrongState, BadRequest."""
        EDIT.require(tx.scope)
        before = await self.for_team(tx, id)
        await self.check_version(tx, before, change.version)
        after = policy.edited(before, change, may_approve=APPROVE.allows(tx.scope))
        fields = sorted(
            one for one in change.__struct_fields__ if getattr(before, one) != getattr(after, one)
        )
        return await self._acted(tx, before, after, "prayer.edited", fields=fields)

    async def archive_in(self, tx: Transaction, id: UUID) -> Request:
        """Put a request away for good; raise WrongState for one that waits or is over."""
        APPROVE.require(tx.scope)
        before = await self.for_team(tx, id)
        after = policy.archived(before, self._clock.now())
        return await self._acted(tx, before, after, "prayer.archived")

    async def reopen_in(self, tx: Transaction, id: UUID) -> Request:
        """Take a decision back: the request waits again in a new round and stands nowhere. Raise WrongState.

        Whoever handed it on to the pastors may take that back too, until somebody touches it.
        """
        APPROVE.require(tx.scope)
        before = await self.locked(tx, id)
        if not policy.handed_on_by(before, tx.scope.actor.id):
            before = await self.for_team(tx, id)
        return await self._acted(tx, before, policy.reopened(before), "prayer.reopened")

    async def check_version(self, tx: Transaction, request: Request, version: int) -> None:
        """Raise Changed with the request as it is now, unless this is the version that was read."""
        if request.version != version:
            raise Changed(extra={"request": (await self.team(tx, [request]))[0]})

    async def _acted(
        self, tx: Transaction, before: Request, after: Request, action: str, **details: object
    ) -> Request:
        """Save what somebody of the team did, and add it to the history."""
        after = await self.save(tx, before, after, by=tx.scope.actor.id)
        await self.record(tx, action, after, **details)
        return after

    async def record(self, tx: Transaction, action: str, request: Request, **details: object) -> None:
        """Add an act of the team to the history; call it last."""
        known = {"version": request.version, "state": request.state, **details}
        await self._audit.record(tx, tx.scope, action, str(request.id), known)

    # ---- flags

    def flag_mark(self, scope: Scope, id: UUID, given: str | None = None) -> bytes:
        """Return what the flag of one person, or of one device, is told from others by; it joins nothing."""
        who = b"person:" + scope.actor.id.bytes if scope.actor.id else b"device:" + (given or "").encode()
        return self._keyring.mac("prayer.flag", id.bytes, who)

    async def flag_in(
        self, tx: Transaction, id: UUID, mark: bytes, *, team: bool, reason: FlagReason, note: str = ""
    ) -> Request:
        """Add a flag to a request that stands, once a mark; at the church's number it comes off. Raise WrongState."""
        before = await self.locked(tx, id)
        if not before.shown:
            raise WrongState()
        if not await repository.flag(tx.connection, before, mark, reason, note, self._clock.now(), team=team):
            return before
        counts = await repository.count_flags(tx.connection, [id])
        _, settings = await repository.settings(tx.connection)
        after = policy.flagged(before, counts[id], settings)
        off = after.state != before.state
        if off:
            after = await self.save(tx, before, after)
        tx.signal(PrayerFlagged(**facts(after), team=team, reason=reason, off=off))
        return after

    async def clear_flags_in(self, tx: Transaction, id: UUID) -> Request:
        """Decide that a flagged request is good: its flags are done with, and what came off stands again."""
        APPROVE.require(tx.scope)
        before = await self.for_team(tx, id)
        _, settings = await repository.settings(tx.connection)
        after = policy.cleared(before, settings, self._clock.now())
        return await self._acted(tx, before, after, "prayer.flags_cleared")

    async def remove_in(self, tx: Transaction, id: UUID) -> Request:
        """Decide that a flagged request shall not stand, whether it still does or not. Raise WrongState."""
        APPROVE.require(tx.scope)
        before = await self.for_team(tx, id)
        if not (before.shown or before.waits):
            raise WrongState()
        _, settings = await repository.settings(tx.connection)
        actor = tx.scope.actor
        after = policy.decided(before, "decline", UNSET, (actor.id, actor.name), settings, self._clock.now())
        return await self._acted(tx, before, after, "prayer.removed")

    async def flags(self, tx: Transaction, id: UUID) -> list[FlagShown]:
        """Return the open flags of a request, newest first; never who raised them."""
        return await repository.flags(tx.connection, id, MOST_FLAGS)

    # ---- read, inside the caller's transaction

    async def by_ids(self, tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Request]:
        """Return requests by their ids."""
        return await repository.by_ids(tx.connection, ids)

    async def team(self, tx: Transaction, requests: Sequence[Request]) -> list[TeamRequest]:
        """Return requests as the team sees them; small counts under anonymous ones are not shown."""
        ids = [request.id for request in requests]
        sealed = await repository.sealed_among(tx.connection, ids)
        flags = await repository.count_flags(tx.connection, ids)
        prayed = await self._intercession.totals(tx, ids)
        return [
            TeamRequest.of(
                one,
                sealed=one.id in sealed,
                prayed=policy.told(one, prayed.get(one.id, 0)) or 0,
                flags=sum(flags.get(one.id, (0, 0))),
            )
            for one in requests
        ]

    async def shown(self, tx: Transaction, ids: Sequence[UUID]) -> list[TeamRequest]:
        """Return requests by their ids as the team sees them, in this order; whoever asks may see them."""
        found = await self.by_ids(tx, ids)
        return await self.team(tx, [found[id] for id in ids if id in found])

    async def public(self, tx: Transaction, requests: Sequence[Request]) -> list[RequestShown]:
        """Return requests as everybody sees them who may, with what stands below them."""
        replies = await self._replies.of(tx, [one.id for one in requests if one.shown])
        return [RequestShown.of(one, replies.get(one.id, ())) for one in requests]

    def has_link(self, text: str) -> bool:
        """Tell whether a text leads somewhere else."""
        return policy.has_link(text)

    def may_read(self, scope: Scope, request: Request) -> bool:
        """Tell whether somebody of the team may read a request."""
        return policy.sees(scope, request)

    async def wall(self, tx: Transaction, wanted: OnWalls) -> list[Request]:
        """Return what stands on walls, or stood there; whoever asks may read them."""
        return await repository.wall_list(tx.connection, wanted, policy.terms(wanted.q))

    async def standing(self, tx: Transaction, visibilities: Sequence[Visibility]) -> list[Standing]:
        """Return all that stands and is not answered, oldest first: what a session needs."""
        return await repository.standing(tx.connection, visibilities, MOST_STANDING)

    async def team_list(self, tx: Transaction, wanted: Wanted) -> list[Request]:
        """Return what the transaction's own caller may read of the team's requests."""
        READ_TEAM.require(tx.scope)
        pastors = PASTORS.allows(tx.scope)
        return await repository.team_list(tx.connection, wanted, policy.terms(wanted.q), pastors=pastors)

    async def own_list(self, tx: Transaction, person: UUID, before: Place, most: int) -> list[Request]:
        """Return what one person asked under their own name, newest first."""
        return await repository.own_list(tx.connection, person, before, most)

    async def linked(self, tx: Transaction, token: str) -> UUID | None:
        """Return which request a secret link opens."""
        return await repository.linked(tx.connection, digest(token))

    async def identity(self, tx: Transaction, id: UUID) -> Identity:
        """Open the envelope of a request; raise NotSealed. Whoever calls has asked for right and reason."""
        box = await repository.box(tx.connection, id)
        if box is None:
            raise NotSealed()
        return msgspec.json.decode(self._keyring.open(box, _place(tx, id)), type=Identity)

    async def alike(self, tx: Transaction, body: str) -> bool:
        """Tell whether somebody, whoever it was, asked nearly the same within a day; a few words often enough."""
        sketch = self._safety.sketch(body)
        since = self._clock.now() - ALIKE_FOR
        known = await repository.sketches(tx.connection, since, MOST_ALIKE) if sketch else []
        return policy.is_repeated(body, sum(self._safety.alike(sketch, one) for one in known))

    async def week(self, tx: Transaction, since: datetime) -> WeekShown:
        """Return what happened since a moment."""
        prayed = await self._intercession.prayed_since(tx, since.date())
        return WeekShown(**await repository.week(tx.connection, since), prayed=prayed)

    async def settings(self, tx: Transaction) -> tuple[int, Settings]:
        """Return the church's rules with their version."""
        return await repository.settings(tx.connection)

    async def set_settings(self, tx: Transaction, settings: Settings, version: int | None) -> int:
        """Write the church's rules over a version, over any when it is None; return the new one."""
        now, _ = await repository.lock_settings(tx.connection)
        if version not in (None, now):
            raise PreconditionFailed()
        await repository.set_settings(tx.connection, settings)
        return now + 1

    # ---- by itself, and forgotten

    async def expire(self, scope: Scope) -> int:
        """Take off what has had its days, at most 100; return how many. Repeat until 0."""
        now = self._clock.now()
        async with self._database.transaction(scope) as tx:
            found = await repository.expired(tx.connection, now, MOST_AT_ONCE)
            for request in found:
                await self.save(tx, request, policy.expired(request, now))
        return len(found)

    async def trim(self, scope: Scope) -> int:
        """Put old requests away and forget what is over for good, at most 100 each; return how many."""
        now = self._clock.now()
        async with self._database.transaction(scope) as tx:
            _, settings = await repository.settings(tx.connection)
            old = await repository.old(tx.connection, now - timedelta(settings.archive_days), MOST_AT_ONCE)
            for request in old:
                await self.save(tx, request, policy.archived(request, now))
            over = await repository.over(tx.connection, now - policy.OVER_KEPT, MOST_AT_ONCE)
            await self._drop(tx, over)
        return len(old) + len(over)

    async def take_over(self, tx: Transaction, guest: UUID, person: UUID) -> None:
        """Let what a guest asked for be the person's they turned out to be; what is sealed stays as it was sealed."""
        await repository.take_over(tx.connection, guest, person)

    async def forget(self, scope: Scope, person: UUID) -> None:
        """Forget what one person asked, wrote, prayed and decided, in their own name or sealed."""
        async with self._database.transaction(scope) as tx:
            ids = await repository.ids_of(tx.connection, person, MOST_OF_ONE)
            for request in [await self.locked(tx, id) for id in ids]:
                if request.state not in ("withdrawn", "archived"):
                    await self.withdraw_in(tx, request)
            await self._drop(tx, ids)
            written = await self._replies.requests_of(tx, person)
            locked = [await self.locked(tx, id) for id in written]
            await self._replies.forget(tx, person)
            for request in locked:
                await self.tell(tx, request, request)
            await self._intercession.forget(tx, person)
            await repository.forget_decider(tx.connection, person)
            await self._forget_sealed(tx, person)

    async def _forget_sealed(self, tx: Transaction, person: UUID) -> None:
        """Throw away the envelopes that name one person, and the flags they raised: only our key can find them."""
        who, after = b"person:" + person.bytes, UUID(int=0)
        while boxes := await repository.boxes(tx.connection, after, MOST_BOXES):
            named = [id for id, _ in boxes if (await self.identity(tx, id)).person_id == person]
            await repository.unseal(tx.connection, named)
            after = boxes[-1][0]
        flagged = await repository.flagged(tx.connection)
        marks = [(id, mark) for id in flagged for mark in self._keyring.macs("prayer.flag", id.bytes, who)]
        await repository.forget_flags(tx.connection, marks)

    async def _drop(self, tx: Transaction, ids: Sequence[UUID]) -> None:
        await self._replies.drop(tx, ids)
        await self._intercession.drop(tx, ids)
        await repository.delete(tx.connection, ids)


def _place(tx: Transaction, id: UUID) -> str:
    return f"prayer.identity:{tx.scope.tenant.id}:{id}"
