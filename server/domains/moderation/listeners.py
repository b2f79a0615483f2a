"""Whatever happens to a subject, its cases follow; each of these may come twice and late."""

from __future__ import annotations

from server.domains.care.signals import (
    CareAccepted,
    CareAsked,
    CareEnded,
    CareHandedOver,
    CareSecondJoined,
)
from server.domains.concerns.signals import ConcernRaised, ConcernReopened, ConcernSettled
from server.domains.hosting.signals import DecisionUndone, MessageReported, ReportsClosed
from server.domains.messages.signals import MessageDecided, MessageEdited, MessageHeld, MessagesRemoved
from server.domains.moderation.service import ModerationService
from server.domains.prayer.signals import (
    PrayerAnswered,
    PrayerApproved,
    PrayerArchived,
    PrayerChanged,
    PrayerDeclined,
    PrayerExpired,
    PrayerFlagged,
    PrayerHeld,
    PrayerNeedsPastor,
    PrayerWithdrawn,
)
from server.domains.replies.signals import ReplyDecided, ReplyHeld, ReplyRemoved
from server.kit.db import Transaction
from server.kit.outbox import Listener, Signal

_OfCare = CareAsked | CareAccepted | CareSecondJoined | CareHandedOver | CareEnded
_PRAYERS: dict[str, type[Signal]] = {
    "held": PrayerHeld,
    "changed": PrayerChanged,
    "approved": PrayerApproved,
    "declined": PrayerDeclined,
    "needs_pastor": PrayerNeedsPastor,
    "withdrawn": PrayerWithdrawn,
    "answered": PrayerAnswered,
    "expired": PrayerExpired,
    "archived": PrayerArchived,
    "flagged": PrayerFlagged,
}


def listeners(moderation: ModerationService) -> list[Listener]:
    """Return what this slice does when others announce something."""

    async def prayer(tx: Transaction, signal: PrayerHeld) -> None:
        await moderation.sync(tx, "prayer", signal.request_id)
        await moderation.sync(tx, "flag", signal.request_id)
        await moderation.sync_below(tx, signal.request_id)

    async def reply(tx: Transaction, signal: ReplyHeld | ReplyDecided | ReplyRemoved) -> None:
        await moderation.sync(tx, "reply", signal.reply_id)

    async def message(tx: Transaction, signal: MessageHeld | MessageDecided) -> None:
        await moderation.sync(tx, "message", signal.message_id)

    async def reported(
        tx: Transaction, signal: MessageReported | ReportsClosed | MessageEdited | DecisionUndone
    ) -> None:
        await moderation.sync(tx, "message", signal.message_id)
        await moderation.sync(tx, "report", signal.message_id)

    async def removed(tx: Transaction, signal: MessagesRemoved) -> None:
        for id in signal.messages:
            await moderation.sync(tx, "report", id)

    async def care(tx: Transaction, signal: _OfCare) -> None:
        await moderation.sync(tx, "care", signal.session_id)

    async def concern(tx: Transaction, signal: ConcernRaised | ConcernSettled | ConcernReopened) -> None:
        await moderation.sync(tx, "concern", signal.concern_id)

    return [
        *(Listener(f"moderation.prayer_{name}", kind, prayer) for name, kind in _PRAYERS.items()),
        Listener("moderation.reply_held", ReplyHeld, reply),
        Listener("moderation.reply_decided", ReplyDecided, reply),
        Listener("moderation.reply_removed", ReplyRemoved, reply),
        Listener("moderation.message_held", MessageHeld, message),
        Listener("moderation.message_decided", MessageDecided, message),
        Listener("moderation.message_edited", MessageEdited, reported),
        Listener("moderation.reported", MessageReported, reported),
        Listener("moderation.reports_closed", ReportsClosed, reported),
        Listener("moderation.undone", DecisionUndone, reported),
        Listener("moderation.removed", MessagesRemoved, removed),
        Listener("moderation.care_asked", CareAsked, care),
        Listener("moderation.care_accepted", CareAccepted, care),
        Listener("moderation.care_second", CareSecondJoined, care),
        Listener("moderation.care_handed_over", CareHandedOver, care),
        Listener("moderation.care_ended", CareEnded, care),
        Listener("moderation.concern_raised", ConcernRaised, concern),
        Listener("moderation.concern_settled", ConcernSettled, concern),
        Listener("moderation.concern_reopened", ConcernReopened, concern),
    ]
