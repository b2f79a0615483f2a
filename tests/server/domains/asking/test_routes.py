"""Asking and tending over HTTP, as a browser and as an attacker see it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from server.kit.scope import Scope
from server.web.app import create_app
from server.wiring import Wiring

API = "/api/v1/grace"
PASSWORD = "a long walk by the lake"
ASK = {"body": "My knee", "visibility": "wall", "wall_consent": True}


@pytest.fixture
async def client(wiring: Wiring, system: Scope) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of an installation with one owner and one member."""
    for name, role in (("anna", "owner"), ("mo", "member")):
        await wiring.accounts.create(
            system, email=f"{name}@grace.example", name=name, password=PASSWORD, roles=frozenset({role})
        )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    transport = httpx.ASGITransport(
        app=create_app(wiring), raise_app_exceptions=False, client=("192.0.2.77", 1)
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


async def signed_in(client: httpx.AsyncClient, name: str = "anna") -> dict[str, str]:
    """Return the headers of somebody."""
    body = {"email": f"{name}@grace.example", "password": PASSWORD}
    answer = await client.post(f"{API}/auth/sign-in", json=body)
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


async def asked(client: httpx.AsyncClient, **more: Any) -> tuple[str, dict[str, str]]:
    """Ask as nobody; return the address of the request and the header that opens it."""
    answer = await client.post(f"{API}/prayers", json=ASK | more)
    assert answer.status_code == 201, answer.text
    found = answer.json()
    return f"{API}/prayers/{found['id']}", {"x-prayer-link": found["link"].rpartition(".")[2]}


async def test_a_request_from_asking_to_answered(client: httpx.AsyncClient) -> None:
    """Nobody asks without a token; the team reads, words and approves; the link opens what became of it."""
    at, link = await asked(client)
    team = await signed_in(client)
    assert (await client.get(at)).status_code == 401
    assert [one["body"] for one in (await client.get(f"{API}/prayers", headers=team)).json()["items"]] == [
        "My knee"
    ]
    wording = {"version": 1, "public_body": "A knee"}
    worded = (await client.patch(at, headers=team, json=wording)).json()
    approval = {"verdict": "approve", "version": worded["version"]}
    assert (await client.post(f"{at}/decide", headers=team, json=approval)).json()["state"] == "approved"
    added = await client.post(f"{at}/updates", headers=link, json={"body": "Better"})
    assert (added.status_code, added.json()["state"]) == (201, "held")
    answer = await client.post(f"{at}/answered", headers=link, json={})
    assert (answer.status_code, answer.json()["state"]) == (200, "answered")
    own = (await client.get(f"{at}/own", headers=link)).json()
    assert (own["body"], own["public_body"], own["state"]) == ("My knee", "A knee", "answered")
    assert (await client.post(f"{at}/withdraw", headers=link)).json()["state"] == "withdrawn"


@pytest.mark.parametrize("link", [None, "x" * 43, "short", "x" * 101])
async def test_another_link_opens_nothing(client: httpx.AsyncClient, link: str | None) -> None:
    """None, a made-up one, and what no link looks like; the same for a request that is not there."""
    at, _ = await asked(client)
    headers = {} if link is None else {"x-prayer-link": link}
    status = {None: 401, "x" * 43: 403}.get(link, 400)
    for place in (at, f"{API}/prayers/01981f3e-8a51-4cc2-b1a4-5f2f4f6d9a10"):
        for method, path in (("GET", "own"), ("PATCH", "own"), ("POST", "withdraw"), ("POST", "renew")):
            body: Any = {"urgent": True} if method == "PATCH" else None
            answer = await client.request(method, f"{place}/{path}", headers=headers, json=body)
            assert answer.status_code == status, (path, answer.text)


async def test_a_changed_request_comes_with_the_refusal(client: httpx.AsyncClient) -> None:
    """409 `changed` carries the new words, so that the screen shows them."""
    at, link = await asked(client)
    await client.patch(f"{at}/own", headers=link, json={"body": "My hip"})
    team = await signed_in(client)
    answer = await client.post(f"{at}/decide", headers=team, json={"verdict": "approve", "version": 1})
    found = answer.json()
    assert (answer.status_code, found["code"]) == (409, "changed")
    assert (found["extra"]["request"]["body"], found["extra"]["request"]["version"]) == ("My hip", 2)
    again = {"verdict": "approve", "version": 2}
    assert (await client.post(f"{at}/decide", headers=team, json=again)).status_code == 200
    twice = await client.post(f"{at}/decide", headers=team, json=again)
    assert (twice.status_code, twice.json()["code"], "extra" in twice.json()) == (
        409,
        "already_decided",
        False,
    )


async def test_a_language_with_a_line_end(client: httpx.AsyncClient) -> None:
    """It is named as the client's mistake, and is no fault of ours."""
    answer = await client.post(f"{API}/prayers", json=ASK | {"language": "en\n"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/language"


async def test_no_key_of_a_request_remembers_who_sent_it(
    client: httpx.AsyncClient, wiring: Wiring, system: Scope
) -> None:
    """A signed-in person who asks to be nobody sends an Idempotency-Key: no row is made of it."""
    me = await signed_in(client, "mo")
    answer = await client.post(
        f"{API}/prayers", json=ASK | {"anonymous": True}, headers=me | {"idempotency-key": "k" * 20}
    )
    found = answer.json()
    link = {"x-prayer-link": found["link"].rpartition(".")[2], "idempotency-key": "l" * 20}
    await client.patch(f"{API}/prayers/{found['id']}/own", json={"urgent": True}, headers=me | link)
    async with wiring.database.transaction(system, readonly=True) as tx:
        assert await tx.connection.fetchval("select count(*) from idempotency_keys") == 0
    mine = await client.get(f"{API}/prayers/mine", headers=me)
    assert mine.json()["items"] == []


async def test_no_line_of_the_log_tells_who_asked(
    client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither address, device, words, token nor ids stand in the line of a request."""
    me = await signed_in(client, "mo")
    headers = me | {"user-agent": "NokiaBrowser"}
    answer = await client.post(f"{API}/prayers", json=ASK | {"anonymous": True}, headers=headers)
    found = answer.json()
    link = {"x-prayer-link": found["link"].rpartition(".")[2]}
    await client.get(f"{API}/prayers/{found['id']}/own", headers=headers | link)
    lines = capsys.readouterr().out
    assert "/prayers/{request_id}/own" in lines
    for word in ("192.0.2.77", "NokiaBrowser", "knee", link["x-prayer-link"], found["id"]):
        assert word not in lines


async def test_words_beyond_the_bound_name_field_and_limit(client: httpx.AsyncClient) -> None:
    """5,001 characters are refused with the limit, 5,000 are taken; unknown fields are refused."""
    answer = await client.post(f"{API}/prayers", json=ASK | {"body": "a" * 5_001})
    (wrong,) = answer.json()["errors"]
    assert (answer.status_code, wrong["pointer"], wrong["limit"]) == (400, "/body", 5_000)
    assert (await client.post(f"{API}/prayers", json=ASK | {"body": "a" * 5_000})).status_code == 201
    assert (await client.post(f"{API}/prayers", json=ASK | {"state": "approved"})).status_code == 400
    assert (await client.post(f"{API}/prayers", json=ASK | {"asker_id": "x"})).status_code == 400


async def test_settings_are_set_over_a_version(client: httpx.AsyncClient) -> None:
    """The ETag of what was read goes back in If-Match; an older one is refused."""
    owner = await signed_in(client)
    read = await client.get(f"{API}/prayers/settings", headers=owner)
    assert read.json()["expires_days"] == 30
    match = owner | {"if-match": read.headers["etag"]}
    written = await client.put(f"{API}/prayers/settings", headers=match, json={"expires_days": 7})
    assert (written.status_code, written.headers["etag"][:3]) == (200, '"v2')
    assert (await client.put(f"{API}/prayers/settings", headers=match, json={})).status_code == 412
    assert (
        await client.put(f"{API}/prayers/settings", headers=owner, json={"expires_days": 0})
    ).status_code == 400
    assert (await client.get(f"{API}/prayers/settings", headers=owner)).json()["expires_days"] == 7


async def test_lists_figures_and_envelopes(client: httpx.AsyncClient) -> None:
    """The team's pages answer; pages go on where they ended; an envelope opens for a reason."""
    team = await signed_in(client)
    for body in ("one", "two", "three"):
        at, _ = await asked(client, body=body, anonymous=True, name="Ruth")
    first = (await client.get(f"{API}/prayers?limit=2&state=held&q=one or two or three", headers=team)).json()
    rest = (await client.get(f"{API}/prayers?limit=2&after={first['next']}", headers=team)).json()
    assert [one["body"] for one in (*first["items"], *rest["items"])] == ["three", "two", "one"]
    assert rest["next"] is None
    assert (await client.get(f"{API}/prayers/week", headers=team)).json()["asked"] == 3
    assert (await client.get(f"{API}/prayers/list", headers=team)).json() == []
    assert (await client.get(f"{at}/flags", headers=team)).json() == []
    short = await client.post(f"{at}/unseal", headers=team, json={"reason": "why not"})
    assert short.status_code == 400
    opened = await client.post(f"{at}/unseal", headers=team, json={"reason": "Asked to be called"})
    assert opened.json() == {"person": None, "kind": "anonymous", "name": "Ruth", "email": ""}
    assert (await client.post(f"{at}/archive", headers=team)).json()["code"] == "wrong_state"


async def test_what_stands_below_is_taken_down(
    client: httpx.AsyncClient, wiring: Wiring, system: Scope
) -> None:
    """The team sees what stands below a request, and takes it down once; a member does neither."""
    at, link = await asked(client)
    team, member = await signed_in(client), await signed_in(client, "mo")
    await client.post(f"{at}/decide", headers=team, json={"verdict": "approve", "version": 1})
    await client.post(f"{at}/updates", headers=link, json={"body": "We wait for the doctor"})
    assert (await client.get(f"{at}/replies", headers=team)).json() == []
    (waiting,) = (await client.get(f"{at}/own", headers=link)).json()["replies"]
    async with wiring.database.transaction(system) as tx:
        await wiring.replies.decide(tx, UUID(waiting["id"]), 1, posted=True)
    (reply,) = (await client.get(f"{at}/replies", headers=team)).json()
    assert (reply["kind"], reply["body"]) == ("update", "We wait for the doctor")
    below = f"{API}/prayers/replies/{reply['id']}"
    assert (await client.delete(below, headers=member)).status_code == 403
    assert (await client.get(f"{at}/replies", headers=member)).status_code == 403
    assert (await client.delete(below, headers=team)).status_code == 204
    assert (await client.delete(below, headers=team)).json()["code"] == "already_decided"
    assert (await client.delete(f"{API}/prayers/replies/{UUID(int=9)}", headers=team)).status_code == 404
    assert (await client.get(f"{at}/replies", headers=team)).json() == []
    assert "replies" not in (await client.get(f"{API}/wall")).json()["items"][0]
