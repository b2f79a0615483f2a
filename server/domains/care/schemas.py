"""One-to-one prayer as it is asked, offered and told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from server.domains.care.models import Session, State, Words
from server.domains.transcripts.models import Line

Language = Annotated[str, Meta(pattern="^[a-z]{2,3}$(?!\n)", examples=["en"])]


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """I would like somebody to pray with. `topic` may stay empty; `minor`: I am under 18."""

    language: Language = "en"
    topic: Annotated[str, Meta(max_length=2_000, examples=["My father is ill."])] = ""
    minor: bool = False


class Offer(msgspec.Struct, frozen=True):
    """Whether somebody can be there now. Shown to everybody: no names, and no more than a yes for small numbers."""

    open: bool
    languages: list[str]
    waiting: int
    wait_seconds: int | None  # expected; null when nothing is known yet
    words: Words
    promise: str


class Place(msgspec.Struct, frozen=True):
    """Where somebody stands in the queue: 1 is next. `form`: it takes longer than promised, offer the form."""

    place: int
    wait_seconds: int | None
    form: bool


class SessionShown(msgspec.Struct, frozen=True, omit_defaults=True):
    """A conversation as those in it see it. `needs_second`: nobody writes before a second volunteer is there.

    `card` names a need that was found in the asker's words: show helplines of that kind at once, to the asker alone.
    """

    id: UUID
    version: int
    state: State
    name: str
    language: str
    topic: str
    words: Words
    asked_at: datetime
    room: UUID | None = None
    first: str = ""
    second: str = ""
    needs_second: bool = False
    minor: bool = False
    card: str = ""
    ended_at: datetime | None = None

    @classmethod
    def of(cls, session: Session, *, needs_second: bool, card: str = "") -> SessionShown:
        """Show a conversation."""
        same: dict[str, Any] = {
            name: getattr(session, name) for name in cls.__struct_fields__ if hasattr(session, name)
        }
        return cls(
            **same,
            name=session.asker_name,
            room=session.room_id,
            first=session.first_name,
            second=session.second_name,
            needs_second=needs_second,
            card=card,
        )


class CareSnapshot(msgspec.Struct, frozen=True):
    """How a conversation stands, and while somebody waits their place in the queue."""

    session: SessionShown
    place: Place | None


class CareGiven(msgspec.Struct, frozen=True):
    """Another volunteer has handed this conversation over to you: you are in it now."""

    id: UUID


class CareErased(msgspec.Struct, frozen=True):
    """What was said in this conversation is erased."""

    id: UUID


class SessionRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A conversation in the team's list; not a word of it."""

    id: UUID
    version: int
    state: State
    language: str
    words: Words
    asked_at: datetime
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    first: str = ""
    second: str = ""
    minor: bool = False
    crisis: str = ""
    words_left: bool = False

    @classmethod
    def of(cls, session: Session) -> SessionRow:
        """Show that a conversation was, and what is left of its words."""
        same: dict[str, Any] = {
            name: getattr(session, name) for name in cls.__struct_fields__ if hasattr(session, name)
        }
        kept = session.room_id is not None and session.words != "erase" and session.ended_at is not None
        return cls(**same, first=session.first_name, second=session.second_name, words_left=kept)


class HandOver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who goes on; null: back to the front of the queue."""

    to: UUID | None = None


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why kept or sealed words are opened; the reason is kept in the history."""

    reason: Annotated[
        str, Meta(min_length=10, max_length=300, examples=["Asked for by the safeguarding lead"])
    ]


class Opened(msgspec.Struct, frozen=True):
    """The words of a conversation."""

    lines: list[Line]
