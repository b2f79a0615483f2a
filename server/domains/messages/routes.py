"""Messages read over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import get, post
from msgspec import Meta

from server.domains.messages import policy
from server.domains.messages.schemas import (
    History,
    MessageShown,
    Mine,
    ReadMark,
    ReadState,
    Rooms,
    RoomSnapshot,
)
from server.domains.messages.service import MOST_A_PAGE, MessagesService
from server.kit.scope import Scope

Limit = Annotated[int, Meta(ge=1, le=MOST_A_PAGE, description="How many messages a page holds at most.")]
Number = Annotated[int, Meta(ge=0, le=2**53 - 1, description="A message's place in its room.")]
Query = Annotated[str, Meta(max_length=200, examples=["potluck"])]


@get(
    "/chat/rooms",
    operation_id="rooms",
    summary="The rooms I see, with what is unread",
    tags=["chat"],
    opt={"rule": policy.READ},
)
async def rooms(scope: Scope, messages: MessagesService) -> Rooms:
    """Gatherings that are near, hosts' rooms for hosts, and rooms of invited people; a room closed for 12 h is gone."""
    return Rooms(await messages.seats(scope))


@get(
    "/chat/rooms/{room_id:uuid}/messages",
    operation_id="room_messages",
    summary="Messages of a room by page, both ways",
    tags=["chat"],
    opt={"rule": policy.READ},
)
async def history(
    scope: Scope,
    messages: MessagesService,
    room_id: UUID,
    before: Number | None = None,
    after: Number | None = None,
    around: UUID | None = None,
    limit: Limit = 50,
) -> History:
    """In the room's order: the newest, those in front of or behind a number, or around one message."""
    page = await messages.history(scope, room_id, before=before, after=after, around=around, most=limit)
    return History.of(page)


@get(
    "/chat/rooms/{room_id:uuid}/snapshot",
    operation_id="room_snapshot",
    summary="What a room's screen shows",
    tags=["chat"],
    opt={"rule": policy.READ},
)
async def snapshot(scope: Scope, messages: MessagesService, room_id: UUID) -> RoomSnapshot:
    """The same that a socket gets when it joins: the newest messages, reactions, pins, the room's state."""
    return (await messages.snapshot(scope, room_id))[1]


@get(
    "/chat/rooms/{room_id:uuid}/search",
    operation_id="search_room",
    summary="Search a room",
    tags=["chat"],
    opt={"rule": policy.TAKE_PART},
)
async def search(
    scope: Scope,
    messages: MessagesService,
    room_id: UUID,
    q: Query,
    before: Number | None = None,
    limit: Limit = 50,
) -> list[MessageShown]:
    """Newest first; go on with `before` the number of the last one. Signs such as % have no meaning."""
    found = await messages.search(scope, room_id, q, before=before, most=limit)
    return [MessageShown.of(message) for message in found]


@get(
    "/chat/rooms/{room_id:uuid}/mine",
    operation_id="my_room",
    summary="What only I see of a room",
    tags=["chat"],
    opt={"rule": policy.TAKE_PART},
)
async def mine(scope: Scope, messages: MessagesService, room_id: UUID) -> Mine:
    """My read mark, my reactions to the newest 100 messages, what of mine waits, until when I pause."""
    return await messages.mine(scope, room_id)


@post(
    "/chat/rooms/{room_id:uuid}/read",
    operation_id="mark_room_read",
    summary="Say how far I have read",
    tags=["chat"],
    status_code=200,
    opt={"rule": policy.TAKE_PART},
)
async def read(scope: Scope, messages: MessagesService, room_id: UUID, data: ReadMark) -> ReadState:
    """A mark never goes back, nor beyond the last message; my other screens learn of it."""
    return ReadState(*await messages.read(scope, room_id, data.number))


ROUTES = [rooms, history, snapshot, search, mine, read]
