"""R9: every route by nobody, by another church, by a wrong role; generated from the route table."""

from __future__ import annotations

import base64
import re
from typing import Any

import httpx
import msgspec
import pytest

from server.domains.keys.policy import SCOPES
from server.kit.scope import Rule
from server.settings import Settings
from server.web.app import API, create_app, handlers
from server.wiring import build
from tests.acceptance.people import NOBODY, ROLES, People, allowed, refused

on_module_loop = pytest.mark.asyncio(loop_scope="module")
CHURCH = f"{API}/{{church}}"
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


class Case(msgspec.Struct, frozen=True):
    """One route and what it says of itself."""

    method: str
    template: str
    rule: Rule
    stranger: bool

    @property
    def address(self) -> str:
        """Return an address of the route in `grace`; ids are those of nothing."""
        return re.sub(
            r"\{(\w+)\}", lambda found: "grace" if found[1] == "church" else str(NOBODY), self.template
        )

    def __str__(self) -> str:
        return f"{self.method} {self.template.removeprefix(API)}"


def table() -> list[Case]:
    """Read the route table of the whole application; nothing is connected for it."""
    secret = base64.b64encode(bytes(32)).decode()
    app = create_app(build(Settings(database_url="postgresql://nowhere/x", secret_key=secret)))
    return [
        Case(method, path, handler.opt["rule"], bool(handler.opt.get("stranger")))
        for path, handler in handlers(app)
        for method in sorted(handler.http_methods)
    ]


TABLE = sorted(
    table(), key=str
)  # Litestar keeps a route's handlers in a set: workers must agree on the order
CHURCHES = [case for case in TABLE if case.template.startswith(CHURCH)]
CLOSED = [case for case in CHURCHES if not case.rule.anyone]
OPERATORS = [case for case in TABLE if case.template.startswith(f"{API}/operator/")]


async def ask(client: httpx.AsyncClient, case: Case, **headers: str) -> tuple[int, str]:
    """Ask without a body, so that only who asks decides; return status and code."""
    answer = await client.request(case.method, case.address, headers=headers)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.status_code < 500, answer.text
    found: Any = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    return answer.status_code, found.get("code", "") if isinstance(found, dict) else ""


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_the_table_is_whole() -> None:
    """Every route has a rule, belongs to a church, to health or to our pages, and those without a church are open."""
    assert len(CHURCHES) > 40
    assert len(CLOSED) > 25
    assert len(OPERATORS) > 3
    for case in TABLE:
        assert isinstance(case.rule, Rule)
        assert case in CHURCHES or case.rule.anyone, str(case)


@pytest.mark.parametrize("case", CLOSED, ids=str)
@on_module_loop
async def test_no_token(client: httpx.AsyncClient, case: Case) -> None:
    """Nobody gets 401, before the body is looked at."""
    assert (await ask(client, case))[0] == 401


@pytest.mark.parametrize("case", [case for case in OPERATORS if not case.stranger], ids=str)
@on_module_loop
async def test_operators(client: httpx.AsyncClient, people: People, case: Case) -> None:
    """What is for operators is for no church's owner, by token, key or cookie, and for nobody without a token."""
    assert (await ask(client, case))[0] == 401
    assert (await ask(client, case, **bearer(await people.token("grace", "owner"))))[0] == 401
    assert (await ask(client, case, cookie=f"__Host-narthex={await people.cookie('grace', 'owner')}"))[
        0
    ] == 401
    assert (await ask(client, case, origin="https://evil.example")) == (403, "bad_origin")


@pytest.mark.parametrize("case", CLOSED, ids=str)
@on_module_loop
async def test_bad_tokens(client: httpx.AsyncClient, case: Case) -> None:
    """A token or key that we never made gets 401, a foreign cookie is nobody's."""
    for proof in (bearer("x.y.z"), bearer("nx_nonsense"), {"cookie": "__Host-narthex=nonsense"}):
        assert (await ask(client, case, **proof))[0] == 401


@pytest.mark.parametrize("case", [case for case in CHURCHES if not case.stranger], ids=str)
@on_module_loop
async def test_other_church(client: httpx.AsyncClient, people: People, case: Case) -> None:
    """The owner of another church gets 404, on open routes too; their cookie is nobody's here."""
    assert await ask(client, case, **bearer(await people.token("hope", "owner"))) == (404, "not_found")
    status, _ = await ask(client, case, cookie=f"__Host-narthex={await people.cookie('hope', 'owner')}")
    assert status != 403
    assert case.rule.anyone or status == 401


@pytest.mark.parametrize("case", [case for case in CLOSED if refused(case.rule)], ids=str)
@on_module_loop
async def test_wrong_roles(client: httpx.AsyncClient, people: People, case: Case) -> None:
    """Each role that the rule does not name gets 403, before the body is looked at."""
    for role in refused(case.rule):
        assert await ask(client, case, **bearer(await people.token("grace", role))) == (403, "forbidden"), (
            role
        )


@pytest.mark.parametrize("case", CLOSED, ids=str)
@on_module_loop
async def test_right_roles(client: httpx.AsyncClient, people: People, case: Case) -> None:
    """Each role that the rule names is let in; what is said then is about the request."""
    for role in allowed(case.rule):
        status, code = await ask(client, case, **bearer(await people.token("grace", role)))
        if code == "session_ended":  # a token is no session of the console: its cookie is
            cookie = f"__Host-narthex={await people.cookie('grace', role)}"
            status, code = await ask(client, case, cookie=cookie)
        assert status != 401, role
        assert code != "forbidden", role


@pytest.mark.parametrize("case", CLOSED, ids=str)
@on_module_loop
async def test_keys_need_their_scope(client: httpx.AsyncClient, people: People, case: Case) -> None:
    """An API key gets in by the scope that the rule names, and by no other."""
    scope = people.scopes["grace"]
    other = "audit:read" if case.rule.api_scope != "audit:read" else "auth:read"
    _, text = await people.wiring.keys.create(scope, name="other", scopes=frozenset({other}))
    assert await ask(client, case, **bearer(text)) == (403, "forbidden")
    if case.rule.api_scope:
        _, text = await people.wiring.keys.create(
            scope, name="right", scopes=frozenset({case.rule.api_scope})
        )
        assert (await ask(client, case, **bearer(text)))[1] != "forbidden"


@pytest.mark.parametrize("case", [case for case in CLOSED if case.method in UNSAFE], ids=str)
@on_module_loop
async def test_cookie_alone_changes_nothing(client: httpx.AsyncClient, people: People, case: Case) -> None:
    """A console cookie without its CSRF token gets 403 on everything that may change something."""
    proof = f"__Host-narthex={await people.cookie('grace', 'owner')}"
    assert await ask(client, case, cookie=proof) == (403, "csrf")
    status, code = await ask(client, case, **{"cookie": proof, "x-csrf-token": "wrong"})
    assert (status, code) == (403, "csrf")


@pytest.mark.parametrize("case", CHURCHES, ids=str)
@on_module_loop
async def test_no_such_church(client: httpx.AsyncClient, case: Case) -> None:
    """No route says anything about a church that does not exist."""
    missing = msgspec.structs.replace(case, template=case.template.replace("{church}", "nobody"))
    assert await ask(client, missing) == (404, "no_such_church")


def test_roles_and_scopes_of_the_house() -> None:
    """The roles tried here are all there are, and each scope that a rule names can be given to a key."""
    assert {role for case in TABLE for role in case.rule.roles} <= set(ROLES)
    assert {case.rule.api_scope for case in TABLE if case.rule.api_scope} <= SCOPES
