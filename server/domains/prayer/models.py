"""A prayer request, a church's rules for them, and what was sealed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from server.kit.scope import Rule

# who reads what the team reads; a moderator of the chat does not
READ_TEAM = Rule.of("owner", "admin", "pastor", "prayer_team", api_scope="prayer:read")
EDIT = Rule.of("owner", "admin", "pastor", "prayer_team", api_scope="prayer:write")
APPROVE = Rule.of("owner", "admin", "pastor", "prayer_team", api_scope="prayer:approve")  # apart from editing
PASTORS = Rule.of("owner", "pastor")  # what is for pastors alone; no key, no admin
UNSEAL = Rule.of("owner", "pastor")
SETTINGS = Rule.of("owner", "admin")
MEMBERS = Rule.of(
    "owner", "admin", "pastor", "moderator", "prayer_team", "member"
)  # who reads the members' wall

State = Literal["held", "pastor", "approved", "declined", "answered", "expired", "archived", "withdrawn"]
Visibility = Literal["wall", "members", "team", "pastors"]
ForWhom = Literal["self", "other"]
Category = Literal["health", "family", "grief", "work", "faith", "thanks", "world", "other"]
Verdict = Literal["approve", "decline", "pastor"]
FlagReason = Literal["private", "unkind", "spam", "unsafe", "other"]
SuggestionKind = Literal["name", "phone", "email", "address", "link", "number"]

MOST_BODY = 5_000
MOST_TESTIMONY = 1_000  # it waits as a reply does
FEW = 5  # below it a count under an anonymous request is not shown


class Suggestion(msgspec.Struct, frozen=True):
    """Something in the public wording that may say who it is about: `start` and `end` are places of code points."""

    kind: SuggestionKind
    start: int
    end: int


class Request(msgspec.Struct, frozen=True):
    """One request. `public_body` is what the wall may show; `asker_id` is null for an anonymous one."""

    id: UUID
    version: int
    round: int
    state: State
    visibility: Visibility
    for_whom: ForWhom
    category: Category
    urgent: bool
    language: str
    anonymous: bool
    asker_id: UUID | None
    name: str
    body: str
    public_body: str
    suggestions: tuple[Suggestion, ...]
    reason: str
    crisis: str
    tell_prayed: bool
    testimony: str
    created_at: datetime
    changed_at: datetime
    approved_at: datetime | None
    decided_at: datetime | None
    decided_by: UUID | None
    decided_by_name: str
    expires_at: datetime | None
    closed_at: datetime | None

    @property
    def waits(self) -> bool:
        """Tell whether somebody must decide about it."""
        return self.state in ("held", "pastor")

    @property
    def shown(self) -> bool:
        """Tell whether it stands where its visibility says."""
        return self.state in ("approved", "answered")


Place = tuple[datetime, UUID]  # in a list that is ordered by time
NEWEST: Place = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the team looks for: newest first, behind (created_at, id)."""

    state: State | None = None
    visibility: Visibility | None = None
    category: Category | None = None
    q: str = ""
    before: Place = NEWEST
    most: int = 50


class Standing(msgspec.Struct, frozen=True):
    """What stands on a wall and is not answered, as far as an order of them needs it."""

    id: UUID
    urgent: bool
    anonymous: bool
    approved_at: datetime

    def told(self, prayed: int) -> int:
        """Return how many prayed as far as its place may tell: few under an anonymous request are all alike.

        They stand in the middle of what is hidden, so that it neither starves nor always comes first.
        """
        return (FEW - 1) // 2 if self.anonymous and prayed < FEW else prayed


class OnWalls(msgspec.Struct, frozen=True, kw_only=True):
    """What readers of walls look for: put up last in front, behind (approved_at, id)."""

    visibilities: tuple[Visibility, ...]
    states: tuple[State, ...] = ("approved", "answered")
    category: Category | None = None
    q: str = ""
    before: Place = NEWEST
    most: int = 50


class Terms(msgspec.Struct, frozen=True):
    """What is looked for: as `websearch` reads it, with its last word begun, and as a plain text.

    The latter two are null when signs in the text have a meaning.
    """

    words: str
    begun: str | None
    plain: str | None

    @property
    def part(self) -> str | None:
        """Return a pattern for LIKE; a plain text holds none of its signs."""
        return None if self.plain is None else f"%{self.plain}%"


class Identity(msgspec.Struct, frozen=True):
    """Who asked, as it is sealed; never in the row of the request."""

    person_id: UUID | None = None
    kind: str = "anonymous"
    name: str = ""
    email: str = ""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A church's rules for prayer."""

    expires_days: Annotated[
        int, Meta(ge=1, le=365, description="Days on the wall before a request asks its asker to renew it.")
    ] = 30
    archive_days: Annotated[
        int, Meta(ge=1, le=3650, description="Days that answered and expired requests can still be found.")
    ] = 365
    flags: Annotated[
        int, Meta(ge=1, le=20, description="So many of the team's flags take a request off the wall.")
    ] = 2
    reports: Annotated[int, Meta(ge=1, le=100, description="… or so many visitors' reports.")] = 5
    encouragement: bool = True
    asks_a_day: Annotated[
        int, Meta(ge=1, le=100, description="Of one person; an address has ten times that.")
    ] = 5
    links: Annotated[bool, Meta(description="Requests with a link wait with the reason `link`.")] = True
    unattended_minutes: Annotated[
        int, Meta(ge=0, le=10_080, description="An alarm rings when the oldest case is older; 0: never.")
    ] = 120
    weekly_list: Annotated[bool, Meta(description="The prayer team gets a letter each Monday.")] = True
