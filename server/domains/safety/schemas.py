"""Bans, timeouts and the lockdown as they are said and heard; rules are models.Rules themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from server.domains.safety.models import (
    Ban,
    Helpline,
    Lock,
    MarkKind,
    Need,
    Restraint,
    RestraintKind,
    Rules,
    Verdict,
)
from server.kit.errors import AppError
from server.kit.instants import Instant

Name = Annotated[
    str, Meta(max_length=200, description="Under which name they were seen.", examples=["Troll"])
]


class NewBan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to keep out, by what they are recognised, until when (null: for good).

    `device` is a kind of browser as seen from its network, `address` the network alone: in a church's own building
    both are shared by many.
    """

    person: UUID
    name: Name = ""
    kinds: Annotated[tuple[MarkKind, ...], Meta(min_length=1, max_length=3)] = ("account",)
    reason: Annotated[str, Meta(max_length=500)] = ""
    expires_at: Instant | None = None
    clear: bool = False


class Pause(msgspec.Struct, frozen=True):
    """Until when a host has asked somebody to write nothing; null once they may again."""

    until: datetime | None


class BanShown(msgspec.Struct, frozen=True):
    """A ban as hosts see it."""

    id: UUID
    person: UUID
    name: str
    kinds: list[MarkKind]
    reason: str
    made_by: str
    made_at: datetime
    expires_at: datetime | None
    lifted_at: datetime | None
    lifted_by: str | None

    @classmethod
    def of(cls, ban: Ban) -> BanShown:
        """Show a ban."""
        return cls(
            ban.id,
            ban.person_id,
            ban.person_name,
            list(ban.kinds),
            ban.reason,
            ban.made_by_name,
            ban.made_at,
            ban.expires_at,
            ban.lifted_at,
            ban.lifted_by_name,
        )


class Timeout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For how many minutes somebody pauses: 1, 5, 10 or 60."""

    minutes: int
    name: Name = ""


class Shadow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Let only hosts and the author see what somebody writes."""

    name: Name = ""


class RestraintShown(msgspec.Struct, frozen=True):
    """A timeout or shadow hold as hosts see it."""

    person: UUID
    kind: RestraintKind
    name: str
    until: datetime
    made_by: str
    made_at: datetime

    @classmethod
    def of(cls, restraint: Restraint) -> RestraintShown:
        """Show a restraint."""
        return cls(
            restraint.person_id,
            restraint.kind,
            restraint.person_name,
            restraint.until,
            restraint.made_by_name,
            restraint.made_at,
        )


class SetLock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether only hosts may write."""

    locked: bool


class LockShown(msgspec.Struct, frozen=True):
    """Whether only hosts may write, since when and by whom."""

    locked: bool
    since: datetime | None
    by: str | None

    @classmethod
    def of(cls, lock: Lock) -> LockShown:
        """Show the lockdown."""
        return cls(lock.locked_at is not None, lock.locked_at, lock.locked_by)


class Trial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words to try rules on, before these hold for anybody; floods and repetition are left out."""

    rules: Rules
    text: Annotated[str, Meta(min_length=1, max_length=2000, examples=["Visit casinos.example now!"])]
    guest: bool = True


class TrialShown(msgspec.Struct, frozen=True):
    """What would become of the words, and why; empty when they would simply be taken."""

    act: Literal["take", "hold", "shadow", "refuse"]
    reason: str

    @classmethod
    def of(cls, found: Verdict | AppError) -> TrialShown:
        """Show a verdict, or the code of the refusal."""
        return cls("refuse", found.code) if isinstance(found, AppError) else cls(found.act, found.reason)


class HelplineShown(msgspec.Struct, frozen=True):
    """Who listens, and how they are reached; what they do not offer is empty, and `hours` where it is not all day."""

    name: Annotated[str, Meta(examples=["988 Suicide & Crisis Lifeline"])]
    kinds: tuple[Need, ...]
    languages: Annotated[tuple[str, ...], Meta(examples=[["en", "es"]])]
    phone: Annotated[str, Meta(examples=["988"])]
    text: Annotated[str, Meta(description="How to write to them.", examples=["Text 988"])]
    url: Annotated[
        str, Meta(description="An address as it is written, to be shown.", examples=["988lifeline.org"])
    ]
    hours: Annotated[str, Meta(examples=["24/7"])]

    @classmethod
    def of(cls, line: Helpline, language: str) -> HelplineShown:
        """Show a helpline in a language, in English where that is not written."""
        text = line.text.get(language) or line.text.get("en", "")
        return cls(line.name, line.kinds, line.languages, line.phone, text, line.url, line.hours)


class Card(msgspec.Struct, frozen=True):
    """A card for somebody in need. `country` is empty where we know none of its helplines and show where to look."""

    country: Annotated[str, Meta(examples=["US"])]
    language: Annotated[str, Meta(examples=["en"])]
    text: Annotated[str, Meta(examples=["You do not have to carry this alone."])]
    danger: Annotated[str, Meta(examples=["In danger right now? Call 911."])]
    emergency: Annotated[str, Meta(examples=["911"])]
    helplines: list[HelplineShown]
