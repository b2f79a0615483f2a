"""server.web.errors, with the strict reading of bodies."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

import httpx
import pytest
from litestar import Litestar

from server.kit import logs
from server.kit.errors import AppError, FieldError, Limited
from server.web import door, errors

on_module_loop = pytest.mark.asyncio(loop_scope="module")
OWNER = {"authorization": f"Bearer owner@{'g' * 16}"}
JSON = {"content-type": "application/json", **OWNER}
NOTES = "/api/v1/grace/notes"


def told(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check the form that every refusal has, and return the document."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    assert found["code"] == code, found
    assert found["type"] == f"urn:narthex:problem:{code}"
    assert found["title"]
    assert found["detail"]
    assert found["request_id"] == answer.headers["x-request-id"]
    return found


@on_module_loop
@pytest.mark.parametrize(
    ("body", "pointer", "code", "limit"),
    [
        (b"", "", "required", None),
        (b"null", "", "wrong_type", None),
        (b"[]", "", "wrong_type", None),
        (b"{}", "/text", "required", None),
        (b'{"text": 5}', "/text", "wrong_type", None),
        (b'{"text": ""}', "/text", "too_short", 1),
        (b'{"text": "%s"}' % (b"x" * 21), "/text", "too_long", 20),
        (b'{"text": "x", "stars": "5"}', "/stars", "wrong_type", None),
        (b'{"text": "x", "stars": 6}', "/stars", "too_large", 5),
        (b'{"text": "x", "stars": -1}', "/stars", "too_small", 0),
        (b'{"text": "x", "stars": 1e999}', "/stars", "out_of_range", None),
        (b'{"text": "x", "labels": ["a", "abcdef"]}', "/labels/1", "too_long", 5),
        (b'{"text": "x", "labels": ["a", "a", "a", "a"]}', "/labels", "too_long", 3),
        (b'{"text": "x", "owner": true}', "/owner", "unknown_field", None),
        (b'{"text": "x", "a/b~": true}', "/a~1b~0", "unknown_field", None),
        (b'{"text": "x", "text": "y"}', "/text", "repeated_name", None),
        (b'{"text": "x\\u0000"}', "/text", "bad_character", None),
        (b'{"text": "\\ud83d"}', "/text", "bad_character", None),
        (b'{"text": "x", "labels": ["\\u0000"]}', "/labels/0", "bad_character", None),
        (b'{"text": NaN}', "", "bad_json", None),
        (b'{"text": "x"', "", "bad_json", None),
        (b'{"text": "x"} more', "", "bad_json", None),
        (b"\xef\xbb\xbf{}", "", "bad_json", None),
        (b'{"text": "\xff"}', "", "not_utf8", None),
        (b'{"text": ' + b"[" * 40 + b"]" * 40 + b"}", "", "too_deep", 32),
        (b"[" * 60_000, "", "too_deep", 32),
    ],
)
async def test_wrong_bodies(
    client: httpx.AsyncClient, body: bytes, pointer: str, code: str, limit: int | None
) -> None:
    """Each wrong body is refused with the field's pointer, a code and the limit it broke."""
    found = told(await client.post(NOTES, content=body, headers=JSON), 400, "invalid")
    (wrong,) = found["errors"]
    assert (wrong["pointer"], wrong["code"], wrong.get("limit")) == (pointer, code, limit)
    assert wrong["detail"]


@on_module_loop
async def test_a_harmless_escape_passes(client: httpx.AsyncClient) -> None:
    """A pair of surrogates and an escaped backslash before u0000 are ordinary text."""
    body = rb'{"text": "\ud83d\ude4f \\u0000"}'
    answer = await client.post(NOTES, content=body, headers=JSON)
    assert answer.status_code == 201, answer.text
    assert answer.json()["text"] == "🙏 \\u0000"


@on_module_loop
@pytest.mark.parametrize(
    "kind", ["text/plain", "", "application/x-www-form-urlencoded", "application/json; charset=latin-1"]
)
async def test_wrong_media_type(client: httpx.AsyncClient, kind: str) -> None:
    """A body that does not say it is JSON in UTF-8 is refused with 415."""
    answer = await client.post(NOTES, content=b'{"text": "x"}', headers={**OWNER, "content-type": kind})
    told(answer, 415, "wrong_media_type")


@on_module_loop
async def test_body_too_large(client: httpx.AsyncClient) -> None:
    """A body over 64 KiB is refused with 413 and the limit, a route that takes more takes it."""
    body = json.dumps({"text": "x" * 65_536}).encode()
    found = told(await client.post(NOTES, content=body, headers=JSON), 413, "too_large")
    assert found["errors"][0]["limit"] == 65_536
    answer = await client.post("/api/v1/grace/upload", content=body, headers=JSON)
    assert answer.json() == {"bytes": 65_536}


@on_module_loop
async def test_body_too_large_in_pieces(client: httpx.AsyncClient) -> None:
    """A body that does not announce its length is cut off at the limit all the same."""

    async def endless() -> Any:
        for _ in range(100):
            yield b" " * 4096

    answer = await client.post(NOTES, content=endless(), headers=JSON)
    told(answer, 413, "too_large")


@on_module_loop
@pytest.mark.parametrize("keyed", [False, True])
async def test_slow_body(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, keyed: bool) -> None:
    """A body that does not arrive in time is given up with 408."""
    monkeypatch.setattr(errors, "BODY_PATIENCE", 0.1)
    monkeypatch.setattr(door, "BODY_PATIENCE", 0.1)

    async def drip() -> Any:
        yield b'{"text": '
        await asyncio.sleep(30)

    headers = {**JSON, **({"idempotency-key": "slow"} if keyed else {})}
    told(await client.post(NOTES, content=drip(), headers=headers), 408, "slow_body")


@on_module_loop
@pytest.mark.parametrize("keyed", [False, True])
async def test_client_leaves(app: Litestar, keyed: bool) -> None:
    """A client that leaves in the middle of its body is no error of ours."""
    out = io.StringIO()
    logs.configure("json", stream=out)
    messages = [{"type": "http.request", "body": b'{"te', "more_body": True}, {"type": "http.disconnect"}]
    headers = {**JSON, **({"idempotency-key": "gone"} if keyed else {}), "host": "127.0.0.1:8000"}

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        """Nobody listens any more."""

    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": NOTES,
        "raw_path": NOTES.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "state": {},
    }
    await app(scope, receive, send)
    (line,) = [json.loads(text) for text in out.getvalue().splitlines()]
    assert (line["status"], line["code"], line["level"]) == (400, "client_left", "info")


@on_module_loop
@pytest.mark.parametrize(
    ("query", "pointer", "code", "limit"),
    [
        ("limit=x", "/limit", "wrong_type", None),
        ("limit=0", "/limit", "too_small", 1),
        ("limit=201", "/limit", "too_large", 200),
        ("limit=99999999999999999999", "/limit", "too_large", 200),
        ("after=%00", "/after", "bad_character", None),
        ("after=%FF", "/after", "bad_character", None),
        ("x=1&y%00=2", "/y\x00", "bad_character", None),
        ("after=bogus", "/after", "bad_cursor", 512),
        ("after=" + "x" * 513, "/after", "too_long", 512),
    ],
)
async def test_wrong_parameters(
    client: httpx.AsyncClient, query: str, pointer: str, code: str, limit: int | None
) -> None:
    """A wrong parameter is named with its limit."""
    found = told(await client.get(f"{NOTES}?{query}", headers=OWNER), 400, "invalid")
    (wrong,) = found["errors"]
    assert (wrong["pointer"], wrong["code"], wrong.get("limit")) == (pointer, code, limit)


@on_module_loop
async def test_unknown_address(client: httpx.AsyncClient) -> None:
    """An address that does not exist gets the same form."""
    told(await client.get("/nowhere"), 404, "not_found")
    told(await client.get("/api/v1/grace/nowhere"), 404, "not_found")
    told(await client.get("/api/v1/grace/notes/not-a-uuid"), 404, "not_found")
    told(await client.get("/api/v1/grace/notes/%00"), 404, "not_found")


@on_module_loop
async def test_wrong_method(client: httpx.AsyncClient) -> None:
    """A wrong method is told which ones there are."""
    answer = await client.delete(NOTES)
    found = told(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert "GET, HEAD, OPTIONS, POST" in found["detail"]


@on_module_loop
async def test_nobody_is_told_how_to_sign_in(client: httpx.AsyncClient) -> None:
    """401 carries WWW-Authenticate, and comes before the body is looked at."""
    answer = await client.post(NOTES, content=b"[[[[", headers={"content-type": "application/json"})
    told(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@on_module_loop
async def test_unforeseen_error(client: httpx.AsyncClient) -> None:
    """What nobody foresaw is told without a trace and logged once, with the request's id."""
    out = io.StringIO()
    logs.configure("json", stream=out)
    answer = await client.get("/api/v1/grace/crash", headers={"x-request-id": "abcdef123456"})
    found = told(answer, 500, "internal")
    assert "hunter2" not in answer.text
    assert "ZeroDivision" not in answer.text
    assert found["request_id"] == "abcdef123456"
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    traces = [line for line in lines if "ZeroDivisionError" in line.get("exception", "")]
    assert len(traces) == 1
    assert traces[0]["request_id"] == "abcdef123456"


def test_a_need_goes_out_with_the_refusal() -> None:
    """Of an error's plain values only the kind of card is shown; others are for headers."""
    refused = AppError("No.", extra={"card": "self_harm", "allow": "GET"})
    assert errors.problem(refused, "r1").extra == {"card": "self_harm"}


def test_problem_document() -> None:
    """Retry-After is in whole seconds, never 0, and stands in the document too."""
    error = Limited(retry_after=0.2, errors=(FieldError("/x", "y", "z"),))
    assert errors.problem(error, "id").retry_after == 1
    assert errors.headers_of(error)["retry-after"] == "1"


def test_every_error_of_the_house_has_a_sentence() -> None:
    """Each AppError says what it is in one sentence; a code means one thing in a slice, and one status anywhere."""
    seen: dict[tuple[str, str], type[AppError]] = {}
    status: dict[str, int] = {}
    todo = [AppError]
    while todo:
        kind = todo.pop()
        todo += kind.__subclasses__()
        if kind.__module__.startswith("server."):
            assert (kind.__doc__ or "").strip().splitlines()[0].endswith("."), kind
            assert seen.setdefault((kind.__module__, kind.code), kind) is kind, kind
            assert status.setdefault(kind.code, kind.status) == kind.status, kind
