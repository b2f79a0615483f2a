"""What can go wrong for operators."""

from __future__ import annotations

from server.kit.errors import Unauthenticated


class BadCredentials(Unauthenticated):
    """E-mail address, password or code do not match."""

    code = "bad_credentials"


class TotpRequired(Unauthenticated):
    """This operator has a second factor: send the code of the authenticator app as well."""

    code = "totp_required"


class BadTotp(Unauthenticated):
    """This code is wrong or was used already: wait for the next one."""

    code = "bad_totp"


class NotAnOperator(Unauthenticated):
    """Sign in as an operator of the installation first."""

    code = "not_an_operator"
