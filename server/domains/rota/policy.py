"""Who may plan, who may be on duty, what a shift must be, and when a weekly one comes again; pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from server.domains.rota.errors import BadShift
from server.domains.rota.models import VOLUNTEER, Shift
from server.domains.rota.schemas import Plan, ShiftChange
from server.kit.errors import FieldError, Invalid
from server.kit.instants import settle
from server.kit.scope import Rule

COME = VOLUNTEER
SEE = Rule(VOLUNTEER.roles, api_scope="prayer:read")
PLAN = Rule.of("owner", "admin", "pastor", api_scope="prayer:write")

LONGEST = timedelta(hours=24)
WEEK = timedelta(days=7)
HERE = timedelta(minutes=3)  # how long "I am here" lasts; it is said again every two minutes
MOST_SHIFTS = 500
LONGEST_VIEW = timedelta(days=62)

Span = tuple[datetime, datetime]


def check(plan: Plan) -> None:
    """Raise BadShift that names every wrong field."""
    wrong = [*_times(plan), *_zone(plan.zone)]
    if not wrong and plan.until is not None:
        if not plan.weekly:
            detail = "Only a weekly shift has a last day."
            wrong.append(FieldError("/until", "not_weekly", detail))
        elif plan.until < plan.starts_at.astimezone(ZoneInfo(plan.zone)).date():
            wrong.append(FieldError("/until", "ends_before_start", "The last day comes after the first."))
    if wrong:
        raise BadShift(wrong[0].detail, errors=tuple(wrong))


def _times(plan: Plan) -> list[FieldError]:
    for pointer, at in (("/starts_at", plan.starts_at), ("/ends_at", plan.ends_at)):
        try:
            settle(at, pointer)
        except Invalid as error:
            return list(error.errors)
    if plan.ends_at <= plan.starts_at:
        return [FieldError("/ends_at", "ends_before_start", "A shift ends after it starts.")]
    if plan.ends_at - plan.starts_at > LONGEST:
        return [FieldError("/ends_at", "too_long", "A shift lasts at most 24 hours.", 24)]
    return []


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str) -> list[FieldError]:
    if name in _zones():
        return []
    return [FieldError("/zone", "unknown_zone", "Name an IANA time zone, such as Europe/Berlin.")]


def times(shift: Shift, since: datetime, until: datetime) -> Iterator[Span]:
    """Yield when a shift happens in a span of time; a weekly one stays at its hour across a change of clocks."""
    if not shift.weekly:
        if shift.ends_at > since and shift.starts_at < until:
            yield shift.starts_at, shift.ends_at
        return
    zone = ZoneInfo(shift.zone)
    begins, ends = (at.astimezone(zone).replace(tzinfo=None) for at in (shift.starts_at, shift.ends_at))
    # a week early, since a clock may have been turned
    week = max(0, (since - shift.ends_at) // WEEK - 1)
    while True:
        start = (begins + week * WEEK).replace(tzinfo=zone).astimezone(UTC)
        end = (ends + week * WEEK).replace(tzinfo=zone).astimezone(UTC)
        if start >= until or (shift.until is not None and (begins + week * WEEK).date() > shift.until):
            return
        if end > since:
            yield start, end
        week += 1


def earlier(shift: Shift, change: ShiftChange) -> Plan | None:
    """Return what stays of a weekly shift when a later time of it is changed: the weeks before that one.

    None when it is the first that is changed, or none came before. Raise Invalid for a year that nobody means.
    """
    changed = change.starts_at if change.instead_of is None else settle(change.instead_of, "/instead_of")
    week = round((changed - shift.starts_at) / WEEK)
    if not shift.weekly or week <= 0:
        return None
    last = (shift.starts_at.astimezone(ZoneInfo(shift.zone)) + (week - 1) * WEEK).date()
    until = last if shift.until is None else min(last, shift.until)
    fields = {name: getattr(shift, name) for name in Plan.__struct_fields__ if name != "person"}
    return Plan(**fields | {"person": shift.person_id, "until": until, "languages": list(shift.languages)})


def current(shift: Shift, now: datetime) -> Span | None:
    """Return the time of a shift that is on now."""
    return next((span for span in times(shift, now, now + timedelta(microseconds=1)) if span[0] <= now), None)
