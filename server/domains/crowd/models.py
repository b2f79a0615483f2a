"""What a topic's crowd does within one second."""

from __future__ import annotations

from uuid import UUID

import msgspec


class Typing(msgspec.Struct, frozen=True):
    """Some of those who typed within the last second, and how many they were; show it for five seconds."""

    people: list[Typist]
    count: int


class Typist(msgspec.Struct, frozen=True):
    """Somebody who is typing."""

    id: UUID
    name: str


class Floats(msgspec.Struct, frozen=True):
    """Emoji that were thrown within the last second, with how often."""

    emoji: dict[str, int]
