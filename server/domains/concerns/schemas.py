"""Concerns as they are told and read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from server.domains.concerns.models import Concern, ConcernReason


class NewConcern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was not right in a conversation (`session`) that I am or was in; pastors read it, nobody else."""

    session: UUID
    reason: ConcernReason
    note: Annotated[str, Meta(max_length=2000, examples=["He asked where I live."])] = ""


class ConcernTold(msgspec.Struct, frozen=True):
    """It arrived. `card`: the note speaks of a great need; show helplines of this kind at once."""

    card: str = ""


class ConcernShown(msgspec.Struct, frozen=True):
    """A concern, as pastors read it; `about` names who else was in the conversation. Decide over its `version`."""

    id: UUID
    version: int
    session: UUID
    by: str
    about: tuple[str, ...]
    reason: ConcernReason
    note: str
    at: datetime

    @classmethod
    def of(cls, concern: Concern) -> ConcernShown:
        """Show a concern."""
        return cls(
            concern.id,
            concern.version,
            concern.session_id,
            concern.by_name,
            concern.about_names,
            concern.reason,
            concern.note,
            concern.at,
        )
