"""Every error of the library.

RealtimeError
├── BadTopic          a topic's text cannot be read
├── BadFrame          a frame cannot be read: the connection closes with 4510
├── Refused           the answer to one request is no: an error reply, the connection stays
├── Dismissed         the connection must end, with this close code
├── PositionLost      a cursor lies outside what can be replayed: a snapshot instead
├── GaveUp            a supervised task died for good
└── Disconnected      the client's connection ended before the answer came
"""

from typing import Final

from realtime.closes import Close

TRANSIENT: Final = frozenset({"unavailable", "limited", "internal"})
"""Codes of a refusal that is of this moment: a client asks again by itself."""


class RealtimeError(Exception):
    """The base of all errors raised by this library."""


class BadTopic(RealtimeError, ValueError):
    """A topic reads `kind:key` with short plain names."""


class BadFrame(RealtimeError, ValueError):
    """A frame is one JSON object with a known shape."""


class Refused(RealtimeError):
    """Say no to one request; `code` is for programs, `detail` is one sentence for people.

    `retry_after` is in seconds, None when trying again will not help.
    """

    def __init__(self, code: str, detail: str, retry_after: float | None = None) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


class Dismissed(RealtimeError):
    """End the connection with `close`; its number tells the client whether to come back."""

    def __init__(self, close: Close) -> None:
        super().__init__(close.code, close.reason)
        self.close = close


class PositionLost(RealtimeError):
    """The log no longer holds what follows this cursor, or has another epoch."""


class GaveUp(RealtimeError):
    """A supervised task failed too often; the process must say so and end."""


class Disconnected(RealtimeError):
    """The connection ended; `close` tells why and whether to come back."""

    def __init__(self, close: Close) -> None:
        super().__init__(close.code, close.reason)
        self.close = close
