"""Why somebody cannot come in or write, one sentence each."""

from __future__ import annotations

from server.kit.errors import Conflict, Forbidden, Invalid, NotFound


class NoSuchRoom(NotFound):
    """There is no such room."""

    code = "no_such_room"


class RoomWaiting(Conflict):
    """This room is not open yet."""

    code = "room_waiting"


class RoomClosed(Conflict):
    """This room is closed: you can still read it."""

    code = "room_closed"


class RoomLocked(Forbidden):
    """Only hosts can write in this room at the moment."""

    code = "room_locked"


class BadRoom(Invalid):
    """A room cannot be made or changed like this."""

    code = "bad_room"


class TooManyMembers(Conflict):
    """This room holds as many people as it may."""

    code = "too_many_members"
