"""One's own sessions over HTTP."""

from __future__ import annotations

from uuid import UUID

from litestar import delete, get, post

from server.domains.sessions import policy
from server.domains.sessions.schemas import SessionShown, SessionsShown
from server.domains.sessions.service import SessionsService
from server.kit.scope import Scope


@get(
    "/sessions",
    operation_id="my_sessions",
    summary="Where one is signed in",
    tags=["sessions"],
    opt={"rule": policy.OWN},
)
async def mine(scope: Scope, sessions: SessionsService) -> SessionsShown:
    """The last used first."""
    found = await sessions.mine(scope)
    return SessionsShown([SessionShown.of(session, scope.actor.session) for session in found])


@delete(
    "/sessions/{session_id:uuid}",
    operation_id="end_session",
    summary="End one session",
    tags=["sessions"],
    opt={"rule": policy.ANYBODY_SIGNED_IN},
)
async def end(scope: Scope, sessions: SessionsService, session_id: UUID) -> None:
    """Its tokens stop working at once."""
    await sessions.end(scope, session_id)


@post(
    "/sessions/end-all",
    operation_id="sign_out_everywhere",
    summary="Sign out everywhere",
    tags=["sessions"],
    status_code=204,
    opt={"rule": policy.OWN},
)
async def end_everywhere(scope: Scope, sessions: SessionsService) -> None:
    """This session ends too, and all open sockets are closed."""
    await sessions.end_everywhere(scope)


ROUTES = [mine, end, end_everywhere]
