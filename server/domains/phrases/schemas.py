"""Saved replies as they are said and heard."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from server.domains.phrases.models import Phrase


class PhraseBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words to be kept for using again."""

    title: Annotated[str, Meta(min_length=1, max_length=80, examples=["We are praying"])]
    body: Annotated[
        str, Meta(min_length=1, max_length=1000, examples=["Thank you for asking. We pray with you."])
    ]
    scripture: Annotated[str, Meta(max_length=100, examples=["Psalm 34:18"])] = ""
    language: Annotated[str, Meta(pattern="^[a-z]{2,3}$(?!\n)", examples=["en"])] = "en"


class PhraseShown(msgspec.Struct, frozen=True):
    """A saved phrase."""

    id: UUID
    version: int
    title: str
    body: str
    scripture: str
    language: str

    @classmethod
    def of(cls, phrase: Phrase) -> PhraseShown:
        """Show a saved phrase."""
        return cls(phrase.id, phrase.version, phrase.title, phrase.body, phrase.scripture, phrase.language)
