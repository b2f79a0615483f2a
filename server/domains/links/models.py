"""A link as a value."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

Kind = Literal["register", "reset", "email", "invite"]
Letter = Literal[
    "register",
    "known",
    "reset",
    "email",
    "invite",
    "password_changed",
    "email_changed",
    "totp_added",
    "totp_removed",
    "recovery_code_used",
    "refresh_reused",
]


class Link(msgspec.Struct, frozen=True):
    """A link that was sent. `person_id` is whose account it concerns; `invited_by` whose word it is."""

    id: UUID
    kind: Kind
    email: str
    person_id: UUID | None
    name: str
    locale: str
    roles: frozenset[str]
    invited_by: UUID | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


class Asked(msgspec.Struct, frozen=True):
    """What somebody asked a link for; travels sealed, because it holds an address."""

    kind: Kind
    email: str
    locale: str = "en"
    person_id: UUID | None = None


class Secret(msgspec.Struct, frozen=True):
    """What a letter must say and no table may: an address, and the token of its link if it has one."""

    letter: Letter
    email: str
    locale: str
    name: str = ""
    token: str = ""
    inviter: str = ""


class Told(msgspec.Struct, frozen=True):
    """What the page behind a link may show before its token is used."""

    kind: Kind
    email: str
    name: str
    has_account: bool
