"""`narthex worker`: relay what was announced, and do the work in the background."""

from __future__ import annotations

import asyncio

from server.cli.installation import settings
from server.cli.screen import note
from server.settings import Settings


def worker() -> int:
    """Relay announcements, send mail, run what is scheduled, until told to stop; as many of these as you like."""
    import uvloop

    found = settings("database_url", "secret_key")
    if not found.valkey_url:
        note("NARTHEX_VALKEY_URL is not set: announcements are relayed, and no job can be queued.")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_work(found))


async def _work(found: Settings) -> int:
    from jobs.worker import run
    from server.kit import logs

    logs.configure(found.log_format)
    return await run(found)
