"""A proxy on Postgres's wire that kills the program behind it after its n-th statement was answered.

The answer never arrives: the program dies knowing less than the database does, which is the worst a kill can do.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Callable
from typing import Literal
from urllib.parse import parse_qs, urlsplit

When = Literal["answered", "sent"]


class Wire:
    """Forward connections to Postgres; `strike` is called once, at the n-th statement of all of them together."""

    def __init__(self, url: str, nth: int, strike: Callable[[], None], *, when: When = "answered") -> None:
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        self._socket = f"{query['host'][0]}/.s.PGSQL.{query['port'][0]}"
        self._login = parts.netloc.rpartition("@")[0]
        self._database = parts.path
        self._nth = nth
        self._strike = strike
        self._when = when
        self._port = 0
        self.statements = 0
        self.struck = asyncio.Event()

    @property
    def url(self) -> str:
        """Return the address for the program behind us."""
        return f"postgresql://{self._login}@127.0.0.1:{self._port}{self._database}?sslmode=disable"

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Wire]:
        """Listen until the block ends, then cut every connection."""
        self._tasks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        upstream, server = await asyncio.open_unix_connection(self._socket)
        line = _Line(self)
        pumps = [
            asyncio.create_task(line.forward(reader, server)),
            asyncio.create_task(line.back(upstream, writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in (server, writer):  # first of all: whoever ends us may cancel what is awaited below
                end.close()
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    def _count(self) -> bool:
        """Count a statement; return whether it is the one."""
        self.statements += 1
        return self.statements == self._nth

    def _kill(self) -> None:
        if not self.struck.is_set():
            self._strike()
            self.struck.set()


class _Line:
    """One connection."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._marked = False

    async def forward(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        """Pass on what the program says; a statement ends with Query or Sync."""
        wire = self._wire
        size = struct.unpack("!I", head := await reader.readexactly(4))[0]
        server.write(head + await reader.readexactly(size - 4))  # the start-up packet has no type
        while True:
            kind, message = await _message(reader)
            if wire.statements >= wire._nth and not self._marked:
                await asyncio.Event().wait()  # the moment has come on another line: nothing happens any more
            ends = kind in b"QS"
            self._marked = ends and wire._count()
            server.write(message)
            await server.drain()
            if self._marked and wire._when == "sent":
                wire._kill()

    async def back(self, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what Postgres says; the marked statement's end is not told."""
        while True:
            kind, message = await _message(upstream)
            if self._marked:
                if kind == b"Z":
                    self._wire._kill()
                continue
            writer.write(message)
            await writer.drain()


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readexactly(5)
    size = struct.unpack("!I", head[1:])[0]
    return head[:1], head + await reader.readexactly(size - 4)
