"""Letters on their way: claimed, then sent, failed or unknown; deferred ones wait and are tried for as long as useful.

A letter is claimed in a transaction of its own before the server is spoken to, so that nobody else sends it. When a
worker dies with a claim, or a server's answer to the letter itself is lost, there is a doubt: it is sent again under
the same Message-ID. `unknown` is a letter that was given up while such a doubt was open.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import asyncpg
import msgspec
import structlog

from jobs import metrics
from server.kit.db import Database
from server.kit.mail import LETTER_SECONDS, Mail, MailDeferred, Mailer, MailRefused
from server.kit.scope import TenantRef

LETTERS_AT_ONCE = 8  # conversations with mail servers a shard; the rest waits its turn
DRAIN_SECONDS = 60.0  # one job sends letters for so long, then lets other jobs have its place
CLAIM_SECONDS = 2 * LETTER_SECONDS  # an older claim was left behind by a worker that died
# seconds after the first, second … deferral: greylisting passes after minutes, a broken server after hours
PAUSES = (60.0, 300.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0)
KEPT_DAYS = 30  # what became of a letter; its text is forgotten at once

Find = Callable[[str], Awaitable[TenantRef | None]]

_log = structlog.get_logger("narthex.mail")


class _Over(Exception):
    """The letter will not be sent; the text says why."""


class Mails:
    """The letters of all churches. `find` returns a church by its id, None when it is gone."""

    def __init__(self, database: Database, mailer: Mailer, find: Find) -> None:
        self._database = database
        self._mailer = mailer
        self._find = find

    async def due(self, shard: str) -> int:
        """Free the claims of the dead; return how many more letters may be sent now."""
        async with self._database.shard(shard) as connection:
            await connection.execute(_FREE, CLAIM_SECONDS)
            waiting: int = await connection.fetchval(_DUE, LETTERS_AT_ONCE)
        return waiting

    async def drain(self, shard: str, seconds: float = DRAIN_SECONDS) -> None:
        """Send letters one after another until none is due or the time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and await self.send_next(shard):
            pass

    async def send_next(self, shard: str) -> bool:
        """Claim and send the letter that is useless soonest; return False when none is due."""
        async with self._database.shard(shard) as connection:
            row = await connection.fetchrow(_CLAIM)
        if row is None:
            return False
        try:
            await self._send(row)
        except (_Over, MailRefused) as error:
            outcome = "unknown" if row["doubt"] else "failed"
            ours = await self._record(shard, row, _OVER, outcome, str(error))
        except MailDeferred as error:
            outcome = "deferred"
            pause = PAUSES[min(row["attempts"], len(PAUSES)) - 1]
            ours = await self._record(shard, row, _DEFER, pause, error.doubt, str(error))
        else:
            outcome = "sent"
            ours = await self._record(shard, row, _OVER, outcome, None)
        # without the server's words: they often hold the address
        _log.info(
            "letter", id=row["id"], church=row["church"], tries=row["attempts"], outcome=outcome, ours=ours
        )
        metrics.MAILS.labels(outcome).inc()
        return True

    async def trim(self, shard: str) -> None:
        """Forget what became of letters long ago."""
        async with self._database.shard(shard) as connection:
            await connection.execute(_TRIM, KEPT_DAYS)

    async def _send(self, row: asyncpg.Record) -> None:
        if row["late"]:
            raise _Over(f"given up: {row['reason'] or 'it was useful only for a while'}")
        tenant = await self._find(row["church"].removeprefix("church_"))
        if tenant is None or tenant.status in ("suspended", "deleting"):
            raise _Over("the church is suspended or gone")
        try:
            mail = msgspec.json.decode(row["data"], type=Mail)
        except msgspec.DecodeError as error:
            raise _Over(f"unreadable: {error}") from error
        await self._mailer.send(mail)

    async def _record(self, shard: str, row: asyncpg.Record, statement: str, *values: object) -> bool:
        """Write the outcome down; return False when the claim was taken from us meanwhile."""
        async with self._database.shard(shard) as connection:
            return bool(await connection.fetchval(statement, row["id"], row["attempts"], *values))


_FREE = """
    update mails set state = 'waiting', doubt = true, due_at = clock_timestamp(), changed_at = clock_timestamp(),
      reason = coalesce(reason, 'the worker that was sending it ended')
    where id in (
      select id from mails where state = 'claimed' and claimed_at < clock_timestamp() - make_interval(secs => $1)
      for update skip locked
    )
"""
_DUE = """
    select greatest(0, least(
      $1 - (select count(*) from mails where state = 'claimed'),
      (select count(*) from (
        select from mails where state = 'waiting' and due_at <= clock_timestamp() limit $1
      ) due)
    ))
"""
_CLAIM = """
    update mails set state = 'claimed', attempts = attempts + 1, claimed_at = clock_timestamp(),
      changed_at = clock_timestamp()
    where id = (
      select id from mails where state = 'waiting' and due_at <= clock_timestamp()
      order by give_up_at, id limit 1 for update skip locked
    )
    returning id, church, data, attempts, doubt, reason, give_up_at <= clock_timestamp() as late
"""
_OVER = """
    update mails set state = $3, reason = $4, data = null, changed_at = clock_timestamp()
    where id = $1 and attempts = $2 and state = 'claimed' returning true
"""
_DEFER = """
    update mails set state = 'waiting', due_at = clock_timestamp() + make_interval(secs => $3),
      doubt = doubt or $4, reason = $5, changed_at = clock_timestamp()
    where id = $1 and attempts = $2 and state = 'claimed' returning true
"""
_TRIM = """
    delete from mails where state in ('sent', 'failed', 'unknown')
      and changed_at < clock_timestamp() - make_interval(days => $1)
"""
