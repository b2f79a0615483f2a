"""Who works on which queue, what claiming means, and what a case becomes when its subject changed; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from server.domains.accounts.models import Person
from server.domains.hosting.models import Report
from server.domains.messages.schemas import MessageShown
from server.domains.moderation.errors import Claimed, Decided, NoSuchCase, NothingToUndo
from server.domains.moderation.models import Case
from server.domains.moderation.schemas import (
    CareShown,
    CaseShown,
    ReplyHeldShown,
    ReportedShown,
    WorkerShown,
)
from server.domains.subjects.models import TEAMS, Look, Team
from server.kit.scope import Rule, Scope

WORK = Rule(frozenset[str]().union(*(rule.roles for rule in TEAMS.values())), api_scope="moderation:write")
WEEK = Rule.of("owner", "admin", "pastor", api_scope="prayer:read")

CLAIM = timedelta(minutes=2)  # then somebody else may go on
UNDO = timedelta(seconds=60)  # screens offer it for ten; a slow network has the rest
KEPT = timedelta(days=90)  # cases that are over
MOST_NOTES = 100


def teams(scope: Scope, wanted: Team | None = None) -> list[Team]:
    """Return the queues somebody works on, or the one they ask for; raise NoSuchCase for another's."""
    mine = [team for team, rule in TEAMS.items() if rule.allows(scope)]
    if wanted is None:
        return mine
    if wanted not in mine:
        raise NoSuchCase("There is no such queue.")
    return [wanted]


def workers(scope: Scope, staff: Iterable[Person]) -> list[WorkerShown]:
    """Return who works on the caller's queues, by name."""
    mine = teams(scope)
    found = [
        WorkerShown(one.id, one.name, [team for team in mine if one.roles & TEAMS[team].roles])
        for one in staff
        if one.status == "active"
    ]
    return sorted((one for one in found if one.teams), key=lambda one: (one.name.casefold(), one.id))


def check_team(scope: Scope, case: Case | None) -> Case:
    """Return the case to who works on its queue; raise NoSuchCase for everybody else."""
    if case is None or not TEAMS[case.team].allows(scope):
        raise NoSuchCase()
    return case


def check_free(case: Case, scope: Scope, now: datetime) -> None:
    """Raise Decided for a case that is over, Claimed while somebody else looks at it."""
    if case.state != "open":
        raise Decided(extra={"by": case.decided_by_name, "verdict": case.verdict})
    if is_claimed(case, now) and case.claimed_by != scope.actor.id:
        raise Claimed(extra={"by": case.claimed_by_name})


def is_claimed(case: Case, now: datetime) -> bool:
    """Tell whether somebody looks at it at this moment."""
    return case.claimed_by is not None and case.claimed_until is not None and case.claimed_until > now


def check_undo(case: Case, scope: Scope, now: datetime) -> None:
    """Raise NothingToUndo unless the caller decided this less than a minute ago."""
    if case.state != "decided" or case.decided_at is None or now - case.decided_at > UNDO:
        raise NothingToUndo()
    if case.decided_by != scope.actor.id:
        raise NothingToUndo("Somebody else decided about this: only they can take it back.")


def claimed(case: Case, scope: Scope, now: datetime) -> Case:
    """Return a case that the caller looks at."""
    return replace(
        case, claimed_by=scope.actor.id, claimed_by_name=scope.actor.name[:200], claimed_until=now + CLAIM
    )


def released(case: Case) -> Case:
    """Return a case that nobody looks at."""
    return replace(case, claimed_by=None, claimed_by_name="", claimed_until=None)


def settled(case: Case, look: Look | None) -> Case:
    """Return a case as its subject stands: open while that waits, on its team's queue, else closed."""
    if look is None or not look.waits or look.round != case.round:
        return released(replace(case, state="closed")) if case.state == "open" else case
    changed = look.version != case.subject_version or look.team != case.team
    case = replace(
        case,
        state="open",
        team=look.team,
        weight=look.weight,
        subject_version=look.version,
        **({} if case.state == "open" else _UNDECIDED),
    )
    return released(case) if changed else case


_UNDECIDED = {"verdict": "", "decided_by": None, "decided_by_name": "", "decided_at": None}


def decided(case: Case, scope: Scope, verdict: str, now: datetime) -> Case:
    """Return a case that the caller has decided."""
    return released(
        replace(
            case,
            state="decided",
            verdict=verdict,
            decided_by=scope.actor.id,
            decided_by_name=scope.actor.name[:200],
            decided_at=now,
        )
    )


# ---- shown


def shown(case: Case, look: Look | None, notes: int) -> CaseShown:
    """Return a case as its team sees it; one that is over, or is another team's by now, shows none of the words."""
    over = case.decided_at is not None
    plain = CaseShown(
        case.id,
        case.kind,
        case.team,
        case.state,
        case.weight,
        case.version,
        case.subject,
        case.subject_version,
        case.opened_at,
        notes=notes,
        claimed_by=case.claimed_by,
        claimed_by_name=case.claimed_by_name,
        claimed_until=case.claimed_until,
        assigned_to=case.assigned_to,
        assigned_to_name=case.assigned_to_name,
        verdict=case.verdict,
        decided_by_name=case.decided_by_name,
        decided_at=case.decided_at,
        undo_until=case.decided_at + UNDO if over and case.decided_at else None,
    )
    if case.state != "open" or look is None or look.team != case.team:
        return plain
    return _with_words(plain, look)


def _with_words(plain: CaseShown, look: Look) -> CaseShown:
    reply, care = look.reply, look.care
    return replace(
        plain,
        subject_version=look.version,  # of these words, should the case not have heard of their change yet
        reason=look.reason,
        crisis=look.crisis,
        request=look.request,
        reply=None
        if reply is None
        else ReplyHeldShown(
            reply.id, reply.request_id, reply.kind, reply.body, reply.author_name, look.below
        ),
        message=None if look.message is None else MessageShown.of(look.message),
        room=look.room,
        care=None
        if care is None
        else CareShown(care.id, care.asker_name, care.language, care.topic, care.minor),
        flags=look.flags,
        reports=tuple(_reported(report) for report in look.reports),
    )


def _reported(report: Report) -> ReportedShown:
    return ReportedShown(report.reason, report.note, report.at)
