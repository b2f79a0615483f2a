"""A second factor as a value."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class Totp(msgspec.Struct, frozen=True):
    """A person's authenticator; unconfirmed it is not asked for. `read_at` is the database's time."""

    person_id: UUID
    secret_sealed: bytes
    confirmed_at: datetime | None
    last_step: int
    read_at: datetime


class Enrolment(msgspec.Struct, frozen=True):
    """What an authenticator app needs, shown once."""

    secret: str
    uri: str


class FactorStatus(msgspec.Struct, frozen=True):
    """Whether a second factor is asked for, and how many recovery codes are left."""

    totp: bool
    recovery_codes: int
