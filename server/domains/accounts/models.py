"""An account as a value."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

Role = Literal["owner", "admin", "pastor", "moderator", "prayer_team", "member"]
Status = Literal["active", "suspended"]


class Person(msgspec.Struct, frozen=True):
    """Somebody with an account in this church. `email` is null for people whom the church's own site vouches for."""

    id: UUID
    email: str | None
    name: str
    locale: str
    status: Status
    roles: frozenset[str]
    has_password: bool
    created_at: datetime
    changed_at: datetime

    @property
    def staff(self) -> bool:
        """Tell whether any role beyond `member` was given."""
        return bool(self.roles - {"member"})


class Standing(msgspec.Struct, frozen=True):
    """What decides whether a session of this person still counts."""

    person: Person
    sessions_from: datetime | None  # sessions begun before are over; null: none are
    kept_session: UUID | None  # … except this one

    def covers(self, session: UUID, begun: datetime) -> bool:
        """Tell whether a session begun at this time still counts."""
        return self.sessions_from is None or begun >= self.sessions_from or session == self.kept_session


class Verified(msgspec.Struct, frozen=True):
    """An account whose password was shown; `proof` is its hash, so that a change meanwhile is noticed."""

    person: Person
    proof: str

    def __repr__(self) -> str:
        return f"Verified({self.person.id})"
