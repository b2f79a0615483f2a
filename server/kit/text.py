"""Text from strangers as it is kept and shown; pure.

NFC, line ends as \\n, tabs as spaces. What cannot be seen and would mislead is taken out: control characters and the
marks that turn the reading direction of everything behind them (Unicode TR36, 2.10.2). The plain direction marks of
Arabic and Hebrew stay. NUL and halves of surrogate pairs are refused, since nobody types them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from server.kit.errors import FieldError, Invalid

LONGEST_NAME = 60


class BadText(Invalid):
    """This text cannot be taken as it is."""

    code = "bad_text"


_MISLEADING = re.compile(
    "[\x01-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u206a-\u206f\ufff9-\ufffb\ufeff\U000e0001]"
)
_LINES = re.compile("\r\n?|\u0085|\u2028|\u2029|\x0b|\x0c")
_MANY_LINES = re.compile(r"\n{4,}")
_MARKS = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{5})[\u0300-\u036f"
    r"\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp", "Mn", "Me"})
_VIRAMA = 9  # the combining class of signs that bind two Indic letters into one
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")  # letters and symbols that draw nothing


def tidy(
    text: str, most: int, *, pointer: str = "/body", noun: str = "A message", optional: bool = False
) -> str:
    """Return a text as it is stored; raise BadText that names field and limit.

    `most` is in characters, `noun` begins the sentence about the limit. An `optional` text may be empty.
    """
    if text.isascii() and text.isprintable():
        text = text.strip()
    else:
        _check_characters(text, pointer, noun)
        # marks first: composing a long pile of them takes time that grows with its square
        text = _MARKS.sub(r"\1", _MISLEADING.sub("", _LINES.sub("\n", text)))
        text = unicodedata.normalize("NFC", text).replace("\t", " ")
        text = _MANY_LINES.sub("\n\n\n", text).strip()
        if not any(is_visible(char) for char in text):
            text = ""
    if not text and not optional:
        raise _bad_text(pointer, "empty", "Write something first.", 1)
    if len(text) > most:
        raise _bad_text(pointer, "too_long", f"{noun} holds at most {most:,} characters.", most)
    return text


def is_visible(char: str) -> bool:
    """Tell whether a character draws something."""
    return char not in _BLANK and unicodedata.category(char) not in _INVISIBLE


def _check_characters(text: str, pointer: str, noun: str) -> None:
    if "\0" in text:
        raise _bad_text(pointer, "nul", f"{noun} cannot hold the character U+0000.")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            detail = f"Character {error.start + 1} is half of a surrogate pair, which stands for nothing."
            raise _bad_text(pointer, "lone_surrogate", detail) from None


def _bad_text(pointer: str, code: str, detail: str, limit: int | None = None) -> BadText:
    return BadText(detail, errors=(FieldError(pointer, code, detail, limit),))


def joins(text: str, at: int) -> bool:
    """Tell whether the character here is a joiner that changes how its neighbours are drawn (UTS 46, emoji aside).

    ZWNJ and ZWJ do so between Arabic letters and behind a virama, ZWJ between emoji; anywhere else nobody sees them.
    """
    if text[at] not in "\u200c\u200d" or not 0 < at < len(text) - 1:
        return False
    before, after = text[:at], text[at + 1]
    if unicodedata.combining(before[-1]) == _VIRAMA:
        return after.isalpha()
    before = before.rstrip("\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
    while before and unicodedata.category(before[-1]) == "Mn":
        before = before[:-1]
    kinds = {unicodedata.category(before[-1:] or " "), unicodedata.category(after)}
    if text[at] == "\u200d" and kinds <= {"So", "Sm"}:
        return True
    return {unicodedata.bidirectional(before[-1:] or " "), unicodedata.bidirectional(after)} == {"AL"}


@lru_cache(maxsize=4096)
def shown_name(name: str, nobody: str = "Guest") -> str:
    """Return a name as it may stand beside words: one line, nothing hidden, not too long; `nobody` for none."""
    name = unicodedata.normalize("NFC", name)
    plain = "".join(char if char.isprintable() or joins(name, at) else " " for at, char in enumerate(name))
    plain = " ".join(_MARKS.sub(r"\1", plain).split())[:LONGEST_NAME].strip()
    return plain if any(is_visible(char) for char in plain) else nobody


# letters of Cyrillic and Greek that look like Latin ones, and digits that do
_LOOKALIKE = str.maketrans(
    "\u0430\u0435\u0456\u0458\u043e\u0440\u0441\u0443\u0445\u0455\u0501\u04cf\u03b1\u03bf\u03c1\u03bd013457",
    "aeijopcyxsdlaopvoieast",
)


@lru_cache(maxsize=4096)
def name_key(name: str) -> str:
    """Return a name as it looks at a glance: case, accents, spaces, marks and look-alike letters apart."""
    apart = unicodedata.normalize("NFKD", name).casefold().translate(_LOOKALIKE)
    return "".join(char for char in apart if char.isalnum()).replace("l", "i") or apart.strip()
