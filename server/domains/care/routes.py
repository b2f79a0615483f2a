"""One-to-one prayer over HTTP."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import Response, get, post, put

from server.domains.care import policy
from server.domains.care.models import Session, Settings
from server.domains.care.schemas import Ask, HandOver, Offer, Opened, Opening, SessionRow, SessionShown
from server.domains.care.service import CareService
from server.kit import paging
from server.kit.instants import Instant, settle
from server.kit.scope import Scope


@get(
    "/care/offer",
    operation_id="care_offer",
    summary="Whether somebody can pray with me now",
    tags=["care"],
    opt={"rule": policy.READ_OFFER},
)
async def offer(scope: Scope, care: CareService) -> Offer:
    """No names. Show the button only while `open`."""
    return await care.offer(scope)


@post(
    "/care/ask",
    operation_id="ask_for_care",
    summary="Ask for somebody to pray with",
    tags=["care"],
    opt={"rule": policy.ASK},
)
async def ask(scope: Scope, care: CareService, data: Ask) -> SessionShown:
    """Then join the topic `care:<id>`. 409 `nobody_here`: offer the form. `card`: show helplines at once."""
    return await care.ask(scope, data)


@get(
    "/care/current",
    operation_id="current_care",
    summary="What I wait for, or am in",
    tags=["care"],
    opt={"rule": policy.ASK},
)
async def current(scope: Scope, care: CareService) -> SessionShown | None:
    """As the one who asked; null when there is nothing."""
    return await care.current(scope)


@post(
    "/care/sessions/{session_id:uuid}/leave",
    operation_id="leave_care",
    summary="Go away from a conversation I asked for",
    tags=["care"],
    status_code=204,
    opt={"rule": policy.ASK},
)
async def leave(scope: Scope, care: CareService, session_id: UUID, form: bool = False) -> None:
    """`form`: I write my request instead. A second call changes nothing."""
    await care.leave(scope, session_id, form=form)


@get(
    "/care/mine",
    operation_id="my_conversations",
    summary="The conversations I am in as a volunteer",
    tags=["care"],
    opt={"rule": policy.ATTEND},
)
async def mine(scope: Scope, care: CareService) -> list[SessionShown]:
    """Their words are in the room's own topic."""
    return await care.mine(scope)


@post(
    "/care/sessions/{session_id:uuid}/accept",
    operation_id="accept_care",
    summary="Go to somebody who waits",
    tags=["care"],
    status_code=200,
    opt={"rule": policy.ATTEND},
)
async def accept(scope: Scope, care: CareService, session_id: UUID) -> SessionShown:
    """409 `already_accepted` when somebody was quicker."""
    return await care.accept(scope, session_id)


@post(
    "/care/sessions/{session_id:uuid}/join",
    operation_id="join_care",
    summary="Be the second volunteer",
    tags=["care"],
    status_code=200,
    opt={"rule": policy.ATTEND},
)
async def join(scope: Scope, care: CareService, session_id: UUID) -> SessionShown:
    """The church may want two adults before anybody writes."""
    return await care.join(scope, session_id)


@post(
    "/care/sessions/{session_id:uuid}/hand-over",
    operation_id="hand_over_care",
    summary="Let somebody else go on",
    tags=["care"],
    status_code=200,
    opt={"rule": policy.ATTEND},
)
async def hand_over(scope: Scope, care: CareService, session_id: UUID, data: HandOver) -> SessionShown:
    """The caller leaves the room at once."""
    return await care.hand_over(scope, session_id, data.to)


@post(
    "/care/sessions/{session_id:uuid}/end",
    operation_id="end_care",
    summary="End a conversation",
    tags=["care"],
    status_code=200,
    opt={"rule": policy.ATTEND},
)
async def end(scope: Scope, care: CareService, session_id: UUID) -> SessionShown:
    """Its words go the way the church decided."""
    return await care.end(scope, session_id)


@get(
    "/care/sessions",
    operation_id="conversations",
    summary="Conversations, without a word of them",
    tags=["care"],
    opt={"rule": policy.LIST},
)
async def sessions(
    scope: Scope, care: CareService, after: paging.Cursor | None = None, limit: paging.Limit = 50
) -> paging.Page[SessionRow]:
    """Newest first."""
    start = paging.decode(after, tuple[Instant, UUID])
    before = None if start is None else (settle(start[0], "/after"), start[1])
    found = await care.page(scope, before=before, most=limit + 1)
    return paging.page(found, limit, SessionRow.of, _keys)


@post(
    "/care/sessions/{session_id:uuid}/open",
    operation_id="open_care",
    summary="Read a conversation that was kept",
    tags=["care"],
    status_code=200,
    opt={"rule": policy.OPEN_WORDS, "secret_answer": True},
)
async def open_words(scope: Scope, care: CareService, session_id: UUID, data: Opening) -> Opened:
    """The reason and who read it stay in the history."""
    return await care.open_words(scope, session_id, data.reason)


@get(
    "/care/settings",
    operation_id="care_settings",
    summary="The church's rules for one-to-one prayer",
    tags=["care"],
    opt={"rule": policy.ATTEND},
)
async def settings(scope: Scope, care: CareService) -> Response[Settings]:
    """The ETag is the version to change."""
    version, found = await care.settings(scope)
    return Response(found, headers={"etag": f'"v{version}"'})


@put(
    "/care/settings",
    operation_id="set_care",
    summary="Replace the church's rules for one-to-one prayer",
    tags=["care"],
    opt={"rule": policy.SET},
)
async def set_settings(
    scope: Scope, care: CareService, data: Settings, if_version: int | None
) -> Response[Settings]:
    """They hold for conversations asked for from now on."""
    version = await care.set_settings(scope, data, if_version)
    return Response(data, headers={"etag": f'"v{version}"'})


def _keys(session: Session) -> tuple[datetime, UUID]:
    return session.asked_at, session.id


ROUTES = [
    offer,
    ask,
    current,
    leave,
    mine,
    accept,
    join,
    hand_over,
    end,
    sessions,
    open_words,
    settings,
    set_settings,
]
