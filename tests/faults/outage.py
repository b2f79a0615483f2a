"""R5: Valkey gone. Sends are acknowledged all the same, and everyone has each within 10 s, while it is still gone."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec

from tests.faults.house import quietly
from tests.faults.person import Person
from tests.faults.run import Storm

MOST_SECONDS = 10.0


class Outage(msgspec.Struct, frozen=True):
    """What happened while Valkey was gone; times in seconds."""

    sent: int
    acked_s: float  # the slowest acknowledgement
    delivered_s: float  # the slowest delivery, from its sending to the last client
    missing: int  # deliveries that had not happened when Valkey came back
    pids_before: list[int]
    pids_after: list[int]

    def line(self) -> dict[str, Any]:
        """Return the figure under its key."""
        return {"R5_delivered_s": round(self.delivered_s, 2)}


async def outage(storm: Storm, seconds: float, *, rate: float = 2.0) -> Outage:
    """Take Valkey away for `seconds` while people speak; it comes back after what was said last has had its time."""
    before = sorted(storm.house.workers())
    await quietly(storm.house.embedded.kill, "valkey")
    began = time.monotonic()
    says: list[asyncio.Task[tuple[str, float]]] = []
    while time.monotonic() - began < max(1.0, seconds - MOST_SECONDS):
        person = storm.people[len(says) % len(storm.people)]
        says.append(asyncio.create_task(_say(person)))
        await asyncio.sleep(1 / rate)
    acks = await asyncio.gather(*says)
    ids = {id for id, _ in acks}
    while time.monotonic() - began < seconds and _missing(storm, ids):
        await asyncio.sleep(0.05)
    missing = _missing(storm, ids)
    pids = sorted(storm.house.workers())
    await quietly(storm.house.embedded.start, {"valkey"})
    sent = {id: at for person in storm.people for id, at in person.sent.items() if id in ids}
    delays = [
        person.arrivals[id] - sent[id] for person in storm.people for id in ids if id in person.arrivals
    ]
    return Outage(len(ids), max(delay for _, delay in acks), max(delays), missing, before, pids)


async def _say(person: Person) -> tuple[str, float]:
    began = time.monotonic()
    id = await person.say(person.topics[0])
    return id, time.monotonic() - began


def _missing(storm: Storm, ids: set[str]) -> int:
    return sum(id not in person.arrivals for person in storm.people for id in ids)
