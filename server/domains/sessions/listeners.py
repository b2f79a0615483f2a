"""Tell a person that a token of theirs may have been copied."""

from __future__ import annotations

from server.domains.links.service import LinksService
from server.domains.sessions.signals import RefreshTokenReused
from server.kit.db import Transaction
from server.kit.mail import post
from server.kit.outbox import Listener


def listeners(links: LinksService) -> list[Listener]:
    """Return what this slice listens to."""

    async def reused(tx: Transaction, signal: RefreshTokenReused) -> None:
        if signal.person_id is None:
            return
        if (mail := await links.notice(tx, "refresh_reused", signal.person_id)) is not None:
            await post(tx, mail)

    return [Listener("sessions.refresh_reused", RefreshTokenReused, reused)]
