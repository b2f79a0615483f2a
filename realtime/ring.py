"""The last events of one topic, encoded, blanked when something is taken down.

A removal or edit of an entity blanks the data of its earlier events here, as the log does in its own
transaction: the past never shows what is no longer visible.
"""

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Final

from realtime import frames
from realtime.log import LogEvent

RING_EVENTS: Final = 300
"""Events kept for a topic, and the most that are ever replayed; when it is hit the oldest goes."""

RING_BYTES: Final = 262_144
"""Bytes kept for a topic; when it is hit the oldest events go, and older cursors are served from the log."""


class Ring:
    """Encoded events `start + 1` to `last`, without holes."""

    __slots__ = ("_entries", "_newest", "_size", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self._entries: deque[tuple[str, bytes]] = deque()
        self._newest: dict[str, int] = {}
        """The newest event of each entity, the only one that still has its data."""
        self._size = 0

    @property
    def last(self) -> int:
        """The seq of the newest event held, `start` when empty."""
        return self.start + len(self._entries)

    def push(self, event: LogEvent) -> bytes:
        """Keep the next event in order, blank what it replaces, and return its encoding."""
        assert event.seq == self.last + 1, "the sequencer passes events in order"
        if event.entity:
            self._blank(event.entity)
            self._newest[event.entity] = event.seq
        payload = frames.event(event)
        self._entries.append((event.entity, payload))
        self._size += len(payload)
        while len(self._entries) > RING_EVENTS or self._size > RING_BYTES:
            self._drop()
        return payload

    def extend_back(self, events: Sequence[LogEvent]) -> None:
        """Reach further back with events read from the log, as far as there are no holes and there is
        room."""
        for event in reversed(events):
            if event.seq > self.start:
                continue
            payload = frames.event(event)
            if event.seq < self.start or self._full(len(payload)):
                return
            if event.entity in self._newest:
                payload = frames.blanked(payload)
            elif event.entity:
                self._newest[event.entity] = event.seq
            self._entries.appendleft((event.entity, payload))
            self._size += len(payload)
            self.start -= 1

    def _full(self, more: int) -> bool:
        return len(self._entries) >= RING_EVENTS or self._size + more > RING_BYTES

    def after(self, seq: int, upto: int) -> list[bytes] | None:
        """Return the encoded events with seq < event <= upto, None when the oldest of them is gone."""
        if seq < self.start:
            return None
        first, end = seq - self.start, min(upto, self.last) - self.start
        return [payload for _, payload in islice(self._entries, first, max(first, end))]

    def _blank(self, entity: str) -> None:
        seq = self._newest.pop(entity, None)
        if seq is not None:
            at = seq - self.start - 1
            _, payload = self._entries[at]
            blank = frames.blanked(payload)
            self._entries[at] = (entity, blank)
            self._size += len(blank) - len(payload)

    def _drop(self) -> None:
        entity, payload = self._entries.popleft()
        self._size -= len(payload)
        self.start += 1
        if self._newest.get(entity) == self.start:
            del self._newest[entity]
