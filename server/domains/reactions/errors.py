"""Why a reaction is not taken."""

from __future__ import annotations

from server.kit.errors import Conflict, Invalid


class BadEmoji(Invalid):
    """React with one emoji."""

    code = "bad_emoji"


class TooManyKinds(Conflict):
    """This has as many different reactions as it may: choose one that is there."""

    code = "too_many_reactions"
