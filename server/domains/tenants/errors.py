"""What can go wrong with churches."""

from __future__ import annotations

from server.kit.errors import Conflict, Invalid, NotFound, Unavailable


class NoSuchChurch(NotFound):
    """There is no church at this address."""

    code = "no_such_church"


class BadSlug(Invalid):
    """A church's short name has 1 to 63 letters a to z, digits and hyphens, begins and ends with a letter or digit."""

    code = "bad_slug"


class SlugTaken(Conflict):
    """Another church has this short name, or had it before."""

    code = "slug_taken"


class BadName(Invalid):
    """A church's name has 1 to 200 characters."""

    code = "bad_name"


class Suspended(Unavailable):
    """This church's pages are paused. Its staff can tell you more."""

    code = "church_suspended"


class WrongStatus(Conflict):
    """The church's present state does not allow this."""

    code = "wrong_status"


class BadHost(Invalid):
    """A church's own domain is a host name such as www.example.org."""

    code = "bad_host"


class HostTaken(Conflict):
    """This domain is another church's."""

    code = "host_taken"


class NoSuchHost(NotFound):
    """This domain does not show this church."""

    code = "no_such_host"


class BadLimit(Invalid):
    """A limit is a number of requests a minute from 1 to 10,000,000."""

    code = "bad_limit"


class NoSuchOperator(NotFound):
    """There is no operator with this e-mail address."""

    code = "no_such_operator"


class OperatorExists(Conflict):
    """An operator with this e-mail address exists already."""

    code = "operator_exists"
