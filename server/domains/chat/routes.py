"""Taking part in a room over HTTP; the same calls as on a socket."""

from __future__ import annotations

from uuid import UUID

from litestar import delete, patch, post, put

from server.domains.chat import policy
from server.domains.chat.models import Receipt
from server.domains.chat.schemas import Edit, Edited, Send
from server.domains.chat.service import ChatService
from server.domains.messages.schemas import MessageShown, Reactions
from server.kit.scope import Scope

MESSAGE = "/chat/rooms/{room_id:uuid}/messages/{message_id:uuid}"


@post(
    "/chat/rooms/{room_id:uuid}/messages",
    operation_id="send_message",
    summary="Send a message",
    tags=["chat"],
    opt={"rule": policy.WRITE},
)
async def send(scope: Scope, chat: ChatService, room_id: UUID, data: Send) -> Receipt:
    """`state` is `held` when a host must see it first. Give an `id` of your own, so that a retry is safe."""
    return await chat.post(scope, room_id, data)


@patch(
    MESSAGE,
    operation_id="edit_message",
    summary="Edit my message",
    tags=["chat"],
    opt={"rule": policy.WRITE},
)
async def edit(scope: Scope, chat: ChatService, room_id: UUID, message_id: UUID, data: Edit) -> Edited:
    """Within 15 minutes. 409 `edit_refused` when a host must see the words first: send them as a new message.

    Words that speak of a great need wait as one by themselves: the answer is that message, `held`, with a `card`.
    """
    return await chat.edit(scope, room_id, message_id, data.body)


@delete(
    MESSAGE,
    operation_id="delete_message",
    summary="Take a message down",
    tags=["chat"],
    opt={"rule": policy.WRITE},
)
async def remove(scope: Scope, chat: ChatService, room_id: UUID, message_id: UUID) -> None:
    """My own, or any as a host of the room; it disappears on all screens at once."""
    await chat.remove(scope, room_id, message_id)


@put(
    f"{MESSAGE}/pin",
    operation_id="pin_message",
    summary="Pin a message",
    tags=["chat"],
    opt={"rule": policy.PIN},
)
async def pin(scope: Scope, chat: ChatService, room_id: UUID, message_id: UUID) -> MessageShown:
    """For hosts of the room."""
    return await chat.pin(scope, room_id, message_id, pinned=True)


@delete(
    f"{MESSAGE}/pin",
    operation_id="unpin_message",
    summary="Take a pinned message off",
    tags=["chat"],
    status_code=200,
    opt={"rule": policy.PIN},
)
async def unpin(scope: Scope, chat: ChatService, room_id: UUID, message_id: UUID) -> MessageShown:
    """For hosts of the room; the message stays."""
    return await chat.pin(scope, room_id, message_id, pinned=False)


@put(
    f"{MESSAGE}/reactions/{{emoji:str}}",
    operation_id="add_reaction",
    summary="React to a message",
    tags=["chat"],
    opt={"rule": policy.WRITE},
)
async def react(scope: Scope, chat: ChatService, room_id: UUID, message_id: UUID, emoji: str) -> Reactions:
    """One emoji, percent-encoded; repeating it changes nothing."""
    return Reactions(await chat.react(scope, room_id, message_id, emoji))


@delete(
    f"{MESSAGE}/reactions/{{emoji:str}}",
    operation_id="remove_reaction",
    summary="Take a reaction back",
    tags=["chat"],
    status_code=200,
    opt={"rule": policy.WRITE},
)
async def unreact(scope: Scope, chat: ChatService, room_id: UUID, message_id: UUID, emoji: str) -> Reactions:
    """Repeating it changes nothing."""
    return Reactions(await chat.react(scope, room_id, message_id, emoji, on=False))


ROUTES = [send, edit, remove, pin, unpin, react, unreact]
