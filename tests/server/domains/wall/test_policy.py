"""Who reads which wall, what is told of counts, and the order of a session; as tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from realtime.topics import Topic
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
    standing = [(id, id.int == 3, NOW + timedelta(hours=id.int)) for id in ids]
    totals = {ids[0]: 9, ids[1]: 2, ids[3]: 50}
    steps = policy.session(standing, totals, None, 10)
    assert [step.id.int for step in steps] == [3, 2, 4, 1, 0]
    assert [step.id.int for step in policy.session(standing, totals, steps[1], 2)] == [4, 1]
    assert policy.session(standing, totals, Step(True, 99, NOW, ids[0]), 5) == []
