"""How often somebody may try, who may do what here, and which identity tokens are believed; pure."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey

from server.domains.auth.errors import BadIdentity
from server.domains.keys.models import HostKey
from server.kit.crypto import decode_bytes
from server.kit.limits import Limit
from server.kit.scope import Rule, TenantRef

ROLES = ("owner", "admin", "pastor", "moderator", "prayer_team", "member")
ME = Rule(roles=frozenset(ROLES), guests=True, api_scope="auth:read")
SIGNED_IN = Rule(roles=frozenset(ROLES), guests=True)
PERSON = Rule.of(*ROLES)
PUBLIC = Rule(anyone=True)
END_SITE = Rule.of("owner", "admin", api_scope="auth:write")

# Tries are counted before the password is looked at, so that a race gains nothing. A whole church may stand behind
# one address on a Sunday; one account tried from one address is the tight one.
BY_ADDRESS = Limit("sign_in_address", 300, 600)
BY_ACCOUNT_AND_ADDRESS = Limit("sign_in_pair", 10, 900)
# Many addresses against one account: strangers are told to wait, and a place that the person signed in from before is
# not, so nobody can lock the owner out.
BY_ACCOUNT = Limit("sign_in_account", 100, 3600)
GUESTS_BY_ADDRESS = Limit("guests", 600, 600)
REFRESH_BY_ADDRESS = Limit("refresh", 3000, 600)
EXCHANGE_BY_ADDRESS = Limit("identity", 600, 600)

LONGEST_IDENTITY = 300  # seconds from now to `exp`
LEEWAY = 60  # seconds by which the website's clock may differ
LONGEST_TOKEN = 4_096  # characters
# a website may write the algorithm as RFC 8037 or as RFC 9864 does; the library warns of the older word each time
warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)
_ALGORITHMS = {"EdDSA": ["EdDSA", "Ed25519"], "ES256": ["ES256"]}


class HostClaims(msgspec.Struct, frozen=True):
    """What a website's identity token says; other claims are ignored."""

    sub: str
    aud: str | list[str]
    exp: int
    iat: int | None = None
    nbf: int | None = None
    iss: str | None = None
    name: str = ""


def kid_of(token: str) -> str:
    """Return the kid that an identity token names, of which nothing is proven yet; raise BadIdentity."""
    if len(token) > LONGEST_TOKEN or token.count(".") != 2:
        raise BadIdentity("An identity token is a JWT in its compact form.")
    try:
        header: Mapping[str, Any] = msgspec.json.decode(
            decode_bytes(token.partition(".")[0]), type=dict[str, Any]
        )
    except (ValueError, msgspec.DecodeError, RecursionError):
        raise BadIdentity("The header of the identity token cannot be read.") from None
    kid = header.get("kid")
    if not isinstance(kid, str) or not 1 <= len(kid) <= 100 or not (kid.isascii() and kid.isprintable()):
        raise BadIdentity("The header of the identity token names no kid.")
    return kid


def read_identity(token: str, key: HostKey, tenant: TenantRef, now: datetime) -> HostClaims:
    """Check an identity token with the key's own algorithm; raise BadIdentity that says what is wrong."""
    registry = jws.JWSRegistry(algorithms=_ALGORITHMS[key.algorithm])
    kind = OKPKey if key.algorithm == "EdDSA" else ECKey
    try:
        public = kind.import_key(msgspec.json.decode(key.public_key, type=dict[str, str | list[str]]))
        checked = jws.deserialize_compact(token, public, registry=registry)
        claims = msgspec.json.decode(checked.payload or b"", type=HostClaims)
    except msgspec.ValidationError as error:
        raise BadIdentity(f"The identity token's claims: {error}.") from None
    except (JoseError, ValueError, TypeError):
        raise BadIdentity("The identity token was not signed by the key that it names.") from None
    _check_claims(claims, key, tenant, now.timestamp())
    return claims


def _check_claims(claims: HostClaims, key: HostKey, tenant: TenantRef, now: float) -> None:
    audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    if not {f"narthex:{tenant.id}", f"narthex:{tenant.slug}"}.intersection(audience):
        raise BadIdentity(f"The identity token's aud must be narthex:{tenant.slug}.")
    if claims.iss is not None and claims.iss != key.issuer:
        raise BadIdentity("The identity token's iss is not the issuer of its key.")
    if not 1 <= len(claims.sub) <= 255 or not claims.sub.isprintable():
        raise BadIdentity("The identity token's sub has 1 to 255 printable characters.")
    if now >= claims.exp + LEEWAY:
        raise BadIdentity("The identity token has expired.")
    if claims.exp > now + LONGEST_IDENTITY + LEEWAY:
        raise BadIdentity("The identity token's exp is more than five minutes ahead.")
    if max(claims.iat or 0, claims.nbf or 0) > now + LEEWAY:
        raise BadIdentity("The identity token is from the future: check the website's clock.")


def signed_part(token: str) -> str:
    """Return what the signature covers: equal for every spelling of one token, so that it is used once."""
    return token.rpartition(".")[0]


def display_name(claimed: str, fallback: str) -> str:
    """Return the name to show: what the website says, cut to what a name may be."""
    name = " ".join("".join(char for char in claimed if char.isprintable()).split())[:100].strip()
    return name or fallback
