"""Guests over HTTP; how one becomes a guest is with signing in (auth)."""

from __future__ import annotations

from litestar import patch

from server.domains.guests import policy
from server.domains.guests.schemas import GuestShown, NicknameChange
from server.domains.guests.service import GuestsService
from server.kit.scope import Scope


@patch(
    "/guests/me",
    operation_id="rename_guest",
    summary="Go by another nickname",
    tags=["guests"],
    opt={"rule": policy.RENAME},
)
async def rename(scope: Scope, guests: GuestsService, data: NicknameChange) -> GuestShown:
    """What was written before keeps showing who wrote it, under the new name."""
    return GuestShown.of(await guests.rename(scope, data.nickname))


ROUTES = [rename]
