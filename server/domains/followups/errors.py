"""What can be wrong with a task."""

from __future__ import annotations

from server.kit.errors import NotFound


class NoSuchTask(NotFound):
    """There is no such task."""

    code = "no_such_task"
