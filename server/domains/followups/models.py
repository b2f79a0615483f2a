"""Something to be done."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import msgspec


class Task(msgspec.Struct, frozen=True):
    """Something to be done after a conversation or a request."""

    id: UUID
    session_id: UUID | None
    request_id: UUID | None
    title: str
    note: str
    assigned_to: UUID | None
    assigned_name: str
    due_on: date | None
    version: int
    created_at: datetime
    done_at: datetime | None
    done_by_name: str
