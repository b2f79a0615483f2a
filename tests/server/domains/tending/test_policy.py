"""Reasons, the order to pray by, the week's letter; no database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from server.domains.prayer.errors import NeedsReason
from server.domains.prayer.models import Standing
from server.domains.prayer.schemas import WeekShown
from server.domains.tending import policy
from server.kit.scope import TenantRef

NOW = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
CHURCH = TenantRef("g" * 16, "grace", "Grace & <Peace>")


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("Asked to be called back", True),
        ("  Asked\n to be   called  ", True),
        ("too short", False),
        ("", False),
        ("\u200b" * 40, False),
        (" " * 40, False),
        ("a" * 301, False),
        ("a" * 300, True),
    ],
)
def test_reasons(text: str, good: bool) -> None:
    """Ten to three hundred characters that can be seen, kept on one line."""
    if good:
        assert policy.check_reason(text) == " ".join(text.split())
        return
    with pytest.raises(NeedsReason) as caught:
        policy.check_reason(text)
    assert caught.value.errors[0].pointer == "/reason"


def test_least_prayed_for_first() -> None:
    """Then what is urgent, then what stands longest."""
    ids = [UUID(int=at) for at in range(5)]
    standing = [
        Standing(ids[0], False, False, NOW),
        Standing(ids[1], True, False, NOW),
        Standing(ids[2], False, False, NOW - timedelta(days=1)),
        Standing(ids[3], True, False, NOW),
        Standing(ids[4], True, False, NOW - timedelta(days=9)),
    ]
    prayed = {ids[4]: 7, ids[3]: 1}
    assert policy.least_prayed(standing, prayed, 10) == [ids[1], ids[2], ids[0], ids[3], ids[4]]
    assert policy.least_prayed(standing, prayed, 1) == [ids[1]]


def test_a_place_in_the_list_tells_no_count_that_is_not_told() -> None:
    """An anonymous request stands at one place with any count below five."""
    ids = [UUID(int=at) for at in range(7)]
    standing = [Standing(id, False, id == ids[6], NOW) for id in ids]
    for prayed in range(5):
        counts = {id: id.int for id in ids[:6]} | {ids[6]: prayed}
        order = [id.int for id in policy.least_prayed(standing, counts, 10)]
        assert order == [0, 1, 2, 6, 3, 4, 5]


@pytest.mark.parametrize(
    ("day", "monday"), [(1, date(2026, 2, 23)), (2, date(2026, 3, 2)), (8, date(2026, 3, 2))]
)
def test_a_week_has_its_monday(day: int, monday: date) -> None:
    """From Monday to Sunday it is one week."""
    assert policy.monday(datetime(2026, 3, day, 23, 59, tzinfo=UTC)) == monday


@pytest.mark.parametrize(
    ("locale", "word"), [("en", "this week"), ("es-MX", "esta semana"), ("de", "this week")]
)
def test_the_letter(locale: str, word: str) -> None:
    """In the reader's language, with figures and the way to the list; a name is text and not markup."""
    week = WeekShown(7, 5, 1, 2, 40, 3.5, 3, NOW)
    letter = policy.compose(week, "<b>Ruth</b> {church}", locale, CHURCH, "https://narthex.example/")
    assert word in letter.subject
    assert all(figure in letter.text for figure in ("7", "5", "2", "40", "3"))
    assert "https://narthex.example/console/grace/prayers" in letter.text
    assert "<b>Ruth" not in letter.html
    assert "{church}" in letter.text  # of the name, which is no template
