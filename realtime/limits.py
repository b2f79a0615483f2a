"""Token buckets: how much one connection may send.

A bucket fills at `rate` tokens a second up to `burst`. When it is empty the request is refused with the
seconds until it would pass; a connection that keeps going after REFUSALS such answers is closed with 4029.
Pings, pongs and parts of messages spend frames too. What a person or a church may push over all connections is the
product's to say: `node.Toll`.
"""

from typing import Final

import msgspec

REFUSALS: Final = 100
"""Refused frames of one connection, a push that is taken making up for one; when it is hit the connection is
closed as limited."""


class Rate(msgspec.Struct, frozen=True):
    """Tokens a second, and the most that can be saved up."""

    rate: float
    burst: float


class Limits(msgspec.Struct, frozen=True):
    """What one connection may do. `joins` also count leaves, so that a loop of both is slowed."""

    frames: Rate = Rate(25.0, 150.0)
    joins: Rate = Rate(10.0, 60.0)
    bytes: Rate = Rate(32_768.0, 262_144.0)
    topics: int = 64
    """Topics joined at once; when it is hit a join is refused."""


class Bucket:
    """One bucket; the caller brings the clock (seconds, monotonic) and the rate, so that it stays two
    numbers."""

    __slots__ = ("_at", "_level")

    def __init__(self, rate: Rate, now: float) -> None:
        self._level = rate.burst
        self._at = now

    def take(self, rate: Rate, now: float, amount: float = 1.0) -> float:
        """Take `amount` and return 0.0, or take nothing and return the seconds until it would pass."""
        level = min(rate.burst, self._level + (now - self._at) * rate.rate)
        self._at = now
        if level >= amount:
            self._level = level - amount
            return 0.0
        self._level = level
        return (amount - level) / rate.rate
