"""Cursors and versions that we never gave out: refused by name, whatever numbers, times and texts they hold."""

from __future__ import annotations

import base64
import json
from itertools import product
from typing import Any

import httpx
import pytest

from server.web.document import example
from tests.acceptance.asking import Caller, address
from tests.acceptance.people import NOBODY, People
from tests.acceptance.test_fuzz import OPERATIONS, SCHEMA
from tests.acceptance.test_rights import TABLE

on_module_loop = pytest.mark.asyncio(loop_scope="module")
DOCUMENT: dict[str, Any] = SCHEMA.raw_schema
RULES = {(case.method, case.template): case.rule for case in TABLE}

NUMBERS = [-(2**63) - 1, -1, 2**31, 99_999_999_999, 2**63, 2**70, 1.5]
TIMES = [
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "infinity",
]
IDS = [str(NOBODY), "0" * 32, "not-an-id"]
TEXTS: list[Any] = ["a\x00b", "\ud800", "x" * 300, "'; --", None, True, [], {}]
SHAPES = [
    *product([*NUMBERS, *TIMES, *IDS, *TEXTS]),
    *product(TIMES, IDS),
    *product(NUMBERS, TIMES, IDS),
]


def taking(name: str) -> list[tuple[str, str]]:
    """List the operations that take a parameter of this name."""
    return [
        (method, path)
        for method, path in OPERATIONS
        if any(one["name"] == name for one in DOCUMENT["paths"][path][method]["parameters"])
    ]


def test_cursors_have_one_name() -> None:
    """What says where a list goes on is called `after`, so the walk below finds all of them."""
    for method, path in OPERATIONS:
        for one in DOCUMENT["paths"][path][method]["parameters"]:
            assert one["name"] == "after" or "of the page before" not in json.dumps(one), path


@pytest.mark.parametrize(("method", "path"), taking("after"))
@on_module_loop
async def test_crafted_cursors(client: httpx.AsyncClient, people: People, method: str, path: str) -> None:
    """Whoever writes a cursor themselves is refused or reads a page; the database never sees what it cannot hold."""
    caller = Caller(client, people, method, path, RULES[method.upper(), path])
    for keys in SHAPES:
        cursor = base64.urlsafe_b64encode(json.dumps(keys).encode()).rstrip(b"=").decode()
        answer = await caller.send(url=f"{address(path)}?after={cursor}")
        assert answer.status_code < 500, (keys, answer.text)


@pytest.mark.parametrize(("method", "path"), taking("If-Match"))
@on_module_loop
async def test_versions_of_the_far_future(
    client: httpx.AsyncClient, people: People, method: str, path: str
) -> None:
    """A version that was never reached is another version, however large; one beyond all numbers is no ETag of ours."""
    schema = DOCUMENT["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    body = json.dumps(example(schema, DOCUMENT["components"]["schemas"])).encode()
    caller = Caller(client, people, method, path, RULES[method.upper(), path])
    for version in ("2147483648", "99999999999", "9" * 18):
        answer = await caller.send(body=body, **{"if-match": f'"v{version}"'})
        assert answer.status_code in (404, 412), answer.text
    answer = await caller.send(body=body, **{"if-match": f'"v{"9" * 19}"'})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "bad_header")
