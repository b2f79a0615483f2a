"""Sign and check short-lived tokens: JWTs (RFC 7519) by Ed25519 with a fixed header, whose key is one of our own.

Keys are not stored: each is derived from the installation's secret key for one week. So every process has them at
its start, none is made twice in a race, a copy of the database holds none, and they rotate by the calendar. A
changed secret key ends all tokens at once; refresh tokens of the key before stay good while it is kept in the list.

A verifier takes the weeks before and after its own. Times are the database's when a token is made, so processes
whose clocks differ make the same tokens; a process whose own clock is off by more than a minute refuses them with
`token_not_yet_valid` or `token_expired`, which says what is wrong instead of letting old tokens live longer.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from server.kit.clock import Clock
from server.kit.crypto import Keyring, RootKey, encode_bytes
from server.kit.errors import Unauthenticated

ALGORITHM = "Ed25519"  # EdDSA in its fully specified form (RFC 9864)
WEEK = 7 * 86_400  # seconds a key signs
LEEWAY = 60  # seconds by which clocks may differ
LONGEST_TOKEN = 2_048  # characters
LONGEST_LIFE = 3_600  # seconds; nothing of ours lives longer, whatever it claims
REMEMBERED = 10_000  # tokens whose signature was checked; the least recently used is checked again

Claims = dict[str, Any]


class BadToken(Unauthenticated):
    """This token was not made by us, or was changed: sign in again."""

    code = "bad_token"


class TokenExpired(Unauthenticated):
    """This token has expired: refresh it, or sign in again."""

    code = "token_expired"


class TokenNotYetValid(Unauthenticated):
    """This token is from the future: the clocks of our servers differ by more than a minute. Try again."""

    code = "token_not_yet_valid"


class Tokens:
    """Make and check tokens; every process of an installation agrees, because they share the secret key."""

    def __init__(self, keyring: Keyring, clock: Clock) -> None:
        self._keyring = keyring
        self._clock = clock
        self._checked: OrderedDict[bytes, Claims] = OrderedDict()
        self._keys: OrderedDict[str, tuple[str, OKPKey]] = OrderedDict()
        self._registry = jws.JWSRegistry(algorithms=[ALGORITHM])

    def sign(self, claims: Mapping[str, object], *, at: datetime, seconds: int) -> str:
        """Make a token that holds from `at` for `seconds`; the same arguments give the same token."""
        begins = int(at.timestamp())
        kid = _kid(self._keyring.current, begins // WEEK)
        _, key = self._key(self._keyring.current, begins // WEEK)
        whole = {**claims, "iat": begins, "exp": begins + seconds}
        return jwt.encode(_header(kid), whole, key, registry=self._registry, default_type=None)

    def verify(self, token: str) -> Claims:
        """Return the claims; raise BadToken, TokenExpired or TokenNotYetValid."""
        name = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        claims = self._checked.get(name)
        if claims is None:
            claims = self._signed(token)
            self._checked[name] = claims
            while len(self._checked) > REMEMBERED:
                self._checked.popitem(last=False)
        else:
            self._checked.move_to_end(name)
        self._check_times(claims)
        return claims

    def _signed(self, token: str) -> Claims:
        if len(token) > LONGEST_TOKEN or not token.isascii() or token.count(".") != 2:
            raise BadToken()
        key = self._believed().get(token.partition(".")[0])
        if key is None:  # the header must be, byte for byte, one that we write: no choice of algorithm or key
            raise BadToken()
        try:
            checked = jws.deserialize_compact(token, key, registry=self._registry)
            claims = msgspec.json.decode(checked.payload or b"", type=Claims)
        except (JoseError, ValueError, msgspec.DecodeError):
            raise BadToken() from None
        if not isinstance(claims.get("iat"), int) or not isinstance(claims.get("exp"), int):
            raise BadToken()
        return claims

    def _check_times(self, claims: Claims) -> None:
        now = self._clock.now().timestamp()
        if claims["iat"] - LEEWAY > now:
            raise TokenNotYetValid()
        if now >= min(claims["exp"], claims["iat"] + LONGEST_LIFE) + LEEWAY:
            raise TokenExpired()

    def _believed(self) -> dict[str, OKPKey]:
        """Return the keys of last, this and next week by the header that names them."""
        week = int(self._clock.now().timestamp()) // WEEK
        roots = self._keyring.believed
        return dict(self._key(root, number) for root in roots for number in (week - 1, week, week + 1))

    def _key(self, root: RootKey, week: int) -> tuple[str, OKPKey]:
        kid = _kid(root, week)
        if kid not in self._keys:
            secret = Ed25519PrivateKey.from_private_bytes(root.derive(f"token:{week}"))
            header = encode_bytes(_json(_header(kid)))
            self._keys[kid] = (header, OKPKey.import_key(secret))
            while len(self._keys) > 32:
                self._keys.popitem(last=False)
        return self._keys[kid]


def _kid(root: RootKey, week: int) -> str:
    return f"{root.id.hex()}.{week}"


def _header(kid: str) -> dict[str, str]:
    return {"alg": ALGORITHM, "kid": kid, "typ": "JWT"}


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)
