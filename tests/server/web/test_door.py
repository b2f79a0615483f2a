"""server.web.door: churches, sites, proofs, and requests made again."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from server.kit import idempotency
from server.kit.logs import Exchange
from server.settings import Settings
from server.web.door import BadOrigin, check_origin, origin_of, proof_of
from server.wiring import Wiring
from tests.server.web.sample import Doorman

on_module_loop = pytest.mark.asyncio(loop_scope="module")
GRACE, HOPE = "g" * 16, "h" * 16
OWNER = {"authorization": f"Bearer owner@{GRACE}"}
NOTES = "/api/v1/grace/notes"


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@on_module_loop
@pytest.mark.parametrize(
    "slug",
    [
        "nobody",
        "..",
        "public",
        "pg_catalog",
        "x" * 64,
        "Grace",
        "grâce",
        "grace%00",
        "%2e%2e",
        "g" * 16,
        "a_b",
    ],
)
async def test_no_such_church(client: httpx.AsyncClient, slug: str) -> None:
    """Whatever is no church's name is 404, with nothing in the answer that it was asked with."""
    answer = await client.get(f"/api/v1/{slug}/notes", headers=OWNER)
    assert code(answer) in [(404, "no_such_church"), (404, "not_found")]


@on_module_loop
async def test_old_slug_is_an_alias(client: httpx.AsyncClient, settings: Settings) -> None:
    """A slug that a church once had still finds it; the answer names its present one."""
    with psycopg.connect(settings.owner_url, autocommit=True) as connection:
        connection.execute(
            "insert into control.tenant_slugs (slug, tenant_id) values ('old-grace', %s)", (GRACE,)
        )
    assert (await client.get("/api/v1/old-grace")).json()["slug"] == "grace"


@on_module_loop
async def test_suspended_church(client: httpx.AsyncClient, wiring: Wiring) -> None:
    """A suspended church says so to the public, refuses everything else with 503, and comes back."""
    await wiring.tenants.suspend("hope")
    try:
        assert (await client.get("/api/v1/hope")).json()["status"] == "suspended"
        answer = await client.get("/api/v1/hope/notes", headers={"authorization": f"Bearer owner@{HOPE}"})
        assert code(answer) == (503, "church_suspended")
    finally:
        await wiring.tenants.resume("hope")
    assert (
        await client.get("/api/v1/hope/notes", headers={"authorization": f"Bearer owner@{HOPE}"})
    ).status_code == 200


@on_module_loop
async def test_own_domain_shows_its_own_church(client: httpx.AsyncClient, settings: Settings) -> None:
    """At a church's own verified domain no other church is found; a domain that is not verified decides nothing."""
    with psycopg.connect(settings.owner_url, autocommit=True) as connection:
        connection.execute(
            "insert into control.tenant_domains (host, tenant_id, verified_at) values"
            " ('www.grace.example', %s, now()), ('www.unproven.example', %s, null)",
            (GRACE, GRACE),
        )
    hope = "/api/v1/hope"
    assert (await client.get("/api/v1/grace", headers={"host": "www.grace.example"})).status_code == 200
    for host in ("www.grace.example", "WWW.Grace.Example:8000", "www.grace.example."):
        assert code(await client.get(hope, headers={"host": host})) == (404, "wrong_host"), host
    for host in ("www.unproven.example", "127.0.0.1:8000", "[::1]:8000", "localhost"):
        assert (await client.get(hope, headers={"host": host})).status_code == 200, host


class Shelf:
    """A table of a church that a migration changes while statements on it are prepared."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.owner_url
        self._columns = 1
        self.run(f"create table church_{GRACE}.shelf (a int)")
        self.run(f"grant select, insert on church_{GRACE}.shelf to church_{GRACE}")
        self.run(f"insert into church_{GRACE}.shelf values (7)")

    def run(self, statement: str) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def migrate(self) -> None:
        """Add a column, which changes what a prepared `select *` returns."""
        self._columns += 1
        self.run(f"alter table church_{GRACE}.shelf add column c{self._columns} int default 8")

    def drop(self) -> None:
        self.run(f"drop table church_{GRACE}.shelf")


@pytest.fixture
def table(settings: Settings) -> Iterator[Shelf]:
    shelf = Shelf(settings)
    yield shelf
    shelf.drop()


@on_module_loop
async def test_a_migration_meanwhile_is_not_noticed(client: httpx.AsyncClient, table: Shelf) -> None:
    """A statement that was prepared before a column came makes its transaction fail; it is tried again, once."""
    for expected in ({"a": 7}, {"a": 7, "c2": 8}, {"a": 7, "c2": 8, "c3": 8}):
        answer = await client.get("/api/v1/grace/shelf")
        assert (answer.status_code, answer.json()) == (200, expected)
        table.migrate()


@on_module_loop
@pytest.mark.parametrize("headers", [{}, {"idempotency-key": "shelf-1"}])
async def test_a_write_that_failed_so_is_done_once(
    client: httpx.AsyncClient, table: Shelf, headers: dict[str, str]
) -> None:
    """What was written in the failed transaction is rolled back before it is tried again, body and all."""
    shelf = "/api/v1/grace/shelf"
    assert (await client.get(shelf)).status_code == 200
    table.migrate()
    answer = await client.post(shelf, json={"text": "one"}, headers={**OWNER, **headers})
    assert (answer.status_code, answer.json()) == (201, {"count": 2})


@on_module_loop
async def test_what_is_partly_written_is_not_tried_again(client: httpx.AsyncClient, table: Shelf) -> None:
    """A request that has committed something is told to come again: only its sender knows whether that is right."""
    shelf = "/api/v1/grace/shelf"
    assert (await client.get(shelf)).status_code == 200
    table.migrate()
    assert code(await client.post(shelf, json={"text": "two"}, headers=OWNER)) == (503, "unavailable")
    assert (await client.post(shelf, json={"text": ""}, headers=OWNER)).status_code == 400
    assert (await client.post(shelf, json={"text": "none"}, headers=OWNER)).json() == {"count": 2}


@on_module_loop
async def test_a_church_may_have_limits_of_its_own(client: httpx.AsyncClient, wiring: Wiring) -> None:
    """What is set for one church counts there, and nowhere else."""
    await wiring.tenants.set_limits("hope", {"person_per_minute": 3})
    try:
        people = {
            church: {"authorization": f"Bearer member@{id}"}
            for church, id in (("grace", GRACE), ("hope", HOPE))
        }
        found = {
            church: [
                (await client.get(f"/api/v1/{church}/notes", headers=headers)).status_code for _ in range(4)
            ]
            for church, headers in people.items()
        }
    finally:
        await wiring.tenants.set_limits("hope", {})
    assert found["hope"][-1] == 429
    assert 429 not in found["grace"]


@on_module_loop
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://127.0.0.1:8000.evil.example",
        "http://127.0.0.1:8001",
        "http://127.0.0.1",
        "https://127.0.0.1:8000",
        "http://user@127.0.0.1:8000",
        "http://xn--127-0-0-1.example:8000",
        "//127.0.0.1:9",
        "file://",
        "garbage",
        "",
    ],
)
async def test_another_website_is_refused(client: httpx.AsyncClient, origin: str) -> None:
    """What a browser sends from another site, port, scheme or suffix is refused, before anything is looked up."""
    answer = await client.post(NOTES, json={"text": "x"}, headers={**OWNER, "origin": origin})
    assert code(answer) == (403, "bad_origin")


@pytest.mark.parametrize("origin", ["https://narthex.example:8000", "https://NARTHEX.example:8000"])
def test_our_own_page_may_ask(origin: str) -> None:
    """Our own page's Origin is the host that was asked, over the scheme that people reach us by."""
    assert check_origin(origin, "narthex.example:8000", "https")


def test_a_program_names_no_origin() -> None:
    """Whoever names none is no browser, or reads from our own page."""
    assert not check_origin(None, "narthex.example:8000", "https")


@pytest.mark.parametrize("scheme", ["http", "ftp", "chrome-extension"])
def test_other_schemes_are_other_sites(scheme: str) -> None:
    """A plain-http page under our host's name may be anybody's on the way; an extension is no page of ours either."""
    with pytest.raises(BadOrigin):
        check_origin(f"{scheme}://narthex.example:8000", "narthex.example:8000", "https")


@on_module_loop
async def test_proofs(client: httpx.AsyncClient, doorman: Doorman) -> None:
    """Tokens, keys, cookie and CSRF token reach the auth slice, each in its own place."""
    await client.post(
        NOTES,
        json={"text": "x"},
        headers={**OWNER, "cookie": "a=b; __Host-narthex=c00kie; x=__Host-narthex", "x-csrf-token": "csrf"},
    )
    proof = doorman.proofs[-1]
    assert (proof.bearer, proof.api_key, proof.console, proof.csrf, proof.unsafe) == (
        f"owner@{GRACE}",
        None,
        "c00kie",
        "csrf",
        True,
    )


def test_reading_proofs() -> None:
    """A key is told from a token by its beginning, a read from a write by its method."""
    assert proof_of({"authorization": "bearer nx_abc"}, "GET").api_key == "nx_abc"
    assert proof_of({"authorization": "Bearer  tok"}, "GET").bearer == "tok"
    assert proof_of({}, "GET").unsafe is False
    assert all(proof_of({}, method).unsafe for method in ("POST", "PUT", "PATCH", "DELETE"))


@on_module_loop
@pytest.mark.parametrize("header", ["Basic b3duZXI6eA==", "Bearer", "Bearer ", "owner"])
async def test_other_ways_to_sign_in(client: httpx.AsyncClient, header: str) -> None:
    """Another scheme than Bearer is 401 with a sentence that says how."""
    answer = await client.get(NOTES, headers={"authorization": header})
    assert code(answer) == (401, "unauthenticated")
    assert "Bearer" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("header", "locale"),
    [("es-MX,es;q=0.9", "es-MX"), ("", "en"), ("*", "en"), ("<b>", "en"), ("x" * 40, "en"), ("de;q=1", "de")],
)
def test_language(header: str, locale: str) -> None:
    """The first language is kept when it looks like one."""
    exchange = Exchange("id", "10.0.0.1")
    assert origin_of({"accept-language": header, "user-agent": "x" * 300}, exchange).locale == locale
    assert len(origin_of({"user-agent": "x" * 300}, exchange).device) == 200


@on_module_loop
async def test_roles(client: httpx.AsyncClient) -> None:
    """No token is 401, another church's 404, a wrong role 403; in this order, before the body."""
    path = f"{NOTES}/{uuid4()}"
    send = {"content": b"[[", "headers": {"content-type": "application/json"}}

    async def put(token: str | None) -> tuple[int, str]:
        headers = {
            "content-type": "application/json",
            **({"authorization": f"Bearer {token}"} if token else {}),
        }
        return code(await client.put(path, content=send["content"], headers=headers))

    assert await put(None) == (401, "unauthenticated")
    assert await put("nobody") == (401, "unauthenticated")
    assert await put(f"owner@{HOPE}") == (404, "not_found")
    assert await put(f"member@{GRACE}") == (403, "forbidden")
    assert await put(f"owner@{GRACE}") == (400, "invalid")


async def written(settings: Settings, text: str) -> int:
    """Count what the sample wrote with this text."""
    with psycopg.connect(settings.admin_url) as connection:
        row = connection.execute(
            f"select count(*) from church_{GRACE}.topics where name like %s", (f"note:%:{text}",)
        ).fetchone()
    assert row is not None
    return int(row[0])


@on_module_loop
async def test_asked_twice_done_once(client: httpx.AsyncClient, settings: Settings) -> None:
    """The same request with the same key is done once and answered alike."""
    headers = {**OWNER, "idempotency-key": "one two three"}
    first = await client.post(NOTES, json={"text": "once"}, headers=headers)
    again = await client.post(NOTES, json={"text": "once"}, headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert first.headers["etag"] == again.headers["etag"] == '"v1"'
    assert await written(settings, "once") == 1


@on_module_loop
async def test_one_key_for_two_requests(client: httpx.AsyncClient) -> None:
    """A key that was used for another request is refused: another body, address or query."""
    headers = {**OWNER, "idempotency-key": str(uuid4())}
    assert (await client.post(NOTES, json={"text": "first"}, headers=headers)).status_code == 201
    assert code(await client.post(NOTES, json={"text": "second"}, headers=headers)) == (
        409,
        "idempotency_mismatch",
    )
    other = await client.post(f"{NOTES}?x=1", json={"text": "first"}, headers=headers)
    assert code(other) == (409, "idempotency_mismatch")


@on_module_loop
async def test_keys_are_each_one_s_own(client: httpx.AsyncClient, settings: Settings) -> None:
    """Two people, or two churches, may choose the same key."""
    key = {"idempotency-key": str(uuid4())}
    tokens = [("grace", f"owner@{GRACE}"), ("grace", f"member@{GRACE}"), ("hope", f"owner@{HOPE}")]
    for church, token in tokens:
        answer = await client.post(
            f"/api/v1/{church}/notes",
            json={"text": "shared key"},
            headers={**key, "authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 201
        assert "idempotency-replayed" not in answer.headers
    assert await written(settings, "shared key") == 2


@on_module_loop
async def test_what_was_not_done_may_be_tried_again(client: httpx.AsyncClient, settings: Settings) -> None:
    """A refusal that wrote nothing does not use the key up."""
    headers = {**OWNER, "idempotency-key": str(uuid4())}
    assert code(await client.post(NOTES, json={"text": ""}, headers=headers)) == (400, "invalid")
    assert code(await client.post(NOTES, json={"text": "fails late"}, headers=headers)) == (404, "not_found")
    assert await written(settings, "fails late") == 0
    assert (await client.post(NOTES, json={"text": "now right"}, headers=headers)).status_code == 201


@on_module_loop
async def test_ten_at_once(client: httpx.AsyncClient, settings: Settings) -> None:
    """Of ten equal requests at one moment one does the work, and all get its answer or are told to wait."""
    headers = {**OWNER, "idempotency-key": str(uuid4())}
    answers = await asyncio.gather(
        *(client.post(NOTES, json={"text": "race"}, headers=headers) for _ in range(10))
    )
    done = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.text for answer in done}) == 1
    assert all(code(answer) == (409, "in_progress") for answer in answers if answer not in done)
    assert done
    assert await written(settings, "race") == 1


@on_module_loop
async def test_lost_answer(client: httpx.AsyncClient, settings: Settings) -> None:
    """When the process died between the work and the answer, whoever asks again is told, and nothing is done twice."""
    key = str(uuid4())
    headers = {**OWNER, "idempotency-key": key}
    await client.post(NOTES, json={"text": "lost"}, headers=headers)
    forget = (
        f"update church_{GRACE}.idempotency_keys"
        " set status = null, body = null, at = now() - %s::interval where key = %s"
    )
    named = hmac.digest(key.encode(), b"narthex idempotency name", "sha256").hex()
    with psycopg.connect(settings.admin_url, autocommit=True) as connection:
        connection.execute(forget, ("5 seconds", named))
        assert code(await client.post(NOTES, json={"text": "lost"}, headers=headers)) == (409, "in_progress")
        connection.execute(forget, ("60 seconds", named))
        assert code(await client.post(NOTES, json={"text": "lost"}, headers=headers)) == (409, "answer_lost")
        connection.execute(forget, ("25 hours", named))
        assert (await client.post(NOTES, json={"text": "lost"}, headers=headers)).status_code == 201
    assert await written(settings, "lost") == 2


@on_module_loop
async def test_what_is_kept_of_an_answer(client: httpx.AsyncClient, settings: Settings) -> None:
    """Neither the words nor the key nor what was asked can be read or tried out by who has not the key."""
    key, text = str(uuid4()), f"zephyr {uuid4().hex[:8]}"
    await client.post(NOTES, json={"text": text}, headers={**OWNER, "idempotency-key": key})
    with psycopg.connect(settings.admin_url) as connection:
        rows = connection.execute(
            f"select key, body, request_hash, k::text from church_{GRACE}.idempotency_keys k where status is not null"
        ).fetchall()
    assert rows
    kept = str(rows)
    assert text not in kept
    assert text.encode().hex() not in kept
    assert key not in kept
    body = httpx.Request("POST", "http://x", json={"text": text}).content
    tried = idempotency.digest("POST", httpx.URL(NOTES).path, b"", body)
    assert tried not in [request_hash for _, _, request_hash, _ in rows]
    again = await client.post(NOTES, json={"text": text}, headers={**OWNER, "idempotency-key": key})
    assert again.headers["idempotency-replayed"] == "true"
    assert text in again.text


@on_module_loop
@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", "ünïcode"])
async def test_wrong_key(client: httpx.AsyncClient, key: str) -> None:
    """A key that is empty, too long or not printable ASCII is refused with its limit."""
    headers: Any = {**OWNER, "idempotency-key": key.encode()}
    answer = await client.post(NOTES, json={"text": "x"}, headers=headers)
    assert code(answer) == (400, "invalid")
    assert answer.json()["errors"][0] == {
        "pointer": "/Idempotency-Key",
        "code": "bad_header",
        "detail": answer.json()["detail"],
        "limit": 255,
    }


@on_module_loop
async def test_large_body_with_a_key(client: httpx.AsyncClient) -> None:
    """A body over the limit is refused also where it has to be read for its key."""
    headers = {**OWNER, "idempotency-key": str(uuid4()), "content-type": "application/json"}
    answer = await client.post(NOTES, content=b" " * 70_000, headers=headers)
    assert code(answer) == (413, "too_large")
