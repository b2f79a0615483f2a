"""Why something cannot be done with a reply, one sentence each."""

from __future__ import annotations

from server.kit.errors import Conflict, NotFound


class NoSuchReply(NotFound):
    """There is no such reply."""

    code = "no_such_reply"


class AlreadyDecided(Conflict):
    """Somebody has decided about this reply already."""

    code = "already_decided"


class Changed(Conflict):
    """The reply was changed meanwhile: read the new words, then decide."""

    code = "changed"
