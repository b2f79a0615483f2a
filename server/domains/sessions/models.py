"""A session, what is handed out for it, and what a request's proof amounts to."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from server.kit.errors import AppError
from server.kit.scope import Actor

Kind = Literal["app", "console", "widget"]
Use = Literal["app", "widget", "socket"]
Ended = Literal["signed_out", "everywhere", "reuse", "revoked", "site"]
Refusal = type[AppError]  # SessionEnded or Suspended: why nobody acts in a session


class Session(msgspec.Struct, frozen=True):
    """One sign-in on one device. `read_at` is the database's time when the row was read."""

    id: UUID
    kind: Kind
    guest_id: UUID | None
    person_id: UUID | None
    seed: bytes
    generation: int
    rotated_at: datetime
    device: str
    site: str
    strong: bool
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    read_at: datetime

    @property
    def subject(self) -> UUID:
        """Return whose session it is: a person's, as soon as the guest has become one."""
        subject = self.person_id or self.guest_id
        assert subject is not None
        return subject


class Seat(msgspec.Struct, frozen=True):
    """A session that counts, and who it lets act; kept for a few seconds."""

    session: Session
    actor: Actor


class Grant(msgspec.Struct, frozen=True):
    """What a client gets: an access token, a refresh token, and seconds until the first expires."""

    access_token: str
    refresh_token: str
    expires_in: int
    session: UUID
    subject: UUID


class Cookie(msgspec.Struct, frozen=True):
    """What the console gets: the cookie's value, which scripts never see, and the token that each write repeats."""

    value: str
    csrf: str
    seconds: int
