"""A small slice of the tests' own: people, notes with versions, and ways to fail."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import get, post, put

from server.kit.db import Database
from server.kit.errors import NotFound, PreconditionFailed, Unauthenticated
from server.kit.ids import new_id
from server.kit.paging import Cursor, Limit, Page, decode, encode
from server.kit.scope import Actor, Origin, Rule, Scope, TenantRef
from server.web.door import Proof

WRITE = Rule.of("owner", "member", api_scope="notes:write")
OWN = Rule.of("owner")
OPEN = Rule(anyone=True)


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something to write down."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=20, examples=["bring candles"])]
    stars: Annotated[int, msgspec.Meta(ge=0, le=5)] = 0
    labels: Annotated[list[Annotated[str, msgspec.Meta(max_length=5)]], msgspec.Meta(max_length=3)] = []


class Saved(msgspec.Struct, frozen=True):
    """A note as it was kept."""

    id: UUID
    text: str
    version: int = 1


class Doorman:
    """Knows people by tokens that say who they are: `owner@<church id>`, `member@<church id>`."""

    def __init__(self) -> None:
        self.origins: list[Origin] = []
        self.proofs: list[Proof] = []

    async def identify(self, tenant: TenantRef, proof: Proof, origin: Origin) -> Scope:
        self.origins.append(origin)
        self.proofs.append(proof)
        if not proof.bearer:
            return Scope(tenant, Actor(), origin)
        role, _, church = proof.bearer.partition("@")
        if role not in ("owner", "member"):
            raise Unauthenticated()
        if church != tenant.id:
            raise NotFound()
        name = UUID(int=1 if role == "owner" else 2)
        return Scope(tenant, Actor("person", name, role, frozenset({role})), origin)


@post("/notes", operation_id="write_note", opt={"rule": WRITE}, tags=["notes"])
async def write_note(data: Note, scope: Scope, tenants: Any) -> Saved:
    """Keep a note: a topic stands in for a table of our own."""
    database: Database = tenants._database
    found = Saved(new_id(), data.text)
    async with database.transaction(scope) as tx:
        await tx.connection.execute("insert into topics (name) values ($1)", f"note:{found.id}:{data.text}")
        if data.text == "fails late":
            raise NotFound()
    return found


@get("/notes", operation_id="notes", opt={"rule": WRITE}, tags=["notes"])
async def notes(scope: Scope, after: Cursor = "", limit: Limit = 2) -> Page[str]:
    """List five notes."""
    at = decode(after, tuple[int])
    start = at[0] if at else 0
    more = start + limit < 5
    return Page(
        [str(n) for n in range(start, min(5, start + limit))], encode(start + limit) if more else None
    )


@get("/notes/{note_id:uuid}", operation_id="note", opt={"rule": OPEN}, tags=["notes"])
async def note(note_id: UUID) -> Saved:
    """Read a note."""
    return Saved(note_id, "as it was", 7)


@put("/notes/{note_id:uuid}", operation_id="change_note", opt={"rule": OWN}, tags=["notes"])
async def change_note(note_id: UUID, data: Note, if_version: int | None) -> Saved:
    """Change a note that stands at version 7."""
    if if_version not in (None, 7):
        raise PreconditionFailed()
    return Saved(note_id, data.text, 8)


@get("/crash", operation_id="crash", opt={"rule": OPEN}, include_in_schema=False)
async def crash() -> None:
    """Fail as nobody foresaw."""
    raise ZeroDivisionError("a secret: hunter2")


@post("/upload", operation_id="upload", opt={"rule": OPEN}, request_max_body_size=1_000_000)
async def upload(data: dict[str, str]) -> dict[str, int]:
    """Take more than most."""
    return {"bytes": sum(map(len, data.values()))}


@get("/shelf", operation_id="shelf", opt={"rule": OPEN}, include_in_schema=False)
async def shelf(scope: Scope, tenants: Any) -> dict[str, int]:
    """Read a table whose columns may change meanwhile."""
    database: Database = tenants._database
    async with database.transaction(scope) as tx:
        return dict(await tx.connection.fetchrow("select * from shelf"))


@post("/shelf", operation_id="fill_shelf", opt={"rule": OPEN}, include_in_schema=False)
async def fill_shelf(data: Note, scope: Scope, tenants: Any) -> dict[str, int]:
    """Write one thing, then read what may have changed, each in its own transaction when told so."""
    database: Database = tenants._database
    if data.text == "two":
        async with database.transaction(scope) as tx:
            await tx.connection.execute("insert into shelf (a) values (1)")
    async with database.transaction(scope) as tx:
        if data.text == "one":
            await tx.connection.execute("insert into shelf (a) values (1)")
        await tx.connection.fetchrow("select * from shelf")
        return {"count": await tx.connection.fetchval("select count(*) from shelf")}


ROUTES = [write_note, notes, note, change_note, crash, upload, shelf, fill_shelf]
