"""What is said and heard about accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from server.domains.accounts.models import Person, Role

Name = Annotated[
    str,
    msgspec.Meta(min_length=1, max_length=200, description="1 to 100 characters.", examples=["Anna Berg"]),
]
Locale = Annotated[
    str,
    msgspec.Meta(
        min_length=2, max_length=35, pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$", examples=["en"]
    ),
]
NewPassword = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=1024,
        description="10 to 256 characters, none of those that attackers try first.",
        examples=["a long walk by the lake"],
    ),
]
OldPassword = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
Roles = Annotated[list[Role], msgspec.Meta(max_length=6, examples=[["moderator"]])]


class PersonShown(msgspec.Struct, frozen=True):
    """Somebody with an account in this church."""

    id: UUID
    name: str
    email: str | None
    locale: str
    status: str
    roles: list[str]
    has_password: bool
    created_at: datetime

    @classmethod
    def of(cls, person: Person) -> PersonShown:
        """Show a person; roles in a fixed order."""
        return cls(
            person.id,
            person.name,
            person.email,
            person.locale,
            person.status,
            sorted(person.roles),
            person.has_password,
            person.created_at,
        )


class PeoplePage(msgspec.Struct, frozen=True):
    """Accounts in the order they were opened, and where to go on."""

    items: list[PersonShown]
    next: str | None


class ProfileChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new name or language; what is left out stays."""

    name: Name | None = None
    locale: Locale | None = None


class PasswordChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The present password and the new one."""

    old: OldPassword
    new: NewPassword


class RolesChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All roles that somebody is to have; `member` is always among them."""

    roles: Roles
