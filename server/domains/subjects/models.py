"""How a subject stands, whatever it is."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from server.domains.care.models import Session
from server.domains.hosting.models import Report
from server.domains.messages.models import Message
from server.domains.prayer.models import PASTORS, READ_TEAM
from server.domains.prayer.schemas import FlagShown, TeamRequest
from server.domains.replies.models import Reply
from server.domains.rota.models import VOLUNTEER
from server.domains.safety.models import HOST
from server.kit.scope import Rule

Kind = Literal["prayer", "flag", "reply", "message", "report", "care", "concern"]
Team = Literal["chat", "prayer", "pastors", "care"]
Verdict = Literal["approve", "decline", "pastor", "keep", "remove"]
DUBIOUS, NORMAL, URGENT, CRISIS = -1, 0, 1, 2  # weights
DOUBTS = frozenset({"duplicate", "link"})  # reasons of what may be a raid: it waits behind all others

# who works on which queue
TEAMS: dict[Team, Rule] = {"chat": HOST, "prayer": READ_TEAM, "pastors": PASTORS, "care": VOLUNTEER}


class Look(msgspec.Struct, frozen=True):
    """How a subject stands at this moment; one that does not wait shows nothing of itself.

    `version` is what a decision has to name; `since` is when it began to wait.
    """

    waits: bool
    team: Team
    since: datetime
    round: int = 1
    version: int = 1
    weight: int = NORMAL
    reason: str = ""
    crisis: str = ""
    request: TeamRequest | None = None
    reply: Reply | None = None
    below: str = ""  # the beginning of the request that a reply stands below
    message: Message | None = None
    room: str = ""  # title of the message's room
    care: Session | None = None
    flags: tuple[FlagShown, ...] = ()
    reports: tuple[Report, ...] = ()


class Decided(msgspec.Struct, frozen=True):
    """A verdict over the version that was read; `public_body` is the wording that is put up."""

    verdict: Verdict
    version: int
    public_body: str | None = None
    by: UUID | None = None
