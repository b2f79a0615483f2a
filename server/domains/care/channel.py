"""The topics `care:<session>`: how a conversation stands, for those in it and nobody else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec

from realtime.broker import Passing
from realtime.channel import Push, Snapshot, Who
from realtime.errors import Refused
from realtime.topics import Topic
from server.domains.care.errors import NoSuchSession
from server.domains.care.schemas import CareSnapshot
from server.domains.care.service import CareService
from server.kit.scope import Scope, TenantRef


class CareChannel:
    """The words themselves are in the room's own topic."""

    presence = False

    def __init__(self, care: CareService, shard_of: Callable[[str], str]) -> None:
        self._care = care
        self._shard_of = shard_of

    async def join(self, who: Who, topic: Topic) -> None:
        """Let in who asked and the volunteers; raise NoSuchSession."""
        await self._care.enter(who.scope, session_of(topic))

    async def snapshot(self, topic: Topic) -> Snapshot:
        """Read how it stands, and the place in the queue."""
        system = Scope.system(TenantRef(topic.tenant, "", "", self._shard_of(topic.tenant)))
        position, session, place = await self._care.snapshot(system, topic, session_of(topic))
        return Snapshot(position, msgspec.Raw(msgspec.json.encode(CareSnapshot(session, place))))

    async def latest(self, topic: Topic) -> Sequence[Passing]:
        """Read the place in the queue, for who missed it."""
        system = Scope.system(TenantRef(topic.tenant, "", "", self._shard_of(topic.tenant)))
        _, _, place = await self._care.snapshot(system, topic, session_of(topic))
        if place is None:
            return ()
        return (Passing(topic, "latest", "place", msgspec.Raw(msgspec.json.encode(place))),)

    async def receive(self, who: Who, push: Push) -> msgspec.Raw | bytes | None:
        """Nothing can be asked here: accepting and ending are answered over HTTP."""
        raise Refused("unknown_event", "Nothing can be asked of this topic.")

    async def leave(self, who: Who, topic: Topic) -> None:
        """Nothing is kept of who was here."""


def session_of(topic: Topic) -> UUID:
    """Read the id in a topic's key, in its only form; raise NoSuchSession."""
    try:
        id = UUID(topic.key)
    except ValueError:
        raise NoSuchSession() from None
    if str(id) != topic.key:
        raise NoSuchSession()
    return id
