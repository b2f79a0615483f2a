"""The wall as it is read, and what people do at it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from server.domains.prayer.schemas import RequestShown
from server.domains.replies.models import Kind, Reply

Mark = Annotated[
    str,
    Meta(
        min_length=22,
        max_length=64,
        pattern="^[A-Za-z0-9_-]+$",
        description="Random, made by the reader's own device at the first click: counts somebody without a name once.",
        examples=["k3v9YxQ2bq8pTn4hWmZr1A"],
    ),
]


class Pray(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """I prayed. Who is signed in needs no `mark`; nobody else learns who did."""

    mark: Mark | None = None


class Prayed(msgspec.Struct, frozen=True):
    """How many prayed; null where the count is too small to be shown under an anonymous request.

    A count never falls: of two the higher one is the newer.
    """

    id: UUID
    count: int | None


class WallSnapshot(msgspec.Struct, frozen=True):
    """The newest requests of one wall with their totals, newest first; older ones come by page."""

    requests: list[RequestShown]
    prayed: dict[UUID, int]
    older: bool


class WallPage(msgspec.Struct, frozen=True):
    """Requests of the walls the reader may see, newest first, and the cursor of the next page."""

    items: list[RequestShown]
    prayed: dict[UUID, int]
    next: str | None = None


class Mine(msgspec.Struct, frozen=True):
    """What only I know of these requests: which I prayed for, which I follow."""

    prayed: list[UUID]
    following: list[UUID]


class AskMine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which requests I ask about; who is not signed in gives the `mark` of their device."""

    ids: Annotated[list[UUID], Meta(max_length=200)]
    mark: Mark | None = None


class Encouraged(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to an encouragement: it waits. `card` names a need that was found."""

    id: UUID
    state: str
    card: str = ""


class StandingReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """Words that stand below a request, as the team sees them; without a name they are by its asker or by nobody."""

    id: UUID
    kind: Kind
    body: str
    at: datetime
    name: str = ""

    @classmethod
    def of(cls, reply: Reply) -> StandingReply:
        """Show a reply to the team."""
        return cls(reply.id, reply.kind, reply.body, reply.created_at, reply.author_name)
