"""Who is called, and who may see what rang; pure."""

from __future__ import annotations

from collections.abc import Mapping

from server.domains.alarms.models import About, Alarm
from server.domains.concerns.models import READ as READ_CONCERN
from server.domains.prayer.models import READ_TEAM, Request
from server.domains.rota.models import VOLUNTEER
from server.domains.safety.models import HOST
from server.kit.scope import Rule, Scope

LEADERS = Rule.of("owner", "pastor")  # who is called when no leader is on duty
SEE = Rule.of("owner", "admin", "pastor", "moderator", "prayer_team")
MOST_TOLD = 20
READERS: Mapping[About, Rule] = {  # who may look at what rings, unless it is for pastors alone
    "prayer": READ_TEAM,
    "reply": READ_TEAM,
    "message": HOST,
    "note": HOST,
    "care": VOLUNTEER,
    "concern": READ_CONCERN,
    "queue": VOLUNTEER,
}
CLOSED: frozenset[About] = frozenset({"concern"})  # who is not called for it does not learn that it rings


def may_see_to(scope: Scope, alarm: Alarm) -> bool:
    """Tell whether somebody may say that they have seen to it: who was called, or a leader."""
    return scope.actor.id in alarm.told or (LEADERS.allows(scope) and alarm.about not in CLOSED)


def is_for_pastors(request: Request) -> bool:
    """Tell whether pastors alone read a request, and so what is added below it."""
    return request.visibility == "pastors" or request.state == "pastor"
