"""One connection as a pure state machine: a frame or a fact in, effects out; no await in this file.

    NEW --hello--> GREETING --admitted--> OPEN --shut--> CLOSED

Frames that arrive while GREETING are turned into effects at once; the shell carries effects out in order,
so a client may write its hello and its joins in one go. The protocol never raises for anything a peer sends.
"""

import math
from enum import Enum
from typing import Any, Final

import msgspec

from realtime import closes, frames
from realtime.closes import Close
from realtime.errors import BadFrame, BadTopic
from realtime.frames import Problem
from realtime.limits import REFUSALS, Bucket, Limits
from realtime.log import Position
from realtime.topics import Topic

HELLO_SECONDS: Final = 10.0
GRACE_SECONDS: Final = 60.0
PING_SECONDS: Final = 25
SILENCE_SECONDS: Final = 62.0
"""Nothing heard for this long, two pings unanswered: the peer is gone."""


class Phase(Enum):
    """Where a connection is in its life."""

    NEW = 0
    GREETING = 1
    OPEN = 2
    CLOSED = 3


class Send(msgspec.Struct, frozen=True):
    """Send this payload to the peer."""

    payload: bytes


class Admit(msgspec.Struct, frozen=True):
    """Ask the door about a token; answer with `admitted`, or shut."""

    token: str | None
    renewal: bool = False


class Enter(msgspec.Struct, frozen=True):
    """Join a topic; answer with `entered` or `refused`."""

    ref: int
    topic: Topic
    after: Position | None


class Exit(msgspec.Struct, frozen=True):
    """Leave a topic and say so."""

    ref: int
    topic: Topic


class Hand(msgspec.Struct, frozen=True):
    """Hand a push to the topic's channel and reply."""

    ref: int
    topic: Topic
    event: str
    id: str | None
    data: msgspec.Raw


class Shut(msgspec.Struct, frozen=True):
    """Close the connection; the last effect there is."""

    close: Close


Effect = Send | Admit | Enter | Exit | Hand | Shut

_NOT_LEAVING: Final[dict[Topic, bool]] = {}
"""Shared by all connections that leave nothing just now; never written to."""

_NOT_JOINED: Final = Problem("not_joined", "Join the topic first.")
_NO_TOPIC: Final = Problem("no_such_topic", "There is no such topic.")
_TWICE: Final = Problem("joined", "This topic is already joined.")
_MANY: Final = Problem("too_many_topics", "Leave another topic first.")
_EARLY: Final = Problem("hello_first", "Say hello first.")
_UNKNOWN: Final = Problem("bad_frame", "This frame is not understood.")


class Protocol:
    """The rules of one connection. `now` is always the monotonic clock, in seconds."""

    __slots__ = (
        "_bytes",
        "_frames",
        "_joins",
        "_leaving",
        "_refusals",
        "expires",
        "heard",
        "limits",
        "phase",
        "tenant",
        "topics",
    )

    def __init__(self, tenant: str, limits: Limits, now: float) -> None:
        self.tenant = tenant
        self.limits = limits
        self.phase = Phase.NEW
        self.heard = now
        self.expires: float | None = None
        self.topics: dict[Topic, Any] = {}
        """Joined topics with the shell's own note of each; None while the join is under way."""
        self._leaving = _NOT_LEAVING
        """Leaves decided and not yet carried out; True when the topic is joined again behind its leave."""
        self._refusals = 0
        self._frames = Bucket(limits.frames, now)
        self._joins = Bucket(limits.joins, now)
        self._bytes = Bucket(limits.bytes, now)

    # ---- what the peer does

    def receive(self, payload: bytes, now: float) -> list[Effect]:
        """Take one text message."""
        if self.phase is Phase.CLOSED:
            return []
        self.heard = now
        wait = max(
            self._frames.take(self.limits.frames, now), self._bytes.take(self.limits.bytes, now, len(payload))
        )
        if wait:
            return self._limited(frames.ref_of(payload), wait)
        try:
            frame = frames.decode(payload)
        except BadFrame:
            return self.shut(closes.PROTOCOL_ERROR)
        except msgspec.ValidationError:
            return self._refuse(frames.ref_of(payload), _UNKNOWN)
        return self._dispatch(frame, now)

    def spend(self, count: int, now: float) -> list[Effect]:
        """Take frames that say nothing by themselves: nobody is told that they are too many, but they end it."""
        if self.phase is Phase.CLOSED:
            return []
        self.heard = now
        if not self._frames.take(self.limits.frames, now, count):
            return []
        self._refusals += count
        return self.shut(closes.LIMITED) if self._refusals > REFUSALS else []

    def _dispatch(self, frame: frames.ClientFrame, now: float) -> list[Effect]:
        if isinstance(frame, frames.Ping):
            return [Send(frames.PONG)]
        if isinstance(frame, frames.Hello):
            return self._hello(frame)
        if self.phase is Phase.NEW:
            return self._refuse(getattr(frame, "ref", None), _EARLY)
        if isinstance(frame, frames.Push):
            return self._push(frame)
        if isinstance(frame, frames.Token):
            return self._spend_join(None, now) or [Admit(frame.token, renewal=True)]
        if isinstance(frame, frames.Join):
            return self._spend_join(frame.ref, now) or self._join(frame)
        return self._spend_join(frame.ref, now) or self._leave(frame)

    def _hello(self, frame: frames.Hello) -> list[Effect]:
        if self.phase is not Phase.NEW:
            return self.shut(closes.PROTOCOL_ERROR)
        self.phase = Phase.GREETING
        return [Admit(frame.token)]

    def _join(self, frame: frames.Join) -> list[Effect]:
        topic = self._topic(frame.topic)
        if topic is None:
            return self._refuse(frame.ref, _NO_TOPIC)
        if topic in self.topics:
            if self._leaving.get(topic) is not False:
                return self._refuse(frame.ref, _TWICE)
            self._leaving[topic] = True
            return [Enter(frame.ref, topic, frame.after)]
        if len(self.topics) >= self.limits.topics:
            return self._refuse(frame.ref, _MANY)
        self.topics[topic] = None
        return [Enter(frame.ref, topic, frame.after)]

    def _leave(self, frame: frames.Leave) -> list[Effect]:
        topic = self._topic(frame.topic)
        if topic is None or topic not in self.topics or self._leaving.get(topic) is False:
            return self._refuse(frame.ref, _NOT_JOINED)
        if self._leaving is _NOT_LEAVING:
            self._leaving = {}
        self._leaving[topic] = False
        return [Exit(frame.ref, topic)]

    def _push(self, frame: frames.Push) -> list[Effect]:
        topic = self._topic(frame.topic)
        if topic is None or topic not in self.topics:
            return self._refuse(frame.ref, _NOT_JOINED)
        self._refusals = max(0, self._refusals - 1)
        return [Hand(frame.ref, topic, frame.event, frame.id, frame.data)]

    def _topic(self, name: str) -> Topic | None:
        try:
            return Topic.parse(self.tenant, name)
        except BadTopic:
            return None

    def _spend_join(self, ref: int | None, now: float) -> list[Effect]:
        wait = self._joins.take(self.limits.joins, now)
        return self._limited(ref, wait) if wait else []

    def _limited(self, ref: int | None, wait: float) -> list[Effect]:
        problem = Problem("limited", "Too much at once; wait a little.", math.ceil(wait * 1000) / 1000)
        return self._refuse(ref, problem)

    def _refuse(self, ref: int | None, problem: Problem) -> list[Effect]:
        self._refusals += 1
        if self._refusals > REFUSALS:
            return self.shut(closes.LIMITED)
        return [Send(frames.refusal(ref, problem))]

    # ---- what the shell has done

    def admitted(self, expires: float | None, welcome: bytes | None) -> list[Effect]:
        """Note that the person may stay until `expires` (monotonic); `welcome` is None on a renewal."""
        if self.phase is Phase.CLOSED:
            return []
        self.phase = Phase.OPEN
        self.expires = expires
        return [Send(welcome)] if welcome is not None else []

    def entered(self, topic: Topic, note: Any) -> None:
        """Note that a join succeeded."""
        self.topics[topic] = note
        self._refusals = 0

    def exited(self, topic: Topic) -> None:
        """Note that a topic is joined no more, or that its join was refused."""
        self.topics.pop(topic, None)
        if topic in self._leaving and self._leaving.pop(topic):
            self.topics[topic] = None

    def shut(self, close: Close) -> list[Effect]:
        """Decide to close; everything after it is ignored."""
        if self.phase is Phase.CLOSED:
            return []
        self.phase = Phase.CLOSED
        return [Shut(close)]

    def tick(self, now: float, opened: float) -> list[Effect]:
        """Let time pass: a hello in time, a token not too old, a peer not silent."""
        if self.phase in (Phase.NEW, Phase.GREETING) and now - opened > HELLO_SECONDS:
            return self.shut(closes.NO_HELLO)
        if self.expires is not None and now > self.expires + GRACE_SECONDS:
            return self.shut(closes.TOKEN_EXPIRED)
        if now - self.heard > SILENCE_SECONDS:
            return self.shut(closes.SILENT)
        return []
