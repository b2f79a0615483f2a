"""A report of a message."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

Reason = Literal["unkind", "spam", "unsafe", "private", "other"]


Act = Literal["remove", "approve", "decline", "keep"]
"""What a host decides about one message; `keep` lets a reported one stand."""


class Report(msgspec.Struct, frozen=True):
    """Somebody asks the hosts to look at a message."""

    message_id: UUID
    room_id: UUID
    reporter_id: UUID
    reason: Reason
    note: str
    at: datetime


class Dismissed(msgspec.Struct, frozen=True):
    """That a host let a message stand whose reports they had looked at; kept for an undo."""

    room_id: UUID
