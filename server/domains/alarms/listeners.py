"""Words of great need ring, wherever they were said."""

from __future__ import annotations

from typing import cast

from server.domains.alarms.models import AlarmKind
from server.domains.alarms.service import AlarmsService
from server.domains.care.signals import CareAsked, CareCrisis
from server.domains.messages.signals import MessageHeld
from server.domains.prayer.signals import PrayerChanged, PrayerHeld
from server.domains.replies.signals import ReplyHeld
from server.kit.db import Transaction
from server.kit.outbox import Listener


def listeners(alarms: AlarmsService) -> list[Listener]:
    """Return what this slice does when others announce something."""

    async def prayer(tx: Transaction, signal: PrayerHeld | PrayerChanged) -> None:
        if signal.crisis:
            kind = _kind(signal.crisis)
            await alarms.ring(tx, kind, "prayer", signal.request_id, for_pastors=signal.pastor)

    async def reply(tx: Transaction, signal: ReplyHeld) -> None:
        if signal.crisis:
            await alarms.ring(tx, _kind(signal.crisis), "reply", signal.reply_id)

    async def message(tx: Transaction, signal: MessageHeld) -> None:
        if signal.crisis:
            await alarms.ring(tx, _kind(signal.crisis), "message", signal.message_id)

    async def care(tx: Transaction, signal: CareAsked | CareCrisis) -> None:
        if signal.crisis:
            await alarms.ring(tx, _kind(signal.crisis), "care", signal.session_id)

    return [
        Listener("alarms.prayer_held", PrayerHeld, prayer),
        Listener("alarms.prayer_changed", PrayerChanged, prayer),
        Listener("alarms.reply", ReplyHeld, reply),
        Listener("alarms.message", MessageHeld, message),
        Listener("alarms.care_asked", CareAsked, care),
        Listener("alarms.care", CareCrisis, care),
    ]


def _kind(crisis: str) -> AlarmKind:
    return cast("AlarmKind", crisis)  # safety finds no other kinds
