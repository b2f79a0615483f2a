"""Take notes for the hosts, judged like everything people write, and show them until a host has read them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from server.domains.accounts.service import Throttle
from server.domains.audit.service import AuditService
from server.domains.notes import policy, repository
from server.domains.notes.errors import NoSuchNote
from server.domains.notes.models import Note
from server.domains.notes.schemas import WordForHosts, WordReceipt
from server.domains.notes.signals import NoteInNeed
from server.domains.rooms.models import Right, Room
from server.domains.rooms.service import RoomsService
from server.domains.safety.errors import with_card
from server.domains.safety.models import Caller, Said
from server.domains.safety.service import SafetyService
from server.kit.clock import Clock
from server.kit.db import Database, Transaction
from server.kit.errors import AppError, Conflict
from server.kit.ids import random_id
from server.kit.scope import Scope
from server.kit.text import shown_name, tidy

_LONG_AGO = (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))


class NotesService:
    """Keep each church's notes."""

    def __init__(
        self,
        database: Database,
        audit: AuditService,
        safety: SafetyService,
        rooms: RoomsService,
        throttle: Throttle,
        clock: Clock,
    ) -> None:
        self._database = database
        self._audit = audit
        self._safety = safety
        self._rooms = rooms
        self._throttle = throttle
        self._clock = clock

    async def leave(self, scope: Scope, room_id: UUID, new: WordForHosts) -> WordReceipt:
        """Take a note for the hosts of a room that is not open.

        What the church's rules would hold needs nothing more: only hosts read it. Somebody is called about a need.
        Raise NoSuchRoom, RoomIsOpen, Banned, BadText, TooManyNotes, Limited, or what the rules have against it.
        """
        policy.LEAVE.require(scope)
        body = tidy(new.body, policy.MOST_LETTERS, noun="A note")
        try:
            return await self._leave(scope, room_id, new, body)
        except AppError as error:  # whoever is in need sees whom to call, whatever is against them
            raise with_card(error, self._safety.crisis(body)) from None

    async def _leave(self, scope: Scope, room_id: UUID, new: WordForHosts, body: str) -> WordReceipt:
        room, right = await self._rooms.enter(scope, room_id)
        now = self._clock.now()
        policy.check_room(room, now)
        if scope.actor.kind == "guest":
            await self._throttle.take(policy.NOTES_OF_GUESTS, f"{scope.tenant.id}:{scope.origin.network}")
        async with self._database.transaction(scope) as tx:
            need = await self._judge(tx, body, host=right is Right.HOST)
            note = _note(scope, room, body, need, new.id or random_id(), now)
            known = await repository.by_id(tx.connection, note.id)
            if known is None:
                lately = await repository.lately(tx.connection, note.author_id, now - policy.WITHIN)
                policy.check_pace(lately)
                await repository.insert(tx.connection, note)
                if need:
                    tx.signal(NoteInNeed.of(note))
            elif known.author_id != note.author_id:
                raise Conflict("This id belongs to another note.")
        return WordReceipt(note.id, (known or note).at, need)

    async def unread(
        self, scope: Scope, *, after: tuple[datetime, UUID] | None = None, most: int = 50
    ) -> list[Note]:
        """Return the notes that no host has read, oldest first."""
        policy.READ.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await repository.unread(tx.connection, after or _LONG_AGO, most)

    async def read(self, scope: Scope, id: UUID) -> None:
        """Take a note off the list of every host; raise NoSuchNote for one that somebody has read before."""
        policy.READ.require(scope)
        async with self._database.transaction(scope) as tx:
            room_id = await repository.read(tx.connection, id, scope.actor.id, self._clock.now())
            if room_id is None:
                raise NoSuchNote()
            await self._audit.record(tx, scope, "note.read", str(id), {"room": room_id})

    async def trim(self, scope: Scope) -> int:
        """Forget notes of long ago, for the schedule; return how many."""
        async with self._database.transaction(scope) as tx:
            return await repository.trim(tx.connection, self._clock.now() - policy.KEPT)

    async def forget(self, tx: Transaction, person: UUID) -> None:
        """Forget the notes of one person."""
        await repository.forget(tx.connection, person)

    async def _judge(self, tx: Transaction, body: str, *, host: bool) -> str:
        """Return the kind of need that the words speak of; raise what is against them."""
        actor, origin = tx.scope.actor, tx.scope.origin
        id = _author(tx.scope)
        guard = await self._safety.guard(tx, [Caller(id, origin.device, origin.address)])
        verdict = guard.judge(id, Said(body, host, actor.kind == "guest"))
        if isinstance(verdict, AppError):
            raise verdict
        return verdict.crisis


def _author(scope: Scope) -> UUID:
    assert scope.actor.id is not None, "the rule lets in people and guests"
    return scope.actor.id


def _note(scope: Scope, room: Room, body: str, need: str, id: UUID, now: datetime) -> Note:
    name = shown_name(scope.actor.name)
    return Note(id, room.id, room.title, _author(scope), name, body, need, now)
