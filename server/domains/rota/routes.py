"""The rota over HTTP."""

from __future__ import annotations

from uuid import UUID

from litestar import delete, get, post, put

from server.domains.rota import policy
from server.domains.rota.schemas import Here, OnDuty, Plan, ShiftChange, ShiftShown
from server.domains.rota.service import RotaService
from server.kit.instants import Instant, settle
from server.kit.scope import Scope


@get(
    "/rota/shifts",
    operation_id="shifts",
    summary="Shifts in a span of time",
    tags=["rota"],
    opt={"rule": policy.SEE},
)
async def shifts(scope: Scope, rota: RotaService, since: Instant, until: Instant) -> list[ShiftShown]:
    """A weekly shift stands there once for each of its weeks. At most 62 days."""
    return await rota.shifts(scope, settle(since, "/since"), settle(until, "/until"))


@post(
    "/rota/shifts",
    operation_id="plan_shift",
    summary="Plan a shift",
    tags=["rota"],
    opt={"rule": policy.PLAN},
)
async def plan(scope: Scope, rota: RotaService, data: Plan) -> ShiftShown:
    """Who is `leader` is called when words speak of a great need."""
    return await rota.plan(scope, data)


@put(
    "/rota/shifts/{shift_id:uuid}",
    operation_id="change_shift",
    summary="Replace a shift",
    tags=["rota"],
    opt={"rule": policy.PLAN},
)
async def change(scope: Scope, rota: RotaService, shift_id: UUID, data: ShiftChange) -> ShiftShown:
    """A weekly one changes from one of its times on (`instead_of`); the weeks before stay as they were."""
    return await rota.change(scope, shift_id, data)


@delete(
    "/rota/shifts/{shift_id:uuid}",
    operation_id="remove_shift",
    summary="Take a shift off the plan",
    tags=["rota"],
    opt={"rule": policy.PLAN},
)
async def remove(scope: Scope, rota: RotaService, shift_id: UUID) -> None:
    """All weeks of a weekly one go with it."""
    await rota.remove(scope, shift_id)


@get(
    "/rota/now",
    operation_id="on_duty",
    summary="Who is on duty now",
    tags=["rota"],
    opt={"rule": policy.SEE},
)
async def now(scope: Scope, rota: RotaService) -> OnDuty:
    """Those who are here, and those whose shift it is."""
    return await rota.now(scope)


@post(
    "/rota/here",
    operation_id="be_here",
    summary="Go on duty, stay, or leave",
    tags=["rota"],
    status_code=200,
    opt={"rule": policy.COME},
)
async def here(scope: Scope, rota: RotaService, data: Here) -> OnDuty:
    """It lasts three minutes: a closed laptop is no duty. Say it again every two."""
    return await rota.be_here(scope, data)


ROUTES = [shifts, plan, change, remove, now, here]
