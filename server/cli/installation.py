"""The installation a command works on: its settings, and its wiring for as long as the command runs.

The wiring knows every slice; it is loaded where a command opens it, so that help and mistakes are answered at once.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from server.cli.errors import Stopped
from server.settings import PREFIX, Settings, read

if TYPE_CHECKING:
    from server.domains.tenants.models import Tenant
    from server.domains.tenants.service import TenantsService
    from server.kit.clock import Clock
    from server.wiring import Wiring

# variables of `make` and of the demo's own options, which are no settings of an installation
NOT_SETTINGS = frozenset({"NARTHEX_PYTHON", "NARTHEX_CHROMIUM", "NARTHEX_SITE_PORT", "NARTHEX_MAILBOX_PORT"})
PAGE = 200  # churches read at a time
WHAT_FOR = {
    "database_url": "the Postgres URL of the login narthex_app",
    "owner_url": "the Postgres URL of the login narthex_owner, which makes and changes schemas",
    "secret_key": "at least 32 random bytes in base64, for example from `openssl rand -base64 32`",
}


def known(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without what only looks like a setting."""
    return {name: value for name, value in environment.items() if name not in NOT_SETTINGS}


def settings(*needed: str) -> Settings:
    """Read the settings; raise Stopped with what to set when one that this command needs is empty."""
    found = read(known(os.environ))
    for name in needed:
        if not getattr(found, name):
            raise Stopped(
                f"{PREFIX}{name.upper()} is not set: give {WHAT_FOR[name]}, or try `narthex demo`.", code=2
            )
    return found


def program_version() -> str:
    """Return the installed version; `python -m server` in a bare clone has none."""
    try:
        return version("narthex")
    except PackageNotFoundError:
        return "not installed"


async def every_church(service: TenantsService) -> AsyncIterator[Tenant]:
    """Return all churches in the order of their short names, a page at a time."""
    after = ""
    while page := await service.page(after=after, most=PAGE):
        for tenant in page:
            yield tenant
        after = page[-1].slug


@asynccontextmanager
async def churches(found: Settings) -> AsyncIterator[TenantsService]:
    """Open the list of churches alone, for commands that must work while the rest of the installation does not."""
    from server.domains.tenants.service import TenantsService
    from server.kit.db import Database, ShardUrls
    from server.wiring import ChurchSchemas

    shards = {name: ShardUrls(shard.primary, shard.replicas) for name, shard in found.shard_urls().items()}
    database = Database(found.database_url, shards, pool_size=2)
    await database.open()
    try:
        yield TenantsService(database, ChurchSchemas(found), lambda _: None)
    finally:
        await database.close()


@asynccontextmanager
async def opened(found: Settings, clock: Clock | None = None) -> AsyncIterator[Wiring]:
    """Start the wiring of this installation, and stop it when the command is done."""
    from server.kit import logs
    from server.wiring import build

    logs.configure("console", stream=sys.stderr, level=logging.WARNING)
    try:
        wiring = build(found, clock)
    except ValueError as error:  # of a value that no type could refuse: a key, a mail server's address
        raise Stopped(f"A setting cannot be used: {error}", code=2) from None
    await wiring.start()
    try:
        yield wiring
    finally:
        await wiring.stop()
