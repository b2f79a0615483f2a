"""Tell the other nodes: the Broker Protocol and what it guarantees.

What a broker promises, and every implementation proves in `tests/contracts/test_broker.py`:

1. A publication reaches every node that was subscribed to the church when it was published, the publisher's
   own node included, at most once each, unless the connection to the broker was cut meanwhile. It may be
   lost; the log heals.
2. Publications of one publisher to one church arrive in the order in which they were published.
3. After a cut, a lost or a silently deaf connection, the broker subscribes again by itself and then calls
   `on_gap`: something may have been missed, read the log.
4. `publish` never waits for the network and never raises for it. Its queue is bounded; when it is full the
   oldest publication is dropped and counted.
5. A church's publications are only ever handed to nodes that subscribed to that church.
"""

from collections.abc import Callable
from typing import Final, Literal, Protocol

import msgspec

from realtime.log import LogEvent
from realtime.topics import Topic


class Passing(msgspec.Struct, frozen=True, array_like=True):
    """A frame that is not in the log.

    `latest`: the newest value of (topic, event, key) arrives, older ones may be skipped; `key` tells values
    of one event apart (the message a total belongs to). Of two with a `version` the higher one is the newer,
    in whatever order they come; without, it is the one that came last. `ephemeral`: may be lost, never replayed.
    `gathered`: is not for sockets but for the product on each node that has the topic, which tells its own people
    together what came from several nodes (`node.Gather`); may be lost too.
    """

    topic: Topic
    kind: Literal["latest", "ephemeral", "gathered"]
    event: str
    data: msgspec.Raw
    key: str = ""
    version: int = 0


class Order(msgspec.Struct, frozen=True, array_like=True):
    """Something every node must do to its own sessions of one person (or of everyone, when `person` is None).

    `kick` closes them with `code`; `leave` ends their subscription to `topic` with the reason `reason`;
    `recheck` asks policy again for everything they joined; `touch` says that the presence of `topic` changed.
    One that is carried out late says its `age` in seconds: sessions that began after it are not meant.
    """

    act: Literal["kick", "leave", "recheck", "touch"]
    person: str | None = None
    topic: Topic | None = None
    code: int = 0
    reason: str = ""
    age: float = 0.0


class Publication(msgspec.Struct, frozen=True, array_like=True):
    """All that one commit tells the nodes about one church: one payload, one wake-up.

    Every topic in it must belong to the church it is published to. Events of one topic stand in seq order.
    """

    events: tuple[LogEvent, ...] = ()
    passing: tuple[Passing, ...] = ()
    orders: tuple[Order, ...] = ()


Receive = Callable[[str, Publication], None]
"""Called with (tenant, publication) on the event loop; must not block and must not raise."""

OnGap = Callable[[tuple[str, ...]], None]
"""Called with the churches whose publications may have been missed."""


class _Event(msgspec.Struct, frozen=True, array_like=True):
    """A LogEvent as it travels: msgspec reads no union with raw JSON, so data taken away is `null`."""

    topic: Topic
    epoch: str
    seq: int
    event: str
    entity: str
    at: str
    data: msgspec.Raw


class _Payload(msgspec.Struct, frozen=True, array_like=True):
    events: tuple[_Event, ...]
    passing: tuple[Passing, ...]
    orders: tuple[Order, ...]


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(_Payload)


def _logged(event: _Event) -> LogEvent:
    data = None if bytes(event.data) == b"null" else event.data
    return LogEvent(event.topic, event.epoch, event.seq, event.event, event.entity, event.at, data)


def encode(publication: Publication) -> bytes:
    """Return the payload that travels between nodes."""
    return _encoder.encode(publication)


def decode(payload: bytes) -> Publication:
    """Read a payload; raise msgspec.DecodeError on anything else."""
    read = _decoder.decode(payload)
    return Publication(tuple(map(_logged, read.events)), read.passing, read.orders)


def channel_of(tenant: str) -> str:
    """Return the church's channel; the braces keep it on one slot of a cluster."""
    return f"{{{tenant}}}:live"


class Publisher(Protocol):
    """The half of a broker that jobs and the command line need."""

    def publish(self, tenant: str, publication: Publication) -> bool:
        """Send to every node subscribed to this church; False when it is already known to be lost."""
        ...


class Broker(Publisher, Protocol):
    """Publish and subscribe by church. See the module for the guarantees."""

    @property
    def lost(self) -> int:
        """Return how many publications were dropped or failed."""
        ...

    @property
    def lag(self) -> float:
        """Return the seconds that a probe through the slowest server needed last."""
        ...

    @property
    def deaf(self) -> int:
        """Return how many servers are listened at without a connection just now."""
        ...

    async def start(self, receive: Receive, on_gap: OnGap) -> None:
        """Begin; publications and gaps are handed to these two."""
        ...

    async def subscribe(self, tenant: str) -> None:
        """Hand over this church's publications from now on; returns once that is certain or the server is
        away.

        When the server is away the subscription is kept and made as soon as it is back, followed by a gap.
        """
        ...

    async def unsubscribe(self, tenant: str) -> None:
        """Hand over no more of this church's publications."""
        ...

    async def stop(self) -> None:
        """Send what is still queued (for at most a second), then end."""
        ...
