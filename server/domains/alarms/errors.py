"""What can be wrong with an alarm."""

from __future__ import annotations

from server.kit.errors import NotFound


class NoSuchAlarm(NotFound):
    """There is no such alarm."""

    code = "no_such_alarm"
