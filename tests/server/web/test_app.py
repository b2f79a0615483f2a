"""server.web.app."""

from uuid import UUID

import httpx
import pytest

from server.kit.scope import Actor, Scope
from server.wiring import Wiring

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_church_is_public(client: httpx.AsyncClient) -> None:
    """Anybody may ask for a church's name and state."""
    answer = await client.get("/api/v1/grace")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"slug": "grace", "name": "Grace Church", "status": "active"}


async def test_somebody_banned_is_kept_out_of_everything(client: httpx.AsyncClient, wiring: Wiring) -> None:
    """A ban holds at the door: not one route of the church answers, whatever the role; other people go on."""
    church = await wiring.tenants.create("banned-here", "Banned Here")
    owner = Scope(church.ref, Actor("person", UUID(int=1), "owner", frozenset({"owner"})))
    headers = {"authorization": f"Bearer member@{church.id}"}
    address = "/api/v1/banned-here/notes"
    assert (await client.post(address, json={"text": "hello"}, headers=headers)).status_code == 201
    ban = await wiring.safety.ban(owner, UUID(int=2), "member")
    answer = await client.post(address, json={"text": "hello"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "banned")
    theirs = {"authorization": f"Bearer owner@{church.id}"}
    assert (await client.post(address, json={"text": "hello"}, headers=theirs)).status_code == 201
    await wiring.safety.lift(owner, ban.id)
    assert (await client.post(address, json={"text": "hello"}, headers=headers)).status_code == 201
