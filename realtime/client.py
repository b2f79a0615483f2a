"""A small client, used by tests, benches and the demo crowd: it reconnects, resumes and folds in order.

async with Client("ws://host/live/grace") as client:
    await client.join("wall:public", on_event=print)
    await client.push("chat:0198", "message.send", {"body": "hello"}, id=str(uuid4()))
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, Self

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from realtime import closes, frames
from realtime.closes import Close
from realtime.errors import TRANSIENT, Disconnected, Refused
from realtime.frames import SUBPROTOCOL, Event, Frame, Joined, Left, Places, Problem, Reply, Welcome
from realtime.log import NOWHERE, Position

BACKOFF_FIRST: Final = 0.5
BACKOFF_LONGEST: Final = 20.0
STABLE_SECONDS: Final = 30.0
SILENCE_SECONDS: Final = 40.0
RETRY_SECONDS: Final = 1.0

OnEvent = Callable[[Event], None]
OnSnapshot = Callable[[msgspec.Raw], None]
OnFrame = Callable[[Frame], None]
GetToken = Callable[[], Awaitable[str | None]]

_joined = msgspec.json.Decoder(Joined)
_event = msgspec.json.Decoder(Event)


async def _anonymous() -> str | None:
    return None


def _ignore(_: Any) -> None:
    return None


class Subscription:
    """One joined topic: the last position this client has, and who wants to know."""

    __slots__ = ("on_event", "on_snapshot", "position", "topic")

    def __init__(self, topic: str, on_event: OnEvent, on_snapshot: OnSnapshot) -> None:
        self.topic = topic
        self.on_event = on_event
        self.on_snapshot = on_snapshot
        self.position: Position | None = None

    def take(self, event: Event) -> bool:
        """Pass the next event on, drop one seen before; False when one before it is missing."""
        position = self.position or NOWHERE
        if event.seq <= position.seq:
            return True
        if event.seq > position.seq + 1:
            return False
        self.position = Position(position.epoch, event.seq)
        self.on_event(event)
        return True


class Client:
    """One connection to one church, kept up until it is closed for good."""

    def __init__(
        self,
        url: str,
        token: GetToken = _anonymous,
        on_frame: OnFrame = _ignore,
        hurry: float = 1.0,
        origin: str | None = None,
    ) -> None:
        """`on_frame` gets what is no event (latest, presence, typing …); `hurry` divides the back-off.

        `origin` is the site that a browser would name; None: no browser asks.
        """
        self._url = url
        self._origin = origin
        self._token = token
        self._on_frame = on_frame
        self._hurry = hurry
        self._socket: ClientConnection | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._ref = 0
        self._answers: dict[int, asyncio.Future[Reply]] = {}
        self._joins: dict[int, Subscription] = {}
        self._repairs: dict[str, asyncio.Task[None]] = {}
        self._heard = 0.0
        self._drained = False
        self._ready = asyncio.Event()
        self.subscriptions: dict[str, Subscription] = {}
        self.welcome: Welcome | None = None
        self.closed: Close | None = None
        """Why the connection ended for good, None while it is kept up."""
        self.connections = 0
        self.snapshots = 0

    # ---- life

    async def __aenter__(self) -> Self:
        self._keeper = asyncio.create_task(self._keep())
        await self._until_ready()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Leave for good."""
        self.closed = self.closed or closes.NORMAL
        for task in [*self._repairs.values(), self._keeper]:
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        if self._socket is not None:
            await self._socket.close()
        self._fail_answers(closes.NORMAL)

    def cut(self) -> None:
        """Tear the connection without a word, as a train in a tunnel does; it is built again."""
        if self._socket is not None:
            self._socket.transport.abort()

    # ---- requests

    async def join(
        self, topic: str, on_event: OnEvent = _ignore, on_snapshot: OnSnapshot = _ignore
    ) -> Subscription:
        """Subscribe, now and after every reconnect; raise Refused when the server says no."""
        subscription = Subscription(topic, on_event, on_snapshot)
        await self._until_ready()
        self.subscriptions.setdefault(topic, subscription)
        try:
            await self._enter(subscription)
        except Refused:
            self._forget(subscription)
            raise
        self.subscriptions[topic] = subscription
        return subscription

    async def leave(self, topic: str) -> None:
        """End a subscription."""
        self.subscriptions.pop(topic, None)
        await self._ask(frames.Leave(self._next_ref(), topic))

    async def push(self, topic: str, event: str, data: Any, id: str | None = None) -> msgspec.Raw:
        """Ask something of a topic; raise Refused, or Disconnected when nobody knows whether it was done.

        With an `id` it is safe to push again after Disconnected.
        """
        await self._until_ready()
        raw = msgspec.Raw(msgspec.json.encode(data))
        reply = await self._ask(frames.Push(self._next_ref(), topic, event, raw, id))
        return reply.data if isinstance(reply.data, msgspec.Raw) else msgspec.Raw(b"null")

    async def send_raw(self, payload: str | bytes) -> None:
        """Send any bytes at all, for tests of what the server does with them."""
        await self._until_ready()
        assert self._socket is not None
        await self._socket.send(payload)

    # ---- inside

    async def _until_ready(self) -> None:
        await self._ready.wait()
        if self.closed is not None:
            raise Disconnected(self.closed)

    def _next_ref(self) -> int:
        self._ref += 1
        return self._ref

    async def _ask(self, frame: frames.Join | frames.Leave | frames.Push) -> Reply:
        if self._socket is None:
            raise Disconnected(closes.SILENT)
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._answers[frame.ref] = answer
        try:
            await self._socket.send(frames.encode(frame), text=True)
            reply = await answer
        except ConnectionClosed as closed:
            raise Disconnected(_close_of(closed)) from closed
        finally:
            self._answers.pop(frame.ref, None)
        if not reply.ok:
            problem = reply.error if isinstance(reply.error, Problem) else Problem("unknown", "")
            raise Refused(problem.code, problem.detail, problem.retry_after)
        return reply

    async def _enter(self, subscription: Subscription) -> None:
        ref = self._next_ref()
        self._joins[ref] = subscription
        await self._ask(frames.Join(ref, subscription.topic, subscription.position))

    def _forget(self, subscription: Subscription) -> None:
        if self.subscriptions.get(subscription.topic) is subscription:
            del self.subscriptions[subscription.topic]

    async def _keep(self) -> None:
        """Connect again and again, with full jitter, until a close is final."""
        failures = 0
        while self.closed is None:
            began = time.monotonic()
            close = await self._live()
            self._socket = None
            if close.final:
                self.closed = close
            self._fail_answers(close)
            if self.closed is not None:
                break
            self._ready.clear()
            failures = 1 if time.monotonic() - began > STABLE_SECONDS else failures + 1
            longest = min(BACKOFF_LONGEST, BACKOFF_FIRST * 2**failures)
            jitter = random.uniform(0, 1.0 if self._drained else longest)  # noqa: S311  (no secret)
            await asyncio.sleep(jitter / self._hurry)
            self._drained = False
        self._ready.set()

    async def _live(self) -> Close:
        """Hold one connection from hello to its end, and return how it ended."""
        try:
            token = await self._token()
            if self.closed is not None:  # closed meanwhile, and whoever fetched it swallowed the cancellation
                return self.closed
            async with connect(
                self._url,
                subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
                origin=self._origin,  # type: ignore[arg-type]
                compression=None,
                ping_interval=None,
                max_size=None,
                proxy=None,
                close_timeout=1,
            ) as socket:
                self._socket = socket
                await socket.send(frames.encode(frames.Hello(token)), text=True)
                return await self._listen(socket)
        except (OSError, WebSocketException, TimeoutError):
            return closes.SILENT

    async def _listen(self, socket: ClientConnection) -> Close:
        try:
            while True:
                async with asyncio.timeout(SILENCE_SECONDS):
                    payload = await socket.recv(decode=False)
                self._take(frames.decode_server(payload))
        except ConnectionClosed as closed:
            return _close_of(closed)
        except TimeoutError:
            return closes.SILENT

    def _take(self, frame: frames.ServerFrame) -> None:
        if isinstance(frame, Event):
            subscription = self.subscriptions.get(frame.topic)
            if subscription is not None and not subscription.take(frame):
                self._repair(subscription)
        elif isinstance(frame, Reply):
            self._answered(frame)
        elif isinstance(frame, Welcome):
            self._welcomed(frame)
        elif isinstance(frame, Places):
            self._compare(frame)
        else:
            if isinstance(frame, Left):
                self.subscriptions.pop(frame.topic, None)
            self._drained = self._drained or isinstance(frame, frames.Drain)
            self._on_frame(frame)

    def _answered(self, reply: Reply) -> None:
        """Fold a join's data at once, in order with the events around it, then wake who asked."""
        ref = -1 if reply.ref is None else reply.ref
        subscription = self._joins.pop(ref, None)
        if subscription is not None and isinstance(reply.data, msgspec.Raw):
            self._fold(subscription, _joined.decode(reply.data))
        answer = self._answers.get(ref)
        if answer is not None and not answer.done():
            answer.set_result(reply)

    def _fold(self, subscription: Subscription, joined: Joined) -> None:
        if joined.recovered and isinstance(joined.events, list):
            for raw in joined.events:
                subscription.take(_event.decode(raw))
        elif isinstance(joined.snapshot, msgspec.Raw):
            self.snapshots += 1
            subscription.on_snapshot(joined.snapshot)
        subscription.position = Position(joined.epoch, joined.seq)

    def _welcomed(self, welcome: Welcome) -> None:
        self.welcome = welcome
        self.connections += 1
        self._ready.set()
        for subscription in list(self.subscriptions.values()):
            self._repair(subscription, fresh=True)

    def _compare(self, places: Places) -> None:
        for topic, position in places.topics.items():
            subscription = self.subscriptions.get(topic)
            known = subscription.position if subscription is not None else None
            if subscription is None or known is None:
                continue
            if known.epoch == NOWHERE.epoch and known.seq == position.seq:
                subscription.position = position  # the topic was new when it was joined, and had no epoch yet
            elif known.epoch != position.epoch or known.seq < position.seq:
                self._repair(subscription)

    def _repair(self, subscription: Subscription, fresh: bool = False) -> None:
        """Join again from the last position, once at a time; on a fresh connection there is nothing to
        leave."""
        topic, under_way = subscription.topic, self._repairs.get(subscription.topic)
        if under_way is None or fresh:
            if under_way is not None:
                under_way.cancel()
            self._repairs[topic] = asyncio.create_task(self._rejoin(subscription, fresh))

    async def _rejoin(self, subscription: Subscription, fresh: bool) -> None:
        topic = subscription.topic
        try:
            if not fresh:
                await self._ask(frames.Leave(self._next_ref(), topic))
            await self._enter_at_last(subscription)
        except Disconnected:
            return  # the next connection joins again by itself
        except Refused as refused:
            self._forget(subscription)
            self._on_frame(Left(topic, refused.code))
        finally:
            if self._repairs.get(topic) is asyncio.current_task():
                del self._repairs[topic]

    async def _enter_at_last(self, subscription: Subscription) -> None:
        """Join again and again while the server has no time for it; raise Refused for a no that stays."""
        while self.subscriptions.get(subscription.topic) is subscription:
            try:
                await self._enter(subscription)
                break
            except Refused as refused:
                if refused.code not in TRANSIENT:
                    raise
                pause = RETRY_SECONDS if refused.retry_after is None else refused.retry_after
                spread = random.uniform(1, 2)  # noqa: S311  (no secret)
                await asyncio.sleep(pause * spread / self._hurry)

    def _fail_answers(self, close: Close) -> None:
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(Disconnected(close))
                answer.exception()
        self._joins.clear()


def _close_of(closed: ConnectionClosed) -> Close:
    return closes.SILENT if closed.rcvd is None else closes.of(closed.rcvd.code, closed.rcvd.reason)
