"""Where the hostile go: a real web process with the limits that people get."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec

from tests.faults.raw import Raw

GUESTS = 24
MOST_GROWTH = 64 * 2**20  # bytes a web process may grow while it is ill-treated


class Place(msgspec.Struct):
    """A web process, a room of `grace` and one of `hope`, and guests of `grace`."""

    address: tuple[str, int]
    pid: int
    topic: str
    foreign: str
    tokens: list[str]
    strangers: list[str]
    keyring: str
    log: Path

    async def open(self, **headers: str) -> Raw:
        """Connect and say nothing."""
        return await Raw.open(self.address, "/live/grace", buffer=0, **headers)

    async def enter(self, guest: int = 0, *, join: bool = True, buffer: int = 0) -> Raw:
        """Connect, say hello, and join the room."""
        raw = await Raw.open(self.address, "/live/grace", buffer=buffer)
        raw.say({"type": "hello", "token": self.tokens[guest]})
        await raw.until("welcome")
        if join:
            assert (await raw.ask({"type": "join", "topic": self.topic}))["ok"]
        return raw


async def events(raw: Raw, seconds: float, *, after: str) -> list[dict[str, Any]]:
    """Return the events that come until one has this body, and within some time behind it."""
    found: list[dict[str, Any]] = []
    while not found or (found[-1]["data"] or {}).get("body") != after:
        found.append(await raw.until("event"))
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        try:
            frame = await raw.next(left)
        except TimeoutError:
            break
        if frame["type"] == "event":
            found.append(frame)
    return found
