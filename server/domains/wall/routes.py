"""The walls over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import delete, get, post
from msgspec import Meta

from server.domains.prayer.models import Category, OnWalls, Request, Visibility
from server.domains.prayer.schemas import Flag, NewReply
from server.domains.wall import policy
from server.domains.wall.models import Step
from server.domains.wall.schemas import AskMine, Encouraged, Mine, Pray, Prayed, StandingReply, WallPage
from server.domains.wall.service import WallService
from server.kit import paging
from server.kit.instants import Instant, settle
from server.kit.scope import Scope

Words = Annotated[
    str, Meta(max_length=200, description="Words to look for; quotes and a minus have their meaning.")
]


@get(
    "/wall",
    operation_id="wall",
    summary="Prayer requests that stand on the walls I may read",
    tags=["wall"],
    opt={"rule": policy.READ},
)
async def page(
    scope: Scope,
    wall: WallService,
    walls: list[Visibility] | None = None,
    category: Category | None = None,
    q: Words = "",
    archive: bool = False,
    after: paging.Cursor | None = None,
    limit: paging.Limit = 50,
) -> WallPage:
    """Newest first. `archive`, for members: with what has run out or was put away."""
    start = wall.place(scope, after, tuple[Instant, UUID])
    wanted = OnWalls(
        visibilities=tuple(dict.fromkeys(walls)) if walls else wall.walls(scope),
        states=policy.states(archive=archive),
        category=category,
        q=q,
        most=limit + 1,
    )
    if start is not None:
        wanted = msgspec.structs.replace(wanted, before=(settle(start[0], "/after"), start[1]))
    found, shown, prayed = await wall.page(scope, wanted)
    next = wall.cursor(scope, *_keys(found[limit - 1])) if len(found) > limit else None
    return WallPage(shown[:limit], prayed, next)


@get(
    "/wall/session",
    operation_id="prayer_session",
    summary="A guided prayer session",
    tags=["wall"],
    opt={"rule": policy.READ},
)
async def session(
    scope: Scope, wall: WallService, after: paging.Cursor | None = None, limit: paging.Limit = 20
) -> WallPage:
    """Urgent ones first, then those least prayed for; without those I have prayed for already."""
    start = wall.place(scope, after, tuple[Step])
    steps, (_, shown, prayed) = await wall.session(scope, start[0] if start else None, limit + 1)
    next = wall.cursor(scope, steps[limit - 1]) if len(steps) > limit else None
    return WallPage(shown[:limit], prayed, next)


@post(
    "/wall/mine",
    operation_id="my_prayers",
    summary="For which of these I have prayed",
    tags=["wall"],
    status_code=200,
    opt={"rule": policy.READ},
)
async def mine(scope: Scope, wall: WallService, data: AskMine) -> Mine:
    """Nobody else can ask this."""
    return await wall.mine(scope, data.ids, data.mark)


@post(
    "/wall/{request_id:uuid}/pray",
    operation_id="pray",
    summary="I prayed",
    tags=["wall"],
    status_code=200,
    opt={"rule": policy.PRAY},
)
async def pray(scope: Scope, wall: WallService, request_id: UUID, data: Pray) -> Prayed:
    """Counts a person once. Without an account give a `mark`."""
    return await wall.pray(scope, request_id, data.mark)


@post(
    "/wall/{request_id:uuid}/follow",
    operation_id="follow_prayer",
    summary="Follow a prayer request",
    tags=["wall"],
    status_code=204,
    opt={"rule": policy.FOLLOW},
)
async def follow(scope: Scope, wall: WallService, request_id: UUID) -> None:
    """What becomes of it is told in my own topic."""
    await wall.follow(scope, request_id)


@delete(
    "/wall/{request_id:uuid}/follow",
    operation_id="unfollow_prayer",
    summary="Follow a prayer request no more",
    tags=["wall"],
    opt={"rule": policy.FOLLOW},
)
async def unfollow(scope: Scope, wall: WallService, request_id: UUID) -> None:
    """A second call changes nothing."""
    await wall.follow(scope, request_id, on=False)


@post(
    "/wall/{request_id:uuid}/flag",
    operation_id="flag_prayer",
    summary="Ask the team to look at a prayer request again",
    tags=["wall"],
    status_code=204,
    opt={"rule": policy.FLAG},
)
async def flag(scope: Scope, wall: WallService, request_id: UUID, data: Flag) -> None:
    """Anybody may report what they can read; the team's flags weigh more."""
    await wall.flag(scope, request_id, data)


@post(
    "/wall/{request_id:uuid}/encourage",
    operation_id="encourage",
    summary="Write a word of encouragement",
    tags=["wall"],
    status_code=202,
    opt={"rule": policy.ENCOURAGE},
)
async def encourage(scope: Scope, wall: WallService, request_id: UUID, data: NewReply) -> Encouraged:
    """It waits for the team. `card`: show helplines of that kind at once."""
    reply, card = await wall.encourage(scope, request_id, data)
    return Encouraged(reply.id, reply.state, card)


@get(
    "/prayers/{request_id:uuid}/replies",
    operation_id="prayer_replies",
    summary="What stands below a request",
    tags=["prayer"],
    opt={"rule": policy.LOOK_BELOW},
)
async def below(scope: Scope, wall: WallService, request_id: UUID) -> list[StandingReply]:
    """Updates, testimony and encouragements in the order of their writing; what waits is in the queue."""
    return await wall.below(scope, request_id)


@delete(
    "/prayers/replies/{reply_id:uuid}",
    operation_id="take_down_reply",
    summary="Take down what stands below a request",
    tags=["prayer"],
    opt={"rule": policy.TAKE_DOWN},
)
async def take_down(scope: Scope, wall: WallService, reply_id: UUID) -> None:
    """It goes off every wall at once, its words too. 409 `already_decided`: it does not stand any more."""
    await wall.take_down(scope, reply_id)


def _keys(request: Request) -> tuple[datetime | None, UUID]:
    return request.approved_at, request.id


ROUTES = [page, session, mine, pray, follow, unfollow, flag, encourage, below, take_down]
