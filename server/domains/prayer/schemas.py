"""Prayer requests as they are asked, as everybody sees them, as their asker does, and as the team does."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from server.domains.prayer.models import (
    MOST_BODY,
    MOST_TESTIMONY,
    Category,
    FlagReason,
    ForWhom,
    Request,
    State,
    Suggestion,
    Verdict,
    Visibility,
)
from server.domains.replies.models import Kind as ReplyKind
from server.domains.replies.models import Reply
from server.domains.replies.models import State as ReplyState

Body = Annotated[
    str,
    Meta(
        max_length=4
        * MOST_BODY,  # what is looked at; what may be kept is counted when hidden characters are gone
        description=f"1 to {MOST_BODY:,} code points of plain text.",
        examples=["Please pray for my mother, who is in hospital."],
    ),
]
Wording = Annotated[
    str,
    Meta(
        max_length=4 * MOST_BODY,
        description="What others may read; empty: the same as `body`.",
        examples=["Please pray for a mother who is in hospital."],
    ),
]
Testimony = Annotated[str, Meta(max_length=4 * MOST_TESTIMONY, examples=["She came home today!"])]
Language = Annotated[str, Meta(pattern="^[a-z]{2,3}$(?!\n)", examples=["en"])]
Name = Annotated[
    str, Meta(max_length=200, description="Shown with the words; empty for nobody.", examples=["Ruth"])
]
ReplyBody = Annotated[str, Meta(max_length=4_000, examples=["We stand with you."])]
OwnSecret = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z0-9_-]{43}$(?!\n)",
        examples=["c2Vj-cmV0_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjZ"],
        description="32 random bytes in base64url, made by the client, for the secret link: asked again with the"
        " same, it is the same request, and the answer that was lost comes again.",
    ),
]
Version = Annotated[int, Meta(ge=1, description="The version that was read; another one is 409 `changed`.")]
Secret = Annotated[
    str, Meta(min_length=20, max_length=100, description="The token of the asker's secret link.")
]


# ---- asking


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A prayer request. It waits for the team, whatever it says.

    `anonymous`: no person stands in the row, only in a sealed envelope. `consent`: of the person it is for, when that
    is somebody else. `wall_consent`: the words may stand where everybody reads them; needed for visibility `wall`.
    """

    body: Body
    visibility: Visibility = "team"
    for_whom: ForWhom = "self"
    consent: bool = False
    wall_consent: bool = False
    public_body: Wording = ""
    category: Category = "other"
    urgent: bool = False
    language: Language = "en"
    anonymous: bool = False
    name: Name = ""
    email: Annotated[str, Meta(max_length=254, description="Where the secret link is sent; kept sealed.")] = (
        ""
    )
    tell_prayed: bool = True
    secret: OwnSecret | None = None


class Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to a request: it waits. `link` opens it for whoever holds it, is shown once and kept nowhere.

    `card` names a need that was found: show helplines of that kind at once.
    """

    id: UUID
    link: str
    state: State
    card: str = ""


class Rewording(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What shall be different; what is left out stays. Words or a wider audience go to the team again."""

    body: Body | UnsetType = UNSET
    public_body: Wording | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET
    wall_consent: bool | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    urgent: bool | UnsetType = UNSET
    tell_prayed: bool | UnsetType = UNSET


class Answered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The prayer was answered; a testimony waits for the team before others read it."""

    testimony: Testimony = ""


class NewReply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words to be added below a request."""

    body: ReplyBody


# ---- shown to everybody who may read where it stands


class ReplyShown(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that stands below a request; without a name it is by the asker or by nobody."""

    id: UUID
    kind: ReplyKind
    body: str
    name: str = ""
    on: date | None = None

    @classmethod
    def of(cls, reply: Reply) -> ReplyShown:
        """Show a reply."""
        return cls(
            reply.id, reply.kind, reply.body, reply.author_name, reply.created_at.astimezone(UTC).date()
        )


class RequestShown(msgspec.Struct, frozen=True, omit_defaults=True):
    """A request as everybody sees it who may: no person, no address, and for an anonymous one no more than a day.

    The client keeps the newest state by `id`. One that was taken down is told with `state` alone.
    """

    id: UUID
    state: State
    category: Category = "other"
    for_whom: ForWhom = "self"
    urgent: bool = False
    language: str = "en"
    name: str = ""
    body: str = ""
    testimony: str = ""
    on: date | None = None  # the day it was put up, in UTC
    replies: tuple[ReplyShown, ...] = ()

    @classmethod
    def of(cls, request: Request, replies: tuple[Reply, ...] = ()) -> RequestShown:
        """Show a request that stands; anything else shows that it is gone."""
        if not request.shown:
            return cls(request.id, request.state)
        assert request.approved_at is not None
        return cls(
            request.id,
            request.state,
            request.category,
            request.for_whom,
            request.urgent,
            request.language,
            request.name,
            request.public_body or request.body,
            request.testimony if request.state == "answered" else "",
            request.approved_at.astimezone(UTC).date(),
            tuple(ReplyShown.of(reply) for reply in replies if _stands(reply)),
        )


def _stands(reply: Reply) -> bool:
    """Tell whether a reply is shown below its request; a testimony stands in the request itself."""
    return reply.state == "posted" and reply.kind != "testimony"


# ---- shown to the asker


class OwnReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """A reply to my request, also my own that wait. `card` names a need that was found: show helplines at once."""

    id: UUID
    kind: ReplyKind
    state: ReplyState
    body: str
    at: datetime
    name: str = ""
    card: str = ""

    @classmethod
    def of(cls, reply: Reply, *, card: str = "") -> OwnReply:
        """Show a reply to whoever asked."""
        return cls(reply.id, reply.kind, reply.state, reply.body, reply.created_at, reply.author_name, card)


class OwnRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """My request, as only I see it; its own words that wait and the words of others that stand."""

    id: UUID
    version: int
    state: State
    visibility: Visibility
    for_whom: ForWhom
    category: Category
    language: str
    body: str
    public_body: str
    at: datetime
    urgent: bool = False
    anonymous: bool = False
    name: str = ""
    testimony: str = ""
    tell_prayed: bool = True
    prayed: int = 0
    expires_at: datetime | None = None
    replies: tuple[OwnReply, ...] = ()
    card: str = ""

    @classmethod
    def of(
        cls, request: Request, replies: tuple[Reply, ...] = (), *, prayed: int = 0, card: str = ""
    ) -> OwnRequest:
        """Show a request to whoever asked, how many prayed only where they want to hear it."""
        same: dict[str, Any] = {
            name: getattr(request, name) for name in cls.__struct_fields__ if hasattr(request, name)
        }
        mine = [OwnReply.of(one) for one in replies if one.state == "posted" or one.kind != "encouragement"]
        return cls(
            **same,
            at=request.created_at,
            prayed=prayed if request.tell_prayed else 0,
            replies=tuple(mine),
            card=card,
        )


class PrayerMoved(msgspec.Struct, frozen=True):
    """Something became of a request that I asked for or follow."""

    id: UUID
    state: State


# ---- shown to the team


class TeamRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """A request as the team sees it; `sealed`: there is an envelope that a permission and a reason open."""

    id: UUID
    version: int
    round: int
    state: State
    visibility: Visibility
    for_whom: ForWhom
    category: Category
    language: str
    body: str
    at: datetime
    public_body: str = ""
    suggestions: tuple[Suggestion, ...] = ()
    urgent: bool = False
    anonymous: bool = False
    name: str = ""
    asker: UUID | None = None
    sealed: bool = False
    reason: str = ""
    crisis: str = ""
    testimony: str = ""
    prayed: int = 0
    flags: int = 0
    decided_at: datetime | None = None
    decided_by: str = ""
    expires_at: datetime | None = None

    @classmethod
    def of(cls, request: Request, *, sealed: bool, prayed: int = 0, flags: int = 0) -> TeamRequest:
        """Show a request to the team."""
        same: dict[str, Any] = {
            name: getattr(request, name)
            for name in cls.__struct_fields__
            if hasattr(request, name) and name != "decided_by"
        }
        at = request.created_at
        return cls(
            **same | {"at": at, "asker": request.asker_id, "decided_by": request.decided_by_name},
            sealed=sealed,
            prayed=prayed,
            flags=flags,
        )


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the team decides over the version it has read; `public_body` is the wording that is put up."""

    verdict: Verdict
    version: Version
    public_body: Wording | UnsetType = UNSET


class Editing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the team changes about a request; its asker's own words stay."""

    version: Version
    public_body: Wording | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    urgent: bool | UnsetType = UNSET


class Flag(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the team should look at it again."""

    reason: FlagReason
    note: Annotated[str, Meta(max_length=500)] = ""


class Unsealing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the envelope is opened; the reason is kept in the history."""

    reason: Annotated[
        str, Meta(min_length=10, max_length=300, examples=["Asked to be called back by Pastor Ruth"])
    ]


class Unsealed(msgspec.Struct, frozen=True):
    """Who asked."""

    person: UUID | None
    kind: str
    name: str
    email: str


class FlagShown(msgspec.Struct, frozen=True):
    """A flag as the team sees it; never who raised it."""

    reason: FlagReason
    note: str
    team: bool
    at: datetime


class WeekShown(msgspec.Struct, frozen=True):
    """One week of prayer in figures; `waiting_seconds` is the median from asked to decided."""

    asked: int
    approved: int
    declined: int
    answered: int
    prayed: int
    waiting_seconds: float | None
    waiting_now: int
    oldest_at: datetime | None
