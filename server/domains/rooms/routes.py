"""Rooms over HTTP: made, changed, and who is on their lists."""

from __future__ import annotations

from uuid import UUID

from litestar import delete, get, patch, post, put

from server.domains.rooms import policy
from server.domains.rooms.models import RoomSettings
from server.domains.rooms.schemas import Invitation, MemberShown, NewRoom, RoomChange, RoomShown, Settings
from server.domains.rooms.service import RoomsService
from server.kit import paging
from server.kit.scope import Scope


@post(
    "/chat/rooms",
    operation_id="make_room",
    summary="Make a room for hosts or invited people",
    tags=["chat"],
    opt={"rule": policy.MANAGE},
)
async def make(scope: Scope, rooms: RoomsService, data: NewRoom) -> RoomShown:
    """Who makes a room of invited people is its host."""
    return await rooms.show(scope, (await rooms.create(scope, data)).id)


@get(
    "/chat/rooms/{room_id:uuid}",
    operation_id="room",
    summary="A room",
    tags=["chat"],
    opt={"rule": policy.READ},
)
async def one(scope: Scope, rooms: RoomsService, room_id: UUID) -> RoomShown:
    """A room the asker may not see is not there."""
    return await rooms.show(scope, room_id)


@get(
    "/events/gatherings/{gathering_id:uuid}/room",
    operation_id="room_of_gathering",
    summary="The room of a gathering",
    tags=["chat"],
    opt={"rule": policy.READ},
)
async def of_gathering(scope: Scope, rooms: RoomsService, gathering_id: UUID) -> RoomShown:
    """It is made a moment after the gathering was planned."""
    return await rooms.show(scope, (await rooms.by_gathering(scope, gathering_id)).id)


@patch(
    "/chat/rooms/{room_id:uuid}",
    operation_id="change_room",
    summary="Change a room's title, window or rules",
    tags=["chat"],
    opt={"rule": policy.MANAGE},
)
async def change(scope: Scope, rooms: RoomsService, room_id: UUID, data: RoomChange) -> RoomShown:
    """Slow mode, holds and the lock work from the next message on; everyone in the room sees it."""
    return await rooms.change(scope, room_id, data)


@post(
    "/chat/rooms/{room_id:uuid}/archive",
    operation_id="archive_room",
    summary="Close a room for good",
    tags=["chat"],
    status_code=204,
    opt={"rule": policy.MANAGE},
)
async def archive(scope: Scope, rooms: RoomsService, room_id: UUID) -> None:
    """It can still be read by who could before."""
    await rooms.archive(scope, room_id)


@get(
    "/chat/rooms/{room_id:uuid}/members",
    operation_id="room_members",
    summary="Who is on a room's list",
    tags=["chat"],
    opt={"rule": policy.MINE},
)
async def members(scope: Scope, rooms: RoomsService, room_id: UUID) -> paging.Page[MemberShown]:
    """All of them: a list holds at most 1,000 people."""
    return paging.Page([MemberShown.of(member) for member in await rooms.members(scope, room_id)])


@post(
    "/chat/rooms/{room_id:uuid}/members",
    operation_id="invite_to_room",
    summary="Invite people to a room",
    tags=["chat"],
    status_code=204,
    opt={"rule": policy.MINE},
)
async def invite(scope: Scope, rooms: RoomsService, room_id: UUID, data: Invitation) -> None:
    """For its hosts; who was on the list gets the new place."""
    await rooms.invite(scope, room_id, data)


@delete(
    "/chat/rooms/{room_id:uuid}/members/{person_id:uuid}",
    operation_id="remove_from_room",
    summary="Take somebody off a room's list, or leave it",
    tags=["chat"],
    opt={"rule": policy.MINE},
)
async def remove(scope: Scope, rooms: RoomsService, room_id: UUID, person_id: UUID) -> None:
    """Their sockets leave the room at once."""
    await rooms.remove(scope, room_id, person_id)


@get(
    "/chat/settings",
    operation_id="chat_settings",
    summary="What holds in all rooms",
    tags=["chat"],
    opt={"rule": policy.MANAGE},
)
async def settings(scope: Scope, rooms: RoomsService) -> Settings:
    """The badge of hosts, and how long messages are kept."""
    policy.MANAGE.require(scope)
    found = await rooms.settings(scope)
    return Settings(found.host_label, found.keep_days)


@put(
    "/chat/settings",
    operation_id="set_chat_settings",
    summary="Set what holds in all rooms",
    tags=["chat"],
    opt={"rule": policy.SET},
)
async def set_settings(scope: Scope, rooms: RoomsService, data: Settings) -> Settings:
    """Messages that are older than they may be are forgotten within a day."""
    found = await rooms.set_settings(scope, RoomSettings(data.host_label, data.keep_days))
    return Settings(found.host_label, found.keep_days)


ROUTES = [make, one, of_gathering, change, archive, members, invite, remove, settings, set_settings]
