"""What a page of accounts costs without a house around it: Litestar, asyncpg, one query; the peer of `door`.

No church, no token, no limits, no log line, no roles: `python -m server.cli.bench.bare DESCRIPTOR SCHEMA`, with the
database's URL in NARTHEX_BENCH_URL.
"""

from __future__ import annotations

import os
import socket
import sys
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import uvicorn
from litestar import Litestar, get
from litestar.datastructures import State

PAGE = """
select id, email, name, locale, status, roles, password_hash is not null as has_password, created_at, changed_at
from accounts_people where id > $1 order by id limit $2
"""


class Person(msgspec.Struct):
    """One account as it is answered."""

    id: UUID
    email: str | None
    name: str
    locale: str
    status: str
    roles: list[str]
    has_password: bool
    created_at: datetime
    changed_at: datetime


class People(msgspec.Struct):
    """One page."""

    items: list[Person]


@get("/accounts")
async def accounts(state: State, after: UUID, limit: int = 50) -> People:
    """Answer a page of accounts."""
    async with state.pool.acquire() as connection:
        rows = await connection.fetch(PAGE, after, limit + 1)
    return People([Person(**row) for row in rows[:limit]])


def app(url: str, schema: str) -> Litestar:
    """Build the whole application."""

    async def open_pool(app: Litestar) -> None:
        path: dict[str, str] = {"search_path": schema, "jit": "off"}
        app.state.pool = await asyncpg.create_pool(url, min_size=1, max_size=10, server_settings=path)

    async def close_pool(app: Litestar) -> None:
        await app.state.pool.close()

    return Litestar([accounts], on_startup=[open_pool], on_shutdown=[close_pool], openapi_config=None)


def main(descriptor: int, schema: str) -> None:
    """Serve on a socket that listens already."""
    options: dict[str, Any] = {
        "loop": "uvloop",
        "http": "httptools",
        "access_log": False,
        "log_level": "warning",
    }
    server = uvicorn.Server(uvicorn.Config(app(os.environ["NARTHEX_BENCH_URL"], schema), **options))
    server.run([socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
