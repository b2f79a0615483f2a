"""Why something is not taken, one sentence each."""

from __future__ import annotations

from server.kit.errors import AppError, Conflict, Forbidden, Invalid, Limited, NotFound


class Banned(Forbidden):
    """You cannot take part here. The church's staff can tell you more."""

    code = "banned"


class TimedOut(Forbidden):
    """A host has asked you to pause: you can write again later."""

    code = "timeout"


class LockedDown(Forbidden):
    """Only hosts can write at the moment."""

    code = "lockdown"


class Flooding(Limited):
    """That was a lot at once: wait a moment, then send it."""

    code = "flood"


class Duplicate(Limited):
    """You have just said this."""

    code = "duplicate"


class LinkRefused(Invalid):
    """Links cannot be posted here."""

    code = "link_refused"


class WordRefused(Invalid):
    """This cannot be posted here in these words."""

    code = "word_refused"


class NoSuchBan(NotFound):
    """There is no such ban."""

    code = "no_such_ban"


class Protected(Forbidden):
    """This can only be done to guests and members; ask an owner or admin about staff."""

    code = "protected"


class NotYourself(Conflict):
    """You cannot do this to yourself."""

    code = "not_yourself"


class BadRules(Invalid):
    """A rule cannot be used as written."""

    code = "bad_rules"


def with_card(error: AppError, crisis: str) -> AppError:
    """Return a refusal with the need that was found in the words it refuses: helplines of that kind are shown."""
    if crisis:
        error.extra = {**error.extra, "card": crisis}
    return error
