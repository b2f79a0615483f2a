"""Which scopes exist and who may hand them out, which keys are well made; pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from server.domains.accounts.models import Standing
from server.domains.keys.errors import (
    BadApiKey,
    BadExpiry,
    BadPublicKey,
    MakerLostRole,
    MakerSuspended,
    NotYourScope,
    UnknownScope,
)
from server.domains.keys.models import Algorithm, ApiKey, Stopped
from server.kit.errors import FieldError, Invalid
from server.kit.ids import TENANT_ID
from server.kit.scope import Rule, Scope

MANAGE = Rule.of("owner", "admin")  # no API key makes keys

PREFIX = "nx_"
LONGEST_LIFE = timedelta(days=5 * 366)
_KEY = re.compile(r"nx_([a-z0-9]{16})_[A-Za-z0-9_-]{43}")
_KID = re.compile(r"[A-Za-z0-9._:-]{1,100}")
# what an admin does not read, an admin's key does not read
_OWNER_ONLY = frozenset({"prayer", "care"})
_SLICES = frozenset(
    {
        "accounts",
        "analytics",
        "announcements",
        "assistant",
        "audit",
        "auth",
        "care",
        "chat",
        "events",
        "files",
        "members",
        "moderation",
        "notifications",
        "prayer",
        "safety",
        "search",
        "webhooks",
    }
)
SCOPES = frozenset(f"{name}:{act}" for name in _SLICES for act in ("read", "write")) | {
    "chat:moderate",
    "prayer:approve",
}


def church_of(key: str) -> str | None:
    """Return the id of the church that an API key names; None when it does not look like one."""
    found = _KEY.fullmatch(key)
    return found[1] if found else None


def write_key(tenant_id: str, secret: str) -> str:
    """Write an API key; it names its church, so that a key in the wrong place is refused without a look."""
    if not TENANT_ID.fullmatch(tenant_id):
        raise ValueError("not a church id")
    return f"{PREFIX}{tenant_id}_{secret}"


def check_scopes(scope: Scope, scopes: frozenset[str]) -> frozenset[str]:
    """Return the scopes; raise UnknownScope or NotYourScope."""
    unknown = sorted(scopes - SCOPES)
    if unknown or not scopes:
        detail = f"There is no scope {unknown[0]!r}." if unknown else "A key has at least one scope."
        raise UnknownScope(detail, errors=(FieldError("/scopes", "unknown_scope", detail),))
    if scope.actor.kind != "system" and not _covered(scope.actor.roles, scopes):
        raise NotYourScope()
    return scopes


def stopped(key: ApiKey, maker: Standing | None) -> Stopped | None:
    """Return why a key does nothing today: its maker is suspended or gone, or could not make it any more."""
    if key.created_by is None:  # the command line's
        return None
    if maker is None or maker.person.status != "active":
        return "maker_suspended"
    roles = maker.person.roles
    return None if not MANAGE.roles.isdisjoint(roles) and _covered(roles, key.scopes) else "maker_lost_role"


def check_acts(key: ApiKey | None) -> ApiKey:
    """Return a key that may be used; raise BadApiKey, or MakerSuspended or MakerLostRole, which say why."""
    if key is not None and key.stopped == "maker_suspended":
        raise MakerSuspended()
    if key is None or key.over:
        raise BadApiKey()
    if key.stopped is not None:
        raise MakerLostRole()
    return key


def _covered(roles: frozenset[str], scopes: frozenset[str]) -> bool:
    """Tell whether holders of these roles, if they make keys at all, may give a key these scopes."""
    return "owner" in roles or not any(one.partition(":")[0] in _OWNER_ONLY for one in scopes)


def check_expiry(expires_at: datetime | None, now: datetime) -> datetime | None:
    """Return the expiry; raise BadExpiry."""
    if expires_at is None:
        return None
    if expires_at.tzinfo is None or not now < expires_at <= now + LONGEST_LIFE:
        raise BadExpiry(errors=(FieldError("/expires_at", "bad_expiry", "in the future, with an offset"),))
    return expires_at


def check_name(name: str) -> str:
    """Return a key's name with single spaces; raise Invalid."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise Invalid.field("/name", "A name has 1 to 100 printable characters.", code="bad_name", limit=100)
    return name


def check_kid(kid: str) -> str:
    """Return a key's `kid`; raise Invalid."""
    if not _KID.fullmatch(kid):
        raise Invalid.field("/kid", "A kid has 1 to 100 of A-Z a-z 0-9 . _ : -", code="bad_kid", limit=100)
    return kid


def check_issuer(issuer: str) -> str:
    """Return whose people a website vouches for: its host name or address; raise Invalid."""
    issuer = issuer.strip()
    if not 1 <= len(issuer) <= 200 or not issuer.isprintable() or " " in issuer:
        raise Invalid.field("/issuer", "An issuer has 1 to 200 characters.", code="bad_issuer", limit=200)
    return issuer


def read_public_key(jwk: dict[str, str]) -> tuple[Algorithm, str]:
    """Return the algorithm that a public JWK is for, and the key in a form of its own; raise BadPublicKey.

    The algorithm follows from the key alone, never from what a token or the key's own `alg` says.
    """
    public: dict[str, str | list[str]] = {n: jwk[n] for n in ("kty", "crv", "x", "y") if n in jwk}
    try:
        if "d" in jwk or any(not isinstance(value, str) for value in public.values()):
            raise ValueError("a private key")
        if public.get("kty") == "OKP" and public.get("crv") == "Ed25519":
            public.pop("y", None)
            OKPKey.import_key(dict(public)).raw_value  # noqa: B018 - reads the point, so that it is one
            return "EdDSA", msgspec.json.encode(public, order="deterministic").decode()
        if public.get("kty") == "EC" and public.get("crv") == "P-256":
            ECKey.import_key(dict(public)).raw_value  # noqa: B018
            return "ES256", msgspec.json.encode(public, order="deterministic").decode()
    except (JoseError, ValueError, KeyError, TypeError):
        pass
    raise BadPublicKey(errors=(FieldError("/public_key", "bad_public_key", "a public JWK"),)) from None
