"""The topics `queue:<team>`: what waits, live for everybody who works on it; they see one another's claims at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec

from realtime.broker import Passing
from realtime.channel import Push, Snapshot, Who
from realtime.errors import Refused
from realtime.topics import Topic
from server.domains.moderation.errors import NoSuchCase
from server.domains.moderation.schemas import Assign, Decide, NewNote, NoteShown, Waiting
from server.domains.moderation.service import ModerationService
from server.domains.safety.service import SafetyService
from server.domains.subjects.models import TEAMS, Team
from server.kit import strictjson
from server.kit.errors import Invalid
from server.kit.scope import Scope, TenantRef


class QueueChannel:
    """Moderators of one team see each other here, and each other's decisions at once."""

    presence = True

    def __init__(
        self, moderation: ModerationService, safety: SafetyService, shard_of: Callable[[str], str]
    ) -> None:
        self._moderation = moderation
        self._safety = safety
        self._shard_of = shard_of

    async def join(self, who: Who, topic: Topic) -> None:
        """Let in who works on this queue; raise NoSuchCase."""
        if not TEAMS[team_of(topic)].allows(who.scope):
            raise NoSuchCase("There is no such queue.")
        await self._safety.admit(who.scope)

    async def snapshot(self, topic: Topic) -> Snapshot:
        """Read what waits."""
        system = Scope.system(TenantRef(topic.tenant, "", "", self._shard_of(topic.tenant)))
        position, shown = await self._moderation.snapshot(system, topic, team_of(topic))
        return Snapshot(position, msgspec.Raw(msgspec.json.encode(shown)))

    async def latest(self, topic: Topic) -> Sequence[Passing]:
        """Read how many wait."""
        system = Scope.system(TenantRef(topic.tenant, "", "", self._shard_of(topic.tenant)))
        data = msgspec.json.encode(Waiting(*await self._moderation.waiting(system, team_of(topic))))
        return (Passing(topic, "latest", "waiting", msgspec.Raw(data)),)

    async def receive(self, who: Who, push: Push) -> msgspec.Raw | bytes | None:
        """Claim, release, decide, take back, assign, remark; the reply comes after the COMMIT."""
        return msgspec.json.encode(await self._do(who.scope, push))

    async def _do(self, scope: Scope, push: Push) -> object:
        moderation, id, data = self._moderation, _id(push), bytes(push.data)
        match push.event:
            case "claim":
                return await moderation.claim(scope, id)
            case "release":
                return await moderation.release(scope, id)
            case "decide":
                return await moderation.decide(scope, id, strictjson.decode(data, Decide))
            case "undo":
                return await moderation.undo(scope, id)
            case "assign":
                return await moderation.assign(scope, id, strictjson.decode(data, Assign).to)
            case "note":
                return NoteShown.of(await moderation.note(scope, id, strictjson.decode(data, NewNote).body))
        raise Refused("unknown_event", "This cannot be asked of a queue.")

    async def leave(self, who: Who, topic: Topic) -> None:
        """A claim ends by itself: who only lost the network goes on."""


def team_of(topic: Topic) -> Team:
    """Return whose queue it is; raise NoSuchCase."""
    if topic.key not in TEAMS:
        raise NoSuchCase("There is no such queue.")
    return topic.key


def _id(push: Push) -> UUID:
    try:
        return msgspec.convert(push.id, UUID)
    except msgspec.ValidationError:
        raise Invalid.field("/id", "`id` is the UUID of the case.", code="bad_format") from None
