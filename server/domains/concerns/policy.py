"""Who may tell what about a conversation, and who may read it; pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from server.domains.care.errors import NoSuchSession
from server.domains.care.models import Session
from server.domains.concerns.errors import AboutYou, NoSuchConcern, TooLateToTell
from server.domains.concerns.models import Concern
from server.kit.scope import Rule, Scope

TELL = Rule(frozenset({"owner", "admin", "pastor", "moderator", "prayer_team", "member"}), guests=True)

LONGEST_NOTE = 2_000
STILL_TOLD = timedelta(days=30)  # after the end of a conversation
KEPT = timedelta(days=365)  # after it was settled


def check_teller(session: Session | None, scope: Scope, now: datetime) -> Session:
    """Return the conversation, if the caller is or was in it; raise NoSuchSession, TooLateToTell."""
    if session is None or scope.actor.id not in (session.asker_id, session.first_id, session.second_id):
        raise NoSuchSession()
    if session.ended_at is not None and now - session.ended_at > STILL_TOLD:
        raise TooLateToTell()
    return session


def others(session: Session, teller: UUID) -> dict[UUID, str]:
    """Return who else is or was in a conversation, with their names."""
    people = {session.asker_id: session.asker_name}
    for id, name in ((session.first_id, session.first_name), (session.second_id, session.second_name)):
        if id is not None:
            people[id] = name
    return {id: name for id, name in people.items() if id != teller}


def check_reader(concern: Concern | None, scope: Scope) -> Concern:
    """Return a concern that the caller may look after; raise NoSuchConcern, AboutYou."""
    if concern is None:
        raise NoSuchConcern()
    if scope.actor.id in concern.about:
        raise AboutYou()
    return concern
