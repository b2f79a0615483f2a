"""What can go wrong with second factors."""

from __future__ import annotations

from server.kit.errors import Conflict, Unauthenticated


class TotpRequired(Unauthenticated):
    """This account has a second factor: send the code of the authenticator app as well."""

    code = "totp_required"


class BadTotp(Unauthenticated):
    """This code is wrong or was used already: wait for the next one."""

    code = "bad_totp"


class TotpExists(Conflict):
    """An authenticator is set up already: remove it first."""

    code = "totp_exists"


class NoTotp(Conflict):
    """No authenticator is set up."""

    code = "no_totp"
