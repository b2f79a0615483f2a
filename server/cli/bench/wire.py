"""Thousands of WebSocket clients on raw sockets and epoll; each frame is parsed and counted.

At a million frames a second an event loop's own cost would be what is measured, so there is none.
Dialects: `narthex` (the protocol of realtime/PROTOCOL.md), `ws` (a bare broadcast) and `socketio` (Engine.IO 4).
"""

from __future__ import annotations

import base64
import os
import select
import socket
import time
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from realtime.errors import TRANSIENT

READ = 1 << 18
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
CONNECTING_AT_ONCE = 200  # handshakes under way; more would overflow the server's accept queue
OWN = "me:"  # among a place's topics: each client's own
EVENT = {"narthex": b'{"type":"event"', "ws": b'{"type":"event"', "socketio": b'42["event"'}


def masked(payload: bytes, opcode: int = TEXT) -> bytes:
    """Frame a client's message (RFC 6455, 5.2) with the zero mask: legal, and free to apply."""
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, 0x80 | size))
    elif size < 65536:
        head = bytes((0x80 | opcode, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 0x80 | 127)) + size.to_bytes(8, "big")
    return head + b"\0\0\0\0" + payload


class Place(msgspec.Struct, frozen=True):
    """Where clients go: the path of a church, the topics they join, the tokens they take turns with."""

    path: str
    topics: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()


class Client:
    """One connection: what has been read of it, how many events it had, and what it last saw."""

    __slots__ = ("buffer", "events", "joined", "number", "opened", "place", "positions", "seen", "sock")

    def __init__(self, number: int, place: Place) -> None:
        self.number = number
        self.place = place
        self.sock: socket.socket | None = None
        self.buffer = b""
        self.opened = False
        self.joined = 0
        self.events = 0
        self.positions: dict[
            str, list[Any]
        ] = {}  # topic → [epoch, seq], kept only when `resume` is asked for
        self.seen: set[str] = set()  # ids of messages, kept only then


class Run(msgspec.Struct, frozen=True):
    """Frames of events, one behind the other, that were read once: how many, and the bytes of their payloads."""

    data: bytes
    events: int
    payload: int


class Crowd:
    """All clients of one run. `resume` keeps positions and ids and comes back with them, for a decode an event."""

    def __init__(
        self,
        dialect: str,
        host: str,
        port: int,
        places: Sequence[Place],
        *,
        resume: bool = False,
        silent: int = 0,
    ) -> None:
        self.dialect, self.host, self.port, self.places = dialect, host, port, places
        self.resume = resume
        self.silent = silent  # so many of the first clients never read once they have joined
        self.marker = EVENT[dialect]
        self.clients: list[Client] = []
        self.lost = 0
        self.bytes = 0  # of events' payloads
        self.refused: list[str] = []
        self.snapshots = 0
        self.recovered = 0
        self.sent_at: dict[int, float] = {}
        self.latencies: list[float] = []
        self.deadlines: dict[str, float] = {}  # id of a message → when it is late, of runs that ask for it
        self.late = 0  # messages that a client saw after that
        self.waiting: set[tuple[int, int]] = set()  # (client, ref) of pushes without a reply
        self.acked: list[str] = []
        self._epoll = select.epoll()
        self._by_fd: dict[int, Client] = {}
        # how many clients have had exactly n events: the slowest client is where this begins
        self.at_count: dict[int, int] = {}
        self.least = 0
        self._run: Run | None = None
        self._space = bytearray(
            2 * READ
        )  # what is read; to make it anew each time would cost more than the reading

    # ---- connecting

    def connect(self, count: int, rate: float | None = None) -> float:
        """Connect and join `count` more clients; return the seconds it took. `rate`: connections a second."""
        began = time.perf_counter()
        total = len(self.clients)
        fresh = [Client(n, self.places[n % len(self.places)]) for n in range(total, total + count)]
        self.clients += fresh
        waiting: list[Client] = list(reversed(fresh))
        under_way: set[Client] = set()
        deadline = began + 120 + count / 100
        opened = 0
        while waiting or under_way:
            while waiting and len(under_way) < CONNECTING_AT_ONCE:
                if rate and opened > (time.perf_counter() - began) * rate:
                    break
                opened += 1
                client = waiting.pop()
                self.open(client)
                under_way.add(client)
            self.poll(0.005)
            for client in [c for c in under_way if c.sock is None]:
                self.open(client)  # refused while others were let in: again
            under_way = {c for c in under_way if not self.ready(c)}
            if time.perf_counter() > deadline:
                raise TimeoutError(f"{len(under_way) + len(waiting)} of {count} clients could not join")
        self.recount()
        return time.perf_counter() - began

    def ready(self, client: Client) -> bool:
        """Tell whether the client has joined everything."""
        return client.opened and client.joined >= max(1, len(client.place.topics))

    def open(self, client: Client) -> None:
        """Open the socket and send the handshake."""
        sock = socket.create_connection((self.host, self.port), timeout=30)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        protocol = "Sec-WebSocket-Protocol: narthex.v1\r\n" if self.dialect == "narthex" else ""
        sock.sendall(
            f"GET {client.place.path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"{protocol}Origin: http://{self.host}:{self.port}\r\n\r\n".encode()
        )
        sock.setblocking(False)
        client.sock, client.buffer, client.opened, client.joined = sock, b"", False, 0
        self._by_fd[sock.fileno()] = client
        self._epoll.register(sock.fileno(), select.EPOLLIN)

    def greeting(self, client: Client) -> Iterator[bytes]:
        """Make hello and the joins, with cursors when this client has been here before."""
        place = client.place
        hello: dict[str, Any] = {"type": "hello"}
        if place.tokens:
            hello["token"] = place.tokens[client.number // len(self.places) % len(place.tokens)]
        yield msgspec.json.encode(hello)
        for ref, topic in enumerate(place.topics):
            name = topic + _subject(hello["token"]) if topic == OWN else topic
            join: dict[str, Any] = {"type": "join", "ref": ref, "topic": name}
            if topic in client.positions:
                join["after"] = client.positions[topic]
            yield msgspec.json.encode(join)

    def cut(self, client: Client) -> None:
        """Drop the connection without a goodbye, as a tunnel does."""
        if client.sock is not None:
            fd = client.sock.fileno()
            self._epoll.unregister(fd)
            del self._by_fd[fd]
            client.sock.close()
            client.sock = None

    # ---- reading

    def poll(self, seconds: float) -> int:
        """Read what has come; return how many events were counted."""
        count = 0
        for fd, _ in self._epoll.poll(seconds):
            client = self._by_fd.get(fd)
            if client is None or client.sock is None:
                continue
            if client.number < self.silent and self.ready(client):
                self._epoll.modify(fd, 0)
                continue
            rest = len(client.buffer)
            if rest + READ > len(self._space):
                self._space.extend(bytes(rest + READ - len(self._space)))
            self._space[:rest] = client.buffer
            try:
                with memoryview(self._space) as view:
                    size = client.sock.recv_into(view[rest:], READ)
            except BlockingIOError:
                continue
            except OSError:
                size = 0
            if not size:
                self.lost += 1
                self.cut(client)
                continue
            count += self.take(client, self._space, rest + size)
        return count

    def take(self, client: Client, data: bytearray, size: int) -> int:
        """Parse the frames in the first `size` bytes of `data` and count the events among them."""
        at = 0
        if not client.opened:
            at = data.find(b"\r\n\r\n", 0, size) + 4
            if at < 4:
                client.buffer = bytes(data[:size])
                return 0
            if b" 101 " not in data[:20]:
                raise ConnectionError(bytes(data[: at - 4]).decode(errors="replace"))
            client.opened = True
            if self.dialect == "narthex":  # in one go, but not before the 101 (RFC 6455, 4.1)
                self.send(client, b"".join(masked(frame) for frame in self.greeting(client)))
        marker, width, events, payload = self.marker, len(self.marker), 0, 0
        resume, run, begun = self.resume, self._run, -1
        while at + 2 <= size:
            if run and data.startswith(run.data, at, size):  # what others of the same topic were just written
                events += run.events
                payload += run.payload
                at += len(run.data)
                continue
            length, body = data[at + 1], at + 2
            if length == 126:
                length, body = (data[at + 2] << 8) | data[at + 3] if size >= at + 4 else size, at + 4
            elif length == 127:
                length, body = (
                    int.from_bytes(data[at + 2 : at + 10], "big") if size >= at + 10 else size,
                    at + 10,
                )
            if body + length > size:
                break
            if data[body : body + width] == marker:
                if begun < 0:
                    begun, first = at, (events, payload)
                events += 1
                payload += length
                if resume:
                    self.note(client, bytes(data[body : body + length]))
            else:
                if begun >= 0:
                    self._remember(bytes(data[begun:at]), events - first[0], payload - first[1])
                    begun = -1
                self.other(client, data[at] & 0xF, bytes(data[body : body + length]))
            at = body + length
        if begun >= 0:
            self._remember(bytes(data[begun:at]), events - first[0], payload - first[1])
        client.buffer = bytes(data[at:size])
        if events:
            self.bytes += payload
            self.advance(client, events)
        return events

    def _remember(self, data: bytes, events: int, payload: int) -> None:
        """Keep the last stretch of events that was read frame by frame: all others are written the same bytes."""
        if not self.resume:
            self._run = Run(data, events, payload)

    def advance(self, client: Client, events: int) -> None:
        """Move a client's count on, and settle messages that everyone now has."""
        before, after = client.events, client.events + events
        client.events = after
        counts = self.at_count
        counts[before] = counts.get(before, 0) - 1
        counts[after] = counts.get(after, 0) + 1
        if before == self.least and not counts[before]:
            now = time.perf_counter()
            while not counts.get(self.least, 0):
                counts.pop(self.least, None)
                sent = self.sent_at.pop(self.least, None)
                if sent is not None:
                    self.latencies.append(now - sent)
                self.least += 1

    def recount(self) -> None:
        """Begin counting at zero for everyone."""
        self.at_count, self.least = {0: len(self.clients) - self.silent}, 0
        self.sent_at.clear()
        for client in self.clients:
            client.events = 0

    def note(self, client: Client, payload: bytes) -> None:
        """Remember the position of an event, and that it was seen; our peers have no positions."""
        if self.dialect == "narthex":
            event = msgspec.json.decode(payload)
            self.remember(client, event["topic"], event["seq"], event["data"])
        else:
            number = payload.index(b'"n":"') + 5
            self.see(client, payload[number : number + 8].decode())

    def remember(self, client: Client, topic: str, seq: int, data: Any) -> None:
        place = client.positions.setdefault(topic, ["", 0])
        if seq <= place[1]:
            self.refused.append(f"client {client.number}: seq {seq} after {place[1]}")
        place[1] = seq
        if isinstance(data, dict) and "id" in data:
            self.see(client, data["id"])

    def see(self, client: Client, id: str) -> None:
        """Note that a client has a message, and whether it came in time."""
        if id not in client.seen:
            client.seen.add(id)
            self.late += time.perf_counter() > self.deadlines.get(id, float("inf"))

    def other(self, client: Client, opcode: int, payload: bytes) -> None:
        """Handle what is no event: replies, pings, the peers' own greetings."""
        if opcode == PING:
            self.send(client, masked(payload, PONG))
        elif opcode in (CLOSE, PONG):
            return
        elif self.dialect == "narthex":
            self.narthex(client, payload)
        elif self.dialect == "socketio":
            self.socketio(client, payload)
        elif payload.startswith(b'{"type":"ready"'):
            client.joined = 1

    def narthex(self, client: Client, payload: bytes) -> None:
        """Take welcome, replies and the rest."""
        if payload.startswith(b'{"type":"left"'):
            raise ConnectionError(f"client {client.number} was sent out of its topic: {payload!r}")
        if not payload.startswith(b'{"type":"reply"'):
            return
        reply = msgspec.json.decode(payload)
        ref, data, topics = reply["ref"], reply.get("data") or {}, client.place.topics
        self.waiting.discard((client.number, ref))
        if not reply["ok"] and ref < len(topics) and reply["error"]["code"] in TRANSIENT:
            self.cut(client)  # as PROTOCOL.md says: come back, and join again
        elif not reply["ok"]:
            self.refused.append(str(reply["error"]))
        elif ref < len(topics):
            client.joined += 1
            self.joined(client, topics[ref], data)
        else:
            self.acked.append(data.get("id", ""))

    def joined(self, client: Client, topic: str, data: dict[str, Any]) -> None:
        """Take a snapshot or what was missed."""
        if not self.resume:
            return
        if data["recovered"]:
            self.recovered += 1
            for event in data.get("events", []):
                self.remember(client, topic, event["seq"], event["data"])
        else:
            self.snapshots += 1
            for message in (data.get("snapshot") or {}).get("messages", []):
                self.see(client, message["id"])
        client.positions[topic] = [data["epoch"], data["seq"]]

    def socketio(self, client: Client, payload: bytes) -> None:
        """Answer Engine.IO's open with a connect, its ping with a pong."""
        if payload[:1] == b"0":
            self.send(client, masked(b"40"))
        elif payload[:2] == b"40":
            client.joined = 1
        elif payload == b"2":
            self.send(client, masked(b"3"))

    def send(self, client: Client, data: bytes) -> None:
        """Write a small frame; the socket's buffer has room for it."""
        if client.sock is not None:
            client.sock.send(data)


def _subject(token: str) -> str:
    """Return whose token it is (RFC 7519, 4.1.2)."""
    body = token.split(".")[1]
    return str(msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["sub"])
