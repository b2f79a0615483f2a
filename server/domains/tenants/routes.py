"""A church as the public sees it."""

from __future__ import annotations

from litestar import get

from server.domains.tenants import policy
from server.domains.tenants.schemas import Church
from server.kit.scope import Scope


@get(
    "/",
    operation_id="church",
    summary="A church's name and whether it is open",
    tags=["churches"],
    opt={"rule": policy.SEE, "while_suspended": True},
)
async def church(scope: Scope) -> Church:
    """Answer also while the church is suspended, so that its pages can say so kindly."""
    policy.SEE.require(scope)
    tenant = scope.tenant
    return Church(tenant.slug, tenant.name, "suspended" if tenant.status == "suspended" else "active")


ROUTES = [church]
