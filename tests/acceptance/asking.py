"""Ask the API in somebody's name, fill bodies field by field, and look at what a church holds."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import httpx
import psycopg
from psycopg import sql

from server.kit.scope import Rule
from server.settings import Settings
from tests.acceptance.people import NOBODY, People, allowed

At: TypeAlias = tuple[str | int, ...]  # the way to a field of a body


def texts(schema: Mapping[str, Any], components: Mapping[str, Any], at: At = ()) -> Iterator[At]:
    """Walk to every text of a body; `at` leads there."""
    if "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    for choice in schema.get("anyOf", ()):
        yield from texts(choice, components, at)
    if schema.get("type") == "string":
        yield at
    for name, inner in schema.get("properties", {}).items():
        yield from texts(inner, components, (*at, name))
    if isinstance(schema.get("items"), dict):
        yield from texts(schema["items"], components, (*at, 0))


def put(body: Any, at: At, value: str) -> Any:
    """Return a copy of the body with a value in its place; lists and objects on the way are made."""
    body = copy.deepcopy(body)
    if not at:
        return value
    node = body
    for step, following in itertools.pairwise(at):
        fresh: Any = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            node[step:] = node[step:] or [fresh]
            node[step] = node[step] if isinstance(node[step], type(fresh)) else fresh
        elif not isinstance(node.get(step), type(fresh)):
            node[step] = fresh
        node = node[step]
    if isinstance(at[-1], int):
        node[:] = [value]
    else:
        node[at[-1]] = value
    return body


def pointer(at: At) -> str:
    return "".join(f"/{step}" for step in at)


def address(path: str, id: object = NOBODY) -> str:
    """Return an address in `grace`; ids are those of nothing unless one is given."""
    return re.sub(r"\{(\w+)\}", lambda found: "grace" if found[1] == "church" else str(id), path)


class Caller:
    """Asks in the name of the first role that an operation is for; signs in again where an operation signed out."""

    def __init__(self, client: httpx.AsyncClient, people: People, method: str, path: str, rule: Rule) -> None:
        self.client = client
        self.people = people
        self.method = method.upper()
        self.path = path
        self.role = next(iter(allowed(rule)))
        self.token = ""

    async def send(
        self, *, url: str | httpx.URL = "", body: bytes | None = None, **more: str
    ) -> httpx.Response:
        """Send a request; `more` are headers."""
        if "/operator/" in self.path:
            self.token = await self.people.operator_token()
        self.token = self.token or await self.people.token("grace", self.role)
        for _ in range(2):
            headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json", **more}
            answer = await self.client.request(
                self.method, url or address(self.path), content=body, headers=headers
            )
            if answer.status_code != 401 or "/operator/" in self.path:
                break
            self.token = await self.people.token("grace", self.role)
        return answer


def state_of(settings: Settings, schema: str) -> object:
    """Return which schemas and churches there are, and how many rows each table of one church has."""
    with psycopg.connect(settings.admin_url) as connection:
        schemas = connection.execute("select nspname from pg_namespace order by 1").fetchall()
        tables = connection.execute(
            "select relname from pg_class where relnamespace = %s::regnamespace and relkind = 'r' order by 1",
            (schema,),
        ).fetchall()
        count = sql.SQL("select count(*) from {}")
        counts = [
            connection.execute(count.format(sql.Identifier(schema, name))).fetchone() for (name,) in tables
        ]
        churches = connection.execute(
            "select id, slug, name, status from control.tenants order by 1"
        ).fetchall()
    return schemas, tables, counts, churches
