"""What can be wrong with a note."""

from __future__ import annotations

from server.kit.errors import Conflict, Limited, NotFound


class RoomIsOpen(Conflict):
    """The chat is open: write there."""

    code = "room_is_open"


class TooManyNotes(Limited):
    """You have left several notes already. The hosts will read them; leave another one later."""

    code = "too_many_notes"


class NoSuchNote(NotFound):
    """There is no such note, or a host has read it already."""

    code = "no_such_note"
