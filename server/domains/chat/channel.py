"""The topics `chat:<room>`, what everyone in a room sees, and `me:<person>`, what concerns one person alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from realtime.broker import Passing
from realtime.channel import Push, Snapshot, Who
from realtime.errors import Refused
from realtime.log import Together
from realtime.topics import Topic
from server.domains.chat.schemas import Edit, EmojiBody, Send
from server.domains.chat.service import ChatService
from server.domains.crowd.service import CrowdService
from server.domains.messages.schemas import OwnSnapshot, Reactions, ReadMark, ReadState
from server.domains.messages.service import MessagesService
from server.domains.rooms.errors import NoSuchRoom
from server.domains.rooms.service import RoomsService
from server.kit import strictjson
from server.kit.errors import Invalid
from server.kit.scope import Scope, TenantRef

ShardOf = Callable[[str], str]
_Take = Callable[[Scope, UUID, Push], Awaitable[Any]]
S = TypeVar("S", bound=msgspec.Struct)


class ChatChannel:
    """Everyone who may see a room sees every byte of its topic."""

    presence = True

    def __init__(
        self,
        chat: ChatService,
        messages: MessagesService,
        rooms: RoomsService,
        crowd: CrowdService,
        shard_of: ShardOf,
    ) -> None:
        self._chat = chat
        self._messages = messages
        self._rooms = rooms
        self._crowd = crowd
        self._shard_of = shard_of
        self._takes: Mapping[str, _Take] = {
            "message.send": self._send,
            "message.edit": self._edit,
            "message.delete": self._delete,
            "message.pin": self._pin,
            "message.unpin": self._unpin,
            "reaction.add": self._add,
            "reaction.remove": self._remove,
            "typing": self._typing,
            "float": self._float,
            "read": self._read,
            "mine": self._mine,
        }

    async def join(self, who: Who, topic: Topic) -> None:
        """Let in who may see the room; raise NoSuchRoom, Banned."""
        await self._rooms.enter(who.scope, room_of(topic))

    async def snapshot(self, topic: Topic) -> Snapshot:
        """Read the room as everyone sees it."""
        position, shown = await self._messages.snapshot(self._system(topic), room_of(topic))
        return Snapshot(position, _raw(shown))

    async def latest(self, topic: Topic) -> Sequence[Passing]:
        """Read the reactions to the newest messages."""
        found = await self._messages.latest(self._system(topic), room_of(topic))
        return [
            Passing(topic, "latest", "reactions", _raw(one), str(one.message), one.version) for one in found
        ]

    async def receive(self, who: Who, push: Push) -> msgspec.Raw | bytes | None:
        """Do what is asked; the reply comes after the COMMIT."""
        take = self._takes.get(push.event)
        if take is None:
            raise Refused("unknown_event", "This cannot be asked of a room.")
        answer = await take(who.scope, room_of(push.topic), push)
        return None if answer is None else msgspec.json.encode(answer)

    async def leave(self, who: Who, topic: Topic) -> None:
        """Nothing is kept of who was here."""

    async def _send(self, scope: Scope, room_id: UUID, push: Push) -> Any:
        return await self._chat.post(scope, room_id, _body(push, Send), _id(push))

    async def _edit(self, scope: Scope, room_id: UUID, push: Push) -> Any:
        return await self._chat.edit(scope, room_id, _id(push), _body(push, Edit).body)

    async def _delete(self, scope: Scope, room_id: UUID, push: Push) -> None:
        await self._chat.remove(scope, room_id, _id(push))

    async def _pin(self, scope: Scope, room_id: UUID, push: Push) -> Any:
        return await self._chat.pin(scope, room_id, _id(push), pinned=True)

    async def _unpin(self, scope: Scope, room_id: UUID, push: Push) -> Any:
        return await self._chat.pin(scope, room_id, _id(push), pinned=False)

    async def _add(self, scope: Scope, room_id: UUID, push: Push) -> Any:
        emoji = _body(push, EmojiBody).emoji
        return Reactions(await self._chat.react(scope, room_id, _id(push), emoji))

    async def _remove(self, scope: Scope, room_id: UUID, push: Push) -> Any:
        emoji = _body(push, EmojiBody).emoji
        return Reactions(await self._chat.react(scope, room_id, _id(push), emoji, on=False))

    async def _typing(self, scope: Scope, room_id: UUID, push: Push) -> None:
        if await self._chat.may_pass(scope, room_id):
            self._crowd.typing(scope, push.topic, await self._chat.name_of(scope))

    async def _float(self, scope: Scope, room_id: UUID, push: Push) -> None:
        emoji = self._chat.check_emoji(_body(push, EmojiBody).emoji)
        if await self._chat.may_pass(scope, room_id):
            self._crowd.float(scope, push.topic, emoji)

    async def _read(self, scope: Scope, room_id: UUID, push: Push) -> Any:
        number = _body(push, ReadMark).number
        return ReadState(*await self._messages.read(scope, room_id, number))

    async def _mine(self, scope: Scope, room_id: UUID, push: Push) -> Any:
        return await self._messages.mine(scope, room_id)

    def _system(self, topic: Topic) -> Scope:
        return system_of(topic, self._shard_of)


class MeChannel:
    """One person's own topic: what of theirs waits for a host, and whom they blocked."""

    presence = False

    def __init__(self, messages: MessagesService, shard_of: ShardOf) -> None:
        self._messages = messages
        self._shard_of = shard_of
        self._reads: Together[Topic, OwnSnapshot] = Together(lambda topic: topic.tenant, self._read)

    async def join(self, who: Who, topic: Topic) -> None:
        """Let in the person and nobody else; raise NoSuchRoom."""
        scope: Scope = who.scope
        if scope.actor.id is None or topic.key != str(scope.actor.id):
            raise NoSuchRoom("There is no such topic.")

    async def snapshot(self, topic: Topic) -> Snapshot:
        """Read what only this person sees, together with whoever else of the church comes just now."""
        found = await self._reads.get(topic)
        assert found is not None, "a read answers for each of its topics"
        position, shown = found
        return Snapshot(position, _raw(shown))

    async def _read(self, topics: Sequence[Topic]) -> Mapping[Topic, OwnSnapshot]:
        system = system_of(topics[0], self._shard_of)
        return await self._messages.own_snapshots(system, {topic: room_of(topic) for topic in topics})

    async def latest(self, topic: Topic) -> Sequence[Passing]:
        """Nothing here is only told and never logged but what the next snapshot of a room holds."""
        return ()

    async def receive(self, who: Who, push: Push) -> msgspec.Raw | bytes | None:
        """Nothing can be asked here."""
        raise Refused("unknown_event", "Nothing can be asked of this topic.")

    async def leave(self, who: Who, topic: Topic) -> None:
        """Nothing is kept of who was here."""


def room_of(topic: Topic) -> UUID:
    """Read the id in a topic's key, in its only form; raise NoSuchRoom."""
    id = _id_in(topic.key)
    if id is None:
        raise NoSuchRoom()
    return id


@lru_cache(maxsize=4096)
def _id_in(key: str) -> UUID | None:
    try:
        id = UUID(key)
    except ValueError:
        return None
    return id if str(id) == key else None


def system_of(topic: Topic, shard_of: ShardOf) -> Scope:
    """Return the scope in which what all share of a topic is read."""
    return Scope.system(TenantRef(topic.tenant, "", "", shard_of(topic.tenant)))


def _id(push: Push) -> UUID:
    try:
        return msgspec.convert(push.id, UUID)
    except msgspec.ValidationError:
        raise Invalid.field("/id", "`id` is the UUID of the message.", code="bad_format") from None


def _body(push: Push, shape: type[S]) -> S:
    return strictjson.decode(bytes(push.data), shape)


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
