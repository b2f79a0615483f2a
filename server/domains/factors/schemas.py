"""What is said and heard about second factors."""

from __future__ import annotations

from typing import Annotated

import msgspec

Password = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
Code = Annotated[
    str,
    msgspec.Meta(
        min_length=6,
        max_length=24,
        description="Six digits of the authenticator app, or a recovery code.",
        examples=["123456"],
    ),
]


class FactorState(msgspec.Struct, frozen=True):
    """Whether signing in asks for a code, and how many recovery codes are left."""

    totp: bool
    recovery_codes: int


class TotpBegin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The present password, so that nobody sets it up at a desk left open."""

    password: Password


class TotpSecret(msgspec.Struct, frozen=True):
    """What the authenticator app needs; shown once."""

    secret: str
    uri: str


class TotpCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code of the app."""

    code: Code


class TotpEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The present password and a code."""

    password: Password
    code: Code


class RecoveryCodes(msgspec.Struct, frozen=True):
    """Codes for the day the phone is lost; each works once, and they are shown once."""

    codes: list[str]
