"""Words go when a conversation is over; a need in a room calls somebody; who comes on duty shortens the queue.

Whoever is no volunteer any more leaves their rooms; a guest who signs in stays in theirs as the person they are.
"""

from __future__ import annotations

from server.domains.accounts.signals import AccountSuspended, RolesChanged
from server.domains.care.service import CareService
from server.domains.care.signals import CareEnded
from server.domains.guests.signals import GuestBecameMember
from server.domains.messages.signals import MessageInNeed
from server.domains.rota.signals import RotaChanged
from server.kit.db import Transaction
from server.kit.outbox import Listener


def listeners(care: CareService) -> list[Listener]:
    """Return what this slice does when others announce something."""

    async def settle(tx: Transaction, signal: CareEnded) -> None:
        await care.settle_words(tx, signal.session_id)

    async def in_need(tx: Transaction, signal: MessageInNeed) -> None:
        await care.in_need(tx, signal.room_id, signal.crisis)

    async def retell(tx: Transaction, signal: RotaChanged) -> None:
        await care.retell(tx)

    async def dismiss(tx: Transaction, signal: RolesChanged | AccountSuspended) -> None:
        await care.dismiss(tx, signal.person_id)

    async def take_over(tx: Transaction, signal: GuestBecameMember) -> None:
        if signal.guest_id != signal.person_id:  # a new account has kept the guest's id
            await care.take_over(tx, signal.guest_id, signal.person_id)

    return [
        Listener("care.ended", CareEnded, settle),
        Listener("care.in_need", MessageInNeed, in_need),
        Listener("care.guest_became_member", GuestBecameMember, take_over),
        Listener("care.rota", RotaChanged, retell),
        Listener("care.roles", RolesChanged, dismiss),
        Listener("care.suspended", AccountSuspended, dismiss),
    ]
