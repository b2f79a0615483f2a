"""Write the letter with an asker's secret link; what a guest asked for is the person's they turned out to be."""

from __future__ import annotations

from server.domains.asking.service import AskingService
from server.domains.asking.signals import AskerLetterDue
from server.domains.guests.signals import GuestBecameMember
from server.kit.db import Transaction
from server.kit.mail import post
from server.kit.outbox import Listener


def listeners(asking: AskingService) -> list[Listener]:
    """Return what this slice listens to."""

    async def due(tx: Transaction, signal: AskerLetterDue) -> None:
        await post(tx, await asking.letter(tx, signal))

    async def take_over(tx: Transaction, signal: GuestBecameMember) -> None:
        if signal.guest_id != signal.person_id:  # a new account has kept the guest's id
            await asking.take_over(tx, signal.guest_id, signal.person_id)

    return [
        Listener("asking.letter_due", AskerLetterDue, due),
        Listener("asking.guest_became_member", GuestBecameMember, take_over),
    ]
