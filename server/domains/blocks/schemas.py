"""Blocks as their owner sees them."""

from __future__ import annotations

from uuid import UUID

import msgspec


class Blocked(msgspec.Struct, frozen=True):
    """Whom I block, or block no more."""

    id: UUID


class Blocks(msgspec.Struct, frozen=True):
    """Whom I blocked."""

    people: list[UUID]
