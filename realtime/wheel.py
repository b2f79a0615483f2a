"""One timer for all pings and leases.

Ten thousand connections need no ten thousand timers: each gets one of the wheel's slots, and each second one
slot is visited, a few riders at a time: all four hundred of them at once would hold up what others wait for.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

_log = logging.getLogger("realtime.wheel")

TICK_SECONDS: Final = 1.0

STEPS: Final = 20
"""Parts in which the riders of one slot are visited, one after the other in a tick's time."""


class Rider(Protocol):
    """Something visited once a turn."""

    def tick(self, now: float) -> None:
        """Do what time asks for; must not block."""
        ...


class Wheel:
    """Visit every rider once in `slots` seconds, spread evenly, and every-second callbacks each second."""

    __slots__ = ("_due", "_each", "_hand", "_loop", "_part", "_slots", "_step", "_timer", "_where")

    def __init__(self, slots: int) -> None:
        self._slots: list[dict[Rider, None]] = [{} for _ in range(slots)]
        self._where: dict[Rider, int] = {}
        self._each: list[Callable[[float], None]] = []
        self._hand = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due: deque[Rider] = deque()  # of the slot whose time it is
        self._part = 0
        self._step: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to turn, on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(TICK_SECONDS, self._turn)

    def stop(self) -> None:
        """Stand still."""
        for timer in (self._timer, self._step):
            if timer is not None:
                timer.cancel()
        self._timer = self._step = None

    def each_second(self, call: Callable[[float], None]) -> None:
        """Call this every second with the monotonic time."""
        self._each.append(call)

    def add(self, rider: Rider) -> None:
        """Visit this rider once a turn, first in about half a turn to a whole one."""
        slot = min(range(len(self._slots)), key=lambda at: (len(self._slots[at]), -self._distance(at)))
        self._slots[slot][rider] = None
        self._where[rider] = slot

    def remove(self, rider: Rider) -> None:
        """Visit it no more; unknown riders are ignored."""
        slot = self._where.pop(rider, None)
        if slot is not None:
            del self._slots[slot][rider]

    def _distance(self, slot: int) -> int:
        return (slot - self._hand) % len(self._slots)

    def _turn(self) -> None:
        assert self._loop is not None
        self._timer = self._loop.call_later(TICK_SECONDS, self._turn)
        now = self._loop.time()
        self._due.extend(self._slots[self._hand])
        self._part = -(-len(self._due) // STEPS)
        self._hand = (self._hand + 1) % len(self._slots)
        for call in self._each:
            self._guard(call, now)
        if self._step is None:
            self._visit()

    def _visit(self) -> None:
        """Visit the next few, and let the loop run others."""
        assert self._loop is not None
        now = self._loop.time()
        for _ in range(min(self._part, len(self._due))):
            rider = self._due.popleft()
            if rider in self._where:
                self._guard(rider.tick, now)
        self._step = self._loop.call_later(TICK_SECONDS / STEPS, self._visit) if self._due else None

    def _guard(self, call: Callable[[float], None], now: float) -> None:
        """Keep turning whatever one visit does: all others depend on the same timer."""
        try:
            call(now)
        except Exception:
            _log.exception("a visit of the wheel failed")
