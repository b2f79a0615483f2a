"""What can go wrong with accounts."""

from __future__ import annotations

from server.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated


class BadCredentials(Unauthenticated):
    """E-mail address and password do not match."""

    code = "bad_credentials"


class Suspended(Forbidden):
    """This account is suspended. The church's office can tell you more."""

    code = "account_suspended"


class WeakPassword(Invalid):
    """Choose another password."""

    code = "weak_password"


class BadEmail(Invalid):
    """This is not an e-mail address that can receive mail."""

    code = "bad_email"


class EmailTaken(Conflict):
    """Another account in this church has this e-mail address."""

    code = "email_taken"


class NoSuchPerson(NotFound):
    """There is no such account in this church."""

    code = "no_such_person"


class LastOwner(Conflict):
    """A church always has an owner: make somebody else owner first."""

    code = "last_owner"


class NotYoursToGive(Forbidden):
    """Your own roles do not cover this change."""

    code = "role_not_yours"
