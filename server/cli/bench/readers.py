"""The load generator for reads over HTTP: a process of its own that parses, checks and counts what it received.

Orders come as JSON lines on stdin, answers leave as JSON lines on stdout.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

import msgspec

from server.cli.bench.stage import CROWD_CORE

HEAD = b"\r\n\r\n"


class Read(msgspec.Struct, frozen=True):
    """One request: a path, and the token of who asks."""

    path: str
    token: str = ""


class Order(msgspec.Struct, frozen=True):
    """Read for some seconds over some connections, in turn; `rate` a second, 0: as fast as answers come."""

    reads: list[Read]
    seconds: float
    connections: int = 8
    rate: float = 0.0


class Answer(msgspec.Struct, frozen=True):
    """What was received; `failed` counts answers that were not 200, times are from when a request was due."""

    count: int
    failed: int
    bytes: int
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float

    @property
    def per_s(self) -> float:
        """Return good answers a second."""
        return self.count / self.seconds


class Readers:
    """The process, seen from the bench."""

    def __init__(self, host: str, port: int) -> None:
        words = [sys.executable, "-m", "server.cli.bench.readers", host, str(port)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        os.sched_setaffinity(self._process.pid, {CROWD_CORE} if (os.cpu_count() or 1) > CROWD_CORE else {0})

    def read(
        self, reads: Sequence[Read], seconds: float, *, connections: int = 8, rate: float = 0.0
    ) -> Answer:
        """Order a run and wait for its answer; raise RuntimeError when anything but 200 came back."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = Order(list(reads), seconds, connections, rate)
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the load generator ended")
        answer = msgspec.json.decode(line, type=Answer)
        if answer.failed or not answer.count:
            raise RuntimeError(f"{answer.failed} of {answer.failed + answer.count} reads were refused")
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()


class _Tally:
    """What one run received."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.failed = 0
        self.bytes = 0

    def answer(self, seconds: float) -> Answer:
        ordered = sorted(self.times) or [0.0]

        def quantile(part: float) -> float:
            return ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000

        return Answer(
            len(self.times), self.failed, self.bytes, seconds, quantile(0.5), quantile(0.95), quantile(0.99)
        )


async def _run(host: str, port: int, order: Order) -> Answer:
    tally, began = _Tally(), time.perf_counter()
    requests = itertools.cycle([_request(host, read) for read in order.reads])
    due = _due(order, began)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(order.connections):
            tasks.create_task(_connection(host, port, requests, due, tally))
    return tally.answer(time.perf_counter() - began)


def _due(order: Order, began: float) -> Iterator[float]:
    """Yield when each request is to be sent; with a rate the clock says so, and a slow answer delays nobody."""
    for number in itertools.count():
        at = began + number / order.rate if order.rate else time.perf_counter()
        if at >= began + order.seconds:
            return
        yield at


async def _connection(
    host: str, port: int, requests: Iterator[bytes], due: Iterator[float], tally: _Tally
) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        for at in due:
            if (wait := at - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            writer.write(next(requests))
            status, size = await _answer(reader)
            if status == 200:
                tally.times.append(time.perf_counter() - at)
                tally.bytes += size
            else:
                tally.failed += 1
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, int]:
    """Read one answer to its end; return its status and the size of its body."""
    head = (await reader.readuntil(HEAD)).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    body = await reader.readexactly(int(length))
    msgspec.json.decode(body)
    return int(head[9:12]), len(body)


def _request(host: str, read: Read) -> bytes:
    proof = f"Authorization: Bearer {read.token}\r\n" if read.token else ""
    return f"GET {read.path} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n{proof}\r\n".encode()


def _main(host: str, port: int) -> None:
    for line in sys.stdin.buffer:
        answer = asyncio.run(_run(host, port, msgspec.json.decode(line, type=Order)))
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
