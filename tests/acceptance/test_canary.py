"""Two churches, one full of canaries: whatever the other one's owner asks for, no byte of it appears.

`hope` is filled by its own owner through every operation, and each table that has no canary then gets one; then the
owner of `grace` goes through every route with every id that stands in any row of `hope`, and through every page.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
import pytest_asyncio
from psycopg import sql

from server.settings import Settings
from server.web.document import example
from tests.acceptance.asking import address, put, state_of, texts
from tests.acceptance.canaries import CANARY, plant
from tests.acceptance.people import NOBODY, People
from tests.acceptance.test_fuzz import OPERATIONS, SCHEMA
from tests.acceptance.test_rights import TABLE

pytestmark = pytest.mark.timeout(600)  # the first waits for a church filled through every operation
on_module_loop = pytest.mark.asyncio(loop_scope="module")
DOCUMENT: dict[str, Any] = SCHEMA.raw_schema
COMPONENTS: dict[str, Any] = DOCUMENT["components"]["schemas"]
WORDLESS = {"alembic_version", "rooms_members"}  # tables whose texts are chosen from a list of ours
GRACE, HOPE = "church_" + "g" * 16, "church_" + "h" * 16
MOST_IDS = 40  # of each church's ids; each route is tried with all of them
INSIDE = [(method, path) for method, path in OPERATIONS if "{church}" in path]
WITH_ID = [(method, path) for method, path in INSIDE if path.count("{") > 1]


def body_of(method: str, path: str, word: str) -> Any:
    """Return the operation's example with a word in each text that takes it; None when it has no body."""
    content = (
        DOCUMENT["paths"][path][method].get("requestBody", {}).get("content", {}).get("application/json")
    )
    if content is None:
        return None
    body = example(content["schema"], COMPONENTS)
    for at in set(texts(content["schema"], COMPONENTS)):
        if at and at[-1] in ("name", "nickname", "body", "reason", "label", "title", "text", "note"):
            body = put(body, at, word)
    return body


def ids_in(settings: Settings, schema: str, of_each: int = 3) -> list[UUID]:
    """Return ids from every uuid column of a church, so many of each column."""
    with psycopg.connect(settings.admin_url) as connection:
        columns = connection.execute(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = %s and data_type = 'uuid' order by 1, 2",
            (schema,),
        ).fetchall()
        query = sql.SQL("select distinct {} from {} where {} is not null limit {}")
        found = {
            row[0]
            for table, column in columns
            for row in connection.execute(
                query.format(
                    sql.Identifier(column),
                    sql.Identifier(schema, table),
                    sql.Identifier(column),
                    sql.Literal(of_each),
                )
            ).fetchall()
        }
    return sorted(found)


def brought_along(settings: Settings, ids: set[UUID]) -> set[UUID]:
    """Return which of these ids stand in a row of `grace`, in any column: its history keeps them as text."""
    with psycopg.connect(settings.admin_url) as connection:
        tables = connection.execute(
            "select tablename from pg_tables where schemaname = %s order by 1", (GRACE,)
        ).fetchall()
        query = sql.SQL("select t::text from {} t")
        rows = [
            row
            for (table,) in tables
            for (row,) in connection.execute(query.format(sql.Identifier(GRACE, table))).fetchall()
        ]
    return {id for id in ids if any(str(id) in row for row in rows)}


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def foreign(client: httpx.AsyncClient, people: People, settings: Settings) -> list[UUID]:
    """Fill `hope` through its own owner, and return the ids that stand there."""
    written = 0
    for _ in range(2):  # a second time with ids of what the first time made
        ids = ids_in(settings, HOPE) or [NOBODY]
        for method, path in INSIDE:
            if method == "get" or path.endswith(("/sign-out", "/end-all")):
                continue
            for id in ids if "_id}" in path else ids[:1]:
                token = await people.token("hope", "owner")
                where = address(path, id).replace("/grace/", "/hope/")
                body = body_of(method, path, CANARY)
                answer = await client.request(
                    method.upper(), where, json=body, headers={"authorization": f"Bearer {token}"}
                )
                written += answer.is_success
    assert written > 5
    assert set(plant(settings, HOPE)) <= WORDLESS
    found = ids_in(settings, HOPE)
    assert len(found) > 10
    return found[:MOST_IDS]


def check(answer: httpx.Response, settings: Settings, foreign: list[UUID], asked: UUID) -> None:
    """Check that an answer holds nothing of `hope`, but for ids that the owner of `grace` brought along."""
    assert answer.status_code < 500, answer.text
    assert CANARY not in answer.text
    assert "hope" not in answer.text
    seen = {id for id in foreign if str(id) in answer.text} - {asked}
    assert seen <= (brought_along(settings, seen) if seen else set())


@pytest.mark.parametrize(("method", "path"), INSIDE)
@on_module_loop
async def test_no_byte_of_the_other_church(
    client: httpx.AsyncClient,
    people: People,
    settings: Settings,
    foreign: list[UUID],
    method: str,
    path: str,
) -> None:
    """The owner of one church sees and changes nothing of the other, with its ids in the address and in the body."""
    before = state_of(settings, HOPE)
    token = await people.token("grace", "owner")
    for id in foreign if (method, path) in WITH_ID else foreign[:5]:
        body = body_of(method, path, "plain")
        encoded = (
            None
            if body is None
            else json.dumps(body).replace("01981f3e-8a51-7cc2-b1a4-5f2f4f6d9a10", str(id))
        )
        for _ in range(2):
            headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
            answer = await client.request(method.upper(), address(path, id), content=encoded, headers=headers)
            if answer.status_code != 401:
                break
            token = await people.token("grace", "owner")
        check(answer, settings, foreign, id)
        if method == "get" and (method, path) in WITH_ID:
            assert answer.status_code in (400, 403, 404, 409, 429), answer.text
    assert state_of(settings, HOPE) == before


PAGES = sorted(
    {case.template for case in TABLE if case.method == "GET" and "{church}" in case.template}
    - {path for _, path in INSIDE}
)


def test_there_are_pages() -> None:
    """The walk finds what stands in no document: the pages that browsers open."""
    assert {"/console/{church}", "/w/{church}/chat"} <= set(PAGES)


@pytest.mark.parametrize("path", PAGES)
@on_module_loop
async def test_no_page_shows_the_other_church(
    client: httpx.AsyncClient, people: People, settings: Settings, foreign: list[UUID], path: str
) -> None:
    """What a browser opens of one church holds nothing of the other, signed in or not, with its ids behind it."""
    cookie = await people.cookie("grace", "owner")
    for id in foreign[:5]:
        for headers in ({}, {"cookie": f"__Host-narthex={cookie}"}):
            answer = await client.get(address(path, id), headers=headers)
            check(answer, settings, foreign, id)


@on_module_loop
async def test_the_canaries_sing(client: httpx.AsyncClient, people: People, foreign: list[UUID]) -> None:
    """The same search finds the canaries where they may be found: by the church's own owner."""
    heard = set()
    for method, path in INSIDE:
        if method != "get":
            continue
        for id in foreign if (method, path) in WITH_ID else foreign[:1]:
            token = await people.token("hope", "owner")
            where = address(path, id).replace("/grace", "/hope")
            answer = await client.get(where, headers={"authorization": f"Bearer {token}"})
            if CANARY in answer.text or "hope" in answer.text:
                heard.add(path)
    assert len(heard) > 20, heard
