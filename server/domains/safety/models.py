"""Who is restrained, what a church's rules are, and the verdict over one text."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from server.kit.scope import Rule

# who looks after a conversation; also who is exempt from slow mode, holds and floods
HOST = Rule.of("owner", "admin", "pastor", "moderator", api_scope="moderation:write")

MarkKind = Literal["account", "device", "address"]
RestraintKind = Literal["timeout", "shadow"]
Need = Literal["self_harm", "abuse"]
Hold = Literal["none", "first", "guests", "all"]
Act = Literal["take", "hold", "shadow"]


class Caller(msgspec.Struct, frozen=True):
    """Who wants to say something, as far as restraints go; device and address may be empty."""

    person: UUID
    device: str = ""
    address: str = ""


class Standing(msgspec.Struct, frozen=True):
    """What one person is restrained by at this moment; `banned_until` None with `banned` is for good."""

    banned: bool = False
    banned_until: datetime | None = None
    timeout_until: datetime | None = None
    shadow: bool = False


class WordRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A word or phrase and what happens to a text that holds it; `*` stands for any letters at that place."""

    pattern: Annotated[str, Meta(min_length=1, max_length=60, examples=["casino*"])]
    act: Literal["refuse", "hold", "shadow"] = "hold"


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A church's rules. Seconds and counts of 0 switch a check off."""

    words: Annotated[tuple[WordRule, ...], Meta(max_length=1000)] = ()
    links: Literal["allow", "hold_guests", "hold", "refuse"] = "hold_guests"
    link_hosts: Annotated[
        tuple[
            Annotated[str, Meta(max_length=253, pattern=r"^[a-z0-9.-]+$", examples=["grace.example"])], ...
        ],
        Meta(max_length=200, description="Hosts that may always be linked to, with everything below them."),
    ] = ()
    flood_messages: Annotated[int, Meta(ge=0, le=100, description="At most so many …")] = 8
    flood_seconds: Annotated[int, Meta(ge=1, le=600, description="… in so many seconds.")] = 10
    duplicate_seconds: Annotated[int, Meta(ge=0, le=600)] = 60
    crisis: bool = True
    country: Annotated[
        str,
        Meta(
            pattern="^[A-Z]{2}$", description="Whose helplines are shown: ISO 3166 alpha-2.", examples=["US"]
        ),
    ] = "US"


class Recent(msgspec.Struct, frozen=True, array_like=True):
    """Something the same person said before: when, and the sketch of its words."""

    at: datetime
    sketch: tuple[int, ...] = ()


class Said(msgspec.Struct, frozen=True):
    """What a person wants to say, with what must be known to judge it. `recent` is newest first.

    `private`: to a volunteer in a room for two. No rule about words or links stands between them.
    """

    text: str
    host: bool = False
    guest: bool = False
    known: bool = True
    hold: Hold = "none"
    sketch: tuple[int, ...] = ()
    recent: tuple[Recent, ...] = ()
    private: bool = False


class Verdict(msgspec.Struct, frozen=True):
    """Take it, hold it for a decision, or let only its author see it; `crisis` names the kind of need found."""

    act: Act = "take"
    reason: str = ""
    crisis: str = ""


class Labelled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence and what it is; `style` says how it is said: plain, oblique, negated, scripture, idiom, …"""

    language: str
    kind: Literal["self_harm", "abuse", "none"]
    style: str
    text: str


class LabelledFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sentences that people review."""

    about: str
    sentences: list[Labelled]


class Helpline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who listens: `text` says in each language how to write to them, `source` where all of it stands."""

    name: str
    kinds: tuple[Need, ...]
    languages: tuple[str, ...]
    source: str
    phone: str = ""
    text: dict[str, str] = {}
    url: str = ""
    hours: str = ""


class Country(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A country's helplines, those to be called first in front."""

    emergency: str
    helplines: tuple[Helpline, ...]
    reviewed_by: str | None


class Helplines(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All helplines, and the sentences above them: by language, and in it by need and for `danger`."""

    about: str
    words: dict[str, dict[str, str]]
    fallback: Country
    countries: dict[str, Country]


class Measured(msgspec.Struct, frozen=True):
    """How well needs are found among labelled sentences, with those that were missed and those found for nothing."""

    recall: float
    precision: float
    missed: list[Labelled]
    false: list[Labelled]


class Ban(msgspec.Struct, frozen=True):
    """One decision to keep somebody out, and what it recognises them by."""

    id: UUID
    person_id: UUID
    person_name: str
    reason: str
    made_by_name: str
    made_at: datetime
    expires_at: datetime | None
    lifted_at: datetime | None
    lifted_by_name: str | None
    kinds: tuple[MarkKind, ...]


class Restraint(msgspec.Struct, frozen=True):
    """A timeout or a shadow hold."""

    person_id: UUID
    kind: RestraintKind
    person_name: str
    until: datetime
    made_by_name: str
    made_at: datetime


class Lock(msgspec.Struct, frozen=True):
    """Whether only hosts may write, since when and by whom."""

    locked_at: datetime | None = None
    locked_by: str | None = None
