"""A prayer that is to be counted, and where a guided session stands."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from server.kit.scope import Scope


class Prayer(msgspec.Struct, frozen=True):
    """Somebody prayed; `given` is what a device without a name is counted by."""

    scope: Scope
    request_id: UUID
    given: str | None = None


class Step(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A request's place in a guided session: urgent ones first, then those least prayed for, then the oldest.

    `prayed` is one and the same for all anonymous requests whose count is not told.
    """

    calm: bool
    prayed: int
    at: datetime
    id: UUID
