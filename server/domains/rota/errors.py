"""What can be wrong with a shift."""

from __future__ import annotations

from server.kit.errors import Invalid, NotFound


class NoSuchShift(NotFound):
    """There is no such shift."""

    code = "no_such_shift"


class BadShift(Invalid):
    """This shift cannot be planned as described."""

    code = "bad_shift"
