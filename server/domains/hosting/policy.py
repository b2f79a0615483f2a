"""Who may do what hosts do; pure."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET

from server.domains.events.models import Gathering
from server.domains.hosting.errors import MessageChanged, NoHosts, TooLateToRehearse
from server.domains.hosting.schemas import WordsRead
from server.domains.messages.models import Message
from server.domains.rooms.models import Room
from server.domains.safety.models import HOST
from server.kit.errors import Conflict
from server.kit.limits import Limit
from server.kit.scope import Rule, Scope

_EVERYBODY = frozenset({"owner", "admin", "pastor", "moderator", "prayer_team", "member"})
# a member may be host of a room they were invited to; the room itself decides
DECIDE = Rule(_EVERYBODY, api_scope="moderation:write")
REPORT = Rule(_EVERYBODY, guests=True)
REHEARSE = HOST
FORGET = Rule.of("owner", "admin")
EXPORT = Rule.of("owner", "admin", api_scope="chat:read")
REPORTS = Limit("reports", 30, 3_600)  # of one person
REPORTS_OF_GUESTS = Limit("reports_address", 200, 3_600)  # anybody makes himself a new guest


def check_rehearsal(gathering: Gathering, now: datetime) -> None:
    """Raise TooLateToRehearse for a gathering whose doors are open, or that will not be held."""
    if gathering.cancelled_at is not None:
        raise TooLateToRehearse("This gathering was cancelled.")
    if now >= gathering.opens_at:
        raise TooLateToRehearse()


def check_read(message: Message, read: WordsRead | None) -> None:
    """Raise MessageChanged when other words were read than stand there; who does not say is not asked."""
    if read is not None and read.edited_at not in (UNSET, message.edited_at):
        raise MessageChanged()


def check_hosts(room: Room) -> None:
    """Raise NoHosts for a room of one-to-one prayer: its host is who would be reported."""
    if room.kind == "care":
        raise NoHosts()


def check_report(message: Message, scope: Scope) -> None:
    """Raise Conflict for one's own message, or one that does not stand there any more."""
    if message.author.id == scope.actor.id:
        raise Conflict("This is your own message: you can delete it.")
    if message.state != "posted":
        raise Conflict("This message was taken down already.")
