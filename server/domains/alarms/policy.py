"""Who is called, and who may see what rang; pure."""

from __future__ import annotations

from server.domains.alarms.models import Alarm
from server.kit.scope import Rule, Scope

LEADERS = Rule.of("owner", "pastor")  # who is called when no leader is on duty
SEE = Rule.of("owner", "admin", "pastor", "moderator", "prayer_team")
MOST_TOLD = 20


def may_see_to(scope: Scope, alarm: Alarm) -> bool:
    """Tell whether somebody may say that they have seen to it: who was called, or a leader."""
    return scope.actor.id in alarm.told or LEADERS.allows(scope)
