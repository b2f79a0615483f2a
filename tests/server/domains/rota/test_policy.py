"""When a shift happens, as a table, and who may plan one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from server.domains.rota import policy
from server.domains.rota.errors import BadShift
from server.domains.rota.models import Shift
from server.domains.rota.schemas import Plan, ShiftChange
from server.kit.errors import Invalid
from server.kit.scope import Actor, Scope, TenantRef

NINE = datetime(2026, 3, 1, 14, tzinfo=UTC)  # 9:00 in New York, a Sunday; the clocks go forward on 8 March
SHIFT = Shift(
    UUID(int=1),
    UUID(int=2),
    "prayer",
    NINE,
    NINE + timedelta(hours=2),
    "America/New_York",
    True,
    None,
    ("en",),
    NINE,
)


def test_a_weekly_shift_stays_at_its_hour_when_the_clocks_change() -> None:
    """Nine in the morning is nine in the morning, an hour earlier by UTC once summer time holds."""
    spans = list(policy.times(SHIFT, NINE, NINE + timedelta(days=15)))
    assert [start for start, _ in spans] == [
        NINE,
        datetime(2026, 3, 8, 13, tzinfo=UTC),
        datetime(2026, 3, 15, 13, tzinfo=UTC),
    ]
    assert {end - start for start, end in spans} == {timedelta(hours=2)}


def test_a_far_week_is_found_at_once() -> None:
    """Years later it is the same hour of the same day."""
    assert policy.current(SHIFT, datetime(2031, 3, 2, 15, 59, tzinfo=UTC)) is not None
    assert policy.current(SHIFT, datetime(2031, 3, 2, 16, 1, tzinfo=UTC)) is None


def test_a_weekly_shift_ends_with_its_last_day() -> None:
    """The last day counts, the week after does not."""
    ending = Shift(
        **{name: getattr(SHIFT, name) for name in SHIFT.__struct_fields__} | {"until": date(2026, 3, 8)}
    )
    assert len(list(policy.times(ending, NINE, NINE + timedelta(days=60)))) == 2


@pytest.mark.parametrize(
    ("changed_at", "last"),
    [
        (NINE, None),
        (NINE - timedelta(days=30), None),
        (NINE + timedelta(days=2), None),  # the first one is moved to a Tuesday
        (datetime(2026, 3, 8, 13, tzinfo=UTC), date(2026, 3, 1)),
        (datetime(2026, 3, 22, 13, tzinfo=UTC), date(2026, 3, 15)),
        (datetime(2026, 3, 23, 13, tzinfo=UTC), date(2026, 3, 15)),  # the one of the 22nd is moved a day on
        (datetime(2026, 3, 21, 13, tzinfo=UTC), date(2026, 3, 15)),  # or back
    ],
)
def test_what_stays_of_a_weekly_shift(changed_at: datetime, last: date | None) -> None:
    """All weeks before the one that is changed, by the day of the church's zone."""
    stays = policy.earlier(SHIFT, change(changed_at))
    assert (stays and stays.until) == last
    if stays is not None:
        policy.check(stays)


def test_nothing_is_added_to_a_shift_that_ended_before() -> None:
    """One that had its last day keeps it, and one that happens once has no weeks before."""
    fields = {name: getattr(SHIFT, name) for name in SHIFT.__struct_fields__}
    ended = policy.earlier(Shift(**fields | {"until": date(2026, 3, 8)}), change(NINE + timedelta(days=70)))
    assert ended is not None
    assert ended.until == date(2026, 3, 8)
    assert policy.earlier(Shift(**fields | {"weekly": False}), change(NINE + timedelta(days=70))) is None


def test_a_week_that_is_named_is_the_one_that_moves() -> None:
    """However far the day is moved: a Sunday to the Wednesday before it, or to the Thursday after."""
    third = datetime(2026, 3, 15, 13, tzinfo=UTC)
    before = policy.earlier(SHIFT, change(third - timedelta(days=4), instead_of=third))
    assert before is not None
    assert before.until == date(2026, 3, 8)
    assert policy.earlier(SHIFT, change(NINE + timedelta(days=4), instead_of=NINE)) is None


def test_a_week_that_nobody_means_is_refused_by_its_field() -> None:
    """It would leave the old shift beside the new one for ever."""
    with pytest.raises(Invalid) as caught:
        policy.earlier(SHIFT, change(NINE, instead_of=datetime(9999, 12, 31, tzinfo=UTC)))
    assert caught.value.errors[0].pointer == "/instead_of"


def change(starts_at: datetime, instead_of: datetime | None = None) -> ShiftChange:
    """Return what somebody makes of SHIFT."""
    ends_at = starts_at + timedelta(hours=2)
    return ShiftChange(
        UUID(int=3), "prayer", starts_at, ends_at, "America/New_York", weekly=True, instead_of=instead_of
    )


def test_a_single_shift_happens_once() -> None:
    """It is there while it overlaps what is looked at."""
    once = Shift(**{name: getattr(SHIFT, name) for name in SHIFT.__struct_fields__} | {"weekly": False})
    assert list(policy.times(once, NINE + timedelta(hours=1), NINE + timedelta(days=9))) == [
        (NINE, NINE + timedelta(hours=2))
    ]
    assert not list(policy.times(once, NINE + timedelta(hours=2), NINE + timedelta(days=9)))


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"ends_at": NINE}, "/ends_at", "ends_before_start"),
        ({"ends_at": NINE + timedelta(hours=25)}, "/ends_at", "too_long"),
        ({"starts_at": datetime(1, 1, 1, tzinfo=UTC)}, "/starts_at", "out_of_range"),
        ({"zone": "Mars/Olympus"}, "/zone", "unknown_zone"),
        ({"until": date(2026, 4, 1), "weekly": False}, "/until", "not_weekly"),
        ({"until": date(2026, 2, 1)}, "/until", "ends_before_start"),
    ],
)
def test_what_is_no_shift(change: dict[str, object], pointer: str, code: str) -> None:
    """A refusal names the field and what is wrong with it."""
    plan = Plan(UUID(int=2), "prayer", NINE, NINE + timedelta(hours=2), "America/New_York", weekly=True)
    fields = {name: getattr(plan, name) for name in plan.__struct_fields__} | change
    with pytest.raises(BadShift) as caught:
        policy.check(Plan(**fields))  # type: ignore[arg-type]
    assert (caught.value.errors[0].pointer, caught.value.errors[0].code) == (pointer, code)


@pytest.mark.parametrize("role", ["owner", "admin", "pastor", "moderator", "prayer_team", "member"])
def test_rights(role: str) -> None:
    """Leaders plan; volunteers see and come; a moderator of the chat and a member do neither."""
    scope = Scope(TenantRef("a" * 16, "a", "A"), Actor("person", UUID(int=1), "P", frozenset({role})))
    assert policy.PLAN.allows(scope) is (role in ("owner", "admin", "pastor"))
    assert policy.COME.allows(scope) is (role in ("owner", "admin", "pastor", "prayer_team"))
    assert policy.SEE.allows(scope) is policy.COME.allows(scope)
