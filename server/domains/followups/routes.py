"""Tasks over HTTP."""

from __future__ import annotations

from uuid import UUID

from litestar import delete, get, post

from server.domains.followups import policy
from server.domains.followups.models import Task
from server.domains.followups.schemas import NewTask, TaskShown
from server.domains.followups.service import FollowupsService
from server.kit import paging
from server.kit.scope import Scope


@get(
    "/care/tasks",
    operation_id="tasks",
    summary="What is to be done",
    tags=["care"],
    opt={"rule": policy.TEAM},
)
async def tasks(
    scope: Scope,
    followups: FollowupsService,
    done: bool = False,
    mine: bool = False,
    after: paging.Cursor | None = None,
    limit: paging.Limit = 50,
) -> paging.Page[TaskShown]:
    """In the order it was noted; `done` shows what was done instead, `mine` what is assigned to me."""
    start = paging.decode(after, tuple[UUID])
    found = await followups.page(
        scope, done=done, mine=mine, after=None if start is None else start[0], most=limit + 1
    )
    return paging.page(found, limit, TaskShown.of, _keys)


@post(
    "/care/tasks",
    operation_id="add_task",
    summary="Note something to be done",
    tags=["care"],
    opt={"rule": policy.TEAM},
)
async def add(scope: Scope, followups: FollowupsService, data: NewTask) -> TaskShown:
    """After a conversation, a prayer request, or by itself."""
    return TaskShown.of(await followups.add(scope, data))


@post(
    "/care/tasks/{task_id:uuid}/done",
    operation_id="finish_task",
    summary="Note that a task is done",
    tags=["care"],
    status_code=200,
    opt={"rule": policy.TEAM},
)
async def finish(scope: Scope, followups: FollowupsService, task_id: UUID) -> TaskShown:
    """A second call changes nothing but who says so."""
    return TaskShown.of(await followups.finish(scope, task_id))


@delete(
    "/care/tasks/{task_id:uuid}/done",
    operation_id="unfinish_task",
    summary="Note that a task is not done after all",
    tags=["care"],
    status_code=200,
    opt={"rule": policy.TEAM},
)
async def unfinish(scope: Scope, followups: FollowupsService, task_id: UUID) -> TaskShown:
    """It stands in the list again."""
    return TaskShown.of(await followups.finish(scope, task_id, done=False))


def _keys(task: Task) -> tuple[UUID]:
    return (task.id,)


ROUTES = [tasks, add, finish, unfinish]
