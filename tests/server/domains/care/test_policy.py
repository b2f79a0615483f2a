"""Who may do what in one-to-one prayer, when two adults are needed, and where people stand; as tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from server.domains.care import policy
from server.domains.care.errors import AlreadyAccepted, ForAdults, NeedsReason, NoSuchSession, Over
from server.domains.care.models import Session, Settings
from server.kit.scope import Actor, Scope, TenantRef

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
ASKER, RUTH, PAUL = UUID(int=1), UUID(int=2), UUID(int=3)
WAITING = Session(
    UUID(int=9), 1, "waiting", ASKER, "Maria", "en", "", False, "", None, None, "", None, "", "erase", NOW, NOW,
    None, None, None,
)  # fmt: skip
ACTIVE = msgspec.structs.replace(WAITING, state="active", first_id=RUTH, first_name="Ruth")
BOTH = msgspec.structs.replace(ACTIVE, second_id=PAUL, second_name="Paul")


@pytest.mark.parametrize("role", ["owner", "admin", "pastor", "moderator", "prayer_team", "member", "guest"])
def test_rights(role: str) -> None:
    """Everybody may ask; the team prays; words are opened by owner and pastor alone; rules are the office's."""
    kind = "guest" if role == "guest" else "person"
    actor = Actor(kind, ASKER, "P", frozenset() if role == "guest" else frozenset({role}))  # type: ignore[arg-type]
    scope = Scope(TenantRef("a" * 16, "a", "A"), actor)
    assert policy.ASK.allows(scope)
    assert policy.ATTEND.allows(scope) is (role in ("owner", "admin", "pastor", "prayer_team"))
    assert policy.OPEN_WORDS.allows(scope) is (role in ("owner", "pastor"))
    assert policy.LIST.allows(scope) is (role in ("owner", "admin", "pastor"))
    assert policy.SET.allows(scope) is (role in ("owner", "admin"))


@pytest.mark.parametrize(
    ("two_adults", "minor", "session", "needed"),
    [
        ("never", True, ACTIVE, False),
        ("minors", False, ACTIVE, False),
        ("minors", True, ACTIVE, True),
        ("minors", True, BOTH, False),
        ("always", False, ACTIVE, True),
        ("always", False, BOTH, False),
        ("always", True, WAITING, False),
    ],
)
def test_two_adults(two_adults: str, minor: bool, session: Session, needed: bool) -> None:
    """Nobody writes before the second adult is there, where the church says so."""
    settings = Settings(two_adults=two_adults)  # type: ignore[arg-type]
    assert policy.second_needed(settings, msgspec.structs.replace(session, minor=minor)) is needed


def test_who_is_led_to_the_form() -> None:
    """A church may keep one-to-one prayer for adults."""
    policy.check_age(Settings(minors="allow"), minor=True)
    policy.check_age(Settings(minors="form"), minor=False)
    with pytest.raises(ForAdults):
        policy.check_age(Settings(minors="form"), minor=True)


def test_who_may_accept() -> None:
    """One volunteer, not the asker, and only while somebody waits."""
    policy.check_accept(WAITING, RUTH)
    with pytest.raises(NoSuchSession):
        policy.check_accept(WAITING, ASKER)
    with pytest.raises(AlreadyAccepted):
        policy.check_accept(ACTIVE, PAUL)
    with pytest.raises(Over):
        policy.check_accept(msgspec.structs.replace(ACTIVE, state="ended"), PAUL)


def test_who_may_be_the_second() -> None:
    """Somebody else than who is there, and no third."""
    policy.check_second(ACTIVE, PAUL)
    for session, person, error in (
        (ACTIVE, RUTH, AlreadyAccepted),
        (BOTH, UUID(int=4), AlreadyAccepted),
        (ACTIVE, ASKER, NoSuchSession),
        (WAITING, PAUL, Over),
    ):
        with pytest.raises(error):
            policy.check_second(session, person)


def test_handing_over() -> None:
    """The other volunteer goes on, or who was named; without either the asker is back in the queue."""
    alone = policy.handed_over(ACTIVE, RUTH, None, NOW)
    assert (alone.state, alone.first_id) == ("waiting", None)
    assert policy.handed_over(ACTIVE, RUTH, (PAUL, "Paul"), NOW).first_name == "Paul"
    rest = policy.handed_over(BOTH, RUTH, None, NOW)
    assert (rest.state, rest.first_id, rest.second_id) == ("active", PAUL, None)
    assert policy.handed_over(BOTH, PAUL, None, NOW).second_id is None


def test_places_are_honest() -> None:
    """The place counts from one; a wait is told when enough is known; past its patience the form is offered."""
    later = msgspec.structs.replace(WAITING, id=UUID(int=10), waits_since=NOW + timedelta(seconds=60))
    now = NOW + timedelta(seconds=100)
    told = policy.places([WAITING, later], [120.0, 60.0, 90.0], Settings(patience_seconds=90), 1, now)
    assert [(place.place, place.wait_seconds, place.form) for place in told.values()] == [
        (1, 0, True),
        (2, 140, False),
    ]
    unknown = policy.places([WAITING], [120.0, 60.0], Settings(), 1, now)[WAITING.id]
    assert unknown.wait_seconds is None
    assert policy.places([WAITING], [], Settings(), 0, now)[WAITING.id].form


@pytest.mark.parametrize("reason", ["", "too short", "x" * 301, "\u200b" * 20])
def test_a_reason_is_a_reason(reason: str) -> None:
    """Words are not opened without saying why."""
    with pytest.raises(NeedsReason) as caught:
        policy.check_reason(reason)
    assert caught.value.errors[0].pointer == "/reason"
