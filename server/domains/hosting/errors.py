"""Why a rehearsal cannot begin, and why nothing was decided."""

from __future__ import annotations

from server.kit.errors import Conflict


class TooLateToRehearse(Conflict):
    """A rehearsal is for before the doors open."""

    code = "too_late_to_rehearse"


class MessageChanged(Conflict):
    """Its author changed the words meanwhile: read them, then decide."""

    code = "changed"


class NoHosts(Conflict):
    """Nobody looks after one-to-one prayer from within: tell the pastors instead, by `POST /care/concerns`."""

    code = "no_hosts"
