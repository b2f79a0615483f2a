"""Decide about held messages, clear, look at reports, export: what a host does, with who and when in the history."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from realtime.log import Position
from realtime.topics import Topic
from server.domains.accounts.service import Throttle
from server.domains.audit.service import AuditService
from server.domains.chat.service import tell_totals
from server.domains.events.service import EventsService
from server.domains.hosting import policy, repository
from server.domains.hosting.models import Act, Dismissed, Report
from server.domains.hosting.schemas import Cleared, Exported, ReportBody, ReportShown, WordsRead
from server.domains.hosting.signals import (
    ClearingGoesOn,
    DecisionUndone,
    MessageReported,
    ReportsClosed,
    RoomExported,
)
from server.domains.messages.errors import NoSuchMessage
from server.domains.messages.models import Act as MessageAct
from server.domains.messages.models import Kept, Message, Page
from server.domains.messages.schemas import HeldShown, MessageShown
from server.domains.messages.service import MOST_AT_ONCE, MessagesService
from server.domains.notes.service import NotesService
from server.domains.reactions.models import Change
from server.domains.reactions.service import ReactionsService
from server.domains.rooms.errors import NoSuchRoom
from server.domains.rooms.schemas import RoomShown
from server.domains.rooms.service import RoomsService
from server.domains.undos.errors import UndoOver
from server.domains.undos.service import KEPT, UndosService
from server.kit.clock import Clock
from server.kit.db import Database, Transaction
from server.kit.scope import Scope

MOST_A_PAGE = 100
_LONG_AGO = (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))


class HostingService:
    """Let hosts do their work in each church's rooms."""

    def __init__(
        self,
        database: Database,
        audit: AuditService,
        events: EventsService,
        rooms: RoomsService,
        messages: MessagesService,
        reactions: ReactionsService,
        undos: UndosService,
        notes: NotesService,
        throttle: Throttle,
        clock: Clock,
    ) -> None:
        self._database = database
        self._audit = audit
        self._events = events
        self._rooms = rooms
        self._messages = messages
        self._reactions = reactions
        self._undos = undos
        self._notes = notes
        self._throttle = throttle
        self._clock = clock

    # ---- held messages

    async def held(
        self,
        scope: Scope,
        *,
        room_id: UUID | None = None,
        after: tuple[datetime, UUID] | None = None,
        most: int = 50,
    ) -> list[Message]:
        """Return what waits in one room, or in all that the caller is host of, oldest first."""
        policy.DECIDE.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            rooms = await self._hosted(tx, room_id)
            return await self._messages.waiting(tx, rooms, after or _LONG_AGO, most)

    async def snapshot(self, scope: Scope, topic: Topic, room_id: UUID) -> tuple[Position, list[HeldShown]]:
        """Return what waits in a room, and the place in the hosts' log it was read at."""
        async with self._database.transaction(scope, readonly=True) as tx:
            rooms = await self._hosted(tx, room_id)
            position = await self._messages.position(tx, topic)
            found = await self._messages.waiting(tx, rooms, _LONG_AGO, MOST_A_PAGE)
        return position, [HeldShown.of(message) for message in found]

    async def approve(self, scope: Scope, id: UUID, read: WordsRead | None = None) -> MessageShown:
        """Post a message that waits; it takes its place in the room now.

        Raise AlreadyDecided, NoSuchMessage, and MessageChanged when other words than these stand there by now.
        """
        return await self._decide(scope, id, read, approved=True)

    async def decline(self, scope: Scope, id: UUID, read: WordsRead | None = None) -> MessageShown:
        """Let a message that waits never be posted; its author is told. Raise what `approve` does."""
        return await self._decide(scope, id, read, approved=False)

    async def _decide(
        self, scope: Scope, id: UUID, read: WordsRead | None, *, approved: bool
    ) -> MessageShown:
        async with self._database.transaction(scope) as tx:
            return MessageShown.of(await self.decide_in(tx, id, read, approved=approved))

    async def decide_in(
        self, tx: Transaction, id: UUID, read: WordsRead | None = None, *, approved: bool
    ) -> Message:
        """Decide the same inside the caller's transaction."""
        policy.DECIDE.require(tx.scope)
        room_id = await self._room_of(tx, id)
        await self._rooms.hosted(tx, room_id)
        message = await self._messages.locked(tx, room_id, id)
        policy.check_read(message, read)
        await self._undos.keep(tx, id, "approve" if approved else "decline", Kept(message))
        message = await self._messages.decide(tx, message, approved=approved)
        details = {"room": room_id, "author": message.author.id, "reason": message.reason}
        action = "message.approved" if approved else "message.declined"
        await self._audit.record(tx, tx.scope, action, str(id), details)
        return message

    async def undo(self, scope: Scope, id: UUID, act: Act) -> MessageShown:
        """Take back, once and within a minute, what a host has just decided about a message.

        The log keeps both: what was blanked stays blank, and what stands again is a new event. Raise UndoOver,
        UndoNotYours, NoSuchMessage.
        """
        async with self._database.transaction(scope) as tx:
            return MessageShown.of(await self.undo_in(tx, id, act))

    async def undo_in(self, tx: Transaction, id: UUID, act: Act) -> Message:
        """Take the same back inside the caller's transaction."""
        policy.DECIDE.require(tx.scope)
        room_id = await self._room_of(tx, id)
        if act != "keep":
            await self._rooms.hosted(tx, room_id)
        message = await self._messages.locked(tx, room_id, id)
        closed = message.removed_at if act == "remove" else self._clock.now() - KEPT
        if act == "keep":
            await self._undos.take(tx, id, act, Dismissed)
        else:
            message = await self._take_back(tx, message, act)
        opened = await repository.reopen_reports(tx.connection, id, closed) if closed else 0
        if act == "keep" and not opened:
            raise UndoOver()
        tx.signal(DecisionUndone(room_id=room_id, message_id=id, act=act))
        details = {"room": room_id, "act": act, "author": message.author.id}
        await self._audit.record(tx, tx.scope, "decision.undone", str(id), details)
        return message

    async def _take_back(self, tx: Transaction, message: Message, act: MessageAct) -> Message:
        kept = await self._undos.take(tx, message.id, act, Kept)
        message = await self._messages.put_back(tx, message, kept.message, act)
        given = [Change(message.id, person, emoji, on=True) for person, emoji in kept.given]
        moved = await self._reactions.apply(tx, given)
        tell_totals(tx, moved, {message.id: message.room_id})
        return message

    async def _room_of(self, tx: Transaction, id: UUID) -> UUID:
        """Return the room of a message, if the caller may decide there; raise NoSuchMessage."""
        try:
            return await self._rooms.check_host(tx, await self._messages.room_of(tx, id))
        except NoSuchRoom:
            raise NoSuchMessage() from None

    # ---- clearing

    async def clear(self, scope: Scope, person: UUID, room_id: UUID | None = None) -> Cleared:
        """Take down everything of one person, in one room or in all that the caller is host of, on all screens."""
        policy.DECIDE.require(scope)
        removed = 0
        while True:
            async with self._database.transaction(scope) as tx:
                found = await self._messages.of_author(tx, person, await self._hosted(tx, room_id))
                gone = 0
                for room in sorted(found):
                    gone += len(await self._messages.take_down(tx, room, found[room], "host"))
                if gone:
                    details = {"room": room_id, "messages": gone}
                    await self._audit.record(tx, scope, "person.cleared", str(person), details)
            removed += gone
            if not gone or sum(map(len, found.values())) < MOST_AT_ONCE:
                return Cleared(removed)

    async def clear_some(self, tx: Transaction, person: UUID) -> None:
        """Take down what one transaction can of everything somebody wrote, and announce that there is more."""
        found = await self._messages.of_author(tx, person, None)
        for room_id in sorted(found):
            await self._messages.take_down(tx, room_id, found[room_id], "host")
        if sum(map(len, found.values())) >= MOST_AT_ONCE:
            tx.signal(ClearingGoesOn(person_id=person))

    # ---- reports

    async def report(self, scope: Scope, room_id: UUID, id: UUID, body: ReportBody) -> None:
        """Ask the hosts to look at a message; its author does not learn who did.

        Raise NoHosts, NoSuchMessage, or Limited: nobody fills the hosts' queue, with however many names.
        """
        policy.REPORT.require(scope)
        policy.check_hosts((await self._rooms.enter(scope, room_id))[0])
        assert scope.actor.id is not None, "the rule lets in people and guests"
        await self._throttle.take(policy.REPORTS, f"{scope.tenant.id}:{scope.actor.id}")
        if scope.actor.kind == "guest":
            await self._throttle.take(policy.REPORTS_OF_GUESTS, f"{scope.tenant.id}:{scope.origin.network}")
        async with self._database.transaction(scope) as tx:
            message = (await self._messages.by_ids(tx, [id])).get(id)
            if message is None or message.room_id != room_id or message.number is None:
                raise NoSuchMessage()
            policy.check_report(message, scope)
            now = self._clock.now()
            report = Report(id, room_id, scope.actor.id, body.reason, body.note, now)
            await repository.report(tx.connection, report)
            tx.signal(
                MessageReported(
                    room_id=room_id,
                    message_id=id,
                    author_id=message.author.id,
                    reporter_id=scope.actor.id,
                    reason=body.reason,
                )
            )

    async def reports(
        self, scope: Scope, *, after: tuple[datetime, UUID] | None = None, most: int = 50
    ) -> list[ReportShown]:
        """Return the reports of standing messages that nobody has decided about, oldest first."""
        policy.DECIDE.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            rooms = await self._hosted(tx, None)
            found = await repository.reports(tx.connection, rooms, after or _LONG_AGO, most)
            messages = await self._messages.by_ids(tx, [report.message_id for report in found])
        return [
            ReportShown.of(report, messages[report.message_id])
            for report in found
            if report.message_id in messages and messages[report.message_id].state == "posted"
        ]

    async def dismiss_reports(self, scope: Scope, id: UUID, read: WordsRead | None = None) -> None:
        """Note that a host has looked at the reports of a message and lets it stand; raise MessageChanged."""
        async with self._database.transaction(scope) as tx:
            await self.dismiss_in(tx, id, read)

    async def dismiss_in(self, tx: Transaction, id: UUID, read: WordsRead | None = None) -> None:
        """Note the same inside the caller's transaction."""
        policy.DECIDE.require(tx.scope)
        room_id = await self._room_of(tx, id)
        if read is not None:
            policy.check_read(await self._messages.locked(tx, room_id, id), read)
        if await repository.close_reports(tx.connection, [id], self._clock.now()):
            await self._undos.keep(tx, id, "keep", Dismissed(room_id))
            tx.signal(ReportsClosed(room_id=room_id, message_id=id))
            await self._audit.record(tx, tx.scope, "reports.dismissed", str(id), {"room": room_id})

    async def reports_of(self, tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, list[Report]]:
        """Return the reports of messages that nobody has decided about, by message."""
        found: dict[UUID, list[Report]] = {}
        for report in await repository.reports_of(tx.connection, ids):
            found.setdefault(report.message_id, []).append(report)
        return found

    async def close_reports(self, tx: Transaction, ids: Sequence[UUID]) -> None:
        """Note that the reports of messages need no decision any more: they were taken down, and are still."""
        posted = await self._messages.posted_among(tx, ids)
        gone = [id for id in ids if id not in posted]
        await repository.close_reports(tx.connection, gone, self._clock.now())

    # ---- rehearsals

    async def rehearse(self, scope: Scope, gathering_id: UUID) -> RoomShown:
        """Open a room in which hosts rehearse a gathering; visitors go on seeing how long it is until the doors open.

        Raise NoSuchGathering, TooLateToRehearse. A second call returns the same room.
        """
        policy.REHEARSE.require(scope)
        gathering = await self._events.get(scope, gathering_id)
        policy.check_rehearsal(gathering, self._clock.now())
        return await self._rooms.rehearse(scope, gathering.id, gathering.title, gathering.opens_at)

    async def end_rehearsal(self, scope: Scope, gathering_id: UUID) -> None:
        """Close the room of a rehearsal and forget everything said in it; nothing happens when there is none."""
        policy.REHEARSE.require(scope)
        async with self._database.transaction(scope) as tx:
            room_id = await self._rooms.close_rehearsal(tx, gathering_id)
        while room_id is not None:
            async with self._database.transaction(scope) as tx:
                if not await self._messages.empty(tx, room_id):
                    await self._rooms.forget_rehearsal(tx, room_id)
                    return

    async def close_rehearsal(self, tx: Transaction, gathering_id: UUID) -> None:
        """Close the rehearsal of a gathering that will not be held; its words go with the next trim."""
        await self._rooms.close_rehearsal(tx, gathering_id)

    async def trim(self, scope: Scope) -> int:
        """End rehearsals that outlived the opening of the doors; return how many."""
        async with self._database.transaction(scope, readonly=True) as tx:
            old = await self._rooms.old_rehearsals(tx)
        for gathering_id in old:
            await self.end_rehearsal(scope, gathering_id)
        return len(old)

    # ---- export

    async def export(self, scope: Scope, room_id: UUID) -> AsyncIterator[Exported]:
        """Yield a room's messages in its order; what was taken down shows its place only."""
        policy.EXPORT.require(scope)
        await self._rooms.enter(scope, room_id)
        async with self._database.transaction(scope) as tx:
            tx.signal(RoomExported(room_id=room_id, by=scope.actor.id))
            await self._audit.record(tx, scope, "room.exported", str(room_id))
        number, more = 0, True
        while more:
            page = await self._messages.history(scope, room_id, after=number, most=MOST_A_PAGE)
            for line in _lines(page):
                yield line
                number = line.number
            more = page.newer

    # ---- forgetting

    async def forget(self, scope: Scope, person: UUID) -> None:
        """Erase one person from all conversations: words, name, reactions, marks, blocks, traces, reports, notes.

        Tombstones keep the order of rooms. For the church's own erasing of a person; repeating it is safe.
        """
        policy.FORGET.require(scope)
        await self._messages.forget(scope, person)
        async with self._database.transaction(scope) as tx:
            await repository.forget(tx.connection, person)
            await self._notes.forget(tx, person)
            await self._audit.record(tx, scope, "person.forgotten", str(person))

    # ---- inside

    async def _hosted(self, tx: Transaction, room_id: UUID | None) -> list[UUID]:
        """Return the one room, or all, that the caller is host of; raise NoSuchRoom for a room of others."""
        if room_id is None:
            return await self._rooms.hosted_by(tx)
        return [await self._rooms.check_host(tx, room_id)]


def _lines(page: Page) -> list[Exported]:
    lines = []
    for message in page.messages:
        assert message.number is not None
        at = message.posted_at or message.created_at
        if message.state == "removed":
            lines.append(Exported(message.number, at, message.state))
            continue
        lines.append(
            Exported(
                message.number,
                at,
                message.state,
                message.author.name,
                message.author.id,
                message.body,
                message.reply_to,
                message.edited_at,
                page.reactions.get(message.id, {}),
                message.id,
            )
        )
    return lines
