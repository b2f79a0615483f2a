"""`narthex migrate`: roles and extensions, control, shards, then every church, several at a time."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from server.cli.errors import Stopped, connection_reason
from server.cli.head import write_head as write_head_file
from server.cli.installation import churches, settings
from server.cli.options import Flag, Json, Threads
from server.cli.screen import complain, emit, note, progress, say
from server.domains.tenants.errors import NoSuchChurch
from server.kit import migrations
from server.settings import Settings

LEASE_PATIENCE = 30.0  # seconds; longer than the lease of a run that was killed


class Result(msgspec.Struct, frozen=True):
    """What a run did: steps of the fixed histories, churches moved, those that failed."""

    control: int
    shards: dict[str, int]
    churches: int
    migrated: int
    failed: list[dict[str, str]]


def migrate(
    *,
    threads: Threads = 4,
    write_head: Flag = False,
    json: Json = False,
) -> int:
    """Bring every database and church up to date; safe to repeat, goes on where a failed run ended.

    With NARTHEX_ADMIN_URL it first makes the database, roles and extensions.

    Parameters
    ----------
    threads
        How many churches are migrated at a time, 1 to 32.
    write_head
        For developers: make migrations/tenant/head.sql anew from the history, and nothing else.
    json
        Write the result as one JSON object.
    """
    if write_head:
        say(
            "migrations/tenant/head.sql is written."
            if write_head_file()
            else "migrations/tenant/head.sql is up to date."
        )
        return 0
    result = run(settings("database_url", "owner_url"), threads)
    if json:
        emit(result)
    else:
        _tell(result)
    return 1 if result.failed else 0


def run(found: Settings, threads: int = 4) -> Result:
    """Migrate an installation; each church that fails is in the result by name."""
    if found.admin_url:
        prepare(found)
    with progress("Migrating the control database"):
        control = migrations.upgrade_fixed(found.owner_url, "control")
    shards, failed, count, migrated = {}, [], 0, 0
    for shard in found.shard_urls():
        with progress(f"Migrating shard {shard}"):
            shards[shard] = migrations.upgrade_fixed(found.owner_of(shard), "shard")
        ids, behind, not_done = _churches(found, shard, threads)
        count, migrated = count + len(ids), migrated + len(behind) - len(not_done)
        failed += not_done
    return Result(control, shards, count, migrated, failed)


def prepare(found: Settings) -> None:
    """Make the database, the fixed roles with the passwords of our URLs, and the extensions."""
    owner, app = urlsplit(found.owner_url), urlsplit(found.database_url)
    for url, role in ((owner, "narthex_owner"), (app, "narthex_app")):
        if url.username != role:
            raise Stopped(
                f"The login in the URL is {url.username!r}, and migrations make {role!r}: use that one.",
                code=2,
            )
    words = (_password(found.owner_url), _password(found.database_url))
    for admin_url in _admin_urls(found):
        make_database(admin_url)
        with progress("Making roles and extensions"):
            migrations.bootstrap(admin_url, owner_password=words[0], app_password=words[1])


def _admin_urls(found: Settings) -> list[str]:
    """Return the superuser's way into the control database and into each shard's on the same server.

    A shard on another server has its own superuser, whom we do not know: its people run migrations/bootstrap.sql.
    """
    urls = {_place(found.admin_url): found.admin_url}
    for shard in found.shard_urls():
        place = _place(found.owner_of(shard))
        if place[:2] == _place(found.admin_url)[:2]:
            urls.setdefault(place, make_conninfo(found.admin_url, dbname=place[2]))
    return list(urls.values())


def _place(url: str) -> tuple[str, str, str]:
    """Return host, port and database of a URL."""
    parts = conninfo_to_dict(url)
    return str(parts.get("host", "")), str(parts.get("port", "5432")), str(parts.get("dbname", ""))


def make_database(admin_url: str) -> None:
    """Create the database of a superuser's URL when it is not there."""
    try:
        psycopg.connect(admin_url).close()
        return
    except psycopg.OperationalError as error:
        if "does not exist" not in connection_reason(str(error)):
            raise
    name = str(conninfo_to_dict(admin_url)["dbname"])
    with psycopg.connect(make_conninfo(admin_url, dbname="postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))


def _password(url: str) -> str | None:
    word = conninfo_to_dict(url).get("password")
    return str(word) if word else None


def _churches(
    found: Settings, shard: str, threads: int
) -> tuple[Sequence[str], Sequence[str], list[dict[str, str]]]:
    """Migrate one shard's churches; return all of them, those that were behind, and those that failed."""
    owner_url = found.owner_of(shard)
    holder = f"{socket.gethostname()}:{os.getpid()}"
    deadline = time.monotonic() + LEASE_PATIENCE
    while True:
        with migrations.migration_lease(owner_url, holder) as held:
            if held:
                ids = asyncio.run(_ids(found, shard))
                behind = migrations.behind(owner_url, ids)
                with progress("Migrating churches", len(behind)) as advance:
                    failed = migrations.upgrade_churches(
                        owner_url, behind, threads=threads, done=lambda _: advance()
                    )
                return ids, behind, asyncio.run(_named(found, failed))
        if time.monotonic() >= deadline:
            raise Stopped(
                f"Another `narthex migrate` works on shard {shard}: let it finish, then run this again."
            )
        note("Another `narthex migrate` is at work; waiting for it.")
        time.sleep(2.0)


async def _ids(found: Settings, shard: str) -> Sequence[str]:
    async with churches(found) as tenants:
        return await tenants.ids(shard)


async def _named(found: Settings, failed: Sequence[migrations.Failed]) -> list[dict[str, str]]:
    """Give the failed churches the names people know them by."""
    if not failed:
        return []
    named = []
    async with churches(found) as tenants:
        for failure in failed:
            try:
                slug = (await tenants.by_id(failure.tenant_id)).slug
            except NoSuchChurch:  # deleted while we were at it
                continue
            named.append({"church": slug, "id": failure.tenant_id, "error": failure.error})
    return named


def _tell(result: Result) -> None:
    """Say what was done; failed churches go to stderr."""
    done = result.migrated and f"{result.migrated} of {result.churches} churches migrated"
    say(
        f"{done or f'All {result.churches} churches are up to date'}."
        if result.churches
        else "There is no church yet."
    )
    for failure in result.failed:
        complain(f"The church {failure['church']} could not be migrated: {failure['error']}")
    if result.failed:
        complain(
            "The others are done. Mend these, then run `narthex migrate` again: it goes on where it stopped."
        )
