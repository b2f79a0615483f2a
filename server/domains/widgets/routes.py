"""What stands on a church's websites, over HTTP."""

from __future__ import annotations

from litestar import get, put

from server.domains.widgets import policy
from server.domains.widgets.schemas import WidgetsChange, WidgetsShown
from server.domains.widgets.service import WidgetsService
from server.kit.scope import Scope


@get(
    "/widgets",
    operation_id="widgets",
    summary="Sites, look and texts of the church's widgets",
    tags=["widgets"],
    opt={"rule": policy.READ},
)
async def shown(scope: Scope, widgets: WidgetsService) -> WidgetsShown:
    """The same that each of its widgets is told."""
    return WidgetsShown.of(await widgets.shown(scope))


@put(
    "/widgets",
    operation_id="set_widgets",
    summary="Set sites, look and texts of the church's widgets",
    tags=["widgets"],
    opt={"rule": policy.SET},
)
async def change(scope: Scope, widgets: WidgetsService, data: WidgetsChange) -> WidgetsShown:
    """Taking a site off the list ends every session that was begun on it."""
    return WidgetsShown.of(await widgets.put(scope, data))


ROUTES = [shown, change]
