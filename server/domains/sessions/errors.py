"""What can go wrong with sessions."""

from __future__ import annotations

from server.kit.errors import Forbidden, NotFound, Unauthenticated


class SessionEnded(Unauthenticated):
    """This session has ended: sign in again."""

    code = "session_ended"


class RefreshReused(Unauthenticated):
    """This refresh token was used before, so somebody may have copied it: the session has been ended."""

    code = "refresh_reused"


class CsrfMissing(Forbidden):
    """The request does not carry this session's CSRF token: reload the page, then try again."""

    code = "csrf"


class NoSuchSession(NotFound):
    """You have no such session."""

    code = "no_such_session"
