"""Asking for prayer over HTTP. The token of a secret link comes in a header: addresses are kept by logs and proxies.

None of these remembers an Idempotency-Key: its row would tell which person sent a request that names nobody.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get, patch, post
from litestar.params import HeaderParameter

from server.domains.asking import policy
from server.domains.asking.service import AskingService
from server.domains.prayer.schemas import (
    Answered,
    Ask,
    Asked,
    NewReply,
    OwnReply,
    OwnRequest,
    Rewording,
    Secret,
)
from server.kit import paging
from server.kit.instants import Instant, settle
from server.kit.scope import Scope

Link = Annotated[Secret | None, HeaderParameter(name="X-Prayer-Link")]
_OWN = {"rule": policy.OWN, "secret_answer": True}


@post(
    "/prayers",
    operation_id="ask_for_prayer",
    summary="Ask for prayer",
    tags=["prayer"],
    opt={"rule": policy.ASK, "secret_answer": True},
)
async def ask(scope: Scope, asking: AskingService, data: Ask) -> Asked:
    """It waits for the team. Keep `link`: it is told only now. `card`: show helplines at once."""
    return await asking.ask(scope, data)


@get(
    "/prayers/mine",
    operation_id="my_prayer_requests",
    summary="What I asked under my own name",
    tags=["prayer"],
    opt={"rule": policy.MINE},
)
async def mine(
    scope: Scope, asking: AskingService, after: paging.Cursor | None = None, limit: paging.Limit = 50
) -> paging.Page[OwnRequest]:
    """Newest first; what was asked anonymously is nobody's, and opens by its link alone."""
    start = paging.decode(after, tuple[Instant, UUID])
    before = None if start is None else (settle(start[0], "/after"), start[1])
    found = await asking.mine(scope, before=before, most=limit + 1)
    return paging.page(found, limit, _same, _keys)


@get(
    "/prayers/{request_id:uuid}/own",
    operation_id="own_prayer",
    summary="My request",
    tags=["prayer"],
    opt=_OWN,
)
async def own(scope: Scope, asking: AskingService, request_id: UUID, link: Link = None) -> OwnRequest:
    """By its secret link, or signed in as who asked."""
    return await asking.own(scope, request_id, link)


@patch(
    "/prayers/{request_id:uuid}/own",
    operation_id="change_own_prayer",
    summary="Change my request",
    tags=["prayer"],
    opt=_OWN,
)
async def change(
    scope: Scope, asking: AskingService, request_id: UUID, data: Rewording, link: Link = None
) -> OwnRequest:
    """New words and a wider audience wait for the team; a narrower audience holds at once."""
    return await asking.change(scope, request_id, data, link)


@post(
    "/prayers/{request_id:uuid}/withdraw",
    operation_id="withdraw_prayer",
    summary="Take my request back",
    tags=["prayer"],
    status_code=200,
    opt=_OWN,
)
async def withdraw(scope: Scope, asking: AskingService, request_id: UUID, link: Link = None) -> OwnRequest:
    """It goes off every wall, and its words are forgotten."""
    return await asking.withdraw(scope, request_id, link)


@post(
    "/prayers/{request_id:uuid}/answered",
    operation_id="answer_prayer",
    summary="Say that the prayer was answered",
    tags=["prayer"],
    status_code=200,
    opt=_OWN,
)
async def answered(
    scope: Scope, asking: AskingService, request_id: UUID, data: Answered, link: Link = None
) -> OwnRequest:
    """The wall shows it at once; a testimony waits for the team."""
    return await asking.answered(scope, request_id, data, link)


@post(
    "/prayers/{request_id:uuid}/renew",
    operation_id="renew_prayer",
    summary="Let my request stand on",
    tags=["prayer"],
    status_code=200,
    opt=_OWN,
)
async def renew(scope: Scope, asking: AskingService, request_id: UUID, link: Link = None) -> OwnRequest:
    """With all its days before it again, also after they ran out."""
    return await asking.renew(scope, request_id, link)


@post(
    "/prayers/{request_id:uuid}/updates",
    operation_id="update_prayer",
    summary="Add words below my request",
    tags=["prayer"],
    opt=_OWN,
)
async def update(
    scope: Scope, asking: AskingService, request_id: UUID, data: NewReply, link: Link = None
) -> OwnReply:
    """They wait for the team."""
    return await asking.add_update(scope, request_id, data.body, link)


def _same(request: OwnRequest) -> OwnRequest:
    return request


def _keys(request: OwnRequest) -> tuple[datetime, UUID]:
    return request.at, request.id


ROUTES = [ask, mine, own, change, withdraw, answered, renew, update]
