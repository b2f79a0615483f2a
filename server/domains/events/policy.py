"""Who may plan gatherings, and what a gathering must be; pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from server.domains.events.errors import BadGathering
from server.domains.events.schemas import Plan
from server.kit.errors import FieldError, Invalid
from server.kit.instants import settle
from server.kit.scope import Rule

READ = Rule(anyone=True)
MANAGE = Rule.of("owner", "admin", "pastor", api_scope="events:write")

LONGEST = timedelta(days=3)


def check(plan: Plan) -> Plan:
    """Return the plan with its title trimmed; raise BadGathering that names every wrong field."""
    title = plan.title.strip()
    wrong = [
        *_title(title),
        *_times(plan.starts_at, plan.ends_at),
        *_zone(plan.zone),
        *_address(plan.video_url),
    ]
    if wrong:
        raise BadGathering(wrong[0].detail, errors=tuple(wrong))
    return Plan(**{name: getattr(plan, name) for name in Plan.__struct_fields__} | {"title": title})


def _title(title: str) -> list[FieldError]:
    if title and title.isprintable():
        return []
    return [FieldError("/title", "bad_title", "A title has 1 to 200 printable characters.", 200)]


def _times(starts: datetime, ends: datetime) -> list[FieldError]:
    for pointer, at in (("/starts_at", starts), ("/ends_at", ends)):
        try:
            settle(at, pointer)
        except Invalid as error:
            return list(error.errors)
    if ends <= starts:
        return [FieldError("/ends_at", "ends_before_start", "A gathering ends after it starts.")]
    if ends - starts > LONGEST:
        hours = int(LONGEST.total_seconds() // 3600)
        return [FieldError("/ends_at", "too_long", f"A gathering lasts at most {hours} hours.", hours)]
    return []


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str) -> list[FieldError]:
    if name in _zones():
        return []
    return [FieldError("/zone", "unknown_zone", "Name an IANA time zone, such as Europe/Berlin.")]


def _address(url: str) -> list[FieldError]:
    if not url:
        return []
    detail = "The video's address begins with https:// and names a host."
    try:
        parts = urlsplit(url)
        good = parts.scheme == "https" and bool(parts.hostname) and parts.username is None
    except ValueError:
        good = False
    if good and url.isprintable() and " " not in url and '"' not in url:
        return []
    return [FieldError("/video_url", "bad_address", detail)]
