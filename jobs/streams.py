"""Jobs on a Valkey stream, at least once: put, take, take over from the dead, try again later, park.

One consumer group reads the stream. A worker says every two seconds that it lives; what a silent one had taken is
taken over. An entry is deleted when it is done, so the stream's length is the work that is left: nothing is ever
trimmed away unread. All time is Valkey's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

import msgspec
import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError

STREAM = "{narthex:jobs}"  # the braces keep all keys of the queue on one slot
GROUP = "workers"
MOST_WAITING = 200_000  # jobs in the queue; then a put raises Full, and its listener is asked again later
MOST_PARKED = 10_000  # parked jobs that are kept for a person; then the oldest are forgotten
ALIVE_SECONDS = 12.0  # a worker that is silent for longer counts as dead; it speaks six times in that time
ONCE_SECONDS = 86_400
SOCKET_SECONDS = 5.0
A_PAGE = 50

Fields = Mapping[bytes, bytes]


class Full(Exception):
    """The queue holds MOST_WAITING jobs."""


class Entry(msgspec.Struct, frozen=True):
    """A job that this worker has taken: where it stands in the stream, its message, how often it was handed out."""

    id: bytes
    data: bytes
    deliveries: int = 1


class Parked(msgspec.Struct, frozen=True):
    """A job that waits for a person, or for a worker that knows it; `reason` begins with the cause."""

    id: str
    kind: str
    reason: str
    data: bytes


def connect(url: str) -> redis.Redis:
    """Make a client that never repeats a command by itself: an answer that was lost may have been a yes."""
    return redis.Redis.from_url(
        url,
        socket_timeout=SOCKET_SECONDS,
        socket_connect_timeout=2.0,
        retry=Retry(NoBackoff(), 0),
    )


class Streams:
    """The queue as one worker sees it. Every method may raise what `realtime.wire_redis.AWAY` names."""

    def __init__(
        self,
        valkey: redis.Redis,
        worker: str,
        *,
        stream: str = STREAM,
        most: int = MOST_WAITING,
        alive_seconds: float = ALIVE_SECONDS,
    ) -> None:
        self._valkey = valkey
        self._worker = worker
        self._stream = stream
        self._later = f"{stream}:later"
        self._parked = f"{stream}:parked"
        self._most = most
        self.alive_seconds = alive_seconds
        self._put = valkey.register_script(_PUT)
        self._due = valkey.register_script(_DUE)
        self._again = valkey.register_script(_AGAIN)
        self._park = valkey.register_script(_PARK)
        self._unpark = valkey.register_script(_UNPARK)

    async def declare(self) -> None:
        """Make the stream and its group, from the first entry on: what was put before counts."""
        with contextlib.suppress(ResponseError):  # BUSYGROUP: it is there
            await self._valkey.xgroup_create(self._stream, GROUP, id="0", mkstream=True)

    async def put(self, data: bytes, *, once: str = "", after: float = 0.0) -> bool:
        """Put a message; False when the same `once` was put within a day. Raise Full."""
        keys = [self._stream, self._later, f"{self._stream}:once:{once}"]
        put = await self._put(
            keys=keys, args=[data, self._most, round(after * 1000), ONCE_SECONDS if once else 0]
        )
        if put < 0:
            raise Full
        return bool(put)

    async def due(self) -> int:
        """Move jobs whose time has come into the stream; return how many."""
        moved: int = await self._due(keys=[self._stream, self._later], args=[A_PAGE])
        return moved

    async def beat(self) -> None:
        """Say that this worker lives."""
        await self._valkey.set(self._alive(self._worker), b"1", px=round(self.alive_seconds * 1000))

    async def leave(self) -> None:
        """Say that this worker ends: what it leaves behind may be taken over at once."""
        await self._valkey.delete(self._alive(self._worker))

    async def new(self, most: int, block_ms: int) -> Sequence[Entry]:
        """Take new jobs, waiting for them at most `block_ms`."""
        found = await self._valkey.xreadgroup(
            GROUP, self._worker, {self._stream: ">"}, count=most, block=block_ms
        )
        return [entry for _, rows in _streams(found) for entry in await self._entries(rows)]

    async def own(self, most: int, known: Collection[bytes]) -> Sequence[Entry]:
        """Return jobs that Valkey gave us and that never arrived here: their answer was cut off."""
        missing: list[Entry] = []
        after: bytes = b"0"
        while len(missing) < most:
            found = await self._valkey.xreadgroup(GROUP, self._worker, {self._stream: after}, count=A_PAGE)
            rows = [row for _, page in _streams(found) for row in page]
            if not rows:
                break
            missing += [entry for entry in await self._entries(rows) if entry.id not in known]
            after = rows[-1][0]
        return missing[:most]

    async def dead(self, most: int) -> Sequence[Entry]:
        """Take over jobs of workers that have not said for a while that they live."""
        taken: list[Entry] = []
        for consumer in await self._silent():
            rows = await self._valkey.xpending_range(
                self._stream, GROUP, min="-", max="+", count=most - len(taken), consumername=consumer
            )
            taken += await self._claim([row for row in rows if isinstance(row, dict)])
            if len(taken) >= most:
                break
        return taken

    async def done(self, entry: Entry) -> None:
        """Forget a job."""
        async with self._valkey.pipeline(transaction=True) as pipe:
            pipe.xack(self._stream, GROUP, entry.id)
            pipe.xdel(self._stream, entry.id)
            await pipe.execute()

    async def again(self, entry: Entry, data: bytes, pause: float) -> None:
        """Let a job wait for another try; `data` is its message from now on."""
        await self._again(keys=[self._stream, self._later], args=[GROUP, entry.id, data, round(pause * 1000)])

    async def park(self, entry: Entry, kind: str, reason: str) -> None:
        """Set a job aside for a person, or for a worker that knows it."""
        await self._park(
            keys=[self._stream, self._parked], args=[GROUP, entry.id, entry.data, kind, reason, MOST_PARKED]
        )

    async def parked(self, *, after: str = "", most: int = A_PAGE) -> Sequence[Parked]:
        """Return parked jobs in the order in which they were parked."""
        rows = await self._valkey.xrange(self._parked, min=f"({after}" if after else "-", count=most)
        return [_parked(id, fields) for id, fields in cast("list[tuple[bytes, Fields]]", rows)]

    async def replay(self, id: str) -> bool:
        """Put a parked job back; False when it is not there any more."""
        return bool(await self._unpark(keys=[self._stream, self._parked], args=[id]))

    async def forget(self, id: str) -> bool:
        """Delete a parked job; False when it is not there any more."""
        return bool(await self._valkey.xdel(self._parked, id))

    async def lengths(self) -> tuple[int, int, int]:
        """Return how many jobs wait or are being done, wait for their time, and are parked."""
        async with self._valkey.pipeline(transaction=False) as pipe:
            pipe.xlen(self._stream)
            pipe.zcard(self._later)
            pipe.xlen(self._parked)
            waiting, later, parked = await pipe.execute()
        return waiting, later, parked

    def _alive(self, worker: str) -> str:
        return f"{self._stream}:alive:{worker}"

    async def _silent(self) -> Sequence[str]:
        """Return other workers that hold jobs and do not say that they live; forget those that hold nothing."""
        consumers = [
            (_text(one["name"]), int(one["pending"]), int(one["idle"]))
            for one in await self._valkey.xinfo_consumers(self._stream, GROUP)
        ]
        others = [one for one in consumers if one[0] != self._worker]
        async with self._valkey.pipeline(transaction=False) as pipe:
            for name, _, _ in others:
                pipe.exists(self._alive(name))
            alive = await pipe.execute()
        silent = [one for one, lives in zip(others, alive, strict=True) if not lives]
        for name, pending, idle in silent:
            if not pending and idle > 3_600_000:
                await self._valkey.xgroup_delconsumer(self._stream, GROUP, name)
        return [name for name, pending, _ in silent if pending]

    async def _claim(self, pending: Sequence[dict[str, Any]]) -> Sequence[Entry]:
        """Make entries ours; one that somebody took over within the last second is theirs."""
        if not pending:
            return ()
        rows = await self._valkey.xclaim(
            self._stream,
            GROUP,
            self._worker,
            min_idle_time=1_000,
            message_ids=[p["message_id"] for p in pending],
        )
        times = {p["message_id"]: int(p["times_delivered"]) for p in pending}
        entries = await self._entries(cast("list[tuple[bytes, Fields | None]]", rows))
        return [Entry(entry.id, entry.data, times[entry.id] + 1) for entry in entries]

    async def _entries(self, rows: Sequence[tuple[bytes, Fields | None]]) -> Sequence[Entry]:
        """Read rows of a stream; let go of what was deleted meanwhile or never was a message of ours."""
        entries = []
        for id, fields in rows:
            if fields and b"data" in fields:
                entries.append(Entry(id, fields[b"data"]))
            else:
                await self._valkey.xack(self._stream, GROUP, id)
                await self._valkey.xdel(self._stream, id)
        return entries


def _streams(found: Any) -> list[tuple[bytes, list[tuple[bytes, Fields | None]]]]:
    """Read an XREADGROUP answer of either protocol version: a list of pairs, or a map."""
    if not found:
        return []
    if isinstance(found, dict):
        return [(stream, pages[0] if len(pages) == 1 else pages) for stream, pages in found.items()]
    return [(stream, rows) for stream, rows in found]


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _parked(id: bytes, fields: Fields) -> Parked:
    reason, kind = (fields.get(name, b"").decode("utf-8", "replace") for name in (b"reason", b"kind"))
    return Parked(id.decode(), kind, reason, fields.get(b"data", b""))


# Scripts, because each of these must happen as a whole or not at all. Every number is milliseconds by Valkey's clock.
_NOW = "local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000);"
_PUT = f"""{_NOW}
    if redis.call('XLEN', KEYS[1]) + redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[2]) then return -1 end
    if tonumber(ARGV[4]) > 0 and not redis.call('SET', KEYS[3], '1', 'NX', 'EX', ARGV[4]) then return 0 end
    if tonumber(ARGV[3]) > 0 then redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[1])
    else redis.call('XADD', KEYS[1], '*', 'data', ARGV[1]) end
    return 1
"""
_DUE = f"""{_NOW}
    local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ARGV[1])
    for _, data in ipairs(due) do
      redis.call('XADD', KEYS[1], '*', 'data', data)
      redis.call('ZREM', KEYS[2], data)
    end
    return #due
"""
_AGAIN = f"""{_NOW}
    redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
    if redis.call('XDEL', KEYS[1], ARGV[2]) == 0 then return 0 end
    redis.call('ZADD', KEYS[2], now + ARGV[4], ARGV[3])
    return 1
"""
_PARK = """
    redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
    if redis.call('XDEL', KEYS[1], ARGV[2]) == 0 then return 0 end
    redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[6], '*', 'data', ARGV[3], 'kind', ARGV[4], 'reason', ARGV[5])
    return 1
"""
_UNPARK = """
    local found = redis.call('XRANGE', KEYS[2], ARGV[1], ARGV[1])
    if #found == 0 then return 0 end
    for i = 1, #found[1][2], 2 do
      if found[1][2][i] == 'data' then redis.call('XADD', KEYS[1], '*', 'data', found[1][2][i + 1]) end
    end
    redis.call('XDEL', KEYS[2], ARGV[1])
    return 1
"""
