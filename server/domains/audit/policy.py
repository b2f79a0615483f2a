"""Who may read the history, and what an entry may hold."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from server.kit.scope import Rule

READ = Rule.of("owner", "admin", api_scope="audit:read")

MOST_DETAIL_BYTES = 8_192
_ACTION = re.compile(r"[a-z_]{1,40}\.[a-z_]{1,60}")
# a history is kept for ever: what must be forgotten or kept secret has no place in it
_SECRET = frozenset({"password", "token", "secret", "email", "code", "csrf", "cookie", "body", "text"})


def check_action(action: str) -> str:
    """Return the action; raise ValueError unless it reads `noun.past_tense`."""
    if not _ACTION.fullmatch(action):
        raise ValueError(f"an audit action reads noun.verb, not {action!r}")
    return action


def canonical(details: Mapping[str, object]) -> str:
    """Return the details as JSON with sorted keys; raise ValueError for secrets, NUL, or more than 8 KiB."""
    if found := _SECRET.intersection(details):
        raise ValueError(f"{sorted(found)} must not stand in the audit history")
    text = msgspec.json.encode(dict(details), order="deterministic").decode()
    if len(text.encode()) > MOST_DETAIL_BYTES:
        raise ValueError(f"audit details have {len(text)} characters; at most {MOST_DETAIL_BYTES} bytes")
    if "\\u0000" in text:
        raise ValueError("audit details hold a NUL character")
    return text


def plain(text: str, most: int) -> str:
    """Return outside text as it may stand in an entry: printable, cut to `most` characters."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)[:most]
