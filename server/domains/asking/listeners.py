"""Write the letter that carries an asker's secret link."""

from __future__ import annotations

from server.domains.asking.service import AskingService
from server.domains.asking.signals import AskerLetterDue
from server.kit.db import Transaction
from server.kit.mail import post
from server.kit.outbox import Listener


def listeners(asking: AskingService) -> list[Listener]:
    """Return what this slice listens to."""

    async def due(tx: Transaction, signal: AskerLetterDue) -> None:
        await post(tx, await asking.letter(tx, signal))

    return [Listener("asking.letter_due", AskerLetterDue, due)]
