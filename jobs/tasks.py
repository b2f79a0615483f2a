"""What the worker does: thin tasks that call a service, page by page, one church's fault never another's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from jobs import heads, metrics, trim
from jobs.broker import Task
from jobs.mails import DRAIN_SECONDS, Mails
from jobs.relay import AWAY
from jobs.schedule import DAY, Schedule
from server.kit.errors import NotFound, Unavailable
from server.kit.log import KEPT_DAYS
from server.kit.mail import LETTER_SECONDS, SendMail
from server.kit.queue import Job
from server.kit.scope import Scope
from server.wiring import Wiring

CHURCHES_A_PAGE = 50
MOST_ROUNDS = 50  # of one slice's trim in one church; what is left goes in the next hour
NIGHT = 2 * 3_600.0  # seconds after midnight UTC, when most of our churches sleep
MONDAY = 4 * DAY + 6 * 3_600.0  # six in the morning UTC; the first day of all was a Thursday

_log = structlog.get_logger("narthex.tasks")


class TrimShard(Job, frozen=True, kw_only=True, tag="shard.trim"):
    """Trim a shard's own tables."""

    shard: str


class TrimChurches(Job, frozen=True, kw_only=True, tag="churches.trim"):
    """Trim a page of churches, those with ids after `after`."""

    shard: str
    after: str = ""


class VerifyAudits(Job, frozen=True, kw_only=True, tag="audit.verify"):
    """Follow the chains of a page of churches, those with ids after `after`."""

    shard: str
    after: str = ""


class ExpirePrayers(Job, frozen=True, kw_only=True, tag="prayer.expire"):
    """Take off what has had its days, in a page of churches, those with ids after `after`."""

    shard: str
    after: str = ""


class RingUnattended(Job, frozen=True, kw_only=True, tag="moderation.unattended"):
    """Ring where nobody looks at the queue, in a page of churches, those with ids after `after`."""

    shard: str
    after: str = ""


class WritePrayerWeek(Job, frozen=True, kw_only=True, tag="prayer.week"):
    """Write the week's letters to the prayer teams of a page of churches, those with ids after `after`."""

    shard: str
    after: str = ""


class Tasks:
    """The tasks of one worker, over the same wiring as the web's."""

    def __init__(self, wiring: Wiring, mails: Mails) -> None:
        self._wiring = wiring
        self._mails = mails
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._trims: Sequence[Callable[[Scope], Awaitable[int]]] = (
            wiring.auth.trim,
            wiring.links.trim,
            wiring.safety.trim,
            wiring.messages.trim,
            wiring.notes.trim,
            wiring.rota.trim,
            wiring.care.trim,
            wiring.concerns.trim,
            wiring.alarms.trim,
            wiring.moderation.trim,
            wiring.prayer.trim,
            wiring.undos.trim,
            wiring.hosting.trim,
        )

    def all(self) -> Sequence[Task]:
        """Return every task that this program knows."""
        return (
            Task(SendMail, self._send_mail, seconds=DRAIN_SECONDS + 2 * LETTER_SECONDS),
            Task(TrimShard, self._trim_shard),
            Task(TrimChurches, self._trim_churches),
            Task(VerifyAudits, self._verify_audits, seconds=1_800.0),
            Task(ExpirePrayers, self._expire_prayers),
            Task(WritePrayerWeek, self._write_prayer_week),
            Task(RingUnattended, self._ring_unattended),
        )

    async def put_mail(self) -> None:
        """Put as many sending jobs as there are letters to be sent now; the leader's chore.

        Letters are in Postgres: while the queue is away the leader sends them itself, one after another.
        """
        for shard in self._wiring.database.shards:
            due = await self._mails.due(shard)
            try:
                for _ in range(due):
                    await self._wiring.queue.put(SendMail(shard=shard))
            except Unavailable:
                if shard not in self._sending or self._sending[shard].done():
                    self._sending[shard] = asyncio.create_task(self._mails.drain(shard))

    async def stop(self) -> None:
        """End what the leader does itself; a letter that is cut off is in doubt, and sent again."""
        for task in self._sending.values():
            task.cancel()
        await asyncio.gather(*self._sending.values(), return_exceptions=True)

    async def _send_mail(self, job: SendMail) -> None:
        await self._mails.drain(job.shard)

    async def _trim_shard(self, job: TrimShard) -> None:
        await trim.shard(self._wiring.database, job.shard)
        await self._mails.trim(job.shard)

    async def _trim_churches(self, job: TrimChurches) -> None:
        ids, more = await self._page(job.shard, job.after)
        await self._each(ids, self._trim_church)
        if more:
            await self._wiring.queue.put(TrimChurches(shard=job.shard, after=ids[-1]))

    async def _verify_audits(self, job: VerifyAudits) -> None:
        ids, more = await self._page(job.shard, job.after)
        await self._each(ids, self._verify_audit)
        if more:
            await self._wiring.queue.put(VerifyAudits(shard=job.shard, after=ids[-1]))

    async def _expire_prayers(self, job: ExpirePrayers) -> None:
        ids, more = await self._page(job.shard, job.after)
        await self._each(ids, self._expire_church)
        if more:
            await self._wiring.queue.put(ExpirePrayers(shard=job.shard, after=ids[-1]))

    async def _write_prayer_week(self, job: WritePrayerWeek) -> None:
        ids, more = await self._page(job.shard, job.after)
        await self._each(ids, self._write_church)
        if more:
            await self._wiring.queue.put(WritePrayerWeek(shard=job.shard, after=ids[-1]))

    async def _ring_unattended(self, job: RingUnattended) -> None:
        ids, more = await self._page(job.shard, job.after)
        await self._each(ids, self._ring_church)
        if more:
            await self._wiring.queue.put(RingUnattended(shard=job.shard, after=ids[-1]))

    async def _page(self, shard: str, after: str) -> tuple[Sequence[str], bool]:
        """Return the next churches of a shard, and whether there are others behind them."""
        ids = [id for id in await self._wiring.tenants.ids(shard) if id > after]
        return ids[:CHURCHES_A_PAGE], len(ids) > CHURCHES_A_PAGE

    async def _each(self, ids: Sequence[str], do: Callable[[Scope, int], Awaitable[None]]) -> None:
        """Do something for each church; one that fails is named and counted, and the others have their turn.

        When a part of the installation is away the whole page is tried again.
        """
        for id in ids:
            try:
                tenant = await self._wiring.tenants.by_id(id)
                await do(Scope.system(tenant.ref), _kept_days(tenant.limits.get("retention_days")))
            except NotFound:
                continue
            except AWAY:
                raise
            except Exception:
                _log.exception("a church failed", church=id)
                metrics.CHURCH_FAILURES.labels(do.__name__.strip("_")).inc()

    async def _trim_church(self, scope: Scope, retention_days: int) -> None:
        await trim.church(self._wiring.database, scope, retention_days=retention_days)
        for one in self._trims:
            for _ in range(MOST_ROUNDS):
                if not await one(scope):
                    break

    async def _expire_church(self, scope: Scope, _: int) -> None:
        for _round in range(MOST_ROUNDS):
            if not await self._wiring.prayer.expire(scope):
                break

    async def _write_church(self, scope: Scope, _: int) -> None:
        await self._wiring.tending.write_week(scope)

    async def _ring_church(self, scope: Scope, _: int) -> None:
        await self._wiring.moderation.ring_unattended(scope)

    async def _verify_audit(self, scope: Scope, _: int) -> None:
        verdict = await heads.verify(self._wiring.database, self._wiring.audit, scope)
        if not verdict.intact:
            _log.critical(
                "the audit chain is broken",
                church=scope.tenant.id,
                entry=verdict.broken_at,
                reason=verdict.reason,
            )
            metrics.BROKEN_AUDITS.inc()


def _kept_days(asked: object) -> int:
    """Return for how long a church's log is kept: as long as it asks for, never longer than the log's own time."""
    return min(asked, KEPT_DAYS) if isinstance(asked, int) and asked > 0 else KEPT_DAYS


def schedules(shards: Sequence[str]) -> Sequence[Schedule]:
    """Return what is done again and again on these shards."""
    return (
        Schedule("trim-shard", 60.0, [TrimShard(shard=shard) for shard in shards]),
        Schedule("trim-churches", 3_600.0, [TrimChurches(shard=shard) for shard in shards], offset=600.0),
        Schedule("verify-audits", DAY, [VerifyAudits(shard=shard) for shard in shards], offset=NIGHT),
        Schedule("expire-prayers", 600.0, [ExpirePrayers(shard=shard) for shard in shards], offset=300.0),
        Schedule("ring-unattended", 300.0, [RingUnattended(shard=shard) for shard in shards], offset=120.0),
        Schedule("prayer-week", 7 * DAY, [WritePrayerWeek(shard=shard) for shard in shards], offset=MONDAY),
    )
