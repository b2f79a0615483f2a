"""Alarms over HTTP."""

from __future__ import annotations

from uuid import UUID

from litestar import get, post

from server.domains.alarms import policy
from server.domains.alarms.schemas import AlarmShown
from server.domains.alarms.service import AlarmsService
from server.kit.scope import Scope


@get(
    "/moderation/alarms",
    operation_id="alarms",
    summary="What rings",
    tags=["moderation"],
    opt={"rule": policy.SEE},
)
async def ringing(scope: Scope, alarms: AlarmsService) -> list[AlarmShown]:
    """For leaders all but what is told of one-to-one prayer, for others what they were called for.

    New ones come on the topic `me:<person>`.
    """
    return [AlarmShown.of(alarm) for alarm in await alarms.ringing(scope)]


@post(
    "/moderation/alarms/{alarm_id:uuid}/seen",
    operation_id="see_to_alarm",
    summary="I have seen to it",
    tags=["moderation"],
    status_code=200,
    opt={"rule": policy.SEE},
)
async def seen(scope: Scope, alarms: AlarmsService, alarm_id: UUID) -> AlarmShown:
    """It stops ringing for everybody; the history tells who."""
    return AlarmShown.of(await alarms.see_to(scope, alarm_id))


ROUTES = [ringing, seen]
