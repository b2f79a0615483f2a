"""R3: one of 100 clients never reads; what the others notice of it, in interleaved pairs of runs."""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from server.cli.bench.stage import Room, pss_of
from server.cli.bench.wire import masked
from server.web.fanout_protocol import HIGH_WATER
from tests.faults.house import House

BODY = "語" * 1_900  # 6 kB an event: the buffers of who does not read are full within a second or two


class Pairs(msgspec.Struct, frozen=True):
    """The others' 99th percentiles with and without the silent one, pair by pair, and the memory at the end."""

    without_ms: list[float]
    with_ms: list[float]
    behind: int  # of the runs with the silent one, those in which it was left behind
    memory_before: int
    memory_after: int

    @property
    def ratio(self) -> float:
        """Return the middle of the pairs' ratios: one disturbed run does not count."""
        return statistics.median(b / a for a, b in zip(self.without_ms, self.with_ms, strict=True))

    def line(self) -> dict[str, Any]:
        """Return the figure under its key."""
        return {"R3_p99_ratio": round(self.ratio, 3)}


def pairs(house: House, room: Room, *, count: int, clients: int = 100, seconds: float = 4.0) -> Pairs:
    """Measure `count` pairs, the order within a pair in turn; everyone else must have got everything."""
    found: dict[bool, list[float]] = {False: [], True: []}
    behind = 0
    _run(house, room, clients, 1.0)  # warm
    before = memory(house)
    for number in range(count):
        for silent in (False, True) if number % 2 else (True, False):
            with _deaf(house, room) if silent else contextlib.nullcontext() as deaf:
                p99, size = _run(house, room, clients - silent, seconds)
                behind += deaf is not None and _held(deaf) + HIGH_WATER < size
            found[silent].append(p99)
    return Pairs(found[False], found[True], behind, before, memory(house))


def _run(house: House, room: Room, clients: int, seconds: float) -> tuple[float, int]:
    """Return the 99th percentile in ms, and the bytes that each client was sent."""
    crowd = house.crowd([room.place])
    try:
        joined = crowd.ask("connect", count=clients)
        # everybody in turn: of fewer, each would send more bytes than a connection may
        order = {"seconds": seconds, "in_flight": 16, "senders": clients, "run": _run_number()}
        answer = crowd.ask("broadcast", body=BODY, **order)
    finally:
        crowd.close()
    if joined["refused"] or answer["refused"] or answer["lost"] or answer["done"] < answer["messages"]:
        raise RuntimeError(f"the run is not whole: {answer}")
    return float(answer["p99_ms"]), answer["messages"] * len(BODY.encode())


def _run_number() -> int:
    """Return what makes the ids of a run its own."""
    return int.from_bytes(os.urandom(4))


@contextlib.contextmanager
def _deaf(house: House, room: Room) -> Iterator[socket.socket]:
    """Join and read nothing any more."""
    host = f"{house.host}:{house.port}"
    head = {
        "Host": host, "Origin": f"http://{host}", "Upgrade": "websocket", "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "narthex.v1",
    }  # fmt: skip
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(30)
        sock.connect((house.host, house.port))
        sock.sendall(f"GET /live/{room.church} HTTP/1.1\r\n{lines}\r\n".encode())
        _hear(sock, b"\r\n\r\n")
        sock.sendall(masked(msgspec.json.encode({"type": "hello", "token": room.tokens[-1]})))
        sock.sendall(masked(msgspec.json.encode({"type": "join", "ref": 1, "topic": room.topic})))
        _hear(sock, b'"ref":1')
        yield sock


def _hear(sock: socket.socket, words: bytes) -> None:
    """Read until these words came."""
    heard = b""
    while words not in heard:
        heard = heard[-20:] + sock.recv(4096)


def _held(sock: socket.socket) -> int:
    """Return the bytes that the kernel keeps for a connection at both its ends (proc(5), net/tcp)."""
    ports = {sock.getsockname()[1], sock.getpeername()[1]}
    total = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if {int(end.rpartition(":")[2], 16) for end in fields[1:3]} == ports:
            total += sum(int(queue, 16) for queue in fields[4].split(":"))
    return total


def memory(house: House) -> int:
    """Return the web processes' proportional memory in bytes."""
    return sum(pss_of(pid) for pid in house.workers())
