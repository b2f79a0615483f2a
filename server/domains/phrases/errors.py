"""What can be wrong with a phrase."""

from __future__ import annotations

from server.kit.errors import Conflict, NotFound


class NoSuchPhrase(NotFound):
    """There is no such saved reply."""

    code = "no_such_saved_reply"


class TooManyPhrases(Conflict):
    """A church keeps at most 200 saved replies: take one off first."""

    code = "too_many_saved_replies"
