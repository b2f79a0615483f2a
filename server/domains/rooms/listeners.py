"""Rooms follow the calendar, and show when a church is locked."""

from __future__ import annotations

from server.domains.events.signals import GatheringCancelled, GatheringChanged, GatheringPlanned
from server.domains.rooms.service import RoomsService
from server.domains.safety.signals import LockdownChanged
from server.kit.db import Transaction
from server.kit.outbox import Listener


def listeners(rooms: RoomsService) -> list[Listener]:
    """Return what this slice does when others announce something."""

    async def put(tx: Transaction, signal: GatheringPlanned | GatheringChanged) -> None:
        window = (signal.opens_at, signal.closes_at)
        await rooms.put_gathering(tx, signal.gathering_id, signal.title, window)

    async def close(tx: Transaction, signal: GatheringCancelled) -> None:
        await rooms.close_gathering(tx, signal.gathering_id)

    async def announce(tx: Transaction, _: LockdownChanged) -> None:
        await rooms.announce_lockdown(tx)

    return [
        Listener("rooms.gathering_planned", GatheringPlanned, put),
        Listener("rooms.gathering_changed", GatheringChanged, put),
        Listener("rooms.gathering_cancelled", GatheringCancelled, close),
        Listener("rooms.lockdown", LockdownChanged, announce),
    ]
