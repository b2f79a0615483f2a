"""What can go wrong with gatherings."""

from __future__ import annotations

from server.kit.errors import Conflict, Invalid, NotFound


class NoSuchGathering(NotFound):
    """There is no such gathering."""

    code = "no_such_gathering"


class BadGathering(Invalid):
    """This gathering cannot be held as described."""

    code = "bad_gathering"


class Cancelled(Conflict):
    """This gathering was cancelled: plan a new one."""

    code = "gathering_cancelled"
