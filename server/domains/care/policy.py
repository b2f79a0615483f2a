"""Who may pray with whom, when a second adult is needed, and where somebody stands in the queue; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import median
from uuid import UUID

from msgspec.structs import replace

from server.domains.care.errors import (
    AlreadyAccepted,
    ForAdults,
    NeedsReason,
    NoSuchSession,
    Over,
)
from server.domains.care.models import Session, Settings
from server.domains.care.schemas import Ask, Offer, Place
from server.domains.rota.models import VOLUNTEER, Present
from server.kit import text
from server.kit.errors import FieldError
from server.kit.limits import Limit
from server.kit.scope import Actor, Rule, Scope

ATTEND = VOLUNTEER
ASK = Rule(VOLUNTEER.roles | {"moderator", "member"}, guests=True)
READ_OFFER = Rule(anyone=True)
LIST = Rule.of("owner", "admin", "pastor", api_scope="prayer:read")
OPEN_WORDS = Rule.of("owner", "pastor")
SET = Rule.of("owner", "admin")

MOST_WAITING = 100  # who would be the next is told to use the form
ASKS = Limit("care_asks", 20, 3_600)
ASKS_OF_GUESTS = Limit("care_asks_address", 40, 3_600)  # anybody makes himself a new guest
LEAST_KNOWN = 3  # waits, before an expectation is told
LONGEST_TOPIC = 500
REASON = (10, 300)  # characters


def limits(scope: Scope) -> list[tuple[Limit, str]]:
    """Return how often somebody may ask, and who counts as one."""
    found = [(ASKS, f"{scope.tenant.id}:{scope.actor.id}")]
    if scope.actor.kind == "guest":
        found.append((ASKS_OF_GUESTS, f"{scope.tenant.id}:{scope.origin.network}"))
    return found


def draft(ask: Ask, actor: Actor, topic: str, crisis: str, settings: Settings) -> dict[str, object]:
    """Return what is written of somebody who begins to wait."""
    return {
        "asker_id": actor.id,
        "asker_name": text.shown_name(actor.name),
        "language": ask.language,
        "topic": topic,
        "minor": ask.minor,
        "crisis": crisis,
        "words": settings.words,
    }


def check_age(settings: Settings, *, minor: bool) -> None:
    """Raise ForAdults for who is under 18 where a church leads them to the form."""
    if minor and settings.minors == "form":
        raise ForAdults()


def second_needed(settings: Settings, session: Session) -> bool:
    """Tell whether nobody may write yet: the church wants two adults in such a room, and one is there."""
    if session.state != "active" or session.second_id is not None:
        return False
    return settings.two_adults == "always" or (settings.two_adults == "minors" and session.minor)


def check_accept(session: Session, person: UUID) -> None:
    """Raise AlreadyAccepted, Over, or NoSuchSession for one's own request."""
    if session.state == "active":
        raise AlreadyAccepted()
    if session.state != "waiting":
        raise Over()
    if session.asker_id == person:
        raise NoSuchSession()


def check_inside(session: Session, person: UUID | None) -> None:
    """Raise NoSuchSession for a volunteer who is not in the room, Over when nobody is any more."""
    if person is None or person not in (session.first_id, session.second_id):
        raise NoSuchSession()
    if session.state != "active":
        raise Over()


def check_in(session: Session | None, person: UUID | None) -> Session:
    """Return a conversation to who is in it; raise NoSuchSession for everybody else."""
    if session is None or person is None:
        raise NoSuchSession()
    if person not in (session.asker_id, session.first_id, session.second_id):
        raise NoSuchSession()
    return session


def check_second(session: Session, person: UUID) -> None:
    """Raise AlreadyAccepted when two are there, Over, or NoSuchSession for the asker."""
    if session.state != "active":
        raise Over()
    if person == session.asker_id:
        raise NoSuchSession()
    if session.second_id is not None or person == session.first_id:
        raise AlreadyAccepted("Two volunteers are there already.")


def check_reason(reason: str) -> str:
    """Return why something is opened; raise NeedsReason."""
    least, most = REASON
    reason = text.tidy(reason, 4 * most, pointer="/reason", noun="A reason", optional=True)
    if not least <= len(reason) <= most:
        raise NeedsReason(
            errors=(FieldError("/reason", "needs_reason", f"{least} to {most} characters.", most),)
        )
    return reason


def accepted(session: Session, by: Actor, now: datetime) -> Session:
    """Return a conversation that somebody has gone to; back from the queue it keeps when that was first so."""
    at = session.accepted_at or now
    return replace(session, state="active", first_id=by.id, first_name=by.name[:200], accepted_at=at)


def joined(session: Session, by: Actor) -> Session:
    """Return a conversation with a second volunteer."""
    return replace(session, second_id=by.id, second_name=by.name[:200])


def handed_over(session: Session, by: UUID | None, to: tuple[UUID, str] | None, now: datetime) -> Session:
    """Return a conversation as it goes on without `by`: with the second volunteer, with `to`, or back in the queue."""
    if by == session.second_id:
        second = (None, "") if to is None else to
        return replace(session, second_id=second[0], second_name=second[1])
    if to is not None:
        return replace(session, first_id=to[0], first_name=to[1])
    if session.second_id is not None:
        first = (session.second_id, session.second_name)
        return replace(session, first_id=first[0], first_name=first[1], second_id=None, second_name="")
    return replace(session, state="waiting", first_id=None, first_name="", waits_since=now)


def offer(settings: Settings, here: Sequence[Present], waiting: int, waits: Sequence[float]) -> Offer:
    """Return what everybody is told: whether somebody is there, for which languages, and how long it takes."""
    usual_wait = usual(waits)
    return Offer(
        settings.open and bool(here),
        sorted({language for one in here for language in one.languages}),
        waiting,
        None if usual_wait is None or not here else round(usual_wait * (waiting + 1)),
        settings.words,
        settings.promise,
    )


def usual(waits: Sequence[float]) -> float | None:
    """Return the seconds people usually waited lately; None when too few did to tell."""
    return median(waits) if len(waits) >= LEAST_KNOWN else None


def places(
    waiting: Sequence[Session], waits: Sequence[float], settings: Settings, here: int, now: datetime
) -> dict[UUID, Place]:
    """Return where each stands, in order; `waits` are the seconds that people waited lately, `here` who is on duty."""
    usual_wait = usual(waits)
    told = {}
    for place, session in enumerate(waiting, 1):
        waited = (now - session.waits_since).total_seconds()
        form = here == 0 or waited >= settings.patience_seconds
        wait = None if usual_wait is None or here == 0 else max(0, round(usual_wait * place - waited))
        told[session.id] = Place(place, wait, form)
    return told
