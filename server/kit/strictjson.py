"""Read JSON from strangers: one meaning only, bounded, and every refusal names the field and the limit.

RFC 8259 leaves open what a repeated name or half a surrogate pair means, so both are refused (as in RFC 7493, I-JSON);
so is U+0000, which Postgres cannot store. Types are strict: "5" is not 5.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn, TypeVar

import msgspec

from server.kit.errors import FieldError, Invalid

DEEPEST = 32  # levels of arrays and objects
LONGEST_NAME = 100  # characters of a client's own words that an error repeats

T = TypeVar("T")
# possessive, and content with the end of the text: a string that never ends must not be looked for again and again
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_NOT_BRACKET = re.compile(r"[^\[\]{}]+")
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_PLACE = re.compile(r"^(?P<said>.*?)(?: - at `(?:key in )?\$(?P<path>[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[([^\]]+)\]")
_BOUND = re.compile(r"(?:of length )?(?P<sign><=|>=|<|>|==) (?P<limit>-?[\d.e+]+)")
_NAMED = re.compile(r"(?:unknown|required) field `(?P<name>.*)`", re.DOTALL)


def decode(body: bytes, shape: type[T]) -> T:
    """Decode a body as this type; raise Invalid."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise _whole("not_utf8", f"The body is not UTF-8: look at byte {error.start}.") from None
    _check_depth(text)
    suspect = _SUSPECT.search(body) is not None
    if suspect or not _has_one_meaning(body):
        _check_meaning(text, suspect=suspect)
    try:
        return msgspec.json.decode(body, type=shape, strict=True)
    except msgspec.ValidationError as error:
        raise invalid(str(error)) from None
    except (msgspec.DecodeError, RecursionError):
        raise _whole("bad_json", "The body is not JSON.") from None


def invalid(message: str, start: str = "") -> Invalid:
    """Turn msgspec's sentence about a value into Invalid; `start` is the pointer that it counts from."""
    found = _PLACE.match(message)
    said, path = (found["said"], found["path"] or "") if found else (message, "")
    pointer = start + "".join(f"/{_escape(a or _index(b))}" for a, b in _STEP.findall(path))
    if named := _NAMED.search(said):
        pointer = f"{pointer}/{_escape(named['name'][:LONGEST_NAME])}"
    code, limit = _code(said)
    detail = f"{_sentence(said)}: {pointer or 'the body'}."
    return Invalid(detail, errors=(FieldError(pointer, code, _sentence(said) + ".", limit),))


def _code(said: str) -> tuple[str, int | float | None]:
    if "unknown field" in said:
        return "unknown_field", None
    if "missing required field" in said:
        return "required", None
    if bound := _BOUND.search(said):
        number = float(bound["limit"])
        what = "long" if "length" in said else "large"
        code = f"too_{what}" if "<" in bound["sign"] else {"long": "too_short", "large": "too_small"}[what]
        return code, int(number) if number.is_integer() else number
    if "regex" in said or "Invalid" in said:
        return "bad_format", None
    return ("out_of_range" if "range" in said else "wrong_type"), None


def _sentence(said: str) -> str:
    """Say it without echoing more of the client's words than a line holds."""
    return said.replace("`", "'").rstrip(".")[:300]


def _index(text: str) -> str:
    return "*" if text == "..." else text


def _escape(step: str) -> str:
    """Escape one step of a JSON pointer (RFC 6901)."""
    return step.replace("~", "~0").replace("/", "~1")


def _whole(code: str, detail: str, limit: int | None = None) -> Invalid:
    return Invalid(detail, errors=(FieldError("", code, detail, limit),))


def _check_depth(text: str) -> None:
    """Count brackets outside strings: cheaper than building what is going to be refused."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    depth = 0
    for bracket in _NOT_BRACKET.sub("", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > DEEPEST:
            raise _whole("too_deep", f"The body is nested deeper than {DEEPEST} levels.", DEEPEST)


def _has_one_meaning(body: bytes) -> bool:
    """Tell whether a text is just as it would be written from what it means: then nothing in it stands twice.

    Programs write without spaces, so that most texts are; what says no is looked at more closely.
    """
    try:
        return msgspec.json.encode(msgspec.json.decode(body)) == body
    except (msgspec.MsgspecError, RecursionError):
        return False


def _check_meaning(text: str, *, suspect: bool) -> None:
    """Refuse repeated names and numbers that are none; look for characters only where an escape hints at them."""
    try:
        value = json.loads(text, object_pairs_hook=_pairs, parse_constant=_constant)
    except (json.JSONDecodeError, RecursionError, ValueError) as error:
        where = (
            f": look at line {error.lineno}, column {error.colno}"
            if isinstance(error, json.JSONDecodeError)
            else ""
        )
        raise _whole("bad_json", f"The body is not JSON{where}.") from None
    if suspect:
        check_text(value)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))[:LONGEST_NAME]  # type: ignore[func-returns-value]
        detail = f"The name {twice!r} stands twice in one object."
        raise Invalid(detail, errors=(FieldError(f"/{_escape(twice)}", "repeated_name", detail),))
    return found


def _constant(name: str) -> NoReturn:
    raise _whole("bad_json", f"{name} is not a JSON number.")


def check_text(value: object, pointer: str = "") -> None:
    """Refuse U+0000 and halves of surrogate pairs anywhere in a value, names included; raise Invalid."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
            detail = "The text holds a character that cannot be stored (U+0000, or half a surrogate pair)."
            raise Invalid(detail, errors=(FieldError(pointer, "bad_character", detail),))
    elif isinstance(value, dict):
        for name, inner in value.items():
            check_text(name, f"{pointer}/*")
            check_text(inner, f"{pointer}/{_escape(name[:LONGEST_NAME])}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            check_text(inner, f"{pointer}/{index}")
