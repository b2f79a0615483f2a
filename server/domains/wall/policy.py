"""Which walls somebody reads, what is told of counts, and in which order a session leads; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from msgspec.structs import replace

from realtime.topics import Topic
from server.domains.prayer.models import (
    APPROVE,
    FEW,
    MEMBERS,
    PASTORS,
    READ_TEAM,
    OnWalls,
    Request,
    Standing,
    State,
    Visibility,
)
from server.domains.prayer.schemas import RequestShown
from server.domains.wall.errors import NoSuchWall
from server.domains.wall.models import Step
from server.kit.limits import Limit
from server.kit.scope import Rule, Scope

READ = Rule(anyone=True)
PRAY = Rule(anyone=True)
FLAG = Rule(anyone=True)
FOLLOW = MEMBERS
ENCOURAGE = Rule(MEMBERS.roles, guests=True)
LOOK_BELOW, TAKE_DOWN = READ_TEAM, APPROVE

DAY = 86_400
PRAYERS = Limit("prayed_address", 2_000, 3_600)  # a full church behind one address
FLAGS = Limit("flags_address", 30, 3_600)
WORDS = Limit("encouragements", 20, DAY)
WORDS_OF_GUESTS = Limit("encouragements_address", 200, DAY)  # anybody makes himself a new guest
MOST_ASKED = 200  # ids in one question

_READERS: dict[Visibility, Rule] = {"wall": READ, "members": MEMBERS, "team": READ_TEAM, "pastors": PASTORS}
_KEYS: dict[tuple[str, str], Visibility] = {
    ("wall", "public"): "wall",
    ("wall", "members"): "members",
    ("prayer", "team"): "team",
    ("prayer", "pastors"): "pastors",
}


def wall_of(topic: Topic) -> Visibility:
    """Return the wall whose topic it is; raise NoSuchWall."""
    visibility = _KEYS.get((topic.kind, topic.key))
    if visibility is None:
        raise NoSuchWall()
    return visibility


def check_reader(scope: Scope, visibility: Visibility) -> None:
    """Raise NoSuchWall for who may not read a wall."""
    if not _READERS[visibility].allows(scope):
        raise NoSuchWall()


def reads(scope: Scope, request: Request) -> bool:
    """Tell whether somebody reads a request where it stands."""
    return request.shown and _READERS[request.visibility].allows(scope)


def walls(scope: Scope) -> tuple[Visibility, ...]:
    """Return all walls that somebody reads."""
    return tuple(visibility for visibility, rule in _READERS.items() if rule.allows(scope))


def states(*, archive: bool) -> tuple[State, ...]:
    """Return what a list holds: what stands, or what once did as well."""
    return ("approved", "answered", "expired", "archived") if archive else ("approved", "answered")


def check_wanted(scope: Scope, wanted: OnWalls) -> None:
    """Raise NoSuchWall for walls that the caller does not read, Forbidden for the archive to who has no account."""
    for visibility in wanted.visibilities:
        check_reader(scope, visibility)
    if "archived" in wanted.states:
        MEMBERS.require(scope)


def in_archive(request: Request, shown: RequestShown) -> RequestShown:
    """Return what a list shows of a request: in the archive its words too, which no wall shows any more."""
    if request.state not in ("expired", "archived") or request.approved_at is None:
        return shown
    stood = RequestShown.of(replace(request, state="answered" if request.testimony else "approved"))
    return replace(stood, state=request.state)


def told(request: Request, prayed: int) -> int | None:
    """Return a count as others may know it: nothing for few under an anonymous request."""
    return None if request.anonymous and prayed < FEW else prayed


def counts(requests: Iterable[Request], totals: Mapping[UUID, int]) -> dict[UUID, int]:
    """Return the counts that are told, of those that are."""
    found = {request.id: told(request, totals.get(request.id, 0)) for request in requests}
    return {id: count for id, count in found.items() if count}


def session(
    standing: Iterable[Standing], totals: Mapping[UUID, int], after: Step | None, most: int
) -> list[Step]:
    """Return the next requests to pray for, in order."""
    steps = (
        Step(not one.urgent, one.told(totals.get(one.id, 0)), one.approved_at, one.id) for one in standing
    )
    return sorted(step for step in steps if after is None or step > after)[:most]
