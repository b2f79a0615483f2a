"""Why nothing can be told, or read."""

from __future__ import annotations

from server.kit.errors import Conflict, Forbidden, NotFound


class NoSuchConcern(NotFound):
    """There is no such concern."""

    code = "no_such_concern"


class TooLateToTell(Conflict):
    """That conversation was over long ago: talk to a pastor of the church instead."""

    code = "too_late_to_tell"


class AboutYou(Forbidden):
    """You were in this conversation: somebody else looks after this."""

    code = "about_you"


class ToldAgain(Conflict):
    """They have told more meanwhile: read it, then decide."""

    code = "changed"


class NobodyCame(Conflict):
    """Nobody has come to this conversation yet: there is nothing to tell."""

    code = "nobody_came"
