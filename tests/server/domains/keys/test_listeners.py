"""What keys do about their makers' accounts."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from server.domains.keys.errors import BadApiKey, MakerLostRole, MakerSuspended
from server.kit.log import control_topic
from server.kit.scope import Scope
from server.wiring import Wiring
from tests.server.domains.keys.test_service import identify, made_by, shown
from tests.server.domains.queueing import deliver
from tests.server.domains.voices import log


async def looked_at(wiring: Wiring, system: Scope) -> set[UUID]:
    """Return whose sockets every server was told to look at again."""
    found = await log(wiring, control_topic(system.tenant.id))
    return {UUID(data["person"]) for _, data in found if data and data["person"]}


async def test_suspending_revokes_for_good(wiring: Wiring, system: Scope) -> None:
    """The keys of a suspended account stay dead when it is used again; list and history say so, other keys go on."""
    maker, key, text = await made_by(wiring, system, "admin", "events:read")
    _, other, theirs = await made_by(wiring, system, "admin", "events:read")
    await wiring.accounts.suspend(system, maker)
    await deliver(wiring, system, twice=True)
    with pytest.raises(MakerSuspended):
        await identify(wiring, system, text)
    assert {key, maker} <= await looked_at(wiring, system)
    assert other not in await looked_at(wiring, system)
    await wiring.accounts.resume(system, maker)
    await deliver(wiring, system)
    with pytest.raises(BadApiKey) as refused:
        await identify(wiring, system, text)
    assert refused.value.code == "bad_api_key"
    assert await shown(wiring, system) == [(None, True), (None, False)]
    assert (await identify(wiring, system, theirs)).actor.id == other
    entries = [one for one in await wiring.audit.page(system) if one.action == "keys.api_key_revoked"]
    assert [(one.subject, msgspec.json.decode(one.details)) for one in entries] == [
        (str(key), {"why": "maker_suspended", "maker": str(maker)})
    ]


async def test_a_lost_role_revokes_nothing(wiring: Wiring, system: Scope) -> None:
    """A key whose maker moved to another role is looked at again on open sockets, and may act again later."""
    maker, key, text = await made_by(wiring, system, "admin", "events:read")
    await wiring.accounts.set_roles(system, maker, frozenset({"moderator"}))
    await deliver(wiring, system, twice=True)
    assert key in await looked_at(wiring, system)
    assert await shown(wiring, system) == [("maker_lost_role", False)]
    with pytest.raises(MakerLostRole):
        await identify(wiring, system, text)
    await wiring.accounts.set_roles(system, maker, frozenset({"admin"}))
    assert (await identify(wiring, system, text)).actor.id == key
