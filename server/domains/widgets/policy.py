"""Who may decide what stands on a church's websites, and what counts as a site; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from server.domains.widgets.errors import BadSites, TooManyTexts
from server.kit.errors import FieldError
from server.kit.scope import Rule

READ = Rule(anyone=True)
SET = Rule.of("owner", "admin")

MOST_TEXTS = 500  # of one language; chat, prayer and one-to-one prayer have about 380
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*"
_SITE = re.compile(rf"https://(?:(?:\*\.){_HOST}\.{_LABEL}|{_HOST})(?::\d{{1,5}})?")
# a webmaster tries the snippet on their own machine first; browsers treat these as secure
_LOCAL = re.compile(r"http://(?:localhost|127\.0\.0\.1|\[::1\]|[a-z0-9-]+\.localhost)(?::\d{1,5})?")


def check_sites(sites: Iterable[str]) -> tuple[str, ...]:
    """Return the sites as browsers write origins, each once; raise BadSites for what is none.

    `*.` needs two names behind it, so that nobody allows a whole country by accident.
    """
    found: dict[str, None] = {}
    for at, site in enumerate(sites):
        origin = _ascii(site.strip().lower().rstrip("/"))
        if len(origin) > 260 or not (_SITE.fullmatch(origin) or _LOCAL.fullmatch(origin)):
            detail = "Write it as https://www.grace.example, without a path."
            raise BadSites(errors=(FieldError(f"/sites/{at}", "bad_site", detail),))
        found[origin.removesuffix(":443") if origin.startswith("https:") else origin.removesuffix(":80")] = (
            None
        )
    return tuple(found)


def check_texts(texts: Mapping[str, Mapping[str, str]]) -> None:
    """Raise TooManyTexts for more than any widget shows."""
    for language, own in texts.items():
        if len(own) > MOST_TEXTS:
            detail = f"At most {MOST_TEXTS} texts of one language."
            raise TooManyTexts(errors=(FieldError(f"/texts/{language}", "too_many", detail, MOST_TEXTS),))


def gone(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Return the host names that were allowed by name and are not any more."""
    kept = {_host(site) for site in after}
    return sorted({_host(site) for site in before if "*" not in site} - kept)


def _host(site: str) -> str:
    return re.sub(r":\d+$", "", site.partition("://")[2])


def _ascii(site: str) -> str:
    """Write a name in other letters as DNS does (IDNA); what cannot be is left for the check to refuse."""
    scheme, mark, rest = site.partition("://")
    try:
        return f"{scheme}{mark}{rest.encode('idna').decode()}" if not rest.isascii() else site
    except UnicodeError:
        return site
