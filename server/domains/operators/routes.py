"""Operators over HTTP: outside every church, by a bearer token of their own, never by a cookie.

The web recognises them before a body is read and hands `operator` in, except to a `stranger` who signs in.
"""

from __future__ import annotations

from typing import Any

from litestar import Request, get, post

from server.domains.operators import policy
from server.domains.operators.schemas import (
    OperatorChurch,
    OperatorChurches,
    OperatorShown,
    OperatorSignIn,
    OperatorToken,
    OperatorTotpBegin,
    OperatorTotpConfirm,
    OperatorTotpSecret,
)
from server.domains.operators.service import OperatorsService
from server.domains.tenants.models import Operator, Tenant
from server.kit import paging
from server.kit.scope import Origin

AnyRequest = Request[Any, Any, Any]


@post(
    "/sign-in",
    operation_id="operator_sign_in",
    summary="Sign in as an operator",
    tags=["operators"],
    status_code=200,
    opt={"rule": policy.OUTSIDE, "stranger": True, "secret_answer": True},
)
async def sign_in(request: AnyRequest, operators: OperatorsService, data: OperatorSignIn) -> OperatorToken:
    """The token lives half an hour and opens nothing inside a church."""
    given = await operators.sign_in(_origin(request), data.email, data.password, data.totp)
    return OperatorToken(given.token, given.expires_in)


@get(
    "/me",
    operation_id="operator_me",
    summary="The operator who asks",
    tags=["operators"],
    opt={"rule": policy.OUTSIDE},
)
async def me(operator: Operator) -> OperatorShown:
    """Name, address, and whether a second factor is asked for."""
    return OperatorShown(operator.name, operator.email, operator.totp_sealed is not None)


@get(
    "/churches",
    operation_id="operator_churches",
    summary="Churches of the installation",
    tags=["operators"],
    opt={"rule": policy.OUTSIDE},
)
async def churches(
    operator: Operator,
    operators: OperatorsService,
    after: paging.Cursor | None = None,
    limit: paging.Limit = 50,
) -> OperatorChurches:
    """In order of their short name; nothing of what is inside them."""
    start = paging.decode(after, tuple[str])
    found = await operators.churches(operator, after=start[0] if start else "", most=limit + 1)
    page = paging.page(found, limit, OperatorChurch.of, _key)
    return OperatorChurches(page.items, page.next)


@post(
    "/totp",
    operation_id="operator_begin_totp",
    summary="Begin to set up an authenticator app",
    tags=["operators"],
    status_code=200,
    opt={"rule": policy.OUTSIDE, "secret_answer": True},
)
async def begin_totp(
    operator: Operator, operators: OperatorsService, data: OperatorTotpBegin
) -> OperatorTotpSecret:
    """Nothing is asked for until a first code confirms it."""
    found = await operators.enrol(operator, data.password)
    return OperatorTotpSecret(found.secret, found.uri, found.sealed)


@post(
    "/totp/confirm",
    operation_id="operator_confirm_totp",
    summary="Confirm the authenticator app",
    tags=["operators"],
    status_code=204,
    opt={"rule": policy.OUTSIDE, "secret_answer": True},
)
async def confirm_totp(operator: Operator, operators: OperatorsService, data: OperatorTotpConfirm) -> None:
    """From now on signing in asks for a code."""
    await operators.confirm(operator, data.sealed, data.code)


def _origin(request: AnyRequest) -> Origin:
    exchange = request.scope["state"]["exchange"]
    return Origin(request_id=exchange.request_id, address=exchange.address)


def _key(tenant: Tenant) -> tuple[str]:
    return (tenant.slug,)


ROUTES = [sign_in, me, churches, begin_totp, confirm_totp]
