"""What a reply must be, and what can be done with one; pure."""

from __future__ import annotations

from server.domains.replies.errors import AlreadyDecided, Changed
from server.domains.replies.models import Reply
from server.kit.text import tidy

MOST_BODY = 1_000  # characters


def check_body(text: str, pointer: str = "/body") -> str:
    """Return the words as they are kept; raise BadText that names field and limit."""
    return tidy(text, MOST_BODY, pointer=pointer, noun="A reply")


def check_waiting(reply: Reply, version: int) -> None:
    """Raise AlreadyDecided or Changed unless this very version waits."""
    if reply.state != "held":
        raise AlreadyDecided()
    if reply.version != version:
        raise Changed()
