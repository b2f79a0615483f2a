"""One line of a conversation."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Line(msgspec.Struct, frozen=True):
    """One message of a conversation that was kept."""

    at: datetime
    name: str
    body: str
