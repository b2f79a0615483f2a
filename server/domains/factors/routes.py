"""Second factors over HTTP."""

from __future__ import annotations

from uuid import UUID

from litestar import delete, get, post

from server.domains.factors import policy
from server.domains.factors.schemas import (
    FactorState,
    RecoveryCodes,
    TotpBegin,
    TotpCode,
    TotpEnd,
    TotpSecret,
)
from server.domains.factors.service import FactorsService
from server.kit.scope import Scope


@get(
    "/factors",
    operation_id="my_factors",
    summary="One's own second factor",
    tags=["factors"],
    opt={"rule": policy.OWN},
)
async def status(scope: Scope, factors: FactorsService) -> FactorState:
    """Whether a code is asked for."""
    found = await factors.status(scope)
    return FactorState(found.totp, found.recovery_codes)


@post(
    "/factors/totp",
    operation_id="begin_totp",
    summary="Begin to set up an authenticator app",
    tags=["factors"],
    opt={"rule": policy.OWN, "secret_answer": True},
)
async def begin(scope: Scope, factors: FactorsService, data: TotpBegin) -> TotpSecret:
    """Nothing is asked for until a first code confirms it."""
    found = await factors.enrol(scope, data.password)
    return TotpSecret(found.secret, found.uri)


@post(
    "/factors/totp/confirm",
    operation_id="confirm_totp",
    summary="Confirm the authenticator app",
    tags=["factors"],
    status_code=200,
    opt={"rule": policy.OWN, "secret_answer": True},
)
async def confirm(scope: Scope, factors: FactorsService, data: TotpCode) -> RecoveryCodes:
    """From now on signing in asks for a code."""
    return RecoveryCodes(await factors.confirm(scope, data.code))


@post(
    "/factors/recovery-codes",
    operation_id="renew_recovery_codes",
    summary="Get new recovery codes",
    tags=["factors"],
    status_code=200,
    opt={"rule": policy.OWN, "secret_answer": True},
)
async def renew_codes(scope: Scope, factors: FactorsService, data: TotpCode) -> RecoveryCodes:
    """The old ones work no more."""
    return RecoveryCodes(await factors.renew_codes(scope, data.code))


@post(
    "/factors/totp/remove",
    operation_id="remove_totp",
    summary="Remove one's own authenticator app",
    tags=["factors"],
    status_code=204,
    opt={"rule": policy.OWN, "secret_answer": True},
)
async def disable(scope: Scope, factors: FactorsService, data: TotpEnd) -> None:
    """Takes the password and a code."""
    await factors.disable(scope, data.password, data.code)


@delete(
    "/factors/{person_id:uuid}",
    operation_id="remove_somebodys_totp",
    summary="Remove the authenticator app of somebody who lost it",
    tags=["factors"],
    opt={"rule": policy.REMOVE_OTHERS},
)
async def remove(scope: Scope, factors: FactorsService, person_id: UUID) -> None:
    """An owner vouches for them; they are told by letter."""
    await factors.remove(scope, person_id)


ROUTES = [status, begin, confirm, renew_codes, disable, remove]
