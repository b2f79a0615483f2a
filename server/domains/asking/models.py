"""A letter to whoever asked."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec

Letter = Literal["asked"]


class Secret(msgspec.Struct, frozen=True):
    """What a letter must say and no table may: an address, and the token of its link. It holds none of the words."""

    letter: Letter
    email: str
    locale: str
    request_id: UUID
    token: str
