"""Why something cannot be done with a prayer request, one sentence each."""

from __future__ import annotations

from server.kit.errors import Conflict, Forbidden, Invalid, NotFound


class NoSuchRequest(NotFound):
    """There is no such prayer request."""

    code = "no_such_request"


class BadRequest(Invalid):
    """This prayer request cannot be taken as it is."""

    code = "bad_request"


class ConsentMissing(Invalid):
    """Say that the other person agrees, and that the words may stand on the wall."""

    code = "consent_missing"


class Changed(Conflict):
    """The request was changed meanwhile: read the new words, then decide."""

    code = "changed"


class AlreadyDecided(Conflict):
    """Somebody has decided about this request already."""

    code = "already_decided"


class WrongState(Conflict):
    """In its present state this cannot be done with the request."""

    code = "wrong_state"


class NeedsReason(Invalid):
    """Say why you open it: 10 to 300 characters. The reason is kept in the history."""

    code = "needs_reason"


class NotSealed(Conflict):
    """Nothing was sealed with this request: nobody can say who asked."""

    code = "not_sealed"


class LinkOver(Forbidden):
    """This link does not open a prayer request (any more)."""

    code = "prayer_link_over"
