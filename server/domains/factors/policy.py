"""Who may have a second factor, and what recovery codes look like; pure."""

from __future__ import annotations

import re
import secrets

from server.kit.limits import Limit
from server.kit.scope import Rule

OWN = Rule.of("owner", "admin", "pastor", "moderator", "prayer_team")
REMOVE_OTHERS = Rule.of("owner")

TRIES = Limit("second_factor", 10, 900)
RECOVERY_CODES = 10
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that reads like something else
_RECOVERY = re.compile(rf"[{_ALPHABET}]{{5}}-[{_ALPHABET}]{{5}}-[{_ALPHABET}]{{5}}")


def new_recovery_code() -> str:
    """Make a code of 74 random bits in three groups."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(3))


def recovery_code(text: str) -> str | None:
    """Return a typed recovery code in its own form, None when it is none."""
    plain = re.sub(r"[\s-]", "", text.lower())
    form = "-".join(plain[start : start + 5] for start in (0, 5, 10)) if len(plain) == 15 else ""
    return form if _RECOVERY.fullmatch(form) else None
