"""Who follows a request hears what becomes of it."""

from __future__ import annotations

from server.domains.prayer.signals import PrayerAnswered, PrayerApproved
from server.domains.replies.signals import ReplyDecided
from server.domains.wall.service import WallService
from server.domains.wall.signals import TellingGoesOn
from server.kit.db import Transaction
from server.kit.outbox import Listener


def listeners(wall: WallService) -> list[Listener]:
    """Return what this slice does when others announce something."""

    async def answered(tx: Transaction, signal: PrayerAnswered) -> None:
        await wall.tell_followers(tx, signal.request_id)

    async def approved(tx: Transaction, signal: PrayerApproved) -> None:
        await wall.tell_followers(tx, signal.request_id)

    async def replied(tx: Transaction, signal: ReplyDecided) -> None:
        if signal.posted and signal.kind != "encouragement":
            await wall.tell_followers(tx, signal.request_id)

    async def go_on(tx: Transaction, signal: TellingGoesOn) -> None:
        await wall.tell_followers(tx, signal.request_id, signal.after)

    return [
        Listener("wall.answered", PrayerAnswered, answered),
        Listener("wall.approved", PrayerApproved, approved),
        Listener("wall.replied", ReplyDecided, replied),
        Listener("wall.telling", TellingGoesOn, go_on),
    ]
