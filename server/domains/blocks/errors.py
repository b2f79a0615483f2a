"""Why somebody cannot be blocked."""

from __future__ import annotations

from server.kit.errors import Conflict


class NotYourself(Conflict):
    """You cannot block yourself."""

    code = "not_yourself"


class TooManyBlocks(Conflict):
    """You have blocked as many people as you can."""

    code = "too_many_blocks"
