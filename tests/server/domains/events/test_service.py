"""Gatherings on a real database, with a clock that stands still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from server.domains.events.errors import BadGathering, Cancelled, NoSuchGathering
from server.domains.events.schemas import Change, Plan
from server.domains.events.service import EventsService
from server.kit.clock import SystemClock
from server.kit.errors import Forbidden, Unauthenticated
from server.kit.scope import Actor, Scope
from server.wiring import Wiring

TEN = datetime(2026, 3, 1, 10, tzinfo=UTC)
PLAN = Plan("Sunday worship", TEN, TEN + timedelta(hours=1), "Europe/Berlin", "https://video.example/live")


class Stopped(SystemClock):
    """Stands where it was put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Stopped:
    return Stopped(TEN)


@pytest.fixture
def events(wiring: Wiring, clock: Stopped) -> EventsService:
    return EventsService(wiring.database, wiring.audit, clock)


def pastor(system: Scope, *roles: str) -> Scope:
    return Scope(system.tenant, Actor("person", uuid4(), "Pia", frozenset(roles or ("pastor",))))


async def test_a_gathering_is_planned_changed_and_cancelled(events: EventsService, system: Scope) -> None:
    """Each step is kept; what is left out of a change stays; a cancelled one is not changed any more."""
    scope = pastor(system)
    planned = await events.plan(scope, PLAN)
    assert (planned.opens_at, planned.closes_at) == (TEN - timedelta(minutes=30), TEN + timedelta(minutes=90))
    changed = await events.change(scope, planned.id, Change(title=" Easter "))
    assert (changed.title, changed.starts_at, changed.video_url) == ("Easter", TEN, PLAN.video_url)
    assert await events.get(Scope(system.tenant), planned.id) == changed
    cancelled = await events.cancel(scope, planned.id)
    assert cancelled == await events.cancel(scope, planned.id)
    with pytest.raises(Cancelled):
        await events.change(scope, planned.id, Change(title="Again"))


async def test_every_step_is_a_signal_and_an_audit_entry(
    events: EventsService, wiring: Wiring, system: Scope
) -> None:
    """A repeated cancel announces nothing more."""
    scope = pastor(system)
    planned = await events.plan(scope, PLAN)
    await events.change(scope, planned.id, Change(opens_before=5))
    await events.cancel(scope, planned.id)
    await events.cancel(scope, planned.id)
    async with wiring.database.shard() as connection:
        kinds = [row["kind"] for row in await connection.fetch("select kind from outbox order by id")]
    assert kinds == ["events.planned", "events.changed", "events.cancelled"]
    entries = await wiring.audit.page(system)
    actions = [entry.action for entry in entries]
    assert actions == ["gathering.cancelled", "gathering.changed", "gathering.planned"]


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"title": "  "}, "/title", "bad_title"),
    ({"title": "a\nb"}, "/title", "bad_title"),
    ({"ends_at": TEN}, "/ends_at", "ends_before_start"),
    ({"ends_at": TEN + timedelta(days=4)}, "/ends_at", "too_long"),
    ({"starts_at": datetime(9999, 12, 31, 23, tzinfo=UTC)}, "/starts_at", "out_of_range"),
    ({"ends_at": datetime(1, 1, 1, tzinfo=UTC)}, "/ends_at", "out_of_range"),
    ({"zone": "Mars/Olympus"}, "/zone", "unknown_zone"),
    ({"zone": "../etc/passwd"}, "/zone", "unknown_zone"),
    ({"video_url": "http://video.example"}, "/video_url", "bad_address"),
    ({"video_url": "javascript:alert(1)"}, "/video_url", "bad_address"),
    ({"video_url": "https://"}, "/video_url", "bad_address"),
    ({"video_url": "https://a@video.example"}, "/video_url", "bad_address"),
    ({"video_url": "https://[::1"}, "/video_url", "bad_address"),
]


async def test_a_wrong_plan_names_the_field(events: EventsService, system: Scope) -> None:
    """What is wrong is named, with the limit."""
    for wrong, pointer, code in WRONG:
        with pytest.raises(BadGathering) as caught:
            await events.plan(pastor(system), msgspec.structs.replace(PLAN, **wrong))
        assert (caught.value.errors[0].pointer, caught.value.errors[0].code) == (pointer, code)


async def test_only_leaders_plan(events: EventsService, system: Scope) -> None:
    """Members are refused, nobody is asked to sign in; reading is for all."""
    with pytest.raises(Forbidden):
        await events.plan(pastor(system, "member"), PLAN)
    with pytest.raises(Unauthenticated):
        await events.plan(Scope(system.tenant), PLAN)
    with pytest.raises(NoSuchGathering):
        await events.get(Scope(system.tenant), uuid4())


async def test_now_and_next(events: EventsService, clock: Stopped, system: Scope) -> None:
    """The doors decide what is on; a cancelled gathering is neither on nor next."""
    scope = pastor(system)
    first = await events.plan(scope, PLAN)
    day = timedelta(days=7)
    later = msgspec.structs.replace(PLAN, starts_at=PLAN.starts_at + day, ends_at=PLAN.ends_at + day)
    gone = await events.plan(scope, later)
    second = await events.plan(
        scope, msgspec.structs.replace(later, starts_at=later.starts_at + day, ends_at=later.ends_at + day)
    )
    await events.cancel(scope, gone.id)

    async def at(moment: datetime) -> tuple[object, object]:
        clock.at = moment
        current, following = await events.now(Scope(system.tenant))
        return current and current.id, following and following.id

    assert await at(TEN - timedelta(minutes=31)) == (None, first.id)
    assert await at(TEN - timedelta(minutes=30)) == (first.id, second.id)
    assert await at(TEN + timedelta(minutes=89)) == (first.id, second.id)
    assert await at(TEN + timedelta(minutes=90)) == (None, second.id)
    assert await at(TEN + timedelta(days=30)) == (None, None)


async def test_pages_are_in_order_of_the_start(events: EventsService, system: Scope) -> None:
    """Each page goes on behind the last one, and `since` leaves out what is over."""
    scope = pastor(system)
    for days in (3, 1, 2):
        span = timedelta(days=days)
        await events.plan(
            scope,
            msgspec.structs.replace(PLAN, starts_at=TEN + span, ends_at=TEN + span + timedelta(hours=1)),
        )
    page = await events.page(scope, most=2)
    assert [gathering.starts_at.day for gathering in page] == [2, 3]
    rest = await events.page(scope, after=(page[-1].starts_at, page[-1].id))
    assert [gathering.starts_at.day for gathering in rest] == [4]
    recent = await events.page(scope, since=TEN + timedelta(days=2))
    assert [gathering.starts_at.day for gathering in recent] == [3, 4]
