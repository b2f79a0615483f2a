"""Who may note what is to be done; pure."""

from __future__ import annotations

from server.domains.followups.schemas import NewTask
from server.kit import text
from server.kit.scope import Rule

TEAM = Rule.of("owner", "admin", "pastor", "prayer_team", api_scope="prayer:write")


def tidy(task: NewTask) -> NewTask:
    """Return a task with its texts made plain; raise BadText."""
    return NewTask(
        text.tidy(task.title, 200, pointer="/title", noun="A title"),
        text.tidy(task.note, 1_000, pointer="/note", noun="A note", optional=True),
        task.session,
        task.request,
        task.assigned_to,
        task.due_on,
    )
