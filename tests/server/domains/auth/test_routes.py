"""Signing in over HTTP, as a browser and as an attacker see it."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import psycopg
import pytest

from server.domains.rooms.models import Room
from server.kit.scope import Scope
from server.settings import Settings
from server.web.app import create_app, handlers
from server.wiring import Wiring
from tests.server.domains.voices import guest, id_of, person, send

PASSWORD = "a long walk by the lake"
API = "/api/v1/grace"
ANNA = {"email": "anna@grace.example", "password": PASSWORD}


@pytest.fixture
async def client(wiring: Wiring, system: Scope) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client without cookies of its own, of an installation with one owner."""
    await wiring.accounts.create(
        system, email="anna@grace.example", name="Anna", password=PASSWORD, roles=frozenset({"owner"})
    )
    transport = httpx.ASGITransport(app=create_app(wiring), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"authorization": f"Bearer {tokens['access_token']}"}


async def tokens(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.post(f"{API}/auth/sign-in", json=ANNA)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_tokens_and_me(client: httpx.AsyncClient) -> None:
    """Signing in gives tokens that say who is asking; nothing of it may be stored by a cache."""
    answer = await client.post(f"{API}/auth/sign-in", json=ANNA)
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    found = answer.json()
    assert (found["token_type"], found["expires_in"]) == ("Bearer", 600)
    me = await client.get(f"{API}/auth/me", headers=bearer(found))
    assert me.json()["roles"] == ["member", "owner"]
    assert me.json()["id"] == found["id"]


async def test_refresh_and_sign_out(client: httpx.AsyncClient) -> None:
    """Tokens are refreshed and ended."""
    first = await tokens(client)
    answer = await client.post(f"{API}/auth/refresh", json={"refresh_token": first["refresh_token"]})
    second = answer.json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (await client.post(f"{API}/auth/sign-out", headers=bearer(second))).status_code == 204
    answer = await client.get(f"{API}/auth/me", headers=bearer(second))
    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")
    answer = await client.post(f"{API}/auth/refresh", json={"refresh_token": second["refresh_token"]})
    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")


async def test_console_cookie(client: httpx.AsyncClient) -> None:
    """The cookie is out of reach of scripts, subdomains and other sites; writing takes the CSRF token."""
    answer = await client.post(f"{API}/auth/console/sign-in", json=ANNA)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["person"]["name"], body["church"]["slug"]) == ("Anna", "grace")
    assert set(body["person"]) == {"id", "name", "roles"}
    header = answer.headers["set-cookie"]
    name, _, rest = header.partition("=")
    value, _, flags = rest.partition(";")
    assert name == "__Host-narthex"
    kept = {flag.strip().lower().partition("=")[0] for flag in flags.split(";")}
    assert {"secure", "httponly", "path", "samesite", "max-age"} <= kept
    assert "domain" not in kept
    assert "samesite=strict" in flags.lower()
    assert "path=/" in flags.lower()
    cookie = {"cookie": f"__Host-narthex={value}"}
    session = await client.get(f"{API}/auth/console/session", headers=cookie)
    assert session.json() == body
    refused = await client.post(f"{API}/auth/console/sign-out", headers=cookie)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    csrf = {**cookie, "x-csrf-token": body["csrf"]}
    socket = await client.post(f"{API}/auth/socket", headers=csrf)
    assert 0 < socket.json()["expires_in"] <= 300
    out = await client.post(f"{API}/auth/console/sign-out", headers=csrf)
    assert out.status_code == 204
    assert "max-age=0" in out.headers["set-cookie"].lower()
    assert (await client.get(f"{API}/auth/console/session", headers=cookie)).status_code == 401


async def test_another_sites_page_cannot_sign_in(client: httpx.AsyncClient) -> None:
    """A page of another site can neither sign a visitor in nor out."""
    evil = {"origin": "https://evil.example"}
    for path in ("console/sign-in", "sign-in", "guest", "refresh"):
        answer = await client.post(f"{API}/auth/{path}", json=ANNA, headers=evil)
        assert (answer.status_code, answer.json()["code"]) == (403, "bad_origin")
    form = await client.post(
        f"{API}/auth/console/sign-in",
        content=b'{"email":"anna@grace.example","password":"x","a":"="}',
        headers={"content-type": "text/plain"},
    )
    assert form.status_code == 415


async def test_stale_proof_is_not_in_the_way(client: httpx.AsyncClient) -> None:
    """Signing in works beside an old cookie or an expired token, of this church or another."""
    given = (await client.post(f"{API}/auth/console/sign-in", json=ANNA)).headers["set-cookie"]
    cookie = given.partition(";")[0]
    for headers in ({"cookie": cookie}, {"cookie": "__Host-narthex=x"}, {"authorization": "Bearer x.y.z"}):
        answer = await client.post(f"{API}/auth/console/sign-in", json=ANNA, headers=headers)
        assert answer.status_code == 200


async def test_guest_over_http(client: httpx.AsyncClient) -> None:
    """A guest gets tokens, is renamed, and may not do what members do."""
    wish = {"nickname": "Ruth", "consent": "2026-01", "site": "www.grace.example"}
    answer = await client.post(f"{API}/auth/guest", json=wish)
    assert answer.status_code == 201
    headers = bearer(answer.json())
    assert (await client.get(f"{API}/auth/me", headers=headers)).json()["kind"] == "guest"
    renamed = await client.patch(f"{API}/guests/me", json={"nickname": "Naomi"}, headers=headers)
    assert renamed.json()["nickname"] == "Naomi"
    for path in ("accounts", "accounts/me", "sessions", "audit", "keys/api"):
        assert (await client.get(f"{API}/{path}", headers=headers)).status_code == 403


async def test_secret_answers_are_not_kept(client: httpx.AsyncClient, settings: Settings) -> None:
    """An Idempotency-Key keeps no answer that holds tokens: asked again, it is done again."""
    headers = {"idempotency-key": "same"}
    first = await client.post(f"{API}/auth/sign-in", json=ANNA, headers=headers)
    second = await client.post(f"{API}/auth/sign-in", json=ANNA, headers=headers)
    assert first.json()["access_token"] != second.json()["access_token"]
    with psycopg.connect(settings.owner_url) as owner:
        row = owner.execute("select count(*) from church_gggggggggggggggg.idempotency_keys").fetchone()
    assert row == (0,)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({**ANNA, "roles": ["owner"]}, "/roles"),
        ({"email": "anna@grace.example"}, "/password"),
        ({**ANNA, "email": "x" * 300}, "/email"),
        ({**ANNA, "password": "x" * 2000}, "/password"),
        ({**ANNA, "totp": "1"}, "/totp"),
        ({**ANNA, "email": None}, "/email"),
        ({**ANNA, "email": ["anna@grace.example"]}, "/email"),
        ({**ANNA, "password": {"$ne": ""}}, "/password"),
    ],
)
async def test_bad_bodies_name_the_field(
    client: httpx.AsyncClient, body: dict[str, Any], pointer: str
) -> None:
    """Unknown fields, wrong types and lengths are refused by name, before a password is looked at."""
    answer = await client.post(f"{API}/auth/sign-in", json=body)
    assert answer.status_code == 400
    assert pointer in [error["pointer"] for error in answer.json()["errors"]], answer.text


async def test_links_answer_alike(client: httpx.AsyncClient) -> None:
    """Asking for an account or a password answers the same for known and unknown addresses."""
    for path in ("register", "forgot"):
        answers = [
            await client.post(f"{API}/links/{path}", json={"email": email})
            for email in ("anna@grace.example", "nobody@grace.example")
        ]
        assert [answer.status_code for answer in answers] == [202, 202]
        assert answers[0].content == answers[1].content


async def test_people_keys_and_history(client: httpx.AsyncClient) -> None:
    """What an owner sees of accounts, invitations, keys, sessions and the history."""
    headers = bearer(await tokens(client))
    me = (await client.get(f"{API}/accounts/me", headers=headers)).json()
    assert "password_hash" not in me
    invitation = await client.post(
        f"{API}/links/invitations", json={"email": "b@grace.example", "roles": ["moderator"]}, headers=headers
    )
    assert invitation.status_code == 201
    assert "token" not in invitation.text
    key = await client.post(
        f"{API}/keys/api", json={"name": "Screen", "scopes": ["audit:read"]}, headers=headers
    )
    assert key.status_code == 201
    listed = (await client.get(f"{API}/keys/api", headers=headers)).json()
    assert "text" not in listed["items"][0]
    history = await client.get(
        f"{API}/audit?limit=2", headers={"authorization": f"Bearer {key.json()['text']}"}
    )
    page = history.json()
    assert [entry["action"] for entry in page["items"]] == ["keys.api_key_made", "links.invited"]
    rest = (await client.get(f"{API}/audit?after={page['next']}", headers=headers)).json()
    assert [entry["action"] for entry in rest["items"]] == ["auth.signed_in", "accounts.opened"]
    verdict = (await client.get(f"{API}/audit/verify", headers=headers)).json()
    assert (verdict["intact"], verdict["entries"]) == (True, 4)
    sessions = (await client.get(f"{API}/sessions", headers=headers)).json()["items"]
    assert [session["current"] for session in sessions] == [True]
    assert (await client.get(f"{API}/factors", headers=headers)).json() == {
        "totp": False,
        "recovery_codes": 0,
    }
    roles = await client.put(f"{API}/accounts/{me['id']}/roles", json={"roles": ["admin"]}, headers=headers)
    assert (roles.status_code, roles.json()["code"]) == (409, "last_owner")


async def test_slow_down_says_when(client: httpx.AsyncClient) -> None:
    """After ten wrong passwords the answer is 429 with the seconds to wait."""
    for _ in range(10):
        answer = await client.post(f"{API}/auth/sign-in", json={**ANNA, "password": "wrong"})
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_credentials")
    answer = await client.post(f"{API}/auth/sign-in", json=ANNA)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 900


async def test_a_banned_address_lets_staff_sign_in(
    client: httpx.AsyncClient, wiring: Wiring, system: Scope, room: Room
) -> None:
    """A troll's ban on the church's own network keeps guests and members out there, and nobody from signing in."""
    troll = guest(system, "Troll", address="127.0.0.1")
    await send(wiring, troll, room)
    await wiring.accounts.create(
        system, email="ben@grace.example", name="Ben", password=PASSWORD, roles=frozenset({"member"})
    )
    first = await tokens(client)
    await wiring.safety.ban(person(system, "Ann", "moderator"), id_of(troll), "Troll", kinds=("address",))
    # who is nobody yet is told to sign in, not that they are banned: the console asks this first
    nobody = await client.get(f"{API}/auth/console/session")
    assert (nobody.status_code, nobody.json()["code"]) == (401, "unauthenticated")
    answer = await client.post(f"{API}/auth/console/sign-in", json=ANNA)
    assert answer.status_code == 200, answer.text
    cookie = {"cookie": answer.headers["set-cookie"].partition(";")[0]}
    assert (await client.get(f"{API}/auth/console/session", headers=cookie)).status_code == 200
    answer = await client.post(f"{API}/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert answer.status_code == 200, answer.text
    assert (await client.get(f"{API}/auth/me", headers=bearer(answer.json()))).status_code == 200
    forgot = await client.post(f"{API}/links/forgot", json={"email": ANNA["email"]})
    assert forgot.status_code == 202, forgot.text
    look = await client.post(f"{API}/links/look", json={"kind": "reset", "token": "x" * 43})
    assert look.json()["code"] != "banned"
    newcomer = {"nickname": "Again", "consent": "2026-01", "site": "", "locale": "en"}
    answer = await client.post(f"{API}/auth/guest", json=newcomer)
    assert (answer.status_code, answer.json()["code"]) == (403, "banned")
    # who has signed in is judged by who they are: a member is no host
    answer = await client.post(f"{API}/auth/sign-in", json={**ANNA, "email": "ben@grace.example"})
    assert answer.status_code == 200, answer.text
    answer = await client.get(f"{API}/auth/me", headers=bearer(answer.json()))
    assert (answer.status_code, answer.json()["code"]) == (403, "banned")


async def test_every_way_in_says_whether_bans_are_asked(wiring: Wiring) -> None:
    """Only who becomes a guest without any proof is judged by device and address before they are anybody."""
    judged = {
        path
        for path, handler in handlers(create_app(wiring))
        if handler.opt.get("stranger") and handler.opt.get("judged")
    }
    assert judged == {"/api/v1/{church}/auth/guest"}


@pytest.mark.parametrize("kid", ["a\x00b", "\x00", "a\x7fb", "a b", "\u00e9", "\ud800", "x" * 101, ""])
async def test_a_kid_that_no_key_can_have(client: httpx.AsyncClient, kid: str) -> None:
    """A website's token whose kid is no kid is refused, before the database is asked for it."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": "EdDSA", "kid": kid}).encode()).rstrip(b"=").decode()
    answer = await client.post(f"{API}/auth/identity", json={"token": f"{header}.e30.AAAA"})
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_identity"), answer.text
