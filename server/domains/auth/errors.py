"""What can go wrong when somebody says who they are."""

from __future__ import annotations

from server.kit.errors import Forbidden, Invalid, Unauthenticated


class NotStaff(Forbidden):
    """The console is for people who were given a role in this church."""

    code = "not_staff"


class TwoProofs(Invalid):
    """A request proves who is asking in one way: a token, an API key, or the console's cookie."""

    code = "two_proofs"


class BadIdentity(Unauthenticated):
    """The website's identity token is not valid."""

    code = "bad_identity"


class IdentityUsed(Unauthenticated):
    """This identity token was used before: the website must make a new one each time."""

    code = "identity_used"
