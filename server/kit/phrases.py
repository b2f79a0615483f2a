"""Find phrases in texts by lists that people can read, in time that grows with the text alone.

A phrase is written as it is spoken. In it `<name>` stands for any entry of the list of that name, `(a|b c)` for one of
several, `?` behind a word, list or bracket makes it optional, `..` is a gap of at most three words, `don't` is found
as `dont` too, and a word that ends in `*` may go on. Slips of the fingers in longer words are found as well.

`passed_over` holds phrases that mean something else: what lies inside one, or is led on by it, is not found ("want to
die" in "want to die laughing"); what is longer is.

Each known word becomes one character, so that a phrase is a short expression over them, asked only of texts that hold
one of the words without which it cannot match.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate, groupby

import msgspec

GAP = 3  # words
BEGINNING = 4  # letters in front of a `*`, at least
SWAPPED = 5  # letters from which on a word with two of them swapped, or one doubled, is still known …
DROPPED = 6  # … and with one left out
_UNKNOWN = "\0"
_FIRST = 0xE000  # of the characters that words become; none of them means anything in an expression
_COMMONEST = 1_000  # what the commonest words weigh when the rarest words of a phrase are looked for; the next ten half
_TOKEN = re.compile(r"\.\.|[()|?]|<\w+>|[^\s()|?<>.]+")


# ---- texts as they look


_UNSEEN = frozenset({"Cf", "Mn", "Me"})
_SIGNS = {"@": "a", "$": "s", "!": "i"}
_SIGN_INSIDE = re.compile(r"(?<=\w)[@$!](?=\w)")
_SEPARATORS = re.compile(r"[\W_]+")
_DIGITS = str.maketrans("013457", "oieast")
_PLAIN = {code: " " for code in range(128) if not chr(code).isalnum()} | _DIGITS
_ONE_BY_ONE = 3  # single letters in a row: a word that was spaced out


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Return a text as it looks: case, marks, look-alike digits and punctuation apart; words parted by one space."""
    if not text.isascii():
        apart = unicodedata.normalize("NFKD", text).casefold()
        text = "".join(char for char in apart if unicodedata.category(char) not in _UNSEEN)
    if "@" in text or "$" in text or "!" in text:
        text = _SIGN_INSIDE.sub(lambda found: _SIGNS[found[0]], text)
    if text.isascii():
        return " ".join(text.lower().translate(_PLAIN).split())
    return _SEPARATORS.sub(" ", text.translate(_DIGITS)).strip()


def readings(text: str) -> tuple[str, ...]:
    """Return a text as it looks, and once more with letters joined that were spaced out to hide a word."""
    plain = fold(text)
    words = plain.split()
    if sum(len(word) == 1 for word in words) < _ONE_BY_ONE:
        return (plain,)
    return plain, " ".join(_joined(words))


def _joined(words: Iterable[str]) -> list[str]:
    joined: list[str] = []
    for single, run in groupby(words, key=lambda word: len(word) == 1):
        letters = list(run)
        joined += ["".join(letters)] if single and len(letters) >= _ONE_BY_ONE else letters
    return joined


# ---- phrases


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The phrases of one language by kind and family; a family's name is for who reads the file.

    `common` words, the commonest first, are no slips, and not what a text is first looked at for.
    """

    language: str
    kinds: dict[str, dict[str, list[str]]]
    lists: dict[str, list[str]] = {}
    passed_over: dict[str, list[str]] = {}
    common: list[str] = []
    reviewed_by: str | None = None
    about: str = ""


class _Word(msgspec.Struct, frozen=True):
    text: str


class _Gap(msgspec.Struct, frozen=True):
    pass


class _Choice(msgspec.Struct, frozen=True):
    rows: tuple[_Row, ...]
    optional: bool = False


_Row = tuple[_Word | _Gap | _Choice, ...]


class Phrases:
    """Phrases of several kinds and languages, ready to be asked thousands of times; kinds in order of weight."""

    def __init__(self, kinds: Sequence[str], languages: Sequence[Language]) -> None:
        readers = [(language, _Reader(language)) for language in languages]
        phrases = [
            (kind, reader.row(phrase))
            for kind in kinds
            for language, reader in readers
            for phrase in _all(language.kinds.get(kind, {}))
        ]
        over = [reader.row(phrase) for language, reader in readers for phrase in _all(language.passed_over)]
        common = _weights(languages)
        words = {word for row in [*over, *(row for _, row in phrases)] for word in _words(row)}
        self._alphabet = _Alphabet(words, common)
        writer = _Writer(self._alphabet)
        self._over = _Group("", writer.expression(over))
        self._groups: list[_Group] = []
        self._asked: dict[str, list[int]] = {}  # by which character which groups are asked
        for (kind, key), rows in _by_key(phrases, common).items():
            for code in sorted({code for word in key for code in self._alphabet.of(word)}):
                self._asked.setdefault(code, []).append(len(self._groups))
            self._groups.append(_Group(kind, writer.expression(rows)))

    def find(self, text: str) -> str:
        """Return the kind of phrase that a folded text holds, or nothing; of several the first."""
        coded = self._alphabet.coded(text)
        asked = {at for code in self._asked.keys() & set(coded) for at in self._asked[code]}
        found = [
            (self._groups[at].kind, span) for at in sorted(asked) for span in self._groups[at].spans(coded)
        ]
        if not found:
            return ""
        reach = _reach(self._over.spans(coded), len(coded))
        said = [(kind, span) for kind, span in found if not _is_over(reach, *span)]
        spans = {span for _, span in said}
        return next((kind for kind, span in said if not any(_is_inside(span, one) for one in spans)), "")


class _Group:
    """Phrases of one kind, as one expression, which is made when a text first holds one of their words."""

    def __init__(self, kind: str, expression: str) -> None:
        self.kind = kind
        self._expression = expression

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self._expression)

    def spans(self, coded: str) -> Iterator[tuple[int, int]]:
        """Yield where a text holds one of the phrases, one for each place where it begins."""
        found = self._pattern.search(coded)
        while found is not None:
            yield found.span()
            found = self._pattern.search(coded, found.start() + 1)


class _Alphabet:
    """The character that each word becomes, and each slip of it; those that nobody looks for become one."""

    def __init__(self, words: Iterable[str], common: Iterable[str]) -> None:
        self._codes = {word: chr(_FIRST + at) for at, word in enumerate(sorted(words))}
        self._open: dict[str, list[tuple[str, str]]] = {}
        self._grown: dict[str, str] = {}
        for word in [word for word in self._codes if word.endswith("*")]:
            self._open_up(word)
        for word in common:
            self._codes.setdefault(word, _UNKNOWN)
        for word, code in list(self._codes.items()):
            if code != _UNKNOWN:
                for slip in _slips(word):
                    self._codes.setdefault(slip, code)

    def _open_up(self, word: str) -> None:
        if len(word) <= BEGINNING:
            raise ValueError(f"{word!r} begins with fewer than {BEGINNING} letters before its *")
        beginning = word[:-1]
        self._open.setdefault(word[:BEGINNING], []).insert(0, (beginning, self._codes[word]))  # longest first
        self._grown[word] = "".join(
            [code for known, code in self._codes.items() if known.startswith(beginning)]
        )

    def of(self, word: str) -> str:
        """Return the characters a word may have become: an open one has those of all that begin so."""
        return self._grown.get(word) or self._codes[word]

    def coded(self, text: str) -> str:
        """Return a folded text with a character for each word."""
        get = self._codes.get
        return "".join([get(word) or self._unlisted(word) for word in text.split()])

    def _unlisted(self, word: str) -> str:
        for beginning, code in self._open.get(word[:BEGINNING], ()):
            if word.startswith(beginning):
                return code
        last = word[-1]
        if word[-3:] == last * 3:  # "dieeee"
            return self._codes.get(word.rstrip(last) + last, _UNKNOWN)
        return _UNKNOWN


class _Writer:
    """Writes phrases as expressions over an alphabet."""

    def __init__(self, alphabet: _Alphabet) -> None:
        self._alphabet = alphabet
        self._written: dict[
            int, str
        ] = {}  # lists are written once; the rows that hold them live longer than this

    def expression(self, rows: Iterable[_Row]) -> str:
        """Return an expression that finds any of the rows; at one place that with the most words goes first."""
        longest_first = sorted(rows, key=lambda row: -_least(row))
        return "|".join(["".join(map(self._part, row)) for row in longest_first]) or "(?!)"

    def _part(self, item: _Word | _Gap | _Choice) -> str:
        if isinstance(item, _Gap):
            return f".{{0,{GAP}}}"
        if isinstance(item, _Word):
            return f"[{self._alphabet.of(item.text)}]"
        if id(item) not in self._written:
            self._written[id(item)] = f"(?:{self._choice(item.rows)}){'?' * item.optional}"
        return self._written[id(item)]

    def _choice(self, rows: Iterable[_Row]) -> str:
        letters: set[str] = set()
        longer: list[_Row] = []
        for row in rows:
            if len(row) == 1 and isinstance(row[0], _Word):
                letters.update(self._alphabet.of(row[0].text))
            else:
                longer.append(row)
        parts = [self.expression(longer)] if longer else []
        return "|".join([*parts, f"[{''.join(sorted(letters))}]"] if letters else parts)


class _Reader:
    """Reads the phrases of one language."""

    def __init__(self, language: Language) -> None:
        self._lists: Mapping[str, list[str]] = language.lists
        self._read: dict[str, _Choice] = {}

    def row(self, phrase: str) -> _Row:
        """Return a phrase taken apart; raise ValueError that quotes it when it is not well written."""
        try:
            (row,) = self._rows(iter(_TOKEN.findall(phrase)), inside=False)
        except (ValueError, IndexError, KeyError) as error:
            raise ValueError(f"{phrase!r} is not a phrase") from error
        return row

    def _rows(self, parts: Iterator[str], *, inside: bool) -> tuple[_Row, ...]:
        rows: list[list[_Word | _Gap | _Choice]] = [[]]
        for part in parts:
            if part == ")":
                if not inside:
                    raise ValueError("a bracket is closed that was not opened")
                return tuple(map(tuple, rows))
            if part == "|":
                rows.append([])
            elif part == "?":
                last = rows[-1].pop()
                choice = last if isinstance(last, _Choice) else _Choice(((last,),))
                rows[-1].append(_Choice(choice.rows, True))
            else:
                rows[-1] += self._item(part, parts)
        if inside:
            raise ValueError("a bracket stays open")
        return tuple(map(tuple, rows))

    def _item(self, part: str, parts: Iterator[str]) -> Sequence[_Word | _Gap | _Choice]:
        if part == "..":
            return (_Gap(),)
        if part == "(":
            return (_Choice(self._rows(parts, inside=True)),)
        if part.startswith("<"):
            return (self._list(part[1:-1]),)
        apart = [_Word(word) for word in fold(part.replace("*", "")).split()]
        if part.endswith("*"):
            return (*apart[:-1], _Word(f"{apart[-1].text}*"))
        if len(apart) > 1:  # "don't"
            return (_Choice((tuple(apart), (_Word("".join([word.text for word in apart])),))),)
        return apart

    def _list(self, name: str) -> _Choice:
        if name not in self._read:
            self._read[name] = _Choice(tuple([self.row(entry) for entry in self._lists[name]]))
        return self._read[name]


def _reach(spans: Iterable[tuple[int, int]], size: int) -> list[int]:
    """Return for each place the end of the longest stretch found there or before it."""
    ends = [0] * size
    for start, end in spans:
        ends[start] = end
    return list(accumulate(ends, max))


def _is_over(reach: Sequence[int], start: int, end: int) -> bool:
    """Tell whether a stretch lies inside one that means something else, or is led on by one."""
    return reach[start] >= end or reach[end - 1] > end


def _is_inside(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return other[0] <= one[0] and one[1] <= other[1] and one != other


def _weights(languages: Iterable[Language]) -> dict[str, int]:
    weights: dict[str, int] = {}
    for language in languages:
        for at, word in enumerate(map(fold, language.common)):
            weights[word] = max(weights.get(word, 1), 1 + _COMMONEST // (1 + at // 10))
    return weights


def _all(families: Mapping[str, Iterable[str]]) -> Iterator[str]:
    for phrases in families.values():
        yield from phrases


def _words(row: _Row) -> Iterator[str]:
    for item in row:
        if isinstance(item, _Word):
            yield item.text
        elif isinstance(item, _Choice):
            for inner in item.rows:
                yield from _words(inner)


def _least(row: _Row) -> int:
    """Return how many words a row matches at least."""
    least = 0
    for item in row:
        if isinstance(item, _Word):
            least += 1
        elif isinstance(item, _Choice) and not item.optional:
            least += min(map(_least, item.rows))
    return least


def _by_key(
    phrases: Iterable[tuple[str, _Row]], common: Mapping[str, int]
) -> dict[tuple[str, frozenset[str]], list[_Row]]:
    groups: dict[tuple[str, frozenset[str]], list[_Row]] = {}
    for kind, row in phrases:
        key = _key(row, common)
        if not key:
            raise ValueError(f"a phrase needs a word that is always there: {row}")
        groups.setdefault((kind, key), []).append(row)
    return groups


def _key(row: _Row, common: Mapping[str, int]) -> frozenset[str]:
    """Return the words without any of which a row cannot match: of all such sets the rarest."""
    keys: list[frozenset[str]] = []
    for item in row:
        if isinstance(item, _Word):
            keys.append(frozenset((item.text,)))
        elif isinstance(item, _Choice) and not item.optional:
            inner = [_key(inner, common) for inner in item.rows]
            if all(inner):
                keys.append(frozenset().union(*inner))
    weight = {key: sum(common.get(word, 1) for word in key) for key in keys}
    return min(keys, key=weight.__getitem__, default=frozenset())


def _slips(word: str) -> Iterator[str]:
    """Yield what a word becomes when a finger slips: two letters swapped, one doubled, one left out."""
    if len(word) < SWAPPED or not word.isalpha():
        return
    for at in range(1, len(word)):
        yield word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
        yield word[:at] + word[at - 1] + word[at:]
        if (
            len(word) >= DROPPED and at < len(word) - 1
        ):  # without its last letter it is often a word of its own
            yield word[:at] + word[at + 1 :]
