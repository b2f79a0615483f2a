"""Who may give which role, which names, addresses and passwords are accepted; pure."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from email_validator import EmailNotValidError, validate_email

from server.domains.accounts.errors import BadEmail, NotYoursToGive, WeakPassword
from server.kit.errors import FieldError, Invalid
from server.kit.scope import Rule, Scope

ROLES = frozenset({"owner", "admin", "pastor", "moderator", "prayer_team", "member"})
# what holders of a role may give, take and suspend. An admin does not cover pastor and prayer team: these read what
# an admin does not, and who could give them could read it all.
COVERS: dict[str, frozenset[str]] = {
    "owner": ROLES,
    "admin": frozenset({"admin", "moderator", "member"}),
    "pastor": frozenset({"pastor", "prayer_team", "member"}),
    "moderator": frozenset({"moderator", "member"}),
    "prayer_team": frozenset({"prayer_team", "member"}),
    "member": frozenset({"member"}),
}

ME = Rule.of(*ROLES)
LIST = Rule.of("owner", "admin", api_scope="accounts:read")
CHANGE_ROLES = Rule.of("owner", "admin")
SUSPEND = Rule.of("owner", "admin", api_scope="accounts:write")

LEAST_PASSWORD, MOST_PASSWORD = 10, 256  # characters
LEAST_DIFFERENT = 4  # characters; fewer make a pattern, not a password
MOST_NAME = 100
_COMMON = frozenset(
    line
    for line in (Path(__file__).parent / "data" / "common_passwords.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
)
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def covered(scope: Scope) -> frozenset[str]:
    """Return the roles that this scope may give and take; an API key may only make members."""
    if scope.actor.kind == "system":
        return ROLES
    if scope.actor.kind == "api_key":
        return COVERS["member"]
    return covered_by(scope.actor.roles)


def covered_by(roles: frozenset[str]) -> frozenset[str]:
    """Return what holders of these roles together may give and take."""
    return frozenset().union(*(COVERS.get(role, frozenset()) for role in roles))


def check_roles(roles: frozenset[str]) -> frozenset[str]:
    """Return the roles with `member`, which everybody is; raise Invalid for a role that does not exist."""
    if unknown := roles - ROLES:
        raise Invalid.field("/roles", f"There is no role {sorted(unknown)[0]!r}.", code="unknown_role")
    return roles | {"member"}


def check_change(scope: Scope, before: frozenset[str], after: frozenset[str]) -> None:
    """Raise NotYoursToGive unless every role given or taken is covered by the asker's own."""
    if (before ^ after) - covered(scope):
        raise NotYoursToGive()


def check_over(scope: Scope, roles: frozenset[str]) -> None:
    """Raise NotYoursToGive unless the asker's roles cover everything that the other person is."""
    if roles - covered(scope):
        raise NotYoursToGive()


def check_email(email: str, pointer: str = "/email") -> str:
    """Return the address in the form it is stored: NFC, lower case, domain decoded. Raise BadEmail."""
    try:
        found = validate_email(email.strip(), check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError as error:
        raise BadEmail(errors=(FieldError(pointer, "bad_email", str(error), 254),)) from None
    email = found.normalized.lower()
    if len(email) > 254:
        raise BadEmail(errors=(FieldError(pointer, "bad_email", "at most 254 characters", 254),))
    return email


def check_name(name: str, pointer: str = "/name") -> str:
    """Return the name in NFC with single spaces; raise Invalid when it is empty, too long or not printable."""
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not 1 <= len(name) <= MOST_NAME or not name.isprintable():
        raise Invalid.field(
            pointer, f"A name has 1 to {MOST_NAME} printable characters.", code="bad_name", limit=MOST_NAME
        )
    return name


def check_locale(locale: str) -> str:
    """Return the language tag (BCP 47, simple forms); raise Invalid."""
    if len(locale) > 35 or not _LOCALE.fullmatch(locale):
        raise Invalid.field("/locale", "A language reads like 'en' or 'pt-BR'.", code="bad_locale")
    return locale


def check_password(password: str, *about: str, pointer: str = "/password") -> str:
    """Return the password; raise WeakPassword naming what is wrong. `about` are words an attacker knows already."""
    plain = unicodedata.normalize("NFKC", password)
    if len(plain) < LEAST_PASSWORD:
        raise _weak(pointer, "too_short", f"At least {LEAST_PASSWORD} characters.", LEAST_PASSWORD)
    if len(plain) > MOST_PASSWORD:
        raise _weak(pointer, "too_long", f"At most {MOST_PASSWORD} characters.", MOST_PASSWORD)
    folded = plain.casefold()
    if folded in _COMMON or _bare(folded) in _COMMON:
        raise _weak(pointer, "too_common", "This password is among those that attackers try first.")
    if len(set(folded)) < LEAST_DIFFERENT:
        raise _weak(
            pointer, "too_simple", f"At least {LEAST_DIFFERENT} different characters.", LEAST_DIFFERENT
        )
    if any(_bare(word.casefold()) == _bare(folded) for word in _words(about)):
        raise _weak(pointer, "too_close", "This is little more than your name, your address or your church.")
    return password


def _words(about: tuple[str, ...]) -> set[str]:
    """Return each word with its parts: `anna.b@grace.org` also gives `anna.b` and `grace.org`."""
    parts = {part for word in about for part in re.split(r"[@\s]+", word)}
    return {word for word in parts | set(about) if len(word) >= 3}


def _bare(text: str) -> str:
    """Return the text without what people hang on its end to satisfy a rule."""
    return re.sub(r"[\W\d_]+$", "", re.sub(r"^[\W\d_]+", "", text)) or text


def _weak(pointer: str, code: str, detail: str, limit: int | None = None) -> WeakPassword:
    return WeakPassword(detail, errors=(FieldError(pointer, code, detail, limit),))
