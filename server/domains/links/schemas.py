"""What is said and heard about links."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from server.domains.accounts.schemas import Locale, Name, NewPassword, OldPassword, Roles
from server.domains.links.models import Kind, Link, Told

Email = Annotated[
    str,
    msgspec.Meta(
        min_length=3, max_length=254, description="An e-mail address.", examples=["anna@grace.example"]
    ),
]
Token = Annotated[
    str, msgspec.Meta(min_length=20, max_length=100, description="What stands behind # in the link.")
]


class Registration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An address that wants an account."""

    email: Email
    locale: Locale = "en"


class Forgotten(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An address whose password is forgotten."""

    email: Email


class NewEmail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The address to have, and the present password."""

    email: Email
    password: OldPassword


class Invitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to invite, and as what."""

    email: Email
    roles: Roles = []
    locale: Locale = "en"


class LinkLook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A link to be looked at before it is used."""

    kind: Kind
    token: Token


class RegistrationConfirmed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What opens the account."""

    token: Token
    name: Name
    password: NewPassword


class InvitationAccepted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The token; name and password only when there is no account yet."""

    token: Token
    name: Name | None = None
    password: NewPassword | None = None


class PasswordReset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The token and the new password."""

    token: Token
    password: NewPassword


class EmailConfirmed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The token that the new address was sent."""

    token: Token


class LinkTold(msgspec.Struct, frozen=True):
    """What a link is for; with an account, accepting an invitation needs no password."""

    kind: Kind
    email: str
    name: str
    has_account: bool

    @classmethod
    def of(cls, told: Told) -> LinkTold:
        """Show what a link is for."""
        return cls(told.kind, told.email, told.name, told.has_account)


class InvitationShown(msgspec.Struct, frozen=True):
    """An open invitation."""

    id: UUID
    email: str
    roles: list[str]
    invited_by: UUID | None
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, link: Link) -> InvitationShown:
        """Show an invitation; never its token."""
        return cls(link.id, link.email, sorted(link.roles), link.invited_by, link.created_at, link.expires_at)


class InvitationsPage(msgspec.Struct, frozen=True):
    """Open invitations in the order they were sent, and where to go on."""

    items: list[InvitationShown]
    next: str | None
