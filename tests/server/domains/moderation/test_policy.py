"""Who works on which queue, what a claim is worth, and how a case follows its subject; as tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from server.domains.moderation import policy
from server.domains.moderation.errors import Claimed, Decided, NoSuchCase, NothingToUndo
from server.domains.moderation.models import Case
from server.domains.subjects.models import CRISIS, Look
from server.kit.scope import Actor, Scope, TenantRef

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
CASE = Case(
    UUID(int=1), "prayer", UUID(int=2), 1, "prayer", "open", 0, 1, 1, None, "", None, None, "", "", None, "", None, NOW,
)  # fmt: skip
LOOK = Look(True, "prayer", NOW)


def scope(*roles: str, id: int = 7) -> Scope:
    return Scope(TenantRef("a" * 16, "a", "A"), Actor("person", UUID(int=id), "Ruth", frozenset(roles)))


@pytest.mark.parametrize(
    ("role", "teams"),
    [
        ("owner", ["chat", "prayer", "pastors", "care"]),
        ("pastor", ["chat", "prayer", "pastors", "care"]),
        ("admin", ["chat", "prayer", "care"]),
        ("moderator", ["chat"]),
        ("prayer_team", ["prayer", "care"]),
        ("member", []),
    ],
)
def test_who_works_where(role: str, teams: list[str]) -> None:
    """The chat's moderators do not read prayers, the prayer team does not moderate the chat, pastors' is pastors'."""
    assert policy.teams(scope(role)) == teams
    for team in ("chat", "prayer", "pastors", "care"):
        if team not in teams:
            with pytest.raises(NoSuchCase):
                policy.teams(scope(role), team)  # type: ignore[arg-type]
            with pytest.raises(NoSuchCase):
                policy.check_team(scope(role), replace(CASE, team=team))


def test_a_claim_keeps_others_away_for_two_minutes() -> None:
    """Who claimed goes on; others are told who it is; then the claim is worth nothing."""
    ruth, paul = scope("prayer_team"), scope("prayer_team", id=8)
    claimed = policy.claimed(CASE, ruth, NOW)
    policy.check_free(claimed, ruth, NOW)
    with pytest.raises(Claimed) as caught:
        policy.check_free(claimed, paul, NOW + timedelta(seconds=119))
    assert caught.value.extra == {"by": "Ruth"}
    policy.check_free(claimed, paul, NOW + timedelta(seconds=121))
    with pytest.raises(Decided):
        policy.check_free(policy.decided(claimed, ruth, "approve", NOW), paul, NOW)


def test_only_who_decided_takes_it_back_and_only_soon() -> None:
    """A minute, and one's own."""
    decided = policy.decided(CASE, scope("prayer_team"), "approve", NOW)
    policy.check_undo(decided, scope("prayer_team"), NOW + timedelta(seconds=60))
    for case, who, later in (
        (decided, scope("prayer_team"), 61),
        (decided, scope("prayer_team", id=8), 1),
        (CASE, scope("prayer_team"), 1),
    ):
        with pytest.raises(NothingToUndo):
            policy.check_undo(case, who, NOW + timedelta(seconds=later))


def test_a_case_follows_its_subject() -> None:
    """It closes when nothing waits any more, moves with its team, weighs what it weighs, and is read anew."""
    claimed = policy.claimed(CASE, scope("prayer_team"), NOW)
    assert policy.settled(CASE, LOOK) == CASE
    assert policy.settled(claimed, replace(LOOK, weight=CRISIS)).claimed_by is not None
    for look in (None, replace(LOOK, waits=False), replace(LOOK, round=2)):
        assert policy.settled(claimed, look).state == "closed"
    moved = policy.settled(claimed, replace(LOOK, team="pastors"))
    assert (moved.state, moved.team, moved.claimed_by) == ("open", "pastors", None)
    read_anew = policy.settled(claimed, replace(LOOK, version=2))
    assert (read_anew.subject_version, read_anew.claimed_by) == (2, None)


def test_a_decided_case_stays_so_until_its_subject_waits_again() -> None:
    """What was decided is not opened by an old message about it, and is by a decision that was taken back."""
    decided = policy.decided(CASE, scope("prayer_team"), "decline", NOW)
    assert policy.settled(decided, replace(LOOK, waits=False)) == decided
    assert policy.settled(decided, None) == decided
    again = policy.settled(decided, LOOK)
    assert (again.state, again.verdict, again.decided_by) == ("open", "", None)


def test_a_case_that_is_over_shows_no_words() -> None:
    """Who and what, and nothing of the subject."""
    over = policy.decided(CASE, scope("prayer_team"), "approve", NOW)
    shown = policy.shown(over, replace(LOOK, reason="crisis", crisis="abuse"), 3)
    assert (shown.verdict, shown.decided_by_name, shown.notes) == ("approve", "Ruth", 3)
    assert (shown.reason, shown.crisis, shown.request) == ("", "", None)
    assert shown.undo_until == NOW + timedelta(seconds=60)
