"""What people ask for in a room, and what they are told."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from server.kit.scope import Scope


class Post(msgspec.Struct, frozen=True):
    """A message somebody wants to send; `id` is made by the client, so that a retry is safe."""

    scope: Scope
    room_id: UUID
    id: UUID
    body: str
    reply_to: UUID | None = None
    mentions: tuple[UUID, ...] = ()


class Receipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to a send, after COMMIT. `card` names a helpline card to show to the author."""

    id: UUID
    at: datetime
    state: Literal["posted", "held"]
    card: str = ""


class React(msgspec.Struct, frozen=True):
    """A reaction somebody gives (`on`) or takes back."""

    scope: Scope
    room_id: UUID
    message_id: UUID
    emoji: str
    on: bool = True
