"""What is known of a kept object."""

from __future__ import annotations

from datetime import datetime

import msgspec


class StoredObject(msgspec.Struct, frozen=True):
    """An object by its key; `size` in bytes."""

    key: str
    size: int
    changed_at: datetime
