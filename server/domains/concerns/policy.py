"""Who may tell what about a conversation, and who may read it; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, cast
from uuid import UUID

from server.domains.care.errors import NoSuchSession
from server.domains.care.models import Session
from server.domains.concerns.errors import AboutYou, NobodyCame, NoSuchConcern, TooLateToTell
from server.domains.concerns.models import Concern, ConcernReason
from server.kit.scope import Rule, Scope

TELL = Rule(frozenset({"owner", "admin", "pastor", "moderator", "prayer_team", "member"}), guests=True)

LONGEST_NOTE = 2_000
STILL_TOLD = timedelta(days=30)  # after the end of a conversation
KEPT = timedelta(days=365)  # after it was settled
MOST_OPEN = 500  # looked after at once


def others(session: Session | None, came: Mapping[UUID, str], teller: UUID, now: datetime) -> dict[UUID, str]:
    """Return who else is or was in a conversation, with their names, whoever handed it over to whom.

    Raise NoSuchSession for who was not there, NobodyCame, TooLateToTell.
    """
    if session is None:
        raise NoSuchSession()
    people = {session.asker_id: session.asker_name, **came}
    for id, name in ((session.first_id, session.first_name), (session.second_id, session.second_name)):
        if id is not None:
            people[id] = name
    if people.pop(teller, None) is None:
        raise NoSuchSession()
    if not people:
        raise NobodyCame()
    if session.ended_at is not None and now - session.ended_at > STILL_TOLD:
        raise TooLateToTell()
    return people


def urgent(reason: ConcernReason, crisis: str) -> Literal["", "unsafe", "self_harm", "abuse"]:
    """Return why a concern must not wait until somebody looks at the queue."""
    if crisis:
        return cast("Literal['self_harm', 'abuse']", crisis)  # safety finds no other kinds
    return "unsafe" if reason == "unsafe" else ""


def check_reader(concern: Concern | None, scope: Scope) -> Concern:
    """Return a concern that the caller may look after; raise NoSuchConcern, AboutYou."""
    if concern is None:
        raise NoSuchConcern()
    if scope.actor.id in concern.about:
        raise AboutYou()
    return concern
