"""Why something cannot be done in one-to-one prayer, one sentence each."""

from __future__ import annotations

from server.kit.errors import Conflict, Forbidden, Invalid, NotFound


class NoSuchSession(NotFound):
    """There is no such conversation."""

    code = "no_such_session"


class NobodyHere(Conflict):
    """Nobody is on duty just now: write your request in the form, somebody will pray."""

    code = "nobody_here"


class AlreadyAsking(Conflict):
    """You are waiting already, or in a conversation."""

    code = "already_asking"


class AlreadyAccepted(Conflict):
    """Somebody else was quicker: they are praying together already."""

    code = "already_accepted"


class NeedsSecond(Conflict):
    """A second volunteer must join before anybody writes here."""

    code = "needs_second"


class Over(Conflict):
    """This conversation is over."""

    code = "session_over"


class ForAdults(Forbidden):
    """One-to-one prayer here is for adults: write your request in the form, somebody will pray."""

    code = "for_adults"


class NeedsReason(Invalid):
    """Say why you open it: 10 to 300 characters. The reason is kept in the history."""

    code = "needs_reason"


class NothingKept(Conflict):
    """The words of this conversation were not kept."""

    code = "nothing_kept"
