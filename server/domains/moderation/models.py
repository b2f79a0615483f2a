"""A case, and a note below it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from server.domains.subjects.models import Kind, Team

State = Literal["open", "decided", "closed"]


class Case(msgspec.Struct, frozen=True):
    """Something that waits for a decision; `subject` is the id of the domain's row, `round` how often it came."""

    id: UUID
    kind: Kind
    subject: UUID
    round: int
    team: Team
    state: State
    weight: int
    subject_version: int
    version: int
    claimed_by: UUID | None
    claimed_by_name: str
    claimed_until: datetime | None
    assigned_to: UUID | None
    assigned_to_name: str
    verdict: str
    decided_by: UUID | None
    decided_by_name: str
    decided_at: datetime | None
    opened_at: datetime


class Note(msgspec.Struct, frozen=True):
    """A remark of the team below a case."""

    id: UUID
    case_id: UUID
    body: str
    author_id: UUID | None
    author_name: str
    at: datetime
