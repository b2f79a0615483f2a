"""Who is here, over all nodes: the Presence Protocol and what it guarantees.

What a presence promises, proven in `tests/contracts/test_presence.py`:

1. A person is here while any node says so; on how many devices or nodes does not matter.
2. Up to NAMED_PEOPLE people are listed and counted once each; beyond that only the sum of the nodes is told.
3. A node that stops beating is forgotten with everything it said, within LEASE_SECONDS.
4. A node whose lease was lost (it slept, or the store came back empty) is told so by `beat`, and says
   everything again.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import msgspec

from realtime.topics import Topic

NAMED_PEOPLE: Final = 200
"""People listed by name in a topic; above it only the count is told."""

LEASE_SECONDS: Final = 20.0
BEAT_SECONDS: Final = 5.0


class View(msgspec.Struct, frozen=True):
    """Who is in a topic. `people` maps ids to public JSON (b"" for the nameless), None above NAMED_PEOPLE."""

    count: int
    people: Mapping[str, bytes] | None


NOBODY: Final = View(0, {})

Changes = Mapping[Topic, Mapping[str, bytes | None]]
"""Per topic: a person's public JSON, or None for who is no longer on this node."""


class Presence(Protocol):
    """The shared knowledge of who is where. Methods raise OSError when the store cannot be reached."""

    async def write(self, changes: Changes) -> None:
        """Say what changed on this node; saying a thing twice is the same as once."""
        ...

    async def views(self, topics: Sequence[Topic]) -> Mapping[Topic, View]:
        """Read who is in these topics, over all living nodes."""
        ...

    async def beat(self) -> tuple[bool, frozenset[str]]:
        """Renew this node's lease; return whether it was still held, and the living nodes."""
        ...

    async def withdraw(self) -> None:
        """End this node's lease now: nobody is on it any more."""
        ...
