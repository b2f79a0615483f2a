"""A phrase."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class Phrase(msgspec.Struct, frozen=True):
    """Words that are kept to be used again."""

    id: UUID
    title: str
    body: str
    scripture: str
    language: str
    version: int
    changed_at: datetime
