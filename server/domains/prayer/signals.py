"""Facts about prayer requests. None carries who asked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from server.domains.prayer.models import Request
from server.kit.outbox import Signal


class _OfRequest(Signal, frozen=True, kw_only=True):
    request_id: UUID
    round: int = 1
    version: int = 1

    @property
    def key(self) -> str:
        """Order by request."""
        return str(self.request_id)


class PrayerHeld(_OfRequest, frozen=True, kw_only=True, tag="prayer.held"):
    """A request waits for the team: new, changed by its asker, or reopened. `pastor`: for pastors alone.

    Cases of its earlier rounds are over. `crisis` names a need that was found just now.
    """

    urgent: bool = False
    crisis: str = ""
    reason: str = ""
    pastor: bool = False


class PrayerApproved(_OfRequest, frozen=True, kw_only=True, tag="prayer.approved"):
    """A request stands where its visibility says."""

    visibility: str
    by: UUID | None


class PrayerDeclined(_OfRequest, frozen=True, kw_only=True, tag="prayer.declined"):
    """The team did not take a request."""

    by: UUID | None


class PrayerNeedsPastor(_OfRequest, frozen=True, kw_only=True, tag="prayer.needs_pastor"):
    """The team handed a request on to the pastors."""

    by: UUID | None


class PrayerChanged(_OfRequest, frozen=True, kw_only=True, tag="prayer.changed"):
    """A request has other words, another audience or round, but did not move: who looks at it must look again.

    `crisis` names a need that was found just now. `pastor`: for pastors alone.
    """

    crisis: str = ""
    pastor: bool = False


class PrayerWithdrawn(_OfRequest, frozen=True, kw_only=True, tag="prayer.withdrawn"):
    """The asker took a request back."""


class PrayerAnswered(_OfRequest, frozen=True, kw_only=True, tag="prayer.answered"):
    """The asker says that the prayer was answered."""


class PrayerExpired(_OfRequest, frozen=True, kw_only=True, tag="prayer.expired"):
    """A request came to the end of its days."""


class PrayerArchived(_OfRequest, frozen=True, kw_only=True, tag="prayer.archived"):
    """A request was put away for good, by somebody or by its age."""

    by: UUID | None


class PrayerFlagged(_OfRequest, frozen=True, kw_only=True, tag="prayer.flagged"):
    """Somebody asks the team to look at a request again. `off`: the threshold took it off the wall.

    It stays in its round until the flags are decided about; none of it is told as held beside this.
    """

    team: bool
    reason: str
    off: bool


class PrayerPrayed(_OfRequest, frozen=True, kw_only=True, tag="prayer.prayed"):
    """People prayed; the total is told, never who."""

    prayed: int


def facts(request: Request) -> dict[str, Any]:
    """Return what every signal about a request says."""
    return {"request_id": request.id, "round": request.round, "version": request.version}


def signal_of(before: Request | None, after: Request, by: UUID | None, crisis: str = "") -> Signal:
    """Return the fact that a change of a request is; `by` is somebody of the team, `before` None for a new one."""
    of = facts(after)
    if after.waits:
        return _waiting(before, after, by, crisis)
    if after.shown and before is not None and before.shown and before.state == after.state:
        return PrayerChanged(**of, crisis=crisis, pastor=after.visibility == "pastors")
    match after.state:
        case "approved":
            return PrayerApproved(**of, visibility=after.visibility, by=by)
        case "answered":
            return PrayerAnswered(**of)
        case "declined":
            return PrayerDeclined(**of, by=by)
        case "withdrawn":
            return PrayerWithdrawn(**of)
        case "expired":
            return PrayerExpired(**of)
    return PrayerArchived(**of, by=by)


def _waiting(before: Request | None, after: Request, by: UUID | None, crisis: str) -> Signal:
    of = facts(after)
    if before is not None and before.waits:
        if after.state == "pastor" and before.state != after.state:
            return PrayerNeedsPastor(**of, by=by)
        if before.state == after.state and before.round == after.round:
            return PrayerChanged(**of, crisis=crisis, pastor=after.state == "pastor")
    return PrayerHeld(
        **of, urgent=after.urgent, crisis=crisis, reason=after.reason, pastor=after.state == "pastor"
    )
