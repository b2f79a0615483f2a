"""Who speaks in the tests of conversations, and how."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import msgspec

from realtime.broker import Publication
from realtime.topics import Topic
from server.domains.chat.models import Post, Receipt
from server.domains.chat.schemas import Send
from server.domains.guests.signals import GuestBecameMember
from server.domains.rooms.models import Room
from server.domains.rooms.service import topic_of
from server.kit.outbox import kind_of
from server.kit.scope import Actor, Origin, Scope
from server.wiring import Wiring


class Heard:
    """Collects what is announced after a commit."""

    def __init__(self) -> None:
        self.publications: list[Publication] = []

    def committed(self, scope: Scope, publication: Publication, *, signals: bool) -> None:
        self.publications.append(publication)


def guest(system: Scope, name: str = "Maria", *, device: str = "", address: str = "") -> Scope:
    """Return the scope of a guest."""
    return Scope(system.tenant, Actor("guest", uuid4(), name), Origin(device=device, address=address))


def person(system: Scope, name: str = "Paul", *roles: str) -> Scope:
    """Return the scope of somebody who signed in."""
    return Scope(system.tenant, Actor("person", uuid4(), name, frozenset(roles or ("member",))))


async def become(wiring: Wiring, system: Scope, before: UUID, after: UUID) -> None:
    """Let a guest turn out to be a person, as the relay would."""
    signal = GuestBecameMember(guest_id=before, person_id=after)
    for listener in wiring.listeners.of(kind_of(GuestBecameMember)):
        async with wiring.database.transaction(system) as tx:
            await listener.handle(tx, signal)


def id_of(scope: Scope) -> UUID:
    """Return who that is."""
    assert scope.actor.id is not None
    return scope.actor.id


def post(scope: Scope, room: Room, body: str = "Good morning", **more: Any) -> Post:
    """Return a draft with an id of its own."""
    return msgspec.structs.replace(Post(scope, room.id, uuid4(), body), **more)


async def send(wiring: Wiring, scope: Scope, room: Room, body: str = "Good morning", **more: Any) -> Receipt:
    """Send one message as a client would."""
    return await wiring.chat.post(scope, room.id, Send(body, **more))


async def log(wiring: Wiring, topic: Topic) -> list[tuple[str, Any]]:
    """Read a topic's events with their data."""
    read = await wiring.log.read(topic, 0, 1000)
    return [(e.event, None if e.data is None else msgspec.json.decode(e.data)) for e in read]


async def room_log(wiring: Wiring, room: Room, system: Scope) -> list[tuple[str, Any]]:
    """Read what everyone in the room is told."""
    return await log(wiring, topic_of(system.tenant.id, room.id))


async def bodies(wiring: Wiring, scope: Scope, room: Room) -> list[str]:
    """Read the room's history as its texts; a message that was taken down is its state."""
    page = await wiring.messages.history(scope, room.id, most=100)
    return [message.body or message.state for message in page.messages]
