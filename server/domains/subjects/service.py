"""Look at subjects of every kind in one way, and let their domains decide in the caller's transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from msgspec import UNSET

from server.domains.care.service import CareService
from server.domains.chat.service import ChatService
from server.domains.concerns.service import ConcernsService
from server.domains.encouragement.service import EncouragementService
from server.domains.hosting.models import Act
from server.domains.hosting.schemas import WordsRead
from server.domains.hosting.service import HostingService
from server.domains.messages.models import Message
from server.domains.messages.service import MessagesService
from server.domains.prayer.models import Request
from server.domains.prayer.service import PrayerService
from server.domains.replies.service import RepliesService
from server.domains.rooms.models import Kind as RoomKind
from server.domains.rooms.schemas import RoomShown
from server.domains.rooms.service import RoomsService
from server.domains.subjects.errors import SubjectChanged, WrongVerdict
from server.domains.subjects.models import (
    CRISIS,
    DOUBTS,
    DUBIOUS,
    NORMAL,
    URGENT,
    Decided,
    Kind,
    Look,
    Team,
)
from server.kit.db import Transaction

FIRST_WORDS = 140  # of a request, above a reply to it
SECOND = "second"  # the reason of a conversation in which nobody writes before a second volunteer is there
OPEN_ROOMS: tuple[RoomKind, ...] = ("gathering", "hosts")  # every moderator of the chat is host there
Looks = dict[UUID, Look]


class SubjectsService:
    """Ask the domains what their rows say, and tell them what was decided. Lock order: the case, then the domain's."""

    def __init__(
        self,
        prayer: PrayerService,
        replies: RepliesService,
        encouragement: EncouragementService,
        rooms: RoomsService,
        messages: MessagesService,
        chat: ChatService,
        hosting: HostingService,
        care: CareService,
        concerns: ConcernsService,
    ) -> None:
        self._prayer = prayer
        self._replies = replies
        self._encouragement = encouragement
        self._rooms = rooms
        self._messages = messages
        self._chat = chat
        self._hosting = hosting
        self._care = care
        self._concerns = concerns
        self._lookers: Mapping[Kind, Callable[[Transaction, Sequence[UUID]], Awaitable[Looks]]] = {
            "prayer": self._prayers,
            "flag": self._flags,
            "reply": self._held_replies,
            "message": self._held_messages,
            "report": self._reported,
            "care": self._waiting,
            "concern": self._told,
        }
        self._deciders: Mapping[Kind, Callable[[Transaction, UUID, Decided], Awaitable[object]]] = {
            "prayer": self._decide_prayer,
            "flag": self._decide_flag,
            "reply": self._decide_reply,
            "message": self._decide_message,
            "report": self._decide_report,
            "concern": self._decide_concern,
        }

    async def look(self, tx: Transaction, kind: Kind, ids: Sequence[UUID]) -> Looks:
        """Return how subjects of one kind stand; one that is gone is absent."""
        return await self._lookers[kind](tx, ids) if ids else {}

    async def check_for(self, tx: Transaction, kind: Kind, id: UUID) -> None:
        """Raise AboutYou for whom a concern is about: they do not hold it, remark on it or read what others do."""
        if kind == "concern":
            await self._concerns.check_in(tx, id)

    async def unseen(self, tx: Transaction) -> list[UUID]:
        """Return the concerns that wait, for who makes sure that each has its case."""
        return await self._concerns.open_ids(tx)

    async def waiting_below(self, tx: Transaction, request_id: UUID) -> list[UUID]:
        """Return the replies that wait below a request."""
        found = await self._replies.all_of(tx, [request_id])
        return [reply.id for reply in found.get(request_id, ()) if reply.state == "held"]

    async def decide(self, tx: Transaction, kind: Kind, id: UUID, decided: Decided) -> None:
        """Let the domain decide; raise what it has against that, SubjectChanged, or WrongVerdict."""
        decide = self._deciders.get(kind)
        if decide is None:
            raise WrongVerdict("Go to who waits instead: accept, do not decide.")
        await decide(tx, id, decided)

    async def undo(self, tx: Transaction, kind: Kind, id: UUID, verdict: str) -> None:
        """Let the domain make good for what it decided; raise what it has against that."""
        acts: dict[str, Act] = {
            "approve": "approve",
            "decline": "decline",
            "keep": "keep",
            "remove": "remove",
        }
        if kind in ("prayer", "flag"):
            await self._prayer.reopen_in(tx, id)
        elif kind == "reply":
            await self._encouragement.reopen_reply_in(tx, id)
        elif kind == "concern":
            await self._concerns.reopen_in(tx, id)
        elif kind in ("message", "report") and verdict in acts:
            await self._hosting.undo_in(tx, id, acts[verdict])
        else:
            raise WrongVerdict()

    # ---- looking

    async def _prayers(self, tx: Transaction, ids: Sequence[UUID]) -> Looks:
        found = await self._prayer.by_ids(tx, ids)
        waiting = [one.id for one in found.values() if one.waits and one.reason != "flagged"]
        shown = {one.id: one for one in await self._prayer.shown(tx, waiting)}
        return {
            id: Look(
                id in shown,
                _team(request),
                request.created_at if request.round == 1 else request.changed_at,
                request.round,
                request.version,
                _weight(request.crisis, request.reason, urgent=request.urgent),
                request.reason,
                request.crisis,
                request=shown.get(id),
            )
            for id, request in found.items()
        }

    async def _flags(self, tx: Transaction, ids: Sequence[UUID]) -> Looks:
        looks, found = {}, await self._prayer.by_ids(tx, ids)
        open_ones = [one.id for one in found.values() if one.shown or (one.waits and one.reason == "flagged")]
        shown = {one.id: one for one in await self._prayer.shown(tx, open_ones)}
        for id, request in found.items():
            flags = tuple(await self._prayer.flags(tx, id)) if id in shown else ()
            looks[id] = Look(
                bool(flags),
                _team(request),
                min((flag.at for flag in flags), default=request.changed_at),
                request.round,
                request.version,
                URGENT if request.waits else NORMAL,
                "flagged",
                request=shown[id] if flags else None,
                flags=flags,
            )
        return looks

    async def _held_replies(self, tx: Transaction, ids: Sequence[UUID]) -> Looks:
        found = await self._replies.by_ids(tx, ids)
        requests = await self._prayer.by_ids(tx, {reply.request_id for reply in found.values()})
        looks = {}
        for id, reply in found.items():
            request = requests.get(reply.request_id)
            if request is None:
                continue
            waits = reply.state == "held"
            looks[id] = Look(
                waits,
                _team(request),
                reply.created_at,
                version=reply.version,
                weight=_weight(reply.crisis, reply.reason),
                reason=reply.reason,
                crisis=reply.crisis,
                reply=reply if waits else None,
                below=(request.public_body or request.body)[:FIRST_WORDS] if waits else "",
            )
        return looks

    async def _held_messages(self, tx: Transaction, ids: Sequence[UUID]) -> Looks:
        found = await self._messages.by_ids(tx, ids)
        rooms = await self._rooms_of(tx, [one for one in found.values() if one.state in ("held", "shadow")])
        looks = {}
        for id, message in found.items():
            waits = message.room_id in rooms and rooms[message.room_id].kind in OPEN_ROOMS
            reason, _, crisis = message.reason.partition(":")
            looks[id] = Look(
                waits,
                "chat",
                message.created_at,
                version=_version(message),
                weight=_weight(crisis),
                reason=reason,
                crisis=crisis,
                message=message if waits else None,
                room=rooms[message.room_id].title if waits else "",
            )
        return looks

    async def _reported(self, tx: Transaction, ids: Sequence[UUID]) -> Looks:
        found = await self._messages.by_ids(tx, ids)
        reports = await self._hosting.reports_of(tx, ids)
        rooms = await self._rooms_of(tx, [found[id] for id in reports if id in found])
        looks = {}
        for id, message in found.items():
            kind = rooms[message.room_id].kind if message.room_id in rooms else ""
            told = message.state == "posted" and kind in OPEN_ROOMS
            open_ones = tuple(reports.get(id, ())) if told else ()
            unsafe = any(report.reason == "unsafe" for report in open_ones)
            looks[id] = Look(
                bool(open_ones),
                "chat",
                min((report.at for report in open_ones), default=message.created_at),
                version=_version(message),
                weight=URGENT if unsafe else NORMAL,
                reason=open_ones[0].reason if open_ones else "",
                message=message if open_ones else None,
                room=rooms[message.room_id].title if open_ones else "",
                reports=open_ones,
            )
        return looks

    async def _waiting(self, tx: Transaction, ids: Sequence[UUID]) -> Looks:
        sessions = await self._care.by_ids(tx, ids)
        lonely = await self._care.lonely(tx, sessions.values())
        looks = {}
        for id, session in sessions.items():
            waits = session.state == "waiting" or id in lonely
            looks[id] = Look(
                waits,
                "care",
                session.asked_at,
                version=session.version,
                weight=CRISIS if session.crisis else URGENT,
                reason=SECOND if id in lonely else "",
                crisis=session.crisis,
                care=session if waits else None,
            )
        return looks

    async def _told(self, tx: Transaction, ids: Sequence[UUID]) -> Looks:
        """Look at concerns: the queue tells that there is one, and `concerns` to whom it may be told what it says."""
        found = await self._concerns.by_ids(tx, ids)
        return {
            id: Look(
                concern.settled_at is None,
                "pastors",
                concern.at,
                concern.round,
                concern.version,
                CRISIS if concern.reason == "unsafe" else URGENT,
            )
            for id, concern in found.items()
        }

    async def _rooms_of(self, tx: Transaction, messages: Sequence[Message]) -> dict[UUID, RoomShown]:
        return {room: await self._rooms.shown(tx, room) for room in {message.room_id for message in messages}}

    # ---- deciding

    async def _decide_prayer(self, tx: Transaction, id: UUID, decided: Decided) -> None:
        if decided.verdict not in ("approve", "decline", "pastor"):
            raise WrongVerdict()
        wording = UNSET if decided.public_body is None else decided.public_body
        await self._prayer.decide_in(tx, id, decided.verdict, decided.version, wording)

    async def _decide_flag(self, tx: Transaction, id: UUID, decided: Decided) -> None:
        request = await self._prayer.for_team(tx, id)
        await self._prayer.check_version(tx, request, decided.version)
        if decided.verdict == "keep":
            await self._prayer.clear_flags_in(tx, id)
        elif decided.verdict == "remove":
            await self._prayer.remove_in(tx, id)
        else:
            raise WrongVerdict()

    async def _decide_reply(self, tx: Transaction, id: UUID, decided: Decided) -> None:
        if decided.verdict not in ("approve", "decline"):
            raise WrongVerdict()
        approve = decided.verdict == "approve"
        await self._encouragement.decide_reply_in(tx, id, approve=approve, version=decided.version)

    async def _decide_message(self, tx: Transaction, id: UUID, decided: Decided) -> None:
        if decided.verdict not in ("approve", "decline"):
            raise WrongVerdict()
        message = await self._message(tx, id, decided)
        if message is not None:
            read = WordsRead(message.edited_at)  # asked again once it is locked
            await self._hosting.decide_in(tx, id, read, approved=decided.verdict == "approve")

    async def _decide_report(self, tx: Transaction, id: UUID, decided: Decided) -> None:
        if decided.verdict not in ("keep", "remove"):
            raise WrongVerdict()
        message = await self._message(tx, id, decided)
        if decided.verdict == "keep":
            await self._hosting.dismiss_in(tx, id, None if message is None else WordsRead(message.edited_at))
        elif message is not None:
            await self._chat.remove_in(tx, message.room_id, id)

    async def _decide_concern(self, tx: Transaction, id: UUID, decided: Decided) -> None:
        if decided.verdict != "keep":
            raise WrongVerdict("A concern is seen to, by `keep`; what follows from it is done elsewhere.")
        await self._concerns.settle_in(tx, id, decided.version)

    async def _message(self, tx: Transaction, id: UUID, decided: Decided) -> Message | None:
        """Return the message as it is; raise SubjectChanged when other words were read."""
        message = (await self._messages.by_ids(tx, [id])).get(id)
        if message is not None and _version(message) != decided.version:
            raise SubjectChanged()
        return message


def _team(request: Request) -> Team:
    theirs = request.state == "pastor" or request.visibility == "pastors"
    return "pastors" if theirs or (request.state, request.reason) == ("declined", "handed_on") else "prayer"


def _weight(crisis: str, reason: str = "", *, urgent: bool = False) -> int:
    """Return how early it is its turn; who doubts it does not believe that it is urgent either."""
    if crisis:
        return CRISIS
    return DUBIOUS if reason in DOUBTS else URGENT if urgent else NORMAL


def _version(message: Message) -> int:
    """Return what tells the words of a message from others it had: the millisecond of its last edit."""
    return 1 if message.edited_at is None else int(message.edited_at.timestamp() * 1000)
