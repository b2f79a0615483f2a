"""Words of great need ring, wherever they were said, and that somebody felt unsafe."""

from __future__ import annotations

from typing import cast

from server.domains.alarms import policy
from server.domains.alarms.models import AlarmKind
from server.domains.alarms.service import AlarmsService
from server.domains.care.signals import CareAsked, CareCrisis
from server.domains.concerns.service import ConcernsService
from server.domains.concerns.signals import ConcernRaised, ConcernSettled
from server.domains.messages.signals import MessageHeld
from server.domains.notes.signals import NoteInNeed
from server.domains.prayer.service import PrayerService
from server.domains.prayer.signals import PrayerChanged, PrayerHeld
from server.domains.replies.signals import ReplyHeld
from server.kit.db import Transaction
from server.kit.outbox import Listener


def listeners(alarms: AlarmsService, prayers: PrayerService, concerns: ConcernsService) -> list[Listener]:
    """Return what this slice does when others announce something."""

    async def prayer(tx: Transaction, signal: PrayerHeld | PrayerChanged) -> None:
        if signal.crisis:
            kind = _kind(signal.crisis)
            await alarms.ring(tx, kind, "prayer", signal.request_id, for_pastors=signal.pastor)

    async def reply(tx: Transaction, signal: ReplyHeld) -> None:
        if signal.crisis:
            request = (await prayers.by_ids(tx, [signal.request_id])).get(signal.request_id)
            theirs = request is not None and policy.is_for_pastors(request)
            await alarms.ring(tx, _kind(signal.crisis), "reply", signal.reply_id, for_pastors=theirs)

    async def message(tx: Transaction, signal: MessageHeld) -> None:
        if signal.crisis:
            await alarms.ring(tx, _kind(signal.crisis), "message", signal.message_id)

    async def note(tx: Transaction, signal: NoteInNeed) -> None:
        await alarms.ring(tx, _kind(signal.crisis), "note", signal.note_id)

    async def care(tx: Transaction, signal: CareAsked | CareCrisis) -> None:
        if signal.crisis:
            await alarms.ring(tx, _kind(signal.crisis), "care", signal.session_id)

    async def concern(tx: Transaction, signal: ConcernRaised) -> None:
        told = (await concerns.by_ids(tx, [signal.concern_id])).get(signal.concern_id)
        if signal.urgent and told is not None and told.settled_at is None:
            await alarms.ring(tx, signal.urgent, "concern", told.id, apart=told.about)

    async def settled(tx: Transaction, signal: ConcernSettled) -> None:
        await alarms.settled(tx, "concern", signal.concern_id, signal.by)

    return [
        Listener("alarms.prayer_held", PrayerHeld, prayer),
        Listener("alarms.prayer_changed", PrayerChanged, prayer),
        Listener("alarms.reply", ReplyHeld, reply),
        Listener("alarms.message", MessageHeld, message),
        Listener("alarms.note", NoteInNeed, note),
        Listener("alarms.care_asked", CareAsked, care),
        Listener("alarms.care", CareCrisis, care),
        Listener("alarms.concern", ConcernRaised, concern),
        Listener("alarms.concern_settled", ConcernSettled, settled),
    ]


def _kind(crisis: str) -> AlarmKind:
    return cast("AlarmKind", crisis)  # safety finds no other kinds
