"""What operators are handed."""

from __future__ import annotations

import msgspec


class Pass(msgspec.Struct, frozen=True):
    """A token for `/api/v1/operator/…` and its seconds; there is no refresh, an operator signs in again."""

    token: str
    expires_in: int


class Pending(msgspec.Struct, frozen=True):
    """An authenticator that was not confirmed yet: `sealed` comes back with the first code."""

    secret: str
    uri: str
    sealed: str
