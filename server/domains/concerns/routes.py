"""Concerns over HTTP."""

from __future__ import annotations

from uuid import UUID

from litestar import get, post

from server.domains.concerns import policy
from server.domains.concerns.models import READ
from server.domains.concerns.schemas import ConcernShown, ConcernTold, NewConcern
from server.domains.concerns.service import ConcernsService
from server.kit.scope import Scope


@post(
    "/care/concerns",
    operation_id="tell_concern",
    summary="Tell the pastors that something was not right",
    tags=["care"],
    opt={"rule": policy.TELL},
)
async def tell(scope: Scope, concerns: ConcernsService, data: NewConcern) -> ConcernTold:
    """About one-to-one prayer that I am in or was in during the last 30 days; who else was there does not read it.

    It stands in the pastors' queue, whatever becomes of what was said. A second time replaces the first.
    409 `too_late_to_tell` after that.
    """
    return await concerns.tell(scope, data)


@get(
    "/care/concerns/{concern_id:uuid}",
    operation_id="read_concern",
    summary="What somebody told about one-to-one prayer",
    tags=["care"],
    opt={"rule": READ},
)
async def read(scope: Scope, concerns: ConcernsService, concern_id: UUID) -> ConcernShown:
    """Noted in the history. 403 `about_you` for whoever was in that conversation."""
    return await concerns.read(scope, concern_id)


ROUTES = [tell, read]
