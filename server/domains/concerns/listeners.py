"""Who came into a conversation was there, whoever went on with it."""

from __future__ import annotations

from server.domains.care.signals import CareAccepted, CareHandedOver, CareSecondJoined
from server.domains.concerns.service import ConcernsService
from server.kit.db import Transaction
from server.kit.outbox import Listener


def listeners(concerns: ConcernsService) -> list[Listener]:
    """Return what this slice does when others announce something."""

    async def came(tx: Transaction, signal: CareAccepted | CareSecondJoined) -> None:
        await concerns.came(tx, signal.session_id, signal.by)

    async def handed_over(tx: Transaction, signal: CareHandedOver) -> None:
        for person in (signal.by, signal.to):
            if person is not None:
                await concerns.came(tx, signal.session_id, person)

    return [
        Listener("concerns.accepted", CareAccepted, came),
        Listener("concerns.second", CareSecondJoined, came),
        Listener("concerns.handed_over", CareHandedOver, handed_over),
    ]
