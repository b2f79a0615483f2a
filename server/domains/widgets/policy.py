"""Who may decide what stands on a church's websites, and what counts as a site; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from server.domains.widgets.errors import BadSites, TooManyTexts
from server.domains.widgets.models import COLOUR, FONT, LANGUAGE, NAME, URL, VERSION, Consent, Theme
from server.kit.errors import FieldError, Invalid
from server.kit.scope import Rule

READ = Rule(anyone=True)
SET = Rule.of("owner", "admin")

MOST_TEXTS = 500  # of one language; chat, prayer and one-to-one prayer have about 380
MOST_NAMED = 3  # of the wrong sites in one sentence
LONGEST_NAMED = 60  # characters of a client's own words that a sentence repeats
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
    wrong: dict[int, str] = {}
    for at, site in enumerate(sites):
        origin = _ascii(site.strip().lower().rstrip("/"))
        if len(origin) > 260 or not (_SITE.fullmatch(origin) or _LOCAL.fullmatch(origin)):
            wrong[at] = site
            continue
        found[origin.removesuffix(":443") if origin.startswith("https:") else origin.removesuffix(":80")] = (
            None
        )
    if wrong:
        raise _bad_sites(wrong)
    return tuple(found)


def _bad_sites(wrong: Mapping[int, str]) -> BadSites:
    """Name the wrong ones, but not more than a sentence holds."""
    right = "as https://www.grace.example, without a path."
    named = ", ".join(repr(site[:LONGEST_NAMED]) for site in list(wrong.values())[:MOST_NAMED])
    more = f" and {len(wrong) - MOST_NAMED} more" if len(wrong) > MOST_NAMED else ""
    errors = tuple(FieldError(f"/sites/{at}", "bad_site", f"Write it {right}") for at in wrong)
    return BadSites(f"Not a website's address: {named}{more}. Write each {right}", errors=errors)


def check_look(theme: Theme, consent: Consent) -> None:
    """Raise Invalid that names each colour, font, version or address which is written otherwise."""
    checks = (
        ("/theme/accent", theme.accent, COLOUR, "bad_colour", "The accent is a colour such as #0f6e6e."),
        ("/theme/surface", theme.surface, COLOUR, "bad_colour", "The surface is a colour such as #fbf9f6."),
        ("/theme/font", theme.font, FONT, "bad_font", "The font is of names such as Georgia, serif."),
        ("/consent/version", consent.version, VERSION, "bad_version", "The version reads like 2026-01."),
        ("/consent/url", consent.url, URL, "bad_url", "The rules' address begins with https://."),
    )
    wrong = tuple(
        FieldError(pointer, code, detail)
        for pointer, value, pattern, code, detail in checks
        if not re.fullmatch(pattern, value)
    )
    if wrong:
        raise Invalid(wrong[0].detail, errors=wrong)


def check_texts(texts: Mapping[str, Mapping[str, str]]) -> None:
    """Raise Invalid for a language or a name that is none, TooManyTexts for more than any widget shows."""
    for language, own in texts.items():
        if not re.fullmatch(LANGUAGE, language):
            detail = f"A language is written as en or es, not as {language[:LONGEST_NAMED]!r}."
            raise Invalid.field("/texts", detail, code="bad_language")
        if len(own) > MOST_TEXTS:
            detail = f"At most {MOST_TEXTS} texts of one language."
            raise TooManyTexts(errors=(FieldError(f"/texts/{language}", "too_many", detail, MOST_TEXTS),))
        for name in own:
            if not re.fullmatch(NAME, name):
                detail = f"A text's name is of 1 to 40 letters and _, not {name[:LONGEST_NAMED]!r}."
                raise Invalid.field(f"/texts/{language}", detail, code="bad_text_name")


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
