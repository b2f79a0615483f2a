"""Put a topic's events in order: no duplicates, no holes.

Events come from several nodes and from the log, in any order and more than once. Whoever is behind the
sequencer never sees a hole; when it has one, the log must be read.
"""

from collections.abc import Sequence
from typing import Final

from realtime.errors import PositionLost
from realtime.log import NOWHERE, LogEvent, Position

EARLY_EVENTS: Final = 512
"""Events held that came before their turn; when it is hit they are dropped, and the log is read instead."""

_NOTHING: Final[tuple[LogEvent, ...]] = ()


class Sequencer:
    """Pass events of one topic in seq order; until `start` was called, hold them all."""

    __slots__ = ("_early", "epoch", "known", "last")

    def __init__(self) -> None:
        self.epoch = NOWHERE.epoch
        self.last = NOWHERE.seq
        self.known = False
        self._early: dict[int, LogEvent] | None = None

    @property
    def position(self) -> Position:
        """The position of the last event passed."""
        return Position(self.epoch, self.last)

    @property
    def gap(self) -> bool:
        """Tell whether something later has arrived than what can be passed."""
        return self._early is not None

    @property
    def highest(self) -> int:
        """The highest seq that has arrived, though it may not be its turn yet."""
        return self.last if self._early is None else max(self.last, *self._early)

    def start(self, position: Position) -> Sequence[LogEvent]:
        """Begin after `position`, as read from the log; return what was held so far, to be offered again."""
        self.epoch, self.last, self.known = position.epoch, position.seq, True
        held, self._early = self._early, None
        return [held[seq] for seq in sorted(held)] if held else _NOTHING

    def offer(self, event: LogEvent) -> Sequence[LogEvent]:
        """Take one event and return all that may be passed now; raise PositionLost when the epoch changed."""
        if not self.known:
            self._hold(event)
            return _NOTHING
        if event.epoch != self.epoch:
            self._adopt(event)
        if event.seq <= self.last:
            return _NOTHING
        if event.seq > self.last + 1:
            self._hold(event)
            return _NOTHING
        self.last = event.seq
        return (event,) if self._early is None else self._release(event)

    def _adopt(self, event: LogEvent) -> None:
        """Take over the epoch of a topic's very first event; any other change means that positions are
        lost."""
        if self.epoch != NOWHERE.epoch:
            raise PositionLost(event.epoch)
        self.epoch = event.epoch

    def _hold(self, event: LogEvent) -> None:
        if self._early is None:
            self._early = {}
        elif len(self._early) >= EARLY_EVENTS:
            self._early.clear()
        self._early[event.seq] = event

    def _release(self, event: LogEvent) -> Sequence[LogEvent]:
        """Return the event and what was waiting for it."""
        ready, early = [event], self._early
        assert early is not None
        while (following := early.pop(self.last + 1, None)) is not None:
            self.last += 1
            ready.append(following)
        for stale in [seq for seq in early if seq <= self.last]:
            del early[stale]
        if not early:
            self._early = None
        return ready
