"""Tell people what happened to their second factor."""

from __future__ import annotations

from server.domains.factors.signals import FactorSignal, RecoveryCodeUsed, TotpAdded, TotpRemoved
from server.domains.links.models import Letter
from server.domains.links.service import LinksService
from server.kit.db import Transaction
from server.kit.mail import post
from server.kit.outbox import Listener


def listeners(links: LinksService) -> list[Listener]:
    """Return what this slice listens to."""

    def telling(kind: type[FactorSignal], letter: Letter) -> Listener:
        async def tell(tx: Transaction, signal: FactorSignal) -> None:
            if (mail := await links.notice(tx, letter, signal.person_id)) is not None:
                await post(tx, mail)

        return Listener(f"factors.{letter}", kind, tell)

    return [
        telling(TotpAdded, "totp_added"),
        telling(TotpRemoved, "totp_removed"),
        telling(RecoveryCodeUsed, "recovery_code_used"),
    ]
