"""What a guest wrote, did and may not do is the person's they turned out to be."""

from __future__ import annotations

from server.domains.blocks.service import BlocksService
from server.domains.guests.signals import GuestBecameMember
from server.domains.messages.service import MessagesService
from server.domains.messages.signals import HandingOverGoesOn
from server.domains.reactions.service import ReactionsService
from server.domains.rooms.service import RoomsService
from server.domains.safety.service import SafetyService
from server.kit.db import Transaction
from server.kit.outbox import Listener


def listeners(
    messages: MessagesService,
    safety: SafetyService,
    blocks: BlocksService,
    rooms: RoomsService,
    reactions: ReactionsService,
) -> list[Listener]:
    """Return what this slice does when others announce something."""

    async def begin(tx: Transaction, signal: GuestBecameMember) -> None:
        guest, person = signal.guest_id, signal.person_id
        if guest == person:  # a new account has kept the guest's id
            return
        await safety.hand_over(tx, guest, person)
        await blocks.hand_over(
            tx, guest, person
        )  # before the words: a block hides them under their new author too
        await rooms.hand_over(tx, guest, person)
        await reactions.hand_over(tx, guest, person)
        await go_on(tx, HandingOverGoesOn(guest_id=guest, person_id=person))

    async def go_on(tx: Transaction, signal: HandingOverGoesOn) -> None:
        if not await messages.hand_over(tx, signal.guest_id, signal.person_id):
            tx.signal(signal)

    return [
        Listener("messages.guest_became_member", GuestBecameMember, begin),
        Listener("messages.handing_over", HandingOverGoesOn, go_on),
    ]
