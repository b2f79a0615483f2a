"""What counts as one emoji; pure."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from server.domains.reactions.errors import BadEmoji, TooManyKinds
from server.domains.reactions.models import Change, Totals
from server.kit.errors import FieldError

LONGEST = 10  # code points: a family of four with joiners has seven
MOST_KINDS = 20  # different emoji on one subject
_JOINERS = frozenset("\u200d\ufe0f\u20e3")
_KEYCAPS = frozenset("0123456789#*")


@lru_cache(maxsize=512)
def check_emoji(text: str) -> str:
    """Return the emoji; raise BadEmoji for words, several emoji without joiner, or half a surrogate pair."""
    if not 1 <= len(text) <= LONGEST or not _is_emoji(text):
        raise BadEmoji(errors=(FieldError("/emoji", "bad_emoji", "One emoji.", LONGEST),))
    return text


def _is_emoji(text: str) -> bool:
    if text[0] in _KEYCAPS:
        return text[1:] in ("\ufe0f\u20e3", "\u20e3")
    if all("\U0001f1e6" <= char <= "\U0001f1ff" for char in text):
        return len(text) == 2
    bases = 0
    after_joiner = True
    for char in text:
        if char in _JOINERS:
            after_joiner = char == "\u200d"
        elif "\U000e0020" <= char <= "\U000e007f" or "\U0001f3fb" <= char <= "\U0001f3ff":
            after_joiner = False  # tags, as in the flag of Wales, and skin tones
        elif unicodedata.category(char) == "So" and after_joiner:
            bases += 1
            after_joiner = False
        else:
            return False
    return bases >= 1 and not after_joiner


def check_kinds(totals: Totals, change: Change) -> None:
    """Raise TooManyKinds for one more emoji than a subject may have; `totals` learns of the new one."""
    if change.on and change.emoji not in totals:
        if len(totals) >= MOST_KINDS:
            raise TooManyKinds(f"There are {MOST_KINDS} different reactions: choose one of them.")
        totals[change.emoji] = 0
