"""What is said and heard about guests."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec

from server.domains.guests.models import Guest


class NicknameChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another nickname."""

    nickname: Annotated[
        str, msgspec.Meta(min_length=1, max_length=120, description="1 to 40 characters.", examples=["Ruth"])
    ]


class GuestShown(msgspec.Struct, frozen=True):
    """A guest."""

    id: UUID
    nickname: str

    @classmethod
    def of(cls, guest: Guest) -> GuestShown:
        """Show a guest."""
        return cls(guest.id, guest.nickname)
