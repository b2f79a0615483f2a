"""All the core knows of a socket, and all a socket knows of the core."""

from collections.abc import Callable
from typing import Protocol

Write = Callable[[bytes], int]
"""Writes whole server frames at once; returns how many bytes were taken, or raises OSError when none were."""


class Transport(Protocol):
    """The sending half of one WebSocket. No method waits, none raises."""

    def send_framed(self, data: bytes) -> bool:
        """Write whole unmasked server frames; False when nothing was written.

        It is False before the handshake is complete, after the close, and while the transport's buffer is
        above its bound. After such a False it stays False until the transport has called `Receiver.writable`.
        """
        ...

    def writer(self) -> Write | None:
        """Return what writes without a question, for those who write to thousands; None while `send_framed`
        would refuse.

        Who calls it passes what it did not take to `finish`, at once, and calls it no more after
        `Receiver.unwritable` or `Receiver.lost`.
        """
        ...

    def finish(self, rest: bytes) -> None:
        """Write, before anything else, what `writer` has not taken of its frames."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Send a close frame after what was written; end the connection soon even if the peer is silent."""
        ...

    def hold(self) -> None:
        """Stop reading from the socket: the peer's own back-pressure."""
        ...

    def release(self) -> None:
        """Read again."""
        ...


class Receiver(Protocol):
    """The receiving half: what a transport calls, on the event loop. No method raises."""

    def receive(self, data: bytes) -> None:
        """Take one whole text message."""
        ...

    def heard(self) -> None:
        """Note a frame that is no message: a ping, a pong, a part of a message that is not whole yet."""
        ...

    def unwritable(self) -> None:
        """Note that nobody may write unasked for now: bytes wait for the socket to have room, or it is closing."""
        ...

    def writable(self) -> None:
        """Note that the buffer has drained after a refused write."""
        ...

    def lost(self) -> None:
        """Note that the connection is gone; called exactly once, the last call of all."""
        ...

    def bad(self) -> None:
        """Note that the peer broke the protocol (binary, oversized, unreadable); the receiver closes."""
        ...

    def drain(self) -> None:
        """Note that the server is stopping: say so, and close at a moment of the receiver's choice."""
        ...
