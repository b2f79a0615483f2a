"""Operators: let in by password and code, and into no church."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import psycopg
import pyotp
import pytest

from server.domains.auth.models import Proof
from server.domains.operators.errors import BadCredentials, BadTotp, NotAnOperator, TotpRequired
from server.domains.tenants.models import Operator
from server.kit.errors import Limited, NotFound
from server.kit.scope import Origin, Scope
from server.kit.tokens import BadToken
from server.settings import Settings
from server.web.app import create_app
from server.wiring import Wiring

PASSWORD = "a long walk by the lake"
EMAIL = "ops@example.org"
HERE = Origin(address="192.0.2.1")


@pytest.fixture
async def operator(wiring: Wiring) -> Operator:
    return await wiring.tenants.add_operator(EMAIL, "Olga", await wiring.accounts.hash(PASSWORD))


async def test_operator_signs_in(wiring: Wiring, operator: Operator) -> None:
    """An operator is recognised by the token alone."""
    given = await wiring.operators.sign_in(HERE, " OPS@example.org", PASSWORD)
    found = await wiring.operators.identify(f"Bearer {given.token}")
    assert found.id == operator.id
    assert [church.slug for church in await wiring.operators.churches(found)] == ["grace", "hope"]


@pytest.mark.parametrize(
    ("email", "password"), [(EMAIL, "wrong"), ("nobody@example.org", PASSWORD), ("", ""), ("a\x00", PASSWORD)]
)
async def test_wrong_credentials(wiring: Wiring, operator: Operator, email: str, password: str) -> None:
    """Wrong password and unknown address are answered alike."""
    with pytest.raises(BadCredentials):
        await wiring.operators.sign_in(HERE, email, password)


async def test_disabled_operator_is_out_at_once(
    wiring: Wiring, settings: Settings, operator: Operator
) -> None:
    """A disabled operator's token and password work no more."""
    given = await wiring.operators.sign_in(HERE, EMAIL, PASSWORD)
    with psycopg.connect(settings.owner_url, autocommit=True) as owner:
        owner.execute("update control.tenant_operators set disabled_at = now()")
    with pytest.raises(NotAnOperator):
        await wiring.operators.identify(f"Bearer {given.token}")
    with pytest.raises(BadCredentials):
        await wiring.operators.sign_in(HERE, EMAIL, PASSWORD)


async def test_operator_has_no_rights_in_a_church(wiring: Wiring, operator: Operator, system: Scope) -> None:
    """An operator's token opens no church, and a church's owner is no operator."""
    given = await wiring.operators.sign_in(HERE, EMAIL, PASSWORD)
    with pytest.raises(NotFound):
        await wiring.auth.identify(system.tenant, Proof(bearer=given.token), HERE)
    await wiring.accounts.create(
        system, email=EMAIL, name="Anna", password=PASSWORD, roles=frozenset({"owner"})
    )
    grant = await wiring.auth.sign_in(Scope(system.tenant, origin=HERE), EMAIL, PASSWORD)
    with pytest.raises(NotAnOperator):
        await wiring.operators.identify(f"Bearer {grant.access_token}")
    for header in ("", "Bearer", "Basic x", f"Basic {given.token}"):
        with pytest.raises((NotAnOperator, BadToken)):
            await wiring.operators.identify(header)


async def test_second_factor(wiring: Wiring, settings: Settings, operator: Operator) -> None:
    """After a first code signing in asks for one, and none is taken twice."""
    with pytest.raises(BadCredentials):
        await wiring.operators.enrol(operator, "wrong")
    begun = await wiring.operators.enrol(operator, PASSWORD)
    app = pyotp.TOTP(begun.secret)
    with pytest.raises(BadTotp):
        await wiring.operators.confirm(operator, begun.sealed[:-4] + "AAAA", app.now())
    with pytest.raises(BadTotp):
        await wiring.operators.confirm(operator, begun.sealed, "000000")
    code = app.now()
    await wiring.operators.confirm(operator, begun.sealed, code)
    with pytest.raises(TotpRequired):
        await wiring.operators.sign_in(HERE, EMAIL, PASSWORD)
    with pytest.raises(BadTotp):
        await wiring.operators.sign_in(HERE, EMAIL, PASSWORD, code)
    with psycopg.connect(settings.owner_url, autocommit=True) as owner:
        owner.execute("update control.tenant_operators set totp_step = totp_step - 2")
    code = app.now()
    results = await asyncio.gather(
        *(wiring.operators.sign_in(HERE, EMAIL, PASSWORD, code) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(result, BadTotp) for result in results) == 3


async def test_operators_tries_are_limited(wiring: Wiring, operator: Operator) -> None:
    """The eleventh try from one address has to wait; another address does not."""
    for _ in range(10):
        with pytest.raises(BadCredentials):
            await wiring.operators.sign_in(HERE, EMAIL, "wrong")
    with pytest.raises(Limited):
        await wiring.operators.sign_in(HERE, EMAIL, PASSWORD)
    assert await wiring.operators.sign_in(Origin(address="192.0.2.2"), EMAIL, PASSWORD)


async def test_nobody_can_lock_an_operator_out(wiring: Wiring, operator: Operator) -> None:
    """When strangers have used up the account's tries, a place where the operator signed in before is let in."""
    assert await wiring.operators.sign_in(HERE, EMAIL, PASSWORD)
    for number in range(7):
        for _ in range(10):
            with pytest.raises((BadCredentials, Limited)):
                await wiring.operators.sign_in(Origin(address=f"198.51.100.{number}"), EMAIL, "wrong")
    with pytest.raises(Limited):
        await wiring.operators.sign_in(Origin(address="203.0.113.9"), EMAIL, PASSWORD)
    assert await wiring.operators.sign_in(HERE, EMAIL, PASSWORD)


async def disable(wiring: Wiring) -> None:
    await wiring.tenants.disable_operator(EMAIL)
    await wiring.tenants.enable_operator(EMAIL)


async def new_password(wiring: Wiring) -> None:
    await wiring.tenants.set_operator_password(EMAIL, await wiring.passwords.hash(PASSWORD))


async def no_totp(wiring: Wiring) -> None:
    await wiring.tenants.drop_operator_totp(EMAIL)


async def sign_out(wiring: Wiring) -> None:
    await wiring.tenants.end_operator_tokens(EMAIL.upper())


@pytest.mark.parametrize("act", [disable, new_password, no_totp, sign_out])
async def test_what_ends_an_operators_tokens(
    wiring: Wiring, operator: Operator, act: Callable[[Wiring], Awaitable[None]]
) -> None:
    """A token from before counts no more, though the operator may sign in again at once."""
    before = await wiring.operators.sign_in(HERE, EMAIL, PASSWORD)
    assert await wiring.operators.identify(f"Bearer {before.token}")
    await act(wiring)
    with pytest.raises(NotAnOperator):
        await wiring.operators.identify(f"Bearer {before.token}")
    after = await wiring.operators.sign_in(HERE, EMAIL, PASSWORD)
    assert await wiring.operators.identify(f"Bearer {after.token}")


async def test_a_lost_authenticator_is_taken_away(wiring: Wiring, operator: Operator) -> None:
    """Afterwards the password alone lets in, until a new one is set up."""
    begun = await wiring.operators.enrol(operator, PASSWORD)
    await wiring.operators.confirm(operator, begun.sealed, pyotp.TOTP(begun.secret).now())
    with pytest.raises(TotpRequired):
        await wiring.operators.sign_in(HERE, EMAIL, PASSWORD)
    await wiring.tenants.drop_operator_totp(EMAIL)
    assert await wiring.operators.sign_in(HERE, EMAIL, PASSWORD)


@pytest.fixture
async def client(wiring: Wiring) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_app(wiring), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


async def test_routes(client: httpx.AsyncClient, operator: Operator) -> None:
    """Every route but signing in asks for the operator's own token."""
    begin = {"password": PASSWORD}
    confirm = {"sealed": "x", "code": "123456"}
    routes: list[tuple[str, str, Any]] = [
        ("GET", "me", None), ("GET", "churches", None), ("POST", "totp", begin), ("POST", "totp/confirm", confirm),
    ]  # fmt: skip
    for method, path, body in routes:
        answer = await client.request(method, f"/api/v1/operator/{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_an_operator"), path
    answer = await client.post("/api/v1/operator/sign-in", json={"email": EMAIL, "password": PASSWORD})
    headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
    me = await client.get("/api/v1/operator/me", headers=headers)
    assert me.json() == {"name": "Olga", "email": EMAIL, "totp": False}
    first = (await client.get("/api/v1/operator/churches?limit=1", headers=headers)).json()
    rest = (await client.get(f"/api/v1/operator/churches?after={first['next']}", headers=headers)).json()
    assert [church["slug"] for church in first["items"] + rest["items"]] == ["grace", "hope"]
    assert (await client.get("/api/v1/grace/auth/me", headers=headers)).status_code == 404
