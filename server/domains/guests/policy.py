"""What a nickname and a site may be; pure."""

from __future__ import annotations

import re
import unicodedata

from server.domains.guests.errors import BadNickname, BadSite, ConsentMissing
from server.kit.errors import FieldError
from server.kit.scope import Rule
from server.kit.text import joins

RENAME = Rule(guests=True)

MOST_NICKNAME = 40
_SITE = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_CONSENT = re.compile(r"[A-Za-z0-9._-]{1,40}")
# nobody shall pass for one of the church's people by a name alone
_MISLEADING = frozenset(
    {
        "admin",
        "administrator",
        "host",
        "moderator",
        "mod",
        "owner",
        "pastor",
        "staff",
        "support",
        "system",
        "narthex",
        "official",
        "moderador",
        "administrador",
        "pastora",
        "anfitrión",
        "anfitriona",
        "oficial",
        "soporte",
    }
)


def check_nickname(nickname: str) -> str:
    """Return the nickname in NFKC with single spaces; raise BadNickname."""
    nickname = " ".join(unicodedata.normalize("NFKC", nickname).split())
    odd = any(
        unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs", "Cn") and not joins(nickname, at)
        for at, char in enumerate(nickname)
    )
    if not 1 <= len(nickname) <= MOST_NICKNAME or odd:
        raise BadNickname(
            errors=(FieldError("/nickname", "bad_nickname", "1 to 40 printable characters", MOST_NICKNAME),)
        )
    if nickname.casefold().strip("[](){}*_-.!~ ") in _MISLEADING:
        detail = "This nickname would mislead others: choose another."
        raise BadNickname(detail, errors=(FieldError("/nickname", "misleading", detail),))
    return nickname


def check_consent(consent: str) -> str:
    """Return the version of the text that was agreed to; raise ConsentMissing."""
    if not _CONSENT.fullmatch(consent):
        raise ConsentMissing(errors=(FieldError("/consent", "consent_missing", "the version agreed to", 40),))
    return consent


def check_site(site: str) -> str:
    """Return the host name in lower case, without scheme, port and path; raise BadSite. Empty: our own page."""
    site = site.strip().lower().rstrip(".")
    if site and not _SITE.fullmatch(site):
        raise BadSite(errors=(FieldError("/site", "bad_site", "a host name such as www.example.org", 253),))
    return site
