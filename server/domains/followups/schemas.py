"""Tasks as they are said and heard."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from server.domains.followups.models import Task


class NewTask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something to be done later, after a conversation (`session`) or a prayer request (`request`), or by itself."""

    title: Annotated[str, Meta(min_length=1, max_length=200, examples=["Call Ruth on Tuesday"])]
    note: Annotated[str, Meta(max_length=1000)] = ""
    session: UUID | None = None
    request: UUID | None = None
    assigned_to: UUID | None = None
    due_on: date | None = None


class TaskShown(msgspec.Struct, frozen=True):
    """A task."""

    id: UUID
    version: int
    title: str
    note: str
    session: UUID | None
    request: UUID | None
    assigned_to: UUID | None
    assigned_name: str
    due_on: date | None
    done: bool
    done_by: str

    @classmethod
    def of(cls, task: Task) -> TaskShown:
        """Show a task."""
        return cls(
            task.id,
            task.version,
            task.title,
            task.note,
            task.session_id,
            task.request_id,
            task.assigned_to,
            task.assigned_name,
            task.due_on,
            task.done_at is not None,
            task.done_by_name,
        )
