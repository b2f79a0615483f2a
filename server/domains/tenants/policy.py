"""What a slug may be, and which steps of a church's life are allowed; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from server.domains.tenants.errors import BadHost, BadLimit, BadName, BadSlug, WrongStatus
from server.domains.tenants.models import Status
from server.kit.errors import FieldError
from server.kit.scope import Rule

SEE = Rule(anyone=True)

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
LIMITS = frozenset({"person_per_minute", "church_per_minute"})  # as the settings call them
MOST_A_MINUTE = 10_000_000
# words that stand where a slug stands in our own addresses, or that would mislead; pg_… and church_… can not be slugs
# anyway, because they hold an underscore
RESERVED = frozenset(
    {
        "admin",
        "api",
        "app",
        "assets",
        "auth",
        "console",
        "control",
        "docs",
        "embed",
        "extensions",
        "health",
        "help",
        "http",
        "https",
        "live",
        "login",
        "mail",
        "metrics",
        "narthex",
        "operator",
        "public",
        "root",
        "schema",
        "shard",
        "signin",
        "signup",
        "static",
        "status",
        "support",
        "system",
        "w",
        "wall",
        "widget",
        "www",
    }
)
STEPS: dict[str, frozenset[Status]] = {
    "suspend": frozenset({"active"}),
    "resume": frozenset({"suspended"}),
    "delete": frozenset({"creating", "active", "suspended", "deleting"}),
}
AFTER: dict[str, Status] = {"suspend": "suspended", "resume": "active", "delete": "deleting"}


def check_slug(slug: str) -> str:
    """Return the slug; raise BadSlug when it is no DNS label of ours or is reserved."""
    if not SLUG.fullmatch(slug):
        raise BadSlug(errors=(FieldError("/slug", "bad_slug", "1 to 63 of a-z, 0-9 and -", 63),))
    if slug in RESERVED:
        detail = f"{slug!r} is reserved; choose another short name."
        raise BadSlug(detail, errors=(FieldError("/slug", "reserved", detail),))
    return slug


def check_name(name: str) -> str:
    """Return the name without surrounding space; raise BadName when nothing or too much is left."""
    name = name.strip()
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise BadName(errors=(FieldError("/name", "bad_name", "1 to 200 printable characters", 200),))
    return name


def check_host(host: str) -> str:
    """Return a domain in lower case, without a dot at its end; raise BadHost for addresses and what is no host name."""
    host = host.strip().lower().rstrip(".")
    if not HOST.fullmatch(host) or len(host) > 253 or host.replace(".", "").isdigit():
        raise BadHost(errors=(FieldError("/host", "bad_host", "a host name such as www.example.org", 253),))
    return host


def check_limits(limits: Mapping[str, int]) -> dict[str, int]:
    """Return limits that the door knows; raise BadLimit."""
    for name, value in limits.items():
        if name not in LIMITS or not 1 <= value <= MOST_A_MINUTE:
            raise BadLimit(errors=(FieldError(f"/{name}", "bad_limit", "1 to 10,000,000", MOST_A_MINUTE),))
    return dict(limits)


def check_step(step: str, status: Status) -> None:
    """Raise WrongStatus when a church in this status cannot take this step."""
    if status not in STEPS[step]:
        raise WrongStatus(f"A church that is {status} cannot be told to {step}.")
