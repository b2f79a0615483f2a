"""Let people ask for somebody to pray with, bring them together, and do with their words what the church decided.

Locks are taken in one order: the church's rules (shared), the conversation, its room, and by the door topics.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from realtime.broker import Passing
from realtime.log import Position
from realtime.topics import Topic
from server.domains.accounts.service import Throttle
from server.domains.audit.service import AuditService
from server.domains.care import policy, repository, signals
from server.domains.care.errors import NobodyHere, NoSuchSession, NothingKept
from server.domains.care.models import NEWEST, Session, Settings, State
from server.domains.care.schemas import Ask, CareErased, CareGiven, Offer, Opened, Place, SessionShown
from server.domains.messages.service import MessagesService
from server.domains.rooms.models import Role
from server.domains.rooms.service import RoomsService
from server.domains.rota.service import RotaService
from server.domains.safety.errors import with_card
from server.domains.safety.models import Caller, Said
from server.domains.safety.service import SafetyService
from server.domains.transcripts.service import TranscriptsService
from server.kit import text
from server.kit.clock import Clock
from server.kit.db import Database, Transaction
from server.kit.errors import AppError, Conflict, Invalid, PreconditionFailed
from server.kit.log import Draft
from server.kit.scope import Scope

LATELY = timedelta(days=7)  # whose waiting time tells what is usual
GIVEN_UP = timedelta(hours=2)  # nobody waits longer without being gone
MOST_TRIMMED = 50
ROOM = "Prayer"  # its title; a name would have to be forgotten there too


class CareService:
    """Keep one-to-one prayer of each church."""

    def __init__(
        self,
        database: Database,
        audit: AuditService,
        safety: SafetyService,
        rota: RotaService,
        rooms: RoomsService,
        messages: MessagesService,
        transcripts: TranscriptsService,
        throttle: Throttle,
        clock: Clock,
    ) -> None:
        self._database = database
        self._audit = audit
        self._safety = safety
        self._rota = rota
        self._rooms = rooms
        self._messages = messages
        self._transcripts = transcripts
        self._throttle = throttle
        self._clock = clock

    # ---- asking

    async def offer(self, scope: Scope) -> Offer:
        """Tell everybody whether somebody can be there now."""
        policy.READ_OFFER.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            _, settings = await repository.settings(tx.connection)
            here = await self._rota.here(tx)
            waiting = await repository.count_waiting(tx.connection)
            waits = await repository.waits(tx.connection, self._clock.now() - LATELY)
        return policy.offer(settings, here, waiting, waits)

    async def ask(self, scope: Scope, ask: Ask) -> SessionShown:
        """Let the caller wait; raise NobodyHere, ForAdults, AlreadyAsking, or what safety has against them."""
        policy.ASK.require(scope)
        topic = text.tidy(ask.topic, policy.LONGEST_TOPIC, pointer="/topic", noun="A topic", optional=True)
        crisis = self._safety.crisis(topic)
        try:
            for limit, caller in policy.limits(scope):
                await self._throttle.take(limit, caller)
            async with self._database.transaction(scope) as tx:
                await self._judge(tx, topic)
                settings = await self._settings(tx)
                policy.check_age(settings, minor=ask.minor)
                await self._check_somebody(tx, settings)
                draft = policy.draft(ask, scope.actor, topic, crisis, settings)
                session = await repository.insert(tx.connection, self._clock.now(), **draft)
                tx.signal(signals.CareAsked(session_id=session.id, language=session.language, crisis=crisis))
                self._tell(tx, session, settings)
                await self._tell_places(tx, settings)
        except AppError as error:  # whoever is in need sees whom to call, whatever is against them
            raise with_card(error, crisis) from None
        return self._shown(session, settings, to_asker=True)

    async def _judge(self, tx: Transaction, topic: str) -> None:
        """Raise what safety has against this caller."""
        actor, origin = tx.scope.actor, tx.scope.origin
        assert actor.id is not None
        guard = await self._safety.guard(tx, [Caller(actor.id, origin.device, origin.address)])
        verdict = guard.judge(actor.id, Said(topic, guest=actor.kind == "guest", private=True))
        if isinstance(verdict, AppError):
            raise verdict

    async def _check_somebody(self, tx: Transaction, settings: Settings) -> None:
        here = [one for one in await self._rota.here(tx) if one.person_id != tx.scope.actor.id]
        full = await repository.count_waiting(tx.connection) >= policy.MOST_WAITING
        if not settings.open or not here or full:
            raise NobodyHere()

    async def current(self, scope: Scope) -> SessionShown | None:
        """Return what the caller waits for or is in as the one who asked."""
        policy.ASK.require(scope)
        assert scope.actor.id is not None
        async with self._database.transaction(scope, readonly=True) as tx:
            session = await repository.open_of(tx.connection, scope.actor.id)
            settings = await self._settings(tx)
        return None if session is None else self._shown(session, settings, to_asker=True)

    async def leave(self, scope: Scope, id: UUID, *, form: bool = False) -> None:
        """Let the asker go, to the form if they like; a second call changes nothing. Raise NoSuchSession."""
        policy.ASK.require(scope)
        async with self._database.transaction(scope) as tx:
            session = await repository.lock(tx.connection, id)
            if session is None or session.asker_id != scope.actor.id:
                raise NoSuchSession()
            if session.state in ("waiting", "active"):
                gone: State = "handed_off" if form and session.state == "waiting" else "left"
                await self._finish(tx, session, gone)

    # ---- being there

    async def accept(self, scope: Scope, id: UUID) -> SessionShown:
        """Go into a room with who waits; raise AlreadyAccepted when somebody was quicker."""
        policy.ATTEND.require(scope)
        assert scope.actor.id is not None
        async with self._database.transaction(scope) as tx:
            session = await self._locked(tx, id)
            policy.check_accept(session, scope.actor.id)
            settings = await self._settings(tx)
            session = policy.accepted(session, scope.actor, self._clock.now())
            session = await self._settle(tx, session, settings)
            tx.signal(signals.CareAccepted(session_id=id, version=session.version, by=scope.actor.id))
            await self._tell_places(tx, settings)
            await self._audit.record(tx, scope, "care.accepted", str(id))
        return self._shown(session, settings)

    async def join(self, scope: Scope, id: UUID) -> SessionShown:
        """Be the second volunteer in a room; raise AlreadyAccepted, Over."""
        policy.ATTEND.require(scope)
        assert scope.actor.id is not None
        async with self._database.transaction(scope) as tx:
            session = await self._locked(tx, id)
            policy.check_second(session, scope.actor.id)
            settings = await self._settings(tx)
            session = await self._settle(tx, policy.joined(session, scope.actor), settings)
            tx.signal(signals.CareSecondJoined(session_id=id, version=session.version, by=scope.actor.id))
            await self._audit.record(tx, scope, "care.joined", str(id))
        return self._shown(session, settings)

    async def hand_over(self, scope: Scope, id: UUID, to: UUID | None) -> SessionShown:
        """Let another volunteer go on, or put the asker back to the front of the queue; the caller leaves the room."""
        policy.ATTEND.require(scope)
        async with self._database.transaction(scope) as tx:
            session = await self._locked(tx, id)
            policy.check_inside(session, scope.actor.id)
            settings = await self._settings(tx)
            next_one = None if to is None else await self._volunteer(tx, session, to)
            assert scope.actor.id is not None, "the rule lets in people alone"
            session = await self._let_go(tx, session, scope.actor.id, next_one, settings)
            await self._audit.record(tx, scope, "care.handed_over", str(id), {"to": to})
        return self._shown(session, settings)

    async def end(self, scope: Scope, id: UUID) -> SessionShown:
        """End a conversation; its words go the way the church decided. Raise Over, NoSuchSession."""
        policy.ATTEND.require(scope)
        async with self._database.transaction(scope) as tx:
            session = await self._locked(tx, id)
            policy.check_inside(session, scope.actor.id)
            session = await self._finish(tx, session, "ended")
            settings = await self._settings(tx)
            await self._audit.record(tx, scope, "care.ended", str(id))
        return self._shown(session, settings)

    async def mine(self, scope: Scope) -> list[SessionShown]:
        """Return the conversations the caller is in as a volunteer."""
        policy.ATTEND.require(scope)
        assert scope.actor.id is not None
        async with self._database.transaction(scope, readonly=True) as tx:
            settings = await self._settings(tx)
            found = await repository.active_of(tx.connection, scope.actor.id)
        return [self._shown(session, settings) for session in found]

    async def page(self, scope: Scope, *, before: tuple[datetime, UUID] | None, most: int) -> list[Session]:
        """Return conversations, newest first, for those who look after the service; not a word of them."""
        policy.LIST.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await repository.page(tx.connection, before or NEWEST, most)

    # ---- words

    async def open_words(self, scope: Scope, id: UUID, reason: str) -> Opened:
        """Read a conversation that was kept or sealed, with a reason in the history. Raise NeedsReason, NothingKept."""
        policy.OPEN_WORDS.require(scope)
        reason = policy.check_reason(reason)
        async with self._database.transaction(scope) as tx:
            session = await self._locked(tx, id)
            if session.room_id is None or session.state in ("waiting", "active"):
                raise NothingKept()
            lines = await self._transcripts.sealed(tx, session.room_id)
            if lines is None and (session.words != "keep" or session.words_gone_at is not None):
                raise NothingKept()
            if lines is None:
                lines = await self._transcripts.said(tx, session.room_id)
            await self._audit.record(tx, scope, "care.opened", str(id), {"reason": reason})
        return Opened(lines)

    async def settle_words(self, tx: Transaction, id: UUID) -> None:
        """Erase or seal what was said in a conversation that is over; announce that there is more to erase."""
        session = await repository.lock(tx.connection, id)
        if session is None or session.state in ("waiting", "active") or session.words_gone_at is not None:
            return
        if session.room_id is not None and session.words == "keep":
            return
        if session.room_id is not None:
            if session.words == "seal":
                await self._transcripts.seal(tx, session.room_id)
            if not await self._transcripts.erase(tx, session.room_id):
                tx.signal(signals.CareEnded(session_id=id, version=session.version, state=session.state))
                return
        await repository.words_gone(tx.connection, id, self._clock.now())
        _tell_erased(tx, id)

    async def in_need(self, tx: Transaction, room_id: UUID, crisis: str) -> None:
        """Note that words in a private room speak of a great need, once for each conversation and kind."""
        found = await repository.by_room(tx.connection, room_id)
        session = None if found is None else await self._locked(tx, found.id)
        if session is not None and session.crisis != crisis:
            session = await repository.update(tx.connection, msgspec.structs.replace(session, crisis=crisis))
            tx.signal(signals.CareCrisis(session_id=session.id, version=session.version, crisis=crisis))

    # ---- rules

    async def settings(self, scope: Scope) -> tuple[int, Settings]:
        """Return a church's rules and their version."""
        policy.ATTEND.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await repository.settings(tx.connection)

    async def set_settings(self, scope: Scope, settings: Settings, version: int | None) -> int:
        """Replace the rules; return their new version. They hold for conversations asked for from now on."""
        policy.SET.require(scope)
        promise = text.tidy(settings.promise, 300, pointer="/promise", noun="A promise", optional=True)
        async with self._database.transaction(scope) as tx:
            before, _ = await repository.settings(tx.connection)
            settings = msgspec.structs.replace(settings, promise=promise)
            after = await repository.put_settings(tx.connection, settings, version)
            if after is None or version not in (None, before):
                raise PreconditionFailed()
            details = {"words": settings.words, "two_adults": settings.two_adults, "minors": settings.minors}
            await self._audit.record(tx, scope, "care.set", "care", details)
        return after

    # ---- asked by others

    async def lonely(self, tx: Transaction, sessions: Iterable[Session]) -> set[UUID]:
        """Return which conversations lack a second volunteer, so that nobody may write."""
        settings = await self._settings(tx)
        return {session.id for session in sessions if policy.second_needed(settings, session)}

    async def by_ids(self, tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Session]:
        """Return conversations by their ids."""
        return await repository.by_ids(tx.connection, ids)

    async def dismiss(self, tx: Transaction, person: UUID) -> None:
        """Let whoever is no volunteer any more leave every room; a second adult, or the next one, goes on."""
        if await self._rota.volunteer(tx, person) is not None:
            return
        settings = await self._settings(tx)
        while active := await repository.active_of(tx.connection, person):  # a screen full each time
            for session in [await self._locked(tx, found.id) for found in active]:
                if session.state == "active" and person in (session.first_id, session.second_id):
                    await self._let_go(tx, session, person, None, settings)

    async def snapshot(
        self, scope: Scope, topic: Topic, id: UUID
    ) -> tuple[Position, SessionShown, Place | None]:
        """Return a conversation as those in it see it, and where it stands in the queue; see CareChannel."""
        async with self._database.transaction(scope, readonly=True) as tx:
            position = await self._messages.position(tx, topic)
            session = await repository.by_id(tx.connection, id)
            if session is None:
                raise NoSuchSession()
            settings = await self._settings(tx)
            place = (await self._places(tx, settings)).get(id) if session.state == "waiting" else None
        return position, self._shown(session, settings), place

    async def enter(self, scope: Scope, id: UUID) -> Session:
        """Return a conversation to who is in it; raise NoSuchSession for everybody else."""
        await self._safety.admit(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            session = await repository.by_id(tx.connection, id)
        return policy.check_in(session, scope.actor.id)

    async def take_over(self, tx: Transaction, guest: UUID, person: UUID) -> None:
        """Let what a guest waits for, or is or was in, be the person's they turned out to be."""
        for session in await repository.take_over(tx.connection, guest, person):
            if session.room_id is not None and session.state in ("waiting", "active"):
                await self._settle(tx, session, await self._settings(tx))

    async def retell(self, tx: Transaction) -> None:
        """Tell those who wait where they stand: somebody came on duty, or went."""
        await self._tell_places(tx, await self._settings(tx))

    # ---- forgetting

    async def trim(self, scope: Scope) -> int:
        """Erase words that were kept for long enough and let go who surely left; return how many."""
        now = self._clock.now()
        async with self._database.transaction(scope) as tx:
            before = now - timedelta(days=(await self._settings(tx)).keep_days)
            old = await repository.kept_too_long(tx.connection, before, MOST_TRIMMED)
            for id, room_id in old:
                await self._do_away(tx, id, room_id)
            gone = await repository.forgotten_waits(tx.connection, now - GIVEN_UP, MOST_TRIMMED)
            for session in gone:
                await self._finish(tx, session, "left")
        return len(old) + len(gone)

    async def forget(self, scope: Scope, person: UUID) -> None:
        """Erase one person from one-to-one prayer: name, first words, and everything said in their rooms."""
        async with self._database.transaction(scope) as tx:
            if (session := await repository.lock_open_of(tx.connection, person)) is not None:
                await self._finish(tx, session, "left")
            rooms = await repository.rooms_of(tx.connection, person)
            await repository.erase_person(tx.connection, person)
        for id, room_id in rooms:
            done = room_id is None
            while not done:
                async with self._database.transaction(scope) as tx:
                    done = await self._do_away(tx, id, room_id or id)

    async def _do_away(self, tx: Transaction, id: UUID, room_id: UUID) -> bool:
        """Erase the words of a conversation, sealed ones too; return whether that was all."""
        await self._transcripts.throw_away(tx, room_id)
        done = await self._transcripts.erase(tx, room_id)
        if done:
            await repository.nothing_left(tx.connection, id, self._clock.now())
            _tell_erased(tx, id)
        return done

    # ---- inside

    async def _locked(self, tx: Transaction, id: UUID) -> Session:
        session = await repository.lock(tx.connection, id)
        if session is None:
            raise NoSuchSession()
        return session

    async def _settings(self, tx: Transaction) -> Settings:
        return (await repository.settings(tx.connection))[1]

    async def _settle(self, tx: Transaction, session: Session, settings: Settings) -> Session:
        """Give the room the people that belong into it, and write and tell the conversation's new state.

        Nobody writes while a second adult is missing: the room is locked, and no one is its host.
        """
        alone = policy.second_needed(settings, session)
        volunteer: Role = "member" if alone else "host"
        people: dict[UUID, Role] = {session.asker_id: "member"}
        people |= {id: volunteer for id in (session.first_id, session.second_id) if id is not None}
        room = await self._rooms.put_private(
            tx, session.room_id, ROOM, people, locked=alone or session.state == "waiting"
        )
        session = await repository.update(tx.connection, msgspec.structs.replace(session, room_id=room.id))
        self._tell(tx, session, settings)
        return session

    async def _let_go(
        self, tx: Transaction, session: Session, by: UUID, to: tuple[UUID, str] | None, settings: Settings
    ) -> Session:
        """Let somebody else go on without `by`, or let the asker wait in front of the queue again."""
        session = await self._settle(tx, policy.handed_over(session, by, to, self._clock.now()), settings)
        of: dict[str, Any] = {"session_id": session.id, "version": session.version}
        if session.state == "waiting":
            tx.signal(signals.CareAsked(**of, language=session.language))
        else:
            tx.signal(signals.CareHandedOver(**of, by=by, to=to and to[0]))
            if to is not None:
                data = msgspec.json.encode(CareGiven(session.id))
                tx.append(_topic(tx, to[0], "me"), Draft(session.id, "care.given", data))
        await self._tell_places(tx, settings)
        return session

    async def _finish(self, tx: Transaction, session: Session, state: State) -> Session:
        ended = msgspec.structs.replace(session, state=state, ended_at=self._clock.now())
        session = await repository.update(tx.connection, ended)
        if session.room_id is not None:
            await self._rooms.close_private(tx, session.room_id)
        settings = await self._settings(tx)
        self._tell(tx, session, settings)
        tx.signal(signals.CareEnded(session_id=session.id, version=session.version, state=state))
        await self._tell_places(tx, settings)
        return session

    async def _volunteer(self, tx: Transaction, session: Session, id: UUID) -> tuple[UUID, str]:
        person = await self._rota.volunteer(tx, id)
        if person is None:
            raise Invalid.field("/to", "Hand over to somebody of the prayer team.", code="no_volunteer")
        if id in (session.asker_id, session.first_id, session.second_id):
            raise Conflict("They are in the room already.")
        return id, person.name

    def _shown(self, session: Session, settings: Settings, *, to_asker: bool = False) -> SessionShown:
        needs = policy.second_needed(settings, session)
        return SessionShown.of(session, needs_second=needs, card=session.crisis if to_asker else "")

    def _tell(self, tx: Transaction, session: Session, settings: Settings) -> None:
        shown = msgspec.json.encode(self._shown(session, settings))
        tx.append(_topic(tx, session.id), Draft(session.id, "care.changed", shown))

    async def _places(self, tx: Transaction, settings: Settings) -> dict[UUID, Place]:
        now = self._clock.now()
        waiting = await repository.waiting(tx.connection, policy.MOST_WAITING)
        if not waiting:
            return {}
        waits = await repository.waits(tx.connection, now - LATELY)
        return policy.places(waiting, waits, settings, len(await self._rota.here(tx)), now)

    async def _tell_places(self, tx: Transaction, settings: Settings) -> None:
        for id, place in (await self._places(tx, settings)).items():
            data = msgspec.Raw(msgspec.json.encode(place))
            tx.pass_on(Passing(_topic(tx, id), "latest", "place", data))


def _tell_erased(tx: Transaction, id: UUID) -> None:
    """Blank what the conversation's own topic says of it."""
    tx.append(_topic(tx, id), Draft(id, "care.erased", msgspec.json.encode(CareErased(id))))


def _topic(tx: Transaction, id: UUID, kind: str = "care") -> Topic:
    return Topic(tx.scope.tenant.id, kind, str(id))
