"""Who may come into a room, and who may write in it now; pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from server.domains.rooms.errors import BadRoom, RoomClosed, RoomLocked, RoomWaiting
from server.domains.rooms.models import Right, Role, Room
from server.domains.safety.models import HOST
from server.kit.errors import AppError, FieldError, Unauthenticated
from server.kit.instants import settle
from server.kit.scope import Rule, Scope

READ = Rule(anyone=True)
MANAGE = HOST
SET = Rule.of("owner", "admin", api_scope="moderation:write")
MINE = Rule(frozenset({"owner", "admin", "pastor", "moderator", "prayer_team", "member"}), guests=True)

MOST_MEMBERS = 1_000
LONGEST_WINDOW = timedelta(days=366)


def right(room: Room, scope: Scope, role: Role | None) -> Right:
    """Return what somebody may do in a room; `role` is their place on its list.

    The hosts' room is for hosts. Into a room of invited people nobody looks who is not on its list, hosts neither.
    Into one of one-to-one prayer that is over nobody looks at all: what is kept is opened with a reason, by care.
    """
    if scope.actor.kind == "system":
        return Right.HOST
    host = HOST.allows(scope)
    if room.kind == "gathering":
        if host:
            return Right.HOST
        return Right.READ if scope.actor.kind == "anonymous" else Right.WRITE
    if room.kind == "hosts":
        return Right.HOST if host else Right.NONE
    if role is None or (room.kind == "care" and room.archived_at is not None):
        return Right.NONE
    return Right.HOST if role == "host" else Right.WRITE


def writing(room: Room, right: Right, now: datetime) -> AppError | None:
    """Return why somebody who sees the room may not write in it now; None when they may. Hosts may early and late."""
    if right is Right.HOST:
        return RoomClosed() if room.archived_at is not None else None
    if right is not Right.WRITE:
        return Unauthenticated("Say who you are first: choose a name, or sign in.")
    phase = room.phase(now)
    if phase == "closed":
        return RoomClosed()
    if phase == "waiting":
        assert room.opens_at is not None
        return RoomWaiting(retry_after=(room.opens_at - now).total_seconds())
    return RoomLocked() if room.locked else None


def check_list(room: Room) -> None:
    """Raise BadRoom for a room without a list of its own: who is in a private one is for one-to-one prayer to say."""
    check_rules(room)
    if room.kind in ("gathering", "hosts"):
        raise BadRoom("This room has no list of people.")


def check_rules(room: Room) -> None:
    """Raise BadRoom for a private room: one-to-one prayer locks and ends it, no host does."""
    if room.kind == "care":
        raise BadRoom("One-to-one prayer keeps this room: hand over, or end the conversation.")


def check_window(opens_at: datetime | None, closes_at: datetime | None) -> None:
    """Raise BadRoom for a window that ends before it begins, or is longer than a year; Invalid for a far year."""
    for at, pointer in ((opens_at, "/opens_at"), (closes_at, "/closes_at")):
        if at is not None:
            settle(at, pointer)
    if opens_at is None or closes_at is None:
        return
    if closes_at <= opens_at:
        detail = "A room closes after it opens."
        raise BadRoom(detail, errors=(FieldError("/closes_at", "closes_before_opens", detail),))
    if closes_at - opens_at > LONGEST_WINDOW:
        detail = f"A room with a window is open for at most {LONGEST_WINDOW.days} days."
        raise BadRoom(detail, errors=(FieldError("/closes_at", "too_long", detail, LONGEST_WINDOW.days),))


def check_title(title: str, pointer: str = "/title") -> str:
    """Return a title or label trimmed; raise BadRoom when nothing printable is left."""
    title = title.strip()
    if not title or not title.isprintable():
        detail = "Use printable characters."
        raise BadRoom(detail, errors=(FieldError(pointer, "bad_title", detail, 200),))
    return title
