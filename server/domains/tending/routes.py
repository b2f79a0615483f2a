"""What the prayer team does, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, patch, post, put
from litestar.params import QueryParameter
from msgspec import Meta

from server.domains.prayer.models import NEWEST, Category, Settings, State, Visibility, Wanted
from server.domains.prayer.schemas import (
    Decision,
    Editing,
    FlagShown,
    TeamRequest,
    Unsealed,
    Unsealing,
    WeekShown,
)
from server.domains.tending import policy
from server.domains.tending.service import TendingService
from server.kit import paging
from server.kit.instants import Instant, settle
from server.kit.scope import Scope

InState = Annotated[State | None, QueryParameter(name="state")]  # Litestar keeps `state` for itself
Query = Annotated[
    str,
    Meta(max_length=200, description="Words, parts of words, or words much alike.", examples=["hospital"]),
]


@get(
    "/prayers",
    operation_id="prayers",
    summary="The team's requests",
    tags=["prayer"],
    opt={"rule": policy.READ},
)
async def page(
    scope: Scope,
    tending: TendingService,
    after: paging.Cursor | None = None,
    limit: paging.Limit = 50,
    in_state: InState = None,
    visibility: Visibility | None = None,
    category: Category | None = None,
    q: Query = "",
) -> paging.Page[TeamRequest]:
    """Newest first; those for pastors alone are shown to pastors alone."""
    start = paging.decode(after, tuple[Instant, UUID])
    wanted = Wanted(
        state=in_state,
        visibility=visibility,
        category=category,
        q=q,
        before=NEWEST if start is None else (settle(start[0], "/after"), start[1]),
        most=limit + 1,
    )
    return paging.page(await tending.page(scope, wanted), limit, _same, _keys)


@get(
    "/prayers/settings",
    operation_id="prayer_settings",
    summary="The church's rules for prayer",
    tags=["prayer"],
    opt={"rule": policy.READ},
)
async def settings(scope: Scope, tending: TendingService) -> Response[Settings]:
    """The ETag is the version to change."""
    version, found = await tending.settings(scope)
    return Response(found, headers={"etag": f'"v{version}"'})


@put(
    "/prayers/settings",
    operation_id="set_prayer_settings",
    summary="Set the church's rules for prayer",
    tags=["prayer"],
    opt={"rule": policy.SET},
)
async def set_settings(
    scope: Scope, tending: TendingService, data: Settings, if_version: int | None
) -> Response[Settings]:
    """They replace those before; what stands keeps the days it was given."""
    version = await tending.set_settings(scope, data, if_version)
    return Response(data, headers={"etag": f'"v{version}"'})


@get(
    "/prayers/week",
    operation_id="prayer_week",
    summary="The last seven days in figures",
    tags=["prayer"],
    opt={"rule": policy.READ},
)
async def week(scope: Scope, tending: TendingService) -> WeekShown:
    """`waiting_seconds` is the median from asked to decided."""
    return await tending.week(scope)


@get(
    "/prayers/list",
    operation_id="prayer_list",
    summary="What stands, to pray by",
    tags=["prayer"],
    opt={"rule": policy.READ},
)
async def printable(scope: Scope, tending: TendingService) -> list[TeamRequest]:
    """Least prayed for first, at most 200; made to be printed."""
    return await tending.printable(scope)


@get(
    "/prayers/{request_id:uuid}",
    operation_id="prayer",
    summary="One request",
    tags=["prayer"],
    opt={"rule": policy.READ},
)
async def one(scope: Scope, tending: TendingService, request_id: UUID) -> TeamRequest:
    """As the team sees it."""
    return await tending.one(scope, request_id)


@patch(
    "/prayers/{request_id:uuid}",
    operation_id="edit_prayer",
    summary="Change wording or category, or show it to fewer people",
    tags=["prayer"],
    opt={"rule": policy.WORD},
)
async def edit(scope: Scope, tending: TendingService, request_id: UUID, data: Editing) -> TeamRequest:
    """409 `changed` carries the request as it is now in `extra.request`."""
    return await tending.edit(scope, request_id, data)


@post(
    "/prayers/{request_id:uuid}/decide",
    operation_id="decide_prayer",
    summary="Approve, decline, or hand on to the pastors",
    tags=["prayer"],
    status_code=200,
    opt={"rule": policy.DECIDE},
)
async def decide(scope: Scope, tending: TendingService, request_id: UUID, data: Decision) -> TeamRequest:
    """409 `changed` carries the request as it is now in `extra.request`."""
    return await tending.decide(scope, request_id, data)


@post(
    "/prayers/{request_id:uuid}/archive",
    operation_id="archive_prayer",
    summary="Put a request away",
    tags=["prayer"],
    status_code=200,
    opt={"rule": policy.DECIDE},
)
async def archive(scope: Scope, tending: TendingService, request_id: UUID) -> TeamRequest:
    """It goes off every wall, and is forgotten after thirty days."""
    return await tending.archive(scope, request_id)


@post(
    "/prayers/{request_id:uuid}/unseal",
    operation_id="unseal_prayer",
    summary="Open who asked",
    tags=["prayer"],
    status_code=200,
    opt={"rule": policy.OPEN, "secret_answer": True},
)
async def unseal(scope: Scope, tending: TendingService, request_id: UUID, data: Unsealing) -> Unsealed:
    """Who opened it and why stands in the history for good."""
    found = await tending.unseal(scope, request_id, data.reason)
    return Unsealed(found.person_id, found.kind, found.name, found.email)


@get(
    "/prayers/{request_id:uuid}/flags",
    operation_id="prayer_flags",
    summary="Why somebody asks to look again",
    tags=["prayer"],
    opt={"rule": policy.READ},
)
async def flags(scope: Scope, tending: TendingService, request_id: UUID) -> list[FlagShown]:
    """Newest first; never who."""
    return await tending.flags(scope, request_id)


def _same(request: TeamRequest) -> TeamRequest:
    return request


def _keys(request: TeamRequest) -> tuple[datetime, UUID]:
    return request.at, request.id


ROUTES = [page, settings, set_settings, week, printable, one, edit, decide, archive, unseal, flags]
