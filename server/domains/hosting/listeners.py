"""Who was banned may be cleared with it; what was taken down needs no decision."""

from __future__ import annotations

from server.domains.events.signals import GatheringCancelled
from server.domains.hosting.service import HostingService
from server.domains.hosting.signals import ClearingGoesOn
from server.domains.messages.signals import MessagesRemoved
from server.domains.safety.signals import PersonBanned
from server.kit.db import Transaction
from server.kit.outbox import Listener


def listeners(hosting: HostingService) -> list[Listener]:
    """Return what this slice does when others announce something."""

    async def clear(tx: Transaction, signal: PersonBanned) -> None:
        if signal.clear:
            await hosting.clear_some(tx, signal.person_id)

    async def go_on(tx: Transaction, signal: ClearingGoesOn) -> None:
        await hosting.clear_some(tx, signal.person_id)

    async def close(tx: Transaction, signal: MessagesRemoved) -> None:
        await hosting.close_reports(tx, signal.messages)

    async def end_rehearsal(tx: Transaction, signal: GatheringCancelled) -> None:
        await hosting.close_rehearsal(tx, signal.gathering_id)

    return [
        Listener("hosting.banned", PersonBanned, clear),
        Listener("hosting.clearing", ClearingGoesOn, go_on),
        Listener("hosting.removed", MessagesRemoved, close),
        Listener("hosting.gathering_cancelled", GatheringCancelled, end_rehearsal),
    ]
