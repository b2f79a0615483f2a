"""server.web.middleware: the edge."""

from __future__ import annotations

import base64
import copy
import io
import json
import re
import secrets
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from litestar import Litestar, get

from server.kit import logs
from server.kit.crypto import Keyring
from server.kit.limits import Limit, Standing
from server.kit.scope import Rule
from server.web.app import create_app, handlers
from server.web.middleware import client_address, etag, network, standing_headers
from server.wiring import Wiring
from tests.server.web.sample import ROUTES, Doorman

on_module_loop = pytest.mark.asyncio(loop_scope="module")
OWNER = {"authorization": f"Bearer owner@{'g' * 16}"}
NOTE = "/api/v1/grace/notes/01981f3e-8a51-7cc2-b1a4-5f2f4f6d9a10"
EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}


def check_headers(headers: httpx.Headers, *, framed: bool = False) -> None:
    """Check what every answer carries; a widget's page may be framed by the church's own sites only."""
    for name, value in EVERYWHERE.items():
        assert headers.get(name) == value, name
    # a widget opens the page where a member signs in, and that page answers its opener
    openers = ("same-origin", "same-origin-allow-popups", "unsafe-none") if framed else ("same-origin",)
    assert headers["cross-origin-opener-policy"] in openers
    ancestors = headers["content-security-policy"].partition("frame-ancestors ")[2]
    assert ancestors == "'none'" or ancestors.startswith("'none';") or framed
    assert "*" not in ancestors
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe-eval" not in headers["content-security-policy"]
    assert "script-src 'unsafe-inline'" not in headers["content-security-policy"]
    assert headers["cross-origin-resource-policy"] in ("same-origin", "cross-origin")
    assert "camera=()" in headers["permissions-policy"]
    assert headers["x-request-id"]
    assert "cache-control" in headers
    assert "access-control-allow-origin" not in headers
    for name in ("content-security-policy", "cache-control", "x-request-id", "x-content-type-options"):
        assert len(headers.get_list(name)) == 1, name


@on_module_loop
async def test_headers_on_every_route(client: httpx.AsyncClient, app: Litestar) -> None:
    """Every route answers with every header, whatever it answers, and so does every method."""
    asked = 0
    for path, handler in handlers(app):
        address = re.sub(
            r"\{(\w+)\}", lambda found: "grace" if found[1] == "church" else str(UUID(int=5)), path
        )
        for method in handler.http_methods:
            answer = await client.request(method, address)
            check_headers(answer.headers, framed=path.startswith(("/w/", "/wall/")))
            asked += 1
    assert asked > 20


@on_module_loop
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("DELETE", "/api/v1/grace"),
        ("OPTIONS", "/api/v1/grace"),
        ("HEAD", "/api/v1/grace"),
        ("GET", "/api/v1/grace/crash"),
        ("GET", "/api/v1/grace/notes"),
        ("GET", "/api/v1/grace?x=%00"),
        ("GET", "/" + "x" * 5000),
        ("GET", "/favicon.ico"),
    ],
)
async def test_headers_whatever_happens(client: httpx.AsyncClient, method: str, path: str) -> None:
    """Refusals, crashes, redirects and bare methods carry the headers too."""
    check_headers((await client.request(method, path)).headers)


@on_module_loop
async def test_hsts_over_https_only(wiring: Wiring, client: httpx.AsyncClient) -> None:
    """Browsers are told to stay on TLS when the installation's address is https, never otherwise."""
    assert "strict-transport-security" not in (await client.get("/health/live")).headers
    secure = _with(wiring, public_url="https://narthex.example")
    async with _client(secure) as other:
        headers = (await other.get("/nowhere")).headers
    assert headers["strict-transport-security"].startswith("max-age=63072000")


@on_module_loop
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("abcdef12-3456", True),
        ("short", False),
        ("x" * 65, False),
        ("has space in it", False),
        ("line\x7fend-here", False),
        ("<script>alert(1)</script>", False),
    ],
)
async def test_request_id(client: httpx.AsyncClient, given: str, kept: bool) -> None:
    """A sane X-Request-ID is taken over, anything else is replaced."""
    answer = await client.get("/api/v1/grace", headers={"x-request-id": given})
    assert (answer.headers["x-request-id"] == given) is kept
    assert len(answer.headers["x-request-id"]) >= 8


@on_module_loop
async def test_etag(client: httpx.AsyncClient) -> None:
    """An unchanged answer is 304 without a body, by its strong or weakened tag, in a list or as a star."""
    first = await client.get("/api/v1/grace")
    tag = first.headers["etag"]
    for sent in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await client.get("/api/v1/grace", headers={"if-none-match": sent})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        check_headers(again.headers)
    assert (await client.get("/api/v1/grace", headers={"if-none-match": '"other"'})).status_code == 200


@on_module_loop
async def test_version_in_the_etag(client: httpx.AsyncClient) -> None:
    """What carries a version says it in its ETag, and a change names it in If-Match."""
    tag = (await client.get(NOTE)).headers["etag"]
    assert tag.startswith('"v7-')
    for sent in (tag, '"v7"', "*", None):
        headers = {**OWNER, **({"if-match": sent} if sent else {})}
        answer = await client.put(NOTE, json={"text": "new"}, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["etag"].startswith('"v8')
    stale = await client.put(NOTE, json={"text": "new"}, headers={**OWNER, "if-match": '"v6-abc"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    wrong = await client.put(NOTE, json={"text": "new"}, headers={**OWNER, "if-match": '"x"'})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (400, "/If-Match")


def test_etag_differs_with_the_body() -> None:
    """Two bodies of one version have two tags."""
    one, two = [(b"etag", b'"v1"')], [(b"etag", b'"v1"')]
    assert etag(one, b"a") != etag(two, b"b")
    assert one == [(b"etag", etag([(b"etag", b'"v1"')], b"a"))]


@on_module_loop
async def test_log_line(client: httpx.AsyncClient) -> None:
    """A request is one line: method, template, status, time, church, kind of asker; nothing that the client wrote."""
    out = io.StringIO()
    logs.configure("json", stream=out)
    secret = "s3cr3t-t0ken"
    await client.post(
        "/api/v1/grace/notes?after=%1b[31mred",
        json={"text": "my own words"},
        headers={
            **OWNER,
            "cookie": f"__Host-narthex={secret}",
            "user-agent": "evil\x1b]0;x",
            "x-note": secret,
        },
    )
    (line,) = [json.loads(text) for text in out.getvalue().splitlines() if '"request"' in text]
    assert {name: line[name] for name in ("method", "route", "status", "church", "actor", "event")} == {
        "method": "POST",
        "route": "/api/v1/{church}/notes",
        "status": 201,
        "church": "g" * 16,
        "actor": "person",
        "event": "request",
    }
    assert line["ms"] > 0
    assert line["request_id"]
    for hidden in (secret, "owner@", "my own words", "red", "evil", "127.0.0.1"):
        assert hidden not in out.getvalue()


@on_module_loop
async def test_unmatched_addresses_are_one_series(client: httpx.AsyncClient) -> None:
    """What does not exist is logged and counted under one name, whatever was asked for."""
    out = io.StringIO()
    logs.configure("json", stream=out)
    await client.get("/made/up/for/you")
    assert "made" not in out.getvalue()
    assert '"route":"unmatched"' in out.getvalue()


@on_module_loop
async def test_log_line_for_people(client: httpx.AsyncClient) -> None:
    """People get the same line in words."""
    out = io.StringIO()
    logs.configure("console", stream=out)
    await client.get("/api/v1/grace")
    assert "route=/api/v1/{church}" in out.getvalue()
    assert "status=200" in out.getvalue()


def scope(client: str, *forwarded: str) -> dict[str, Any]:
    """Make the part of a scope that tells addresses."""
    return {"client": (client, 1), "headers": [(b"x-forwarded-for", one.encode()) for one in forwarded]}


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, ["1.1.1.1"], "9.9.9.9"),
        (1, ["1.1.1.1"], "1.1.1.1"),
        (1, ["6.6.6.6, 1.1.1.1"], "1.1.1.1"),
        (1, ["6.6.6.6", "1.1.1.1"], "1.1.1.1"),
        (2, ["6.6.6.6, 1.1.1.1, 2.2.2.2"], "1.1.1.1"),
        (2, ["1.1.1.1"], "9.9.9.9"),
        (1, [], "9.9.9.9"),
        (1, ["nonsense"], "9.9.9.9"),
        (1, ["1.1.1.1:4711"], "1.1.1.1"),
        (1, ["[2001:db8::1]:4711"], "2001:db8::1"),
        (1, ["2001:DB8::1"], "2001:db8::1"),
        (1, ["6.6.6.6, "], "9.9.9.9"),
        (1, ["::ffff:1.1.1.1"], "1.1.1.1"),
        (1, ["::FFFF:101:101"], "1.1.1.1"),
        (1, ["[::ffff:1.1.1.1]:4711"], "1.1.1.1"),
        (1, ["[2001:db8::1]"], "2001:db8::1"),
    ],
)
def test_client_address(proxies: int, forwarded: list[str], address: str) -> None:
    """Only the entry that our own outermost proxy added is believed."""
    assert client_address(scope("9.9.9.9", *forwarded), proxies) == address


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("::ffff:cb00:7109", "203.0.113.9"),
        ("2001:db8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("", ""),
    ],
)
def test_a_mapped_peer_is_its_own_address(peer: str, address: str) -> None:
    """Where we listen on IPv6 the kernel writes IPv4 callers as ::ffff:…; each is one caller, not all of them one."""
    assert client_address(scope(peer), 0) == address
    assert client_address(scope(peer, "nonsense"), 1) == address


def test_network() -> None:
    """One IPv6 household is one caller, one IPv4 address is one."""
    assert network("2001:db8:1:2:3:4:5:6") == network("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert network("fe80::1%eth0") == "fe80::/64"
    assert network("10.0.0.1") == "10.0.0.1"
    assert network("::nonsense::") == "::nonsense::"


def test_standing_headers() -> None:
    """The headers name every policy, and the standing in the tightest one."""
    loose, tight = Standing(Limit("address", 1000), 900, 9), Standing(Limit("person", 10), 1, 30)
    assert dict(standing_headers([loose, tight])) == {
        b"ratelimit-policy": b'"address";q=1000;w=60, "person";q=10;w=60',
        b"ratelimit": b'"person";r=1;t=30',
    }


@on_module_loop
async def test_limits_by_address_and_person(wiring: Wiring) -> None:
    """Beyond the limit of an address 429 says when again; a person's limit counts wherever they are."""
    limited = _with(wiring, address_per_minute=3)
    async with _client(limited) as client:
        answers = [await client.get("/api/v1/grace") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert answers[2].headers["ratelimit"].startswith('"address";r=0;t=')
        refused = answers[3]
        assert refused.json()["code"] == "limited"
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.json()["retry_after"] == int(refused.headers["retry-after"])
        check_headers(refused.headers)
        assert (await client.get("/health/live")).status_code == 200
    limited = _with(wiring, person_per_minute=2)
    async with _client(limited) as client:
        codes = [(await client.get("/api/v1/grace/notes", headers=OWNER)).status_code for _ in range(3)]
        assert codes == [200, 200, 429]
        assert (await client.get("/api/v1/grace")).status_code == 200


async def _asked(app: Litestar, path: str, kind: str = "http") -> tuple[int, dict[bytes, bytes]]:
    """Ask for a path as the server hands it over: a client would tidy it first."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asked = {
        "type": kind,
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8000")],
        "client": ("192.0.2.7", 1),
        "server": ("127.0.0.1", 8000),
        "scheme": "http",
        "root_path": "",
        "state": {},
    }
    await app(asked, receive, send)  # type: ignore[arg-type]
    return sent[0]["status"], dict(sent[0]["headers"])


@on_module_loop
@pytest.mark.parametrize(
    "path",
    [
        "//api/v1/grace",
        "///api/v1/grace",
        "/api//v1/grace",
        "/api/v1//grace/",
        "/api/v1/grace//",
        "api/v1/grace",
        "//w/grace/chat",
        "/w//grace/chat",
        "//wall/grace",
        "//console/grace",
        "//health/live",
        "/./api/v1/grace",
        "/x/../api/v1/grace",
        "/api/./v1/grace",
        "/API/v1/grace",
        "/Api/V1/grace",
        "/W/grace/chat",
        "/live/grace",
    ],
)
async def test_an_address_has_one_spelling(app: Litestar, path: str) -> None:
    """Another spelling of an address, doubled slashes above all, is none: every test sees what the router sees."""
    assert (await _asked(app, path))[0] == 404


@on_module_loop
async def test_an_encoded_slash_counts_as_one(client: httpx.AsyncClient) -> None:
    """The server decodes before anybody looks: %2F doubles a slash, or stands for one and is counted."""
    assert (await client.get("http://127.0.0.1:8000/%2Fapi/v1/grace")).status_code == 404
    answer = await client.get("http://127.0.0.1:8000/api%2Fv1/grace")
    assert answer.status_code == 200
    assert '"address"' in answer.headers["ratelimit-policy"]


@on_module_loop
async def test_whatever_asks_the_database_is_counted_by_address(wiring: Wiring) -> None:
    """Every address of a church, and of operators, takes from its caller's minute; with a slash at the end too."""
    application = _with(wiring, address_per_minute=10_000_000, church_per_minute=10_000_000)
    async with _client(application) as client:
        for path, _ in handlers(application):
            if "{church}" not in path and "/operator" not in path:
                continue
            address = re.sub(
                r"\{(\w+)\}", lambda found: "grace" if found[1] == "church" else str(UUID(int=5)), path
            )
            for one in (address, f"{address}/"):
                answer = await client.get(one)
                assert '"address";q=10000000' in answer.headers.get("ratelimit-policy", ""), one


def test_every_handler_has_a_rule(wiring: Wiring) -> None:
    """A handler that does not say who may call it stops the start."""

    @get("/open")
    async def forgotten() -> None: ...

    with pytest.raises(TypeError, match="rule"):
        create_app(wiring, routes=[forgotten])

    @get("/closed", opt={"rule": Rule()})
    async def kept() -> None: ...

    create_app(wiring, routes=[kept])


def _with(wiring: Wiring, **changes: Any) -> Litestar:
    """Build an application whose settings differ; its limits count apart, because its key does."""
    other = copy.copy(wiring)
    other.settings = msgspec.structs.replace(wiring.settings, **changes)
    other.keyring = Keyring.parse(base64.b64encode(secrets.token_bytes(32)).decode())
    return create_app(other, identity=Doorman(), routes=ROUTES)


def _client(app: Litestar) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")
