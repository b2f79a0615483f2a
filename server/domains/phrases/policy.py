"""Who keeps phrases, and what one may be; pure."""

from __future__ import annotations

from server.domains.phrases.schemas import PhraseBody
from server.kit import text
from server.kit.scope import Rule

USE = Rule.of("owner", "admin", "pastor", "moderator", "prayer_team")
KEEP = USE
MOST = 200


def tidy(phrase: PhraseBody) -> PhraseBody:
    """Return a phrase with its texts made plain; raise BadText."""
    return PhraseBody(
        text.tidy(phrase.title, 80, pointer="/title", noun="A title"),
        text.tidy(phrase.body, 1_000, pointer="/body", noun="A saved reply"),
        text.tidy(phrase.scripture, 100, pointer="/scripture", noun="A place in scripture", optional=True),
        phrase.language,
    )
