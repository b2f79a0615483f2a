"""Who reads which wall, what is told of counts, and the order of a session; as tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from realtime.topics import Topic
from server.domains.prayer.models import Standing
from server.domains.wall import policy
from server.domains.wall.errors import NoSuchWall
from server.domains.wall.models import Step
from server.kit.scope import Actor, Scope, TenantRef

CHURCH = TenantRef("a" * 16, "a", "A")
NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)


def scope(role: str) -> Scope:
    if role == "nobody":
        return Scope(CHURCH)
    if role == "guest":
        return Scope(CHURCH, Actor("guest", UUID(int=1), "G"))
    return Scope(CHURCH, Actor("person", UUID(int=1), "P", frozenset({role})))


@pytest.mark.parametrize(
    ("role", "walls"),
    [
        ("nobody", ("wall",)),
        ("guest", ("wall",)),
        ("member", ("wall", "members")),
        ("moderator", ("wall", "members")),
        ("prayer_team", ("wall", "members", "team")),
        ("admin", ("wall", "members", "team")),
        ("pastor", ("wall", "members", "team", "pastors")),
        ("owner", ("wall", "members", "team", "pastors")),
    ],
)
def test_who_reads_which_wall(role: str, walls: tuple[str, ...]) -> None:
    """A moderator of the chat reads no more prayer than any member; what is for pastors is for pastors."""
    assert policy.walls(scope(role)) == walls
    for topic, visibility in (
        (Topic("a" * 16, "wall", "public"), "wall"),
        (Topic("a" * 16, "wall", "members"), "members"),
        (Topic("a" * 16, "prayer", "team"), "team"),
        (Topic("a" * 16, "prayer", "pastors"), "pastors"),
    ):
        assert policy.wall_of(topic) == visibility
        if visibility not in walls:
            with pytest.raises(NoSuchWall):
                policy.check_reader(scope(role), policy.wall_of(topic))


@pytest.mark.parametrize("key", ["", "other", "PUBLIC", "team"])
def test_there_are_no_other_walls(key: str) -> None:
    """A topic nobody has is refused like one that nobody may read."""
    with pytest.raises(NoSuchWall):
        policy.wall_of(Topic("a" * 16, "wall", key or "x"))


def test_a_session_leads_to_those_who_wait_most() -> None:
    """Urgent ones first, then those least prayed for, then the oldest; a page goes on behind the last one."""
    ids = [UUID(int=number) for number in range(5)]
    standing = [Standing(id, id.int == 3, False, NOW + timedelta(hours=id.int)) for id in ids]
    totals = {ids[0]: 9, ids[1]: 2, ids[3]: 50}
    steps = policy.session(standing, totals, None, 10)
    assert [step.id.int for step in steps] == [3, 2, 4, 1, 0]
    assert [step.id.int for step in policy.session(standing, totals, steps[1], 2)] == [4, 1]
    assert policy.session(standing, totals, Step(True, 99, NOW, ids[0]), 5) == []


@pytest.mark.parametrize("urgent", [False, True])
def test_a_place_in_a_session_tells_no_count_that_is_not_told(urgent: bool) -> None:
    """An anonymous request stands at one place with any count below five: neither first nor last among the named."""
    named, anonymous = [UUID(int=number) for number in range(1, 8)], UUID(int=99)
    standing = [Standing(id, urgent, id == anonymous, NOW) for id in (*named, anonymous)]
    orders = {}
    for prayed in range(8):
        totals = {id: id.int - 1 for id in named} | {anonymous: prayed}
        steps = policy.session(standing, totals, None, 10)
        orders[prayed] = [step.id.int for step in steps]
        assert all(step.prayed == 2 for step in steps if step.id == anonymous and prayed < 5)
    assert all(orders[prayed] == [1, 2, 3, 99, 4, 5, 6, 7] for prayed in range(5))
    assert orders[6] == [1, 2, 3, 4, 5, 6, 7, 99]
