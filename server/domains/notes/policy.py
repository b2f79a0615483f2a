"""Who may leave a note, where, and how many; pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from server.domains.notes.errors import RoomIsOpen, TooManyNotes
from server.domains.rooms.errors import NoSuchRoom
from server.domains.rooms.models import Room
from server.domains.safety.models import HOST
from server.kit.limits import Limit
from server.kit.scope import Rule

LEAVE = Rule(frozenset({"owner", "admin", "pastor", "moderator", "prayer_team", "member"}), guests=True)
READ = HOST

MOST_LETTERS = 500
MOST_NOTES = 3  # of one person …
WITHIN = timedelta(hours=1)  # … in this time
NOTES_OF_GUESTS = Limit("notes_address", 200, 3_600)  # anybody makes himself a new guest
KEPT = timedelta(days=90)
LEFT_OPEN = timedelta(days=30)  # after a room has closed nobody leaves a note there later than this


def check_room(room: Room, now: datetime) -> None:
    """Raise NoSuchRoom for a room without visitors or one of long ago, RoomIsOpen while people can write there."""
    long_over = room.closes_at is not None and now > room.closes_at + LEFT_OPEN
    if room.kind != "gathering" or room.archived_at is not None or long_over:
        raise NoSuchRoom()
    if room.phase(now) == "open":
        raise RoomIsOpen()


def check_pace(lately: int) -> None:
    """Raise TooManyNotes for somebody who has left this many lately."""
    if lately >= MOST_NOTES:
        raise TooManyNotes(retry_after=WITHIN.total_seconds())
