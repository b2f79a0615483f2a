"""The topics `wall:public`, `wall:members`, `prayer:team` and `prayer:pastors`: each request stands in one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec

from realtime.broker import Passing
from realtime.channel import Push, Snapshot, Who
from realtime.errors import Refused
from realtime.topics import Topic
from server.domains.safety.service import SafetyService
from server.domains.wall import policy
from server.domains.wall.schemas import AskMine, Pray, Prayed
from server.domains.wall.service import WallService
from server.kit import strictjson
from server.kit.errors import Invalid
from server.kit.scope import Scope, TenantRef


class WallChannel:
    """Everybody who may read a wall sees every byte of its topic, and nobody sees who else does."""

    presence = False

    def __init__(self, wall: WallService, safety: SafetyService, shard_of: Callable[[str], str]) -> None:
        self._wall = wall
        self._safety = safety
        self._shard_of = shard_of

    async def join(self, who: Who, topic: Topic) -> None:
        """Let in who may read the wall; raise NoSuchWall, Banned."""
        policy.check_reader(who.scope, policy.wall_of(topic))
        await self._safety.admit(who.scope)

    async def snapshot(self, topic: Topic) -> Snapshot:
        """Read the wall as all its readers see it."""
        position, shown = await self._wall.snapshot(self._system(topic), topic)
        return Snapshot(position, msgspec.Raw(msgspec.json.encode(shown)))

    async def latest(self, topic: Topic) -> Sequence[Passing]:
        """Read how many prayed for the newest requests."""
        found = await self._wall.totals(self._system(topic), topic)
        return [_prayed(topic, Prayed(id, count)) for id, count in found.items()]

    async def receive(self, who: Who, push: Push) -> msgspec.Raw | bytes | None:
        """Pray, or ask what I did; the reply comes after the COMMIT."""
        scope: Scope = who.scope
        if push.event == "pray":
            given = strictjson.decode(bytes(push.data), Pray).mark
            return msgspec.json.encode(await self._wall.pray(scope, _id(push), given))
        if push.event == "mine":
            asked = strictjson.decode(bytes(push.data), AskMine)
            return msgspec.json.encode(await self._wall.mine(scope, asked.ids, asked.mark))
        raise Refused("unknown_event", "This cannot be asked of a wall.")

    async def leave(self, who: Who, topic: Topic) -> None:
        """Nothing is kept of who was here."""

    def _system(self, topic: Topic) -> Scope:
        return Scope.system(TenantRef(topic.tenant, "", "", self._shard_of(topic.tenant)))


def _id(push: Push) -> UUID:
    try:
        return msgspec.convert(push.id, UUID)
    except msgspec.ValidationError:
        raise Invalid.field("/id", "`id` is the UUID of the request.", code="bad_format") from None


def _prayed(topic: Topic, prayed: Prayed) -> Passing:
    data = msgspec.Raw(msgspec.json.encode(prayed))
    return Passing(topic, "latest", "prayed", data, str(prayed.id), prayed.count or 0)
