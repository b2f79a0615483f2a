"""A client of its own making: it connects, joins with its cursors, says things until they are answered, and comes back.

It shares no code with `realtime/client.py`: the checker must see each frame as it came, before any client has put right
what the server did wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Origin, Subprotocol

from tests.faults.checker import Checker, View, word

PATIENCE = 20.0
"""Seconds without an answer after which a client takes its connection for dead."""

LONGEST_PAUSE = 3.0  # a test's patience: PROTOCOL.md allows 20
AWAY = frozenset({"unavailable", "limited", "internal"})  # codes after which the same thing is asked again
EDIT_PAUSE = 2.1  # seconds; a message is not changed more often


class Refused(Exception):
    """The server said no; the code is the argument."""


class Figures(msgspec.Struct):
    """What all clients of a run have done and met."""

    acked: int = 0
    connections: int = 0
    closes: Counter[int] = msgspec.field(default_factory=Counter)
    refusals: Counter[str] = msgspec.field(default_factory=Counter)
    silences: int = 0
    closed_at: list[float] = []  # moments of closes with 1012
    after_cut: list[float] = []  # seconds from a lost connection to all topics joined again


class Person:
    """One guest in some rooms."""

    def __init__(
        self,
        number: int,
        url: str,
        token: str | None,
        topics: tuple[str, ...],
        checker: Checker,
        figures: Figures,
    ) -> None:
        self.number = number
        self.name = f"client {number}"
        self.topics = topics
        self.views: dict[str, View] = {topic: checker.view(self.name, topic) for topic in topics}
        self.sent: dict[str, float] = {}  # message id → when it was first sent
        self.arrivals: dict[str, float] = {}  # message id → when its event came first
        self.on_ack: Callable[[], None] = lambda: None
        self._checker = checker
        self._figures = figures
        self._url = url
        self._token = token
        self._socket: ClientConnection | None = None
        self._ref = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._joins: dict[int, tuple[str, float]] = {}
        self._ready = asyncio.Event()
        self._drained = False
        self._failures = 0
        self._said = 0
        self._tag = uuid4().hex[:10]
        self._lost_at: float | None = None
        self._changed: dict[str, float] = {}
        self.own: dict[str, tuple[str, int]] = {}  # messages of mine that stand: id → topic, version
        self.frames: list[dict[str, Any]] | None = None
        """Everything that is no event or reply, kept when a test asks for it."""

    # ---- life

    async def live(self) -> None:
        """Keep connected until cancelled."""
        while True:
            await self._connection()
            self._ready.clear()
            self._fail_answers()
            self._lost_at = self._lost_at or time.monotonic()
            self._failures += 1
            longest = 1.0 if self._drained else min(LONGEST_PAUSE, 0.25 * 2**self._failures)
            self._drained = False
            await asyncio.sleep(random.uniform(0, longest))

    def cut(self) -> None:
        """Tear the connection without a word."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def ready(self) -> None:
        """Wait until every topic is joined."""
        await self._ready.wait()

    async def _connection(self) -> None:
        self._figures.connections += 1
        try:
            site = Origin("http" + self._url[2:].partition("/live/")[0])
            async with connect(
                self._url, origin=site, subprotocols=[Subprotocol("narthex.v1")], compression=None,
                ping_interval=None, max_size=None, proxy=None, close_timeout=1, open_timeout=10,
            ) as self._socket:  # fmt: skip
                await self._greet()
                while True:
                    async with asyncio.timeout(40):
                        payload = await self._socket.recv(decode=False)
                    self._take(payload)
        except ConnectionClosed as closed:
            self._figures.closes[closed.rcvd.code if closed.rcvd else 0] += 1
            if closed.rcvd is not None and closed.rcvd.code == 1012:
                self._figures.closed_at.append(time.monotonic())
        except (OSError, WebSocketException, TimeoutError):
            self._figures.closes[-1] += 1
        finally:
            self._socket = None

    async def _greet(self) -> None:
        assert self._socket is not None
        self._joins.clear()
        await self._send({"type": "hello", **({"token": self._token} if self._token else {})})
        for topic in self.topics:
            await self._join(topic)

    async def _join(self, topic: str) -> None:
        self._ref += 1
        join: dict[str, Any] = {"type": "join", "ref": self._ref, "topic": topic}
        position = self.views[topic].position
        if position is not None:
            join["after"] = position
        self._joins[self._ref] = (topic, time.monotonic())
        await self._send(join)

    async def _send(self, frame: dict[str, Any]) -> None:
        if self._socket is None:
            raise ConnectionError("not connected")
        await self._socket.send(msgspec.json.encode(frame), text=True)

    def _fail_answers(self) -> None:
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the connection ended"))
                answer.exception()
        self._answers.clear()

    # ---- what comes

    def _take(self, payload: bytes) -> None:
        frame = msgspec.json.decode(payload)
        kind = frame["type"]
        if kind == "event":
            self._event(frame)
        elif kind == "reply":
            self._reply(frame, payload)
        elif kind == "latest" and frame["topic"] in self.views:
            self.views[frame["topic"]].latest(frame)
        elif kind == "position":
            self._compare(frame["topics"])
        elif kind == "drain":
            self._drained = True
        if self.frames is not None and kind not in ("event", "reply"):
            self.frames.append(frame)

    def _event(self, frame: dict[str, Any]) -> None:
        if frame["topic"] in {topic for topic, _ in self._joins.values()}:
            self._checker.wrong(
                "disordered", self.name, f"an event of {frame['topic']} before the join's answer"
            )
        if frame["data"] is not None:
            self.arrivals.setdefault(frame["data"].get("id", ""), time.monotonic())
        self.views[frame["topic"]].event(frame)

    def _reply(self, frame: dict[str, Any], payload: bytes) -> None:
        join = self._joins.pop(frame["ref"], None)
        if join is not None:
            self._joined(*join, frame, payload)
        answer = self._answers.pop(frame["ref"], None)
        if answer is not None and not answer.done():
            answer.set_result(frame)

    def _joined(self, topic: str, asked: float, frame: dict[str, Any], payload: bytes) -> None:
        if not frame["ok"]:
            self._figures.refusals[f"join:{frame['error']['code']}"] += 1
            self.cut()  # the log or the room could not be read: come back and try again
            return
        for event in frame["data"].get("events", ()):
            if event["data"] is not None:
                self.arrivals.setdefault(event["data"].get("id", ""), time.monotonic())
        self.views[topic].joined(frame["data"], payload, asked)
        if not self._joins:
            self._failures = 0
            self._ready.set()
            if self._lost_at is not None:
                self._figures.after_cut.append(time.monotonic() - self._lost_at)
                self._lost_at = None

    def _compare(self, places: dict[str, list[Any]]) -> None:
        """Come back when the epoch is another; a server that is ahead has skipped something."""
        for topic, (epoch, seq) in places.items():
            known = self.views[topic].position
            if known is None or topic in {joining for joining, _ in self._joins.values()}:
                continue
            if known[0] == "" and known[1] == seq:
                self.views[topic].position = (epoch, seq)
            elif known[0] != epoch:
                self.cut()
            elif known[1] < seq:
                self._checker.wrong("lost", self.name, f"{topic} is at {epoch} {seq}, told up to {known}")

    # ---- what is asked

    async def ask(self, topic: str, event: str, id: str | None, data: Any) -> Any:
        """Push until it is answered; raise Refused with the code for an answer that would not change."""
        while True:
            await self._ready.wait()
            try:
                frame = await self._ask_once(topic, event, id, data)
            except (OSError, WebSocketException):
                await asyncio.sleep(0.02)
                continue
            except TimeoutError:
                self._figures.silences += 1
                self.cut()
                continue
            if frame["ok"]:
                self._figures.acked += 1
                self.on_ack()
                return frame.get("data")
            code = frame["error"]["code"]
            self._figures.refusals[code] += 1
            if code not in AWAY:
                raise Refused(code)
            await asyncio.sleep(min(2.0, frame["error"].get("retry_after", 0.5)))

    async def _ask_once(self, topic: str, event: str, id: str | None, data: Any) -> dict[str, Any]:
        self._ref += 1
        ref = self._ref
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[ref] = answer
        try:
            frame = {"type": "push", "ref": ref, "topic": topic, "event": event, "data": data}
            await self._send(frame if id is None else {**frame, "id": id})
            async with asyncio.timeout(PATIENCE):
                return await answer
        finally:
            self._answers.pop(ref, None)

    async def say(self, topic: str) -> str:
        """Send a message; return its id once it is acknowledged."""
        id, self._said = str(uuid4()), self._said + 1
        body = f"{word(self._tag, self._said)} said in the storm"
        self.sent[id] = time.monotonic()
        await self.ask(topic, "message.send", id, {"body": body})
        self._checker.posted(topic, id, body)
        self.own[id] = (topic, 0)
        return id

    async def edit(self, id: str) -> None:
        """Give a message of one's own other words."""
        topic, version = self.own[id]
        self.own[id] = (topic, version + 1)
        await asyncio.sleep(self._changed.get(id, 0.0) + EDIT_PAUSE - time.monotonic())
        self._said += 1
        body = f"{word(self._tag, self._said, version + 1)} said better"
        self._checker.unsure(id, body)
        await self.ask(topic, "message.edit", id, {"body": body})
        self._changed[id] = time.monotonic()
        self._checker.edited(id, body)

    async def remove(self, id: str) -> None:
        """Take a message of one's own back."""
        topic, _ = self.own.pop(id)
        await self.ask(topic, "message.delete", id, {})
        self._checker.removed(id)

    async def react(self, topic: str, id: str) -> None:
        """React to somebody's message; it may have been taken down meanwhile."""
        with contextlib.suppress(Refused):
            kind = random.choice(("reaction.add", "reaction.add", "reaction.remove"))
            await self.ask(topic, kind, id, {"emoji": random.choice("❤🙏😀")})
