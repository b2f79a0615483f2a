"""Keeping rooms safe, over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import delete, get, post, put
from msgspec import Meta

from server.domains.safety import policy
from server.domains.safety.models import Ban, Need, Rules
from server.domains.safety.schemas import (
    BanShown,
    Card,
    LockShown,
    NewBan,
    RestraintShown,
    SetLock,
    Shadow,
    Timeout,
    Trial,
    TrialShown,
)
from server.domains.safety.service import SafetyService
from server.kit import paging
from server.kit.scope import Scope

CountryCode = Annotated[
    str, Meta(pattern="^[A-Z]{2}$", description="ISO 3166 alpha-2; left out: the church's.", examples=["US"])
]
LanguageTag = Annotated[
    str,
    Meta(
        max_length=35,
        pattern="^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$",
        description="In which the card is written, English where we do not write it.",
        examples=["es"],
    ),
]


@get(
    "/safety/rules",
    operation_id="safety_rules",
    summary="Words, links and floods",
    tags=["safety"],
    opt={"rule": policy.MANAGE},
)
async def rules(scope: Scope, safety: SafetyService) -> Rules:
    """What is asked before a message is taken."""
    return (await safety.rules(scope))[1]


@put(
    "/safety/rules",
    operation_id="set_safety_rules",
    summary="Set words, links and floods",
    tags=["safety"],
    opt={"rule": policy.SET_RULES},
)
async def set_rules(scope: Scope, safety: SafetyService, data: Rules) -> Rules:
    """They hold for the next message."""
    return await safety.set_rules(scope, data)


@post(
    "/safety/rules/try",
    operation_id="try_safety_rules",
    summary="Try rules on some words",
    tags=["safety"],
    status_code=200,
    opt={"rule": policy.MANAGE},
)
async def try_rules(scope: Scope, safety: SafetyService, data: Trial) -> TrialShown:
    """Nothing is kept and nobody is told; the rules need not be the church's own."""
    return TrialShown.of(safety.try_rules(scope, data.rules, data.text, guest=data.guest))


@get(
    "/safety/helplines",
    operation_id="helplines",
    summary="Who helps somebody in need",
    tags=["safety"],
    opt={"rule": policy.FIND_HELP},
)
async def helplines(
    scope: Scope,
    safety: SafetyService,
    kind: Need | None = None,
    country: CountryCode | None = None,
    language: LanguageTag = "en",
) -> Card:
    """Those of the church's country unless another is named; where we know none, where to look for them."""
    return await safety.helplines(scope, kind, country, language)


@get(
    "/safety/lockdown",
    operation_id="lockdown",
    summary="Whether only hosts may write",
    tags=["safety"],
    opt={"rule": policy.MANAGE},
)
async def lockdown(scope: Scope, safety: SafetyService) -> LockShown:
    """Since when, and by whom."""
    return LockShown.of((await safety.rules(scope))[0])


@put(
    "/safety/lockdown",
    operation_id="set_lockdown",
    summary="Let only hosts write, or everybody again",
    tags=["safety"],
    opt={"rule": policy.MANAGE},
)
async def set_lockdown(scope: Scope, safety: SafetyService, data: SetLock) -> LockShown:
    """It holds at once, in every room of the church."""
    return LockShown.of(await safety.lock(scope, locked=data.locked))


@get(
    "/safety/bans",
    operation_id="bans",
    summary="Who is kept out",
    tags=["safety"],
    opt={"rule": policy.MANAGE},
)
async def bans(
    scope: Scope,
    safety: SafetyService,
    after: paging.Cursor | None = None,
    limit: paging.Limit = 50,
    active: bool = True,
) -> paging.Page[BanShown]:
    """Newest first; `active=false` shows those lifted and run out too."""
    start = paging.decode(after, tuple[UUID])
    found = await safety.bans(scope, before=start[0] if start else None, active=active, most=limit + 1)
    return paging.page(found, limit, BanShown.of, _key)


@post(
    "/safety/bans",
    operation_id="ban_person",
    summary="Keep somebody out",
    tags=["safety"],
    opt={"rule": policy.MANAGE},
)
async def ban(scope: Scope, safety: SafetyService, data: NewBan) -> BanShown:
    """Their sockets close at once; `clear` takes down what they wrote."""
    made = await safety.ban(
        scope,
        data.person,
        data.name,
        kinds=data.kinds,
        reason=data.reason,
        expires_at=data.expires_at,
        clear=data.clear,
    )
    return BanShown.of(made)


@post(
    "/safety/bans/{ban_id:uuid}/lift",
    operation_id="lift_ban",
    summary="Undo a ban",
    tags=["safety"],
    status_code=200,
    opt={"rule": policy.MANAGE},
)
async def lift(scope: Scope, safety: SafetyService, ban_id: UUID) -> BanShown:
    """They may come back; repeating it changes nothing."""
    return BanShown.of(await safety.lift(scope, ban_id))


@get(
    "/safety/restraints",
    operation_id="restraints",
    summary="Timeouts and shadow holds in force",
    tags=["safety"],
    opt={"rule": policy.MANAGE},
)
async def restraints(scope: Scope, safety: SafetyService) -> paging.Page[RestraintShown]:
    """Those that end first in front, at most 200."""
    return paging.Page([RestraintShown.of(restraint) for restraint in await safety.restraints(scope)])


@put(
    "/safety/people/{person_id:uuid}/timeout",
    operation_id="time_out_person",
    summary="Let somebody pause",
    tags=["safety"],
    opt={"rule": policy.MANAGE},
)
async def timeout(scope: Scope, safety: SafetyService, person_id: UUID, data: Timeout) -> RestraintShown:
    """They keep reading, and are told until when."""
    return RestraintShown.of(await safety.timeout(scope, person_id, data.name, data.minutes))


@delete(
    "/safety/people/{person_id:uuid}/timeout",
    operation_id="end_timeout",
    summary="Let somebody write again",
    tags=["safety"],
    opt={"rule": policy.MANAGE},
)
async def end_timeout(scope: Scope, safety: SafetyService, person_id: UUID) -> None:
    """Nothing happens when there is no timeout."""
    await safety.release(scope, person_id, "timeout")


@put(
    "/safety/people/{person_id:uuid}/shadow",
    operation_id="shadow_person",
    summary="Let only hosts see what somebody writes",
    tags=["safety"],
    opt={"rule": policy.MANAGE},
)
async def shadow(scope: Scope, safety: SafetyService, person_id: UUID, data: Shadow) -> RestraintShown:
    """They are not told."""
    return RestraintShown.of(await safety.shadow(scope, person_id, data.name))


@delete(
    "/safety/people/{person_id:uuid}/shadow",
    operation_id="end_shadow",
    summary="Let everybody see again what somebody writes",
    tags=["safety"],
    opt={"rule": policy.MANAGE},
)
async def end_shadow(scope: Scope, safety: SafetyService, person_id: UUID) -> None:
    """What was held meanwhile waits for a host."""
    await safety.release(scope, person_id, "shadow")


def _key(ban: Ban) -> tuple[UUID]:
    return (ban.id,)


ROUTES = [
    rules,
    set_rules,
    try_rules,
    helplines,
    lockdown,
    set_lockdown,
    bans,
    ban,
    lift,
    restraints,
    timeout,
    end_timeout,
    shadow,
    end_shadow,
]
