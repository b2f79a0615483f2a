"""What is said about sessions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from server.domains.sessions.models import Session


class SessionShown(msgspec.Struct, frozen=True):
    """One sign-in on one device."""

    id: UUID
    kind: str
    device: str
    site: str
    second_factor: bool
    created_at: datetime
    used_at: datetime
    current: bool

    @classmethod
    def of(cls, session: Session, current: UUID | None) -> SessionShown:
        """Show a session; `current` is the one that asks."""
        return cls(
            session.id,
            session.kind,
            session.device,
            session.site,
            session.strong,
            session.created_at,
            session.used_at,
            session.id == current,
        )


class SessionsShown(msgspec.Struct, frozen=True):
    """One's own open sessions, the last used first; at most 200."""

    items: list[SessionShown]
    next: str | None = None
