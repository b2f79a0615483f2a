"""Why a rehearsal cannot begin."""

from __future__ import annotations

from server.kit.errors import Conflict


class TooLateToRehearse(Conflict):
    """A rehearsal is for before the doors open."""

    code = "too_late_to_rehearse"
