"""What a product plugs in: who may come in, and one channel per kind of topic.

A topic's audience is uniform: whoever may join sees every byte, so that frames and snapshots are shared. What
concerns one person goes to a topic of that person.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from realtime.broker import Passing
from realtime.errors import Refused
from realtime.log import Position
from realtime.topics import Topic


class Who(msgspec.Struct, frozen=True):
    """The person behind a connection.

    `public` is the JSON others may see of them ({"id":…,"name":…}); `named` people see names in presence
    and are shown by name. `expires_at` is the token's end in seconds since 1970, None for never. `scope` is
    the product's own and is handed to the channels unread.
    """

    id: str
    public: msgspec.Raw
    named: bool
    expires_at: float | None = None
    scope: Any = None


class Door(Protocol):
    """Decides who comes in; raises `errors.Dismissed` for who does not."""

    async def admit(self, tenant: str, token: str | None, peer: Any) -> Who:
        """Read the token of a hello; `peer` is what the gateway knows of the connection (address, origin)."""
        ...

    async def again(self, who: Who) -> Who:
        """Look at the person again, after a change of role, membership or ban."""
        ...


class Push(msgspec.Struct, frozen=True):
    """What a client asks of a topic; `data` is unread JSON, `id` the client's own id of the thing."""

    topic: Topic
    event: str
    id: str | None
    data: msgspec.Raw


class Snapshot(msgspec.Struct, frozen=True):
    """The visible state of a topic, and the position it was read at, from one transaction."""

    position: Position
    data: msgspec.Raw


class Channel(Protocol):
    """The rules of one kind of topic. Any method may raise `errors.Refused` (or the product's own errors)."""

    presence: bool
    """Whether people in these topics are counted and shown."""

    async def join(self, who: Who, topic: Topic) -> None:
        """Decide whether this person may join; called again on a recheck."""
        ...

    async def snapshot(self, topic: Topic) -> Snapshot:
        """Read state and head in one transaction on the primary. One read may answer many joins."""
        ...

    async def latest(self, topic: Topic) -> Sequence[Passing]:
        """Read the newest values a client that missed some needs beside the events; one read answers many."""
        ...

    async def receive(self, who: Who, push: Push) -> msgspec.Raw | bytes | None:
        """Do what is asked and return the reply's data, after the commit."""
        ...

    async def leave(self, who: Who, topic: Topic) -> None:
        """Learn that one connection of this person is gone from the topic, whatever the reason."""
        ...


class Channels:
    """The table from topic kind to channel."""

    __slots__ = ("_by_kind",)

    def __init__(self, by_kind: Mapping[str, Channel]) -> None:
        self._by_kind = dict(by_kind)

    def of(self, topic: Topic) -> Channel:
        """Return the channel of a topic; raise Refused for a kind nobody serves."""
        channel = self._by_kind.get(topic.kind)
        if channel is None:
            raise Refused("no_such_topic", "There is no such topic.")
        return channel
