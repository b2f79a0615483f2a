"""Why something cannot be done with a message, one sentence each."""

from __future__ import annotations

from server.kit.errors import Conflict, Invalid, NotFound


class NoSuchMessage(NotFound):
    """There is no such message."""

    code = "no_such_message"


class Removed(Conflict):
    """This message was taken down."""

    code = "removed"


class AlreadyDecided(Conflict):
    """Somebody has decided about this message already."""

    code = "already_decided"


class TooManyPins(Conflict):
    """This room has as many pinned messages as it may: take one off first."""

    code = "too_many_pins"


class BadSearch(Invalid):
    """Search for 2 to 100 characters."""

    code = "bad_search"
