"""The queue over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post

from server.domains.moderation import policy
from server.domains.moderation.schemas import (
    Assign,
    CaseShown,
    Decide,
    NewNote,
    NoteShown,
    QueueWeek,
    WorkerShown,
)
from server.domains.moderation.service import ModerationService
from server.domains.subjects.models import Kind, Team
from server.kit import paging
from server.kit.instants import Instant, settle
from server.kit.scope import Scope

Rank = Annotated[int, msgspec.Meta(ge=-100, le=100)]  # a weight in a cursor; a bigger one is none of ours


@get(
    "/moderation/queue",
    operation_id="queue",
    summary="What waits for a decision",
    tags=["moderation"],
    opt={"rule": policy.WORK},
)
async def queue(
    scope: Scope,
    moderation: ModerationService,
    team: Team | None = None,
    kind: Kind | None = None,
    mine: bool = False,
    after: paging.Cursor | None = None,
    limit: paging.Limit = 50,
) -> paging.Page[CaseShown]:
    """Of one team, or of all I work on; the heaviest first, then the oldest. `mine`: assigned to me."""
    start = paging.decode(after, tuple[Rank, Instant, UUID])
    found = await moderation.queue(
        scope,
        team=team,
        kind=kind,
        mine=mine,
        after=None if start is None else (start[0], settle(start[1], "/after"), start[2]),
        most=limit + 1,
    )
    return paging.page(found, limit, lambda shown: shown, _keys)


@get(
    "/moderation/cases/{case_id:uuid}",
    operation_id="case",
    summary="One case",
    tags=["moderation"],
    opt={"rule": policy.WORK},
)
async def one(scope: Scope, moderation: ModerationService, case_id: UUID) -> CaseShown:
    """One that is over shows who and what, and none of the words."""
    return await moderation.one(scope, case_id)


@post(
    "/moderation/cases/{case_id:uuid}/claim",
    operation_id="claim_case",
    summary="I am looking at it",
    tags=["moderation"],
    status_code=200,
    opt={"rule": policy.WORK},
)
async def claim(scope: Scope, moderation: ModerationService, case_id: UUID) -> CaseShown:
    """For two minutes; say it again to go on. 409 `claimed` while somebody else does."""
    return await moderation.claim(scope, case_id)


@post(
    "/moderation/cases/{case_id:uuid}/release",
    operation_id="release_case",
    summary="I am not looking at it any more",
    tags=["moderation"],
    status_code=200,
    opt={"rule": policy.WORK},
)
async def release(scope: Scope, moderation: ModerationService, case_id: UUID) -> CaseShown:
    """A second call changes nothing."""
    return await moderation.release(scope, case_id)


@post(
    "/moderation/cases/{case_id:uuid}/decide",
    operation_id="decide_case",
    summary="Decide a case",
    tags=["moderation"],
    status_code=200,
    opt={"rule": policy.WORK},
)
async def decide(scope: Scope, moderation: ModerationService, case_id: UUID, data: Decide) -> CaseShown:
    """409 `changed` with the new words, `claimed`, or `already_decided` when somebody was quicker."""
    return await moderation.decide(scope, case_id, data)


@post(
    "/moderation/cases/{case_id:uuid}/undo",
    operation_id="undo_case",
    summary="Take my decision back",
    tags=["moderation"],
    status_code=200,
    opt={"rule": policy.WORK},
)
async def undo(scope: Scope, moderation: ModerationService, case_id: UUID) -> CaseShown:
    """Within a minute. Returns the case that waits again, which may be a new one."""
    return await moderation.undo(scope, case_id)


@post(
    "/moderation/cases/{case_id:uuid}/assign",
    operation_id="assign_case",
    summary="Say whose case it is",
    tags=["moderation"],
    status_code=200,
    opt={"rule": policy.WORK},
)
async def assign(scope: Scope, moderation: ModerationService, case_id: UUID, data: Assign) -> CaseShown:
    """`null`: anybody's."""
    return await moderation.assign(scope, case_id, data.to)


@get(
    "/moderation/cases/{case_id:uuid}/notes",
    operation_id="case_notes",
    summary="The team's remarks",
    tags=["moderation"],
    opt={"rule": policy.WORK},
)
async def notes(scope: Scope, moderation: ModerationService, case_id: UUID) -> list[NoteShown]:
    """Oldest first; nobody outside the team sees them."""
    return [NoteShown.of(note) for note in await moderation.notes(scope, case_id)]


@post(
    "/moderation/cases/{case_id:uuid}/notes",
    operation_id="add_case_note",
    summary="Add a remark for the team",
    tags=["moderation"],
    opt={"rule": policy.WORK},
)
async def add_note(scope: Scope, moderation: ModerationService, case_id: UUID, data: NewNote) -> NoteShown:
    """It stays below the case."""
    return NoteShown.of(await moderation.note(scope, case_id, data.body))


@get(
    "/moderation/people",
    operation_id="queue_people",
    summary="Who works on my queues",
    tags=["moderation"],
    opt={"rule": policy.WORK},
)
async def people(scope: Scope, moderation: ModerationService) -> list[WorkerShown]:
    """By name, with the queues that each of them works on: whom a case can be given to, or a shift."""
    return await moderation.workers(scope)


@get(
    "/moderation/week",
    operation_id="queue_week",
    summary="The queue's last seven days",
    tags=["moderation"],
    opt={"rule": policy.WEEK},
)
async def week(scope: Scope, moderation: ModerationService) -> QueueWeek:
    """How many were decided, how long they waited, and what waits now."""
    return await moderation.week(scope)


def _keys(case: CaseShown) -> tuple[int, datetime, UUID]:
    return -case.weight, case.opened_at, case.id


ROUTES = [queue, one, claim, release, decide, undo, assign, notes, add_note, people, week]
