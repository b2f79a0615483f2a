"""Why somebody cannot follow or pray, one sentence each."""

from __future__ import annotations

from server.kit.errors import Conflict, Invalid


class MarkMissing(Invalid):
    """Send a mark of this device: somebody without a name is counted by it, once."""

    code = "mark_missing"


class FollowsTooMany(Conflict):
    """You follow as many requests as one person may: leave one first."""

    code = "follows_too_many"
