"""Hostile values through every text field of every operation: refused by name or kept as text, never obeyed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from server.settings import Settings
from server.web.document import example
from tests.acceptance.asking import Caller, address, pointer, put, state_of, texts
from tests.acceptance.people import People
from tests.acceptance.test_fuzz import OPERATIONS, SCHEMA
from tests.acceptance.test_rights import TABLE

on_module_loop = pytest.mark.asyncio(loop_scope="module")
DOCUMENT: dict[str, Any] = SCHEMA.raw_schema
COMPONENTS: Mapping[str, Any] = DOCUMENT["components"]["schemas"]

HOSTILE = [
    "'; drop schema control cascade; --",
    '" or 1=1; select pg_sleep(9); --',
    "$1",
    "%s%n%x",
    "{{7*7}}${7*7}#{7*7}",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "../../../../etc/passwd",
    "..\\..\\windows",
    "a\r\nSet-Cookie: hacked=1",
    "\x1b[2J\x07",
    "\u202egnp.exe",
    "\ufeff\u200b",
    "\U0001f64f" * 5,
    "Z\u0334\u0321\u0321a" * 50,
    "=cmd|' /C calc'!A0",
    "-1",
    "1e309",
    "null",
    "",
    " ",
    "x" * 20_000,
    "\\u0000",
    "*)(uid=*))(|(uid=*",
    "church_hhhhhhhhhhhhhhhh.topics",
]
NUL = "a\x00b"
HALF = "\ud800"
OTHER = "church_" + "h" * 16


RULES = {(case.method, case.template): case.rule for case in TABLE}


def fields() -> list[tuple[str, str, tuple[str | int, ...]]]:
    """List every text field of every body."""
    found = []
    for method, path in OPERATIONS:
        content = DOCUMENT["paths"][path][method].get("requestBody", {}).get("content", {})
        for described in content.values():
            found += [
                (method, path, at) for at in sorted(set(texts(described["schema"], COMPONENTS)), key=str)
            ]
    return found


FIELDS = fields()


def shown(part: str | tuple[str | int, ...]) -> str:
    return part if isinstance(part, str) else pointer(part)


@pytest.fixture(scope="module", autouse=True)
def unharmed(settings: Settings, people: People) -> Iterator[None]:
    """Check that the other church and the schemas are what they were, whatever the tests of this file sent."""
    before = state_of(settings, OTHER)
    yield
    assert state_of(settings, OTHER) == before


def test_there_are_fields() -> None:
    """The walk finds the fields that we know of."""
    names = {(path.rpartition("/")[2], pointer(at)) for _, path, at in FIELDS}
    assert ("sign-in", "/email") in names
    assert ("notes", "/text") not in names
    assert len(FIELDS) > 30


@pytest.mark.parametrize(("method", "path", "at"), FIELDS, ids=shown)
@on_module_loop
async def test_hostile_values(
    client: httpx.AsyncClient, people: People, method: str, path: str, at: tuple[str | int, ...]
) -> None:
    """Each value is refused with a sentence or taken as text; nothing falls over and nothing is carried out."""
    content = DOCUMENT["paths"][path][method]["requestBody"]["content"]["application/json"]
    plain = example(content["schema"], COMPONENTS)
    caller = Caller(client, people, method, path, RULES[method.upper(), path])
    for value in HOSTILE:
        answer = await caller.send(body=json.dumps(put(plain, at, value)).encode())
        assert answer.status_code < 500, (value, answer.text)
        assert "hacked" not in answer.headers.get("set-cookie", "")
        assert "html" not in answer.headers.get("content-type", "")
    for value in (NUL, HALF):
        answer = await caller.send(body=json.dumps(put(plain, at, value)).encode())
        assert answer.status_code == 400, answer.text
        (wrong,) = answer.json()["errors"]
        assert (wrong["pointer"], wrong["code"]) == (pointer(at), "bad_character")


PARAMETERS = [
    (method, path, parameter["name"], parameter["in"])
    for method, path in OPERATIONS
    for parameter in DOCUMENT["paths"][path][method]["parameters"]
]


@pytest.mark.parametrize(("method", "path", "name", "place"), PARAMETERS)
@on_module_loop
async def test_hostile_parameters(
    client: httpx.AsyncClient, people: People, method: str, path: str, name: str, place: str
) -> None:
    """The same through every parameter of path, query and headers."""
    caller = Caller(client, people, method, path, RULES[method.upper(), path])
    for value in [*HOSTILE, NUL]:
        url = httpx.URL("http://127.0.0.1:8000" + address(path))
        more = {}
        if place == "header":
            if not value.isascii() or not value.isprintable():
                continue
            more[name] = value[:8000]
        elif place == "query":
            url = url.copy_merge_params({name: value[:3000]})
        else:
            filled = path.replace(f"{{{name}}}", quote(value[:1000], safe=""))
            url = httpx.URL("http://127.0.0.1:8000" + address(filled))
        answer = await caller.send(url=url, **more)
        assert answer.status_code < 500, (value, answer.text)
