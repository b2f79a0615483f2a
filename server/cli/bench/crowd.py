"""The load generator: one process of its own, told what to do by JSON lines on stdin, answering on stdout.

Run as `python -m server.cli.bench.crowd`, so that the bench can pin it to a core and read other processes' CPU time
between two answers. The first line makes the crowd, each further one is `{"do": …}` and gets one line back.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec

from server.cli.bench.wire import Client, Crowd, Place, masked

PATIENCE = 30.0  # seconds after the last send in which everything must have arrived


class Runs:
    """What a crowd can be told to do; each method takes the order and returns figures."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.number = 0

    def connect(self, order: dict[str, Any]) -> dict[str, Any]:
        """Connect and join `count` more clients."""
        seconds = self.crowd.connect(order["count"], order.get("rate"))
        return {"clients": len(self.crowd.clients), "seconds": seconds, "refused": self.crowd.refused[:5]}

    def idle(self, order: dict[str, Any]) -> dict[str, Any]:
        """Read what comes for `seconds`, answering pings."""
        end = time.perf_counter() + order["seconds"]
        while time.perf_counter() < end:
            self.crowd.poll(0.2)
        return {"lost": self.crowd.lost}

    def broadcast(self, order: dict[str, Any]) -> dict[str, Any]:
        """Keep `in_flight` messages on their way for `seconds`; one is done when every client has it."""
        crowd = self.crowd
        crowd.recount()
        crowd.latencies = []
        number, deliveries, lost, size = 0, 0, crowd.lost, crowd.bytes
        began = time.perf_counter()
        end = began + order["seconds"]
        while True:
            now = time.perf_counter()
            while now < end and number - crowd.least < order["in_flight"]:
                crowd.sent_at[number] = time.perf_counter()
                self.push(crowd.clients[crowd.silent + number % order["senders"]], number, order)
                number += 1
            deliveries += crowd.poll(0.05)
            if now >= end and (crowd.least >= number or now > end + PATIENCE):
                break
        return {
            "messages": number,
            "done": crowd.least,
            "deliveries": deliveries,
            "bytes": crowd.bytes - size,
            "seconds": time.perf_counter() - began,
            "p50_ms": _at(crowd.latencies, 0.50) * 1000,
            "p99_ms": _at(crowd.latencies, 0.99) * 1000,
            "lost": crowd.lost - lost,
            "refused": crowd.refused[:5],
        }

    def watch(self, order: dict[str, Any]) -> dict[str, Any]:
        """Read until everybody has had `count` events since they came; return when the last client had the last."""
        crowd, number = self.crowd, order["count"] - 1
        crowd.latencies = []
        crowd.sent_at[number] = 0.0  # counted from the clock's own beginning
        end = time.perf_counter() + order["seconds"]
        while crowd.least <= number and time.perf_counter() < end:
            crowd.poll(0.05)
        return {"at": crowd.latencies, "lost": crowd.lost, "refused": crowd.refused[:5]}

    def sends(self, order: dict[str, Any]) -> dict[str, Any]:
        """Let each of `writers` clients keep one send under way for `seconds`; count acknowledgements."""
        crowd = self.crowd
        crowd.acked.clear()
        idle = {client.number: client for client in crowd.clients[: order["writers"]]}
        began = time.perf_counter()
        end = began + order["seconds"]
        under_way: dict[int, tuple[int, int]] = {}
        number = 0
        while (now := time.perf_counter()) < end or (under_way and now < end + PATIENCE):
            for mark in [n for n, waits in under_way.items() if waits not in crowd.waiting]:
                del under_way[mark]
                idle[mark] = crowd.clients[mark]
            if now < end:
                for mark, client in list(idle.items()):
                    number += 1
                    under_way[mark] = self.push(client, number, order)
                    del idle[mark]
            crowd.poll(0.01)
        return {
            "acked": len(crowd.acked),
            "sent": number,
            "seconds": time.perf_counter() - began,
            "refused": crowd.refused[:5],
        }

    def jitter(self, order: dict[str, Any]) -> dict[str, Any]:
        """Cut every client but the sender each `every` seconds for `away` seconds, while messages are sent.

        Each message must reach everyone within 30 s (or `patience`) of its being sent. Our peers acknowledge nothing:
        of theirs every one counts.
        """
        crowd, began = self.crowd, time.perf_counter()
        crowd.deadlines.clear()
        crowd.late = 0
        sender, others = crowd.clients[0], crowd.clients[1:]
        crowd.acked.clear()
        cut_at = {c.number: began + order["every"] * (0.2 + i / len(others)) for i, c in enumerate(others)}
        back_at: dict[int, float] = {}
        returning: dict[int, float] = {}
        recoveries: list[float] = []
        number, next_send = 0, began
        end = began + order["seconds"]
        while (now := time.perf_counter()) < end:
            if now >= next_send:
                number += 1
                self.push(sender, number, order)
                known = self.identity(self.number if crowd.dialect == "narthex" else number, order)
                crowd.deadlines[known] = now + order.get("patience", PATIENCE)
                next_send += 1 / order["rate"]
            for client in others:
                mark = client.number
                if client.sock is not None and now >= cut_at[mark]:
                    crowd.cut(client)
                    back_at[mark], cut_at[mark] = now + order["away"], now + order["every"]
                elif client.sock is None and now >= back_at.get(mark, 0.0):
                    crowd.open(client)
                    returning[mark] = now
                elif mark in returning and crowd.ready(client):
                    recoveries.append(now - returning.pop(mark))
            crowd.poll(0.005)
        missing = self._settle(others, order.get("patience", PATIENCE))
        wanted = set(crowd.acked) if crowd.dialect == "narthex" else set(crowd.deadlines)
        return {
            "acked": len(wanted),
            "expected": len(wanted) * len(others),
            "missing": missing,
            "late": crowd.late,
            "replay_p99_ms": _at(recoveries, 0.99) * 1000,
            "recovered": crowd.recovered,
            "snapshots": crowd.snapshots,
            "refused": crowd.refused[:5],
        }

    def come_back(self, order: dict[str, Any]) -> dict[str, Any]:
        """Bring every lost client back with its cursor until all have reached `seq` in their first topic."""
        crowd, began = self.crowd, time.perf_counter()
        while time.perf_counter() < began + order.get("seconds", 60):
            opened = 0
            for client in crowd.clients:
                if client.sock is None and opened < 100:
                    crowd.open(client)
                    opened += 1
            crowd.poll(0.005)
            if all(self._reached(client, order["seq"]) for client in crowd.clients):
                break
        behind = sum(not self._reached(client, order["seq"]) for client in crowd.clients)
        return {"seconds": time.perf_counter() - began, "behind": behind, "snapshots": crowd.snapshots}

    def come_back_one(self, order: dict[str, Any]) -> dict[str, Any]:
        """Bring the first client back when it was lost."""
        crowd, first, end = self.crowd, self.crowd.clients[0], time.perf_counter() + PATIENCE
        while time.perf_counter() < end and not (first.sock is not None and crowd.ready(first)):
            if first.sock is None:
                crowd.open(first)
            crowd.poll(0.05)
        return {"back": first.sock is not None}

    def say(self, order: dict[str, Any]) -> dict[str, Any]:
        """Let the first client send `count` messages; return how many were acknowledged before it was lost."""
        crowd, first = self.crowd, self.crowd.clients[0]
        before, end = len(crowd.acked), time.perf_counter() + PATIENCE
        for number in range(order["count"]):
            self.push(first, number, order)
        while first.sock is not None and crowd.waiting and time.perf_counter() < end:
            crowd.poll(0.05)
        crowd.waiting.clear()
        return {"acked": len(crowd.acked) - before}

    def cut_all(self, order: dict[str, Any]) -> dict[str, Any]:
        """Cut everyone but the first client."""
        for client in self.crowd.clients[1:]:
            self.crowd.cut(client)
        return {"cut": len(self.crowd.clients) - 1}

    def push(self, client: Client, number: int, order: dict[str, Any]) -> tuple[int, int]:
        """Send the numbered message; return what its reply will be known by."""
        if self.crowd.dialect != "narthex":
            frame = order["frame"].replace("########", f"{number:08d}")
            self.crowd.send(client, masked(frame.encode()))
            return (client.number, number)
        self.number += 1
        ref, topic = len(client.place.topics) + self.number, client.place.topics[0]
        identity, body = self.identity(self.number, order), f"{number:08d} {order['body']}"
        frame = (
            f'{{"type":"push","ref":{ref},"topic":"{topic}","event":"message.send",'
            f'"id":"{identity}","data":{{"body":"{body}"}}}}'
        )
        self.crowd.waiting.add((client.number, ref))
        self.crowd.send(client, masked(frame.encode()))
        return (client.number, ref)

    def identity(self, number: int, order: dict[str, Any]) -> str:
        """Return by which id everybody sees the numbered message."""
        if self.crowd.dialect != "narthex":
            return f"{number:08d}"
        return f"{order['run']:08x}-0000-4000-8000-{number:012x}"

    def _settle(self, others: list[Client], patience: float) -> int:
        """Wait until everyone has everything, for as long as the last message has time; count what is missing."""
        crowd, end = self.crowd, time.perf_counter() + patience
        while time.perf_counter() < end:
            for client in others:
                if client.sock is None:
                    crowd.open(client)
            crowd.poll(0.02)
            wanted = set(crowd.acked) if crowd.dialect == "narthex" else set(crowd.deadlines)
            if not crowd.waiting and all(wanted <= client.seen for client in others):
                return 0
        return sum(len(wanted - client.seen) for client in others)

    def _reached(self, client: Client, seq: int) -> bool:
        return bool(client.positions.get(client.place.topics[0], ["", 0])[1] >= seq)


def _at(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else float("nan")


def main() -> None:
    """Read orders until stdin ends."""
    first = msgspec.json.decode(sys.stdin.buffer.readline())
    places = msgspec.convert(first["places"], list[Place])
    crowd = Crowd(
        first["dialect"],
        first["host"],
        first["port"],
        places,
        resume=first.get("resume", False),
        silent=first.get("silent", 0),
    )
    runs = Runs(crowd)
    for line in sys.stdin.buffer:
        order = msgspec.json.decode(line)
        run: Callable[[dict[str, Any]], dict[str, Any]] = getattr(runs, order["do"])
        sys.stdout.buffer.write(msgspec.json.encode(run(order)) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
