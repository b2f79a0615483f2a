"""A log in memory, a channel and a door over it: enough of a product to run a node for real."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from realtime import closes
from realtime.broker import Passing, Publication
from realtime.broker_memory import Exchange, MemoryBroker
from realtime.channel import Channels, Push, Snapshot, Who
from realtime.errors import Dismissed, Refused
from realtime.limits import Limits
from realtime.log import NOWHERE, LogEvent, Position
from realtime.node import Node
from realtime.presence_memory import MemoryPresence, PresenceStore
from realtime.supervise import Supervisor
from realtime.topics import Topic
from realtime.transport import Receiver, Write


class MemoryLog:
    """The reference of `realtime.log.Log`: appends in order, blanks what is replaced."""

    def __init__(self, epoch: str = "1.1") -> None:
        self.epoch = epoch
        self.events: dict[Topic, list[LogEvent]] = {}
        self.trimmed: dict[Topic, int] = {}
        self.reads = 0
        self.away = False

    def append(self, topic: Topic, event: str, entity: str, data: bytes) -> LogEvent:
        """Commit one event."""
        events = self.events.setdefault(topic, [])
        for index, old in enumerate(events):
            if entity and old.entity == entity:
                events[index] = msgspec.structs.replace(old, data=None)
        at = "2026-01-01T10:00:00.000Z"
        logged = LogEvent(topic, self.epoch, len(events) + 1, event, entity, at, msgspec.Raw(data))
        events.append(logged)
        return logged

    async def read(self, topic: Topic, after: int, limit: int) -> Sequence[LogEvent]:
        """Return what follows `after`, without what was trimmed."""
        await self._wait()
        start = max(after, self.trimmed.get(topic, 0))
        return self.events.get(topic, [])[start : start + limit]

    async def head(self, topic: Topic) -> Position | None:
        """Return the newest position."""
        return (await self.heads(topic.tenant, [topic])).get(topic)

    async def heads(self, tenant: str, topics: Sequence[Topic]) -> Mapping[Topic, Position]:
        """Return the newest positions of known topics."""
        await self._wait()
        return {t: Position(self.epoch, len(self.events[t])) for t in topics if t in self.events}

    async def _wait(self) -> None:
        self.reads += 1
        await asyncio.sleep(0)
        if self.away:
            raise ConnectionError("the log is away")


class Room:
    """A channel like chat: `say` appends and publishes, `remove` takes away, `wave` passes, `count` is newest."""

    presence = True

    def __init__(self, log: MemoryLog, publisher: Any) -> None:
        self.log = log
        self.publisher = publisher
        self.banned: set[str] = set()
        self.refusals: list[Refused] = []
        self.left: list[tuple[str, str]] = []
        self.snapshots = 0
        self.newest: list[Passing] = []
        self.pause = 0.0
        self.lose_publications = False

    async def join(self, who: Who, topic: Topic) -> None:
        """Let everyone in who is not banned, once what the test has put here was said."""
        if self.refusals:
            raise self.refusals.pop()
        if who.id in self.banned:
            raise Refused("banned", "You cannot join here.")

    async def snapshot(self, topic: Topic) -> Snapshot:
        """Return the visible state: the newest data of each entity."""
        self.snapshots += 1
        events = list(self.log.events.get(topic, ()))
        position = Position(self.log.epoch, len(events)) if events else NOWHERE
        if self.pause:
            await asyncio.sleep(self.pause)
        return Snapshot(
            position, msgspec.Raw(msgspec.json.encode([e.data for e in events if e.data is not None]))
        )

    async def latest(self, topic: Topic) -> Sequence[Passing]:
        """Return what the test has put here."""
        return self.newest

    async def receive(self, who: Who, push: Push) -> msgspec.Raw | bytes | None:
        """Say, remove, wave or count."""
        if push.event == "wave":
            passing = Passing(push.topic, "ephemeral", "wave", push.data)
            self.publish(push.topic, Publication(passing=(passing,)))
            return None
        if push.event == "count":
            passing = Passing(push.topic, "latest", "count", push.data)
            self.publish(push.topic, Publication(passing=(passing,)))
            return None
        if push.event == "fail":
            raise ValueError("a bug")
        if push.event not in ("say", "remove"):
            raise Refused("no_such_event", "There is no such event.")
        event = "removed" if push.event == "remove" else "said"
        logged = self.log.append(push.topic, event, push.id or "", bytes(push.data))
        self.publish(push.topic, Publication(events=(logged,)))
        return msgspec.json.encode({"id": push.id})

    def publish(self, topic: Topic, publication: Publication) -> None:
        """Publish, unless the test wants it lost."""
        if not self.lose_publications:
            self.publisher.publish(topic.tenant, publication)

    async def leave(self, who: Who, topic: Topic) -> None:
        """Remember it."""
        self.left.append((who.id, topic.name))


class Everyone:
    """A door: the token is the person's id; `expired` and `bad` are turned away."""

    def __init__(self) -> None:
        self.banned: set[str] = set()
        self.anonymous = 0
        self.expires_at: float | None = None

    async def admit(self, tenant: str, token: str | None, peer: Any) -> Who:
        """Let in by token, or as a nameless viewer."""
        await asyncio.sleep(0)
        if token is None:
            self.anonymous += 1
            return Who(f"anonymous-{self.anonymous}", msgspec.Raw(b"null"), named=False)
        if token == "expired":
            raise Dismissed(closes.TOKEN_EXPIRED)
        if token == "bad":
            raise Dismissed(closes.NOT_ALLOWED)
        if token in self.banned:
            raise Dismissed(closes.BANNED)
        public = msgspec.Raw(msgspec.json.encode({"id": token, "name": token.title()}))
        return Who(token, public, named=True, expires_at=self.expires_at)

    async def again(self, who: Who) -> Who:
        """Look at the list again."""
        if who.id in self.banned:
            raise Dismissed(closes.BANNED)
        return who


class Pipe:
    """A transport that keeps what is written; it can be full, and it cuts frames as a browser would."""

    def __init__(self) -> None:
        self.data = b""
        self._full = False
        self.room: int | None = None
        """How many bytes the next unasked write takes; the rest must follow before anything else."""
        self._unfinished = False
        self.refused = False
        self.closed: tuple[int, str] | None = None
        self.held = False
        self.receiver: Receiver | None = None
        self.writes = 0

    @property
    def full(self) -> bool:
        """Whether it takes nothing; the receiver is told when that begins."""
        return self._full

    @full.setter
    def full(self, full: bool) -> None:
        self._full = full
        if full and self.receiver is not None:
            self.receiver.unwritable()

    def send_framed(self, data: bytes) -> bool:
        """Take the bytes unless full or closed; once refused, refuse until drained."""
        if not self._takes():
            self.refused = True
            return False
        assert not self._unfinished, "written to before the rest of what came before"
        self.data += data
        self.writes += 1
        return True

    def writer(self) -> Write | None:
        """Return what must not be called once the receiver was told."""
        return self._write if self._takes() else None

    def _takes(self) -> bool:
        return self.closed is None and not self.full and not self.refused

    def finish(self, rest: bytes) -> None:
        """Take the rest of what was written unasked."""
        self.room, self._unfinished = None, False
        self.data += rest
        if self.receiver is not None:
            self.receiver.unwritable()

    def _write(self, data: bytes) -> int:
        assert self._takes(), "written to unasked although the receiver was told not to"
        assert not self._unfinished, "written to before the rest of what came before"
        self.writes += 1
        taken = len(data) if self.room is None else self.room
        self._unfinished = taken < len(data)
        if not taken:
            raise BlockingIOError
        self.data += data[:taken]
        return taken

    def close(self, code: int, reason: str) -> None:
        """Remember the close; the connection is lost right after."""
        if self.closed is None:
            self.closed = (code, reason)
            if self.receiver is not None:
                self.receiver.unwritable()
            asyncio.get_running_loop().call_soon(self.lose)

    def lose(self) -> None:
        """Tell the receiver that it is over, once."""
        if self.receiver is not None:
            receiver, self.receiver = self.receiver, None
            receiver.lost()

    def hold(self) -> None:
        """Remember it."""
        self.held = True

    def release(self) -> None:
        """Remember it."""
        self.held = False

    def drain(self) -> None:
        """Have room again."""
        self.full = self.refused = False
        assert self.receiver is not None
        self.receiver.writable()

    def payloads(self) -> list[bytes]:
        """Return the text frames written so far."""
        found, at = [], 0
        while at < len(self.data):
            opcode, size, at = self.data[at] & 15, self.data[at + 1], at + 2
            if size >= 126:
                wide = 2 if size == 126 else 8
                size, at = int.from_bytes(self.data[at : at + wide]), at + wide
            if opcode == 1:
                found.append(self.data[at : at + size])
            at += size
        return found

    def frames(self, *kinds: str) -> list[dict[str, Any]]:
        """Return the frames written so far, or those of some types."""
        decoded = [msgspec.json.decode(payload) for payload in self.payloads()]
        return [frame for frame in decoded if not kinds or frame["type"] in kinds]

    def say(self, *frames: dict[str, Any]) -> None:
        """Let the client send these."""
        for frame in frames:
            if self.receiver is not None:
                self.receiver.receive(msgspec.json.encode(frame))


class Plant:
    """One church's log and rooms, and any number of nodes over them."""

    def __init__(self, log: MemoryLog | None = None) -> None:
        self.log = log or MemoryLog()
        self.exchange = Exchange()
        self.store = PresenceStore()
        self.door = Everyone()
        self.deaths: list[str] = []
        self.nodes: list[tuple[Node, Supervisor, Room]] = []

    async def node(self, limits: Limits | None = None, **choices: Any) -> Node:
        """Start one more node."""
        supervisor = Supervisor(lambda name, problem: self.deaths.append(name))
        room = Room(self.log, None)
        node = Node(
            broker=MemoryBroker(self.exchange),
            presence=MemoryPresence(self.store, f"node{len(self.nodes)}"),
            channels=Channels({"chat": room, "wall": room}),
            door=self.door,
            log=self.log,
            supervisor=supervisor,
            limits=limits,
            **choices,
        )
        room.publisher = node
        await node.start()
        self.nodes.append((node, supervisor, room))
        return node

    def room(self, node: Node) -> Room:
        """Return the channel of a node."""
        return next(room for known, _, room in self.nodes if known is node)

    async def stop(self) -> None:
        """Stop all nodes; none of their tasks may have died."""
        for node, _, _ in self.nodes:
            await node.stop()
        assert not self.deaths

    def connect(self, node: Node, tenant: str = "grace") -> Pipe:
        """Connect one more client."""
        pipe = Pipe()
        pipe.receiver = node.connect(tenant, pipe)
        return pipe

    async def enter(
        self, node: Node, topic: str = "chat:hall", after: Any = None, token: str | None = "anna"
    ) -> Pipe:
        """Connect, say hello, join, and wait for the answers."""
        pipe = self.connect(node)
        join = {"type": "join", "ref": 1, "topic": topic} | ({"after": after} if after is not None else {})
        pipe.say({"type": "hello", "token": token}, join)
        await eventually(lambda: bool(pipe.frames("reply")))
        return pipe


async def eventually(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is true; the patience is for a busy machine, and costs nothing elsewhere."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.002)
