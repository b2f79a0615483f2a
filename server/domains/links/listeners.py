"""Write the letters that were asked for, and tell people what happened to their account."""

from __future__ import annotations

from server.domains.accounts.signals import PasswordChanged
from server.domains.links.service import LinksService
from server.domains.links.signals import LetterDue, LinkAsked
from server.kit.db import Transaction
from server.kit.mail import post
from server.kit.outbox import Listener


def listeners(links: LinksService) -> list[Listener]:
    """Return what this slice listens to."""

    async def asked(tx: Transaction, signal: LinkAsked) -> None:
        if (mail := await links.answer(tx, signal)) is not None:
            await post(tx, mail)

    async def due(tx: Transaction, signal: LetterDue) -> None:
        await post(tx, await links.letter(tx, signal))

    async def password_changed(tx: Transaction, signal: PasswordChanged) -> None:
        if (mail := await links.notice(tx, "password_changed", signal.person_id)) is not None:
            await post(tx, mail)

    return [
        Listener("links.asked", LinkAsked, asked),
        Listener("links.letter_due", LetterDue, due),
        Listener("links.password_changed", PasswordChanged, password_changed),
    ]
