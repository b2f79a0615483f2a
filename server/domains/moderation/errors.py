"""Why something cannot be done with a case, one sentence each."""

from __future__ import annotations

from server.kit.errors import Conflict, NotFound


class NoSuchCase(NotFound):
    """There is no such case."""

    code = "no_such_case"


class Claimed(Conflict):
    """Somebody else is looking at it right now."""

    code = "claimed"


class Decided(Conflict):
    """Somebody has decided about this already."""

    code = "already_decided"


class NothingToUndo(Conflict):
    """There is no decision of yours here that could be taken back."""

    code = "nothing_to_undo"
