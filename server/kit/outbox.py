"""The outbox: a signal is written in the transaction that made it true, and reaches every listener at least once.

This file holds the shapes and the SQL of `shard.outbox`; the loop that relays is `jobs/relay.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from server.kit.db import Transaction

PARTITIONS = 64
TRIES = 5  # then a row goes to the dead letters, and its key goes on


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """A past-tense fact that one slice announces; a subclass sets `tag="slice.fact"` and names its ordering key.

    Rows of one (church, key) reach a listener in the order in which they were written.
    """

    @property
    def key(self) -> str:
        """Return what orders this signal among others, usually the id of the thing it is about."""
        raise TypeError(f"{type(self).__name__} must define key")


def kind_of(signal: type[Signal]) -> str:
    """Return the name under which a signal travels, its Struct tag."""
    tag = signal.__struct_config__.tag
    if not isinstance(tag, str):
        raise TypeError(f"{signal.__name__} needs tag='slice.fact'")
    return tag


class Delivery(msgspec.Struct, frozen=True):
    """One row on its way to listeners."""

    id: int
    church: str
    key: str
    kind: str
    data: bytes
    at: datetime
    attempts: int = 0


class Handler(Protocol):
    """Do what a slice does when a signal arrives, inside the given transaction of that church."""

    def __call__(self, tx: Transaction, signal: Any, /) -> Awaitable[None]: ...


class Listener(msgspec.Struct, frozen=True):
    """Tie a handler to a signal; `name` is remembered in `processed`, so it never changes."""

    name: str
    signal: type[Signal]
    handle: Callable[[Transaction, Any], Awaitable[None]]


class Listeners:
    """All listeners by signal kind, in the order in which slices were wired."""

    def __init__(self, listeners: Sequence[Listener] = ()) -> None:
        self._by_kind: dict[str, list[Listener]] = {}
        names: set[str] = set()
        for listener in listeners:
            if listener.name in names:
                raise ValueError(f"two listeners are called {listener.name}")
            names.add(listener.name)
            self._by_kind.setdefault(kind_of(listener.signal), []).append(listener)

    def of(self, kind: str) -> Sequence[Listener]:
        """Return who listens to a kind; an empty sequence when nobody does."""
        return self._by_kind.get(kind, ())


def encode(signal: Signal) -> bytes:
    """Encode a signal as JSON with its tag."""
    return msgspec.json.encode(signal)


def decode(data: bytes, kind: type[Signal]) -> Signal:
    """Decode a signal for a listener; unknown fields are ignored so that old and new code run side by side."""
    return msgspec.json.decode(data, type=kind)
