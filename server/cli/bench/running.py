"""An installation that runs already, as a stage: a church is made in it for the run and erased afterwards.

Its database is reached as every command reaches it (NARTHEX_DATABASE_URL and its companions). What it costs is known
where its processes are on this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from server.cli.bench import people
from server.cli.bench.people import Signed
from server.cli.bench.stage import cpu_of, polls_the_listener
from server.cli.errors import Stopped
from server.cli.installation import settings
from server.settings import Settings
from server.wiring import build


class Running(msgspec.Struct, frozen=True):
    """Where it answers, and somebody signed in there."""

    host: str
    port: int
    signed: Signed
    web: tuple[int, ...]  # its web processes, as far as they are on this machine

    def cpu(self) -> float:
        """Return the CPU seconds that its web processes have used."""
        return sum(cpu_of(pid) for pid in self.web)


@contextlib.contextmanager
def running(url: str, *, accounts: int, staff: int) -> Iterator[Running]:
    """Make a church in the installation at this address, and erase it at the end; raise Stopped for an address."""
    where = urlsplit(url)
    if where.scheme != "http" or not where.hostname:
        raise Stopped("The load generator speaks plain http: give the address behind your proxy.", code=2)
    found = settings("database_url", "owner_url", "secret_key")
    port = where.port or 80
    made, _ = people.create(found, 1, lambda: None)
    try:
        (signed,) = people.sign_in(found, made, people=accounts, staff=staff)
        pids = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
        web = tuple(pid for pid in pids if polls_the_listener(pid, port))
        yield Running(where.hostname, port, signed, web)
    finally:
        asyncio.run(_erase(found, made[0].slug))


async def _erase(found: Settings, slug: str) -> None:
    wiring = build(found)
    await wiring.start()
    try:
        await wiring.tenants.delete(slug)
    finally:
        await wiring.stop()
