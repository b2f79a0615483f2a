"""Gatherings over HTTP."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import get, patch, post

from server.domains.events import policy
from server.domains.events.models import Gathering
from server.domains.events.schemas import Change, GatheringShown, Now, Plan
from server.domains.events.service import EventsService
from server.kit import paging
from server.kit.instants import Instant, settle
from server.kit.scope import Scope


@get(
    "/events/gatherings",
    operation_id="gatherings",
    summary="Gatherings in order of their start",
    tags=["events"],
    opt={"rule": policy.READ},
)
async def gatherings(
    scope: Scope,
    events: EventsService,
    after: paging.Cursor | None = None,
    limit: paging.Limit = 50,
    since: Instant | None = None,
) -> paging.Page[GatheringShown]:
    """`since` leaves out what ended before; cancelled ones stay in the list and say so."""
    start = paging.decode(after, tuple[Instant, UUID])
    found = await events.page(
        scope,
        after=None if start is None else (settle(start[0], "/after"), start[1]),
        since=None if since is None else settle(since, "/since"),
        most=limit + 1,
    )
    return paging.page(found, limit, GatheringShown.of, _keys)


@post(
    "/events/gatherings",
    operation_id="plan_gathering",
    summary="Plan a gathering",
    tags=["events"],
    opt={"rule": policy.MANAGE},
)
async def plan(scope: Scope, events: EventsService, data: Plan) -> GatheringShown:
    """Its room is made with it."""
    return GatheringShown.of(await events.plan(scope, data))


@get(
    "/events/gatherings/now",
    operation_id="gathering_now",
    summary="The gathering that is on, and the next",
    tags=["events"],
    opt={"rule": policy.READ},
)
async def now(scope: Scope, events: EventsService) -> Now:
    """`current` has its doors open; of several the one that started last."""
    current, following = await events.now(scope)
    return Now(
        None if current is None else GatheringShown.of(current),
        None if following is None else GatheringShown.of(following),
    )


@get(
    "/events/gatherings/{gathering_id:uuid}",
    operation_id="gathering",
    summary="One gathering",
    tags=["events"],
    opt={"rule": policy.READ},
)
async def one(scope: Scope, events: EventsService, gathering_id: UUID) -> GatheringShown:
    """Times are instants; show them in the gathering's own zone."""
    return GatheringShown.of(await events.get(scope, gathering_id))


@patch(
    "/events/gatherings/{gathering_id:uuid}",
    operation_id="change_gathering",
    summary="Change a gathering",
    tags=["events"],
    opt={"rule": policy.MANAGE},
)
async def change(scope: Scope, events: EventsService, gathering_id: UUID, data: Change) -> GatheringShown:
    """What is left out stays; the window of its room moves with it."""
    return GatheringShown.of(await events.change(scope, gathering_id, data))


@post(
    "/events/gatherings/{gathering_id:uuid}/cancel",
    operation_id="cancel_gathering",
    summary="Cancel a gathering",
    tags=["events"],
    status_code=200,
    opt={"rule": policy.MANAGE},
)
async def cancel(scope: Scope, events: EventsService, gathering_id: UUID) -> GatheringShown:
    """Its room closes; a second call changes nothing."""
    return GatheringShown.of(await events.cancel(scope, gathering_id))


def _keys(gathering: Gathering) -> tuple[datetime, UUID]:
    return gathering.starts_at, gathering.id


ROUTES = [gatherings, plan, now, one, change, cancel]
