"""What can go wrong with guests."""

from __future__ import annotations

from server.kit.errors import Invalid, NotFound


class BadNickname(Invalid):
    """A nickname has 1 to 40 printable characters and is not the name of a role."""

    code = "bad_nickname"


class ConsentMissing(Invalid):
    """Writing here needs your consent to the church's terms first."""

    code = "consent_missing"


class BadSite(Invalid):
    """The site must be the host name of the page that holds the widget."""

    code = "bad_site"


class NoSuchGuest(NotFound):
    """There is no such guest."""

    code = "no_such_guest"
