"""What can go wrong with keys."""

from __future__ import annotations

from server.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated


class BadApiKey(Unauthenticated):
    """This API key is not valid: it was revoked, has expired, or never was."""

    code = "bad_api_key"


class MakerSuspended(BadApiKey):
    """The account of whoever made this API key is suspended or gone: somebody else must make a new key."""

    code = "api_key_maker_suspended"


class MakerLostRole(BadApiKey):
    """Whoever made this API key may not do everything any more that it may: an owner must make a new key."""

    code = "api_key_maker_lost_role"


class UnknownScope(Invalid):
    """There is no such scope for API keys."""

    code = "unknown_scope"


class NotYourScope(Forbidden):
    """A key may not do more than you may: ask an owner to make it."""

    code = "scope_not_yours"


class BadExpiry(Invalid):
    """A key's expiry lies in the future, at most five years ahead."""

    code = "bad_expiry"


class BadPublicKey(Invalid):
    """This is not a public key of Ed25519 or P-256 as a JWK, or it holds a private part."""

    code = "bad_public_key"


class KidTaken(Conflict):
    """Another key has this kid."""

    code = "kid_taken"


class NoSuchKey(NotFound):
    """There is no such key in this church."""

    code = "no_such_key"
