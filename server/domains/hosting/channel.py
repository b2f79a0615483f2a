"""The topics `held:<room>`: what waits for a decision, live for the hosts of a room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec

from realtime.broker import Passing
from realtime.channel import Push, Snapshot, Who
from realtime.errors import Refused
from realtime.topics import Topic
from server.domains.hosting.schemas import HeldList, WordsRead
from server.domains.hosting.service import HostingService
from server.domains.rooms.errors import NoSuchRoom
from server.domains.rooms.models import Right
from server.domains.rooms.service import RoomsService
from server.kit import strictjson
from server.kit.errors import Invalid
from server.kit.scope import Scope, TenantRef


class HeldChannel:
    """Hosts see each other here, and each other's decisions at once."""

    presence = True

    def __init__(self, hosting: HostingService, rooms: RoomsService, shard_of: Callable[[str], str]) -> None:
        self._hosting = hosting
        self._rooms = rooms
        self._shard_of = shard_of

    async def join(self, who: Who, topic: Topic) -> None:
        """Let in who is host of the room; raise NoSuchRoom."""
        _, right = await self._rooms.enter(who.scope, _room_of(topic))
        if right is not Right.HOST:
            raise NoSuchRoom()

    async def snapshot(self, topic: Topic) -> Snapshot:
        """Read what waits."""
        system = Scope.system(TenantRef(topic.tenant, "", "", self._shard_of(topic.tenant)))
        position, held = await self._hosting.snapshot(system, topic, _room_of(topic))
        return Snapshot(position, msgspec.Raw(msgspec.json.encode(HeldList(held))))

    async def latest(self, topic: Topic) -> Sequence[Passing]:
        """Everything here is in the log."""
        return ()

    async def receive(self, who: Who, push: Push) -> msgspec.Raw | bytes | None:
        """Approve or decline the words that were read."""
        try:
            id = msgspec.convert(push.id, UUID)
        except msgspec.ValidationError:
            raise Invalid.field("/id", "`id` is the UUID of the message.", code="bad_format") from None
        decide = {"message.approve": self._hosting.approve, "message.decline": self._hosting.decline}
        if push.event not in decide:
            raise Refused("unknown_event", "This cannot be asked of the hosts' list.")
        given = bytes(push.data)
        read = None if given in (b"", b"null") else strictjson.decode(given, WordsRead)
        return msgspec.json.encode(await decide[push.event](who.scope, id, read))

    async def leave(self, who: Who, topic: Topic) -> None:
        """Nothing is kept of who was here."""


def _room_of(topic: Topic) -> UUID:
    try:
        id = UUID(topic.key)
    except ValueError:
        raise NoSuchRoom() from None
    if str(id) != topic.key:
        raise NoSuchRoom()
    return id
