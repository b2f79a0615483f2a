"""server.kit.strictjson; single refusals are shown in tests/server/web/test_errors.py."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kit.errors import Invalid
from server.kit.strictjson import DEEPEST, check_text, decode, invalid

PLAIN = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PLAIN, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_good_json_passes(value: Any, ascii_only: bool) -> None:
    """Whatever means one thing is read as it is, escaped or not."""
    assert decode(json.dumps(value, ensure_ascii=ascii_only).encode(), Any) == value


@given(st.binary(max_size=200))
def test_bytes_never_crash(body: bytes) -> None:
    """Any bytes are read or refused, and a refusal names something."""
    try:
        decode(body, Any)
    except Invalid as error:
        named = error.errors
    else:
        return
    assert named[0].code


@given(st.text(alphabet='{}[]":,\\ u0dD8a1.eE-tfn', max_size=60))
def test_nearly_json_never_crashes(text: str) -> None:
    """What looks like JSON is read as Python's own reader reads it, or refused."""
    try:
        value = decode(text.encode(), Any)
    except Invalid:
        return
    assert value == json.loads(text)


@pytest.mark.parametrize("shape", ["[", '{"a":'])
def test_depth(shape: str) -> None:
    """The deepest level allowed passes, one more does not; brackets in strings do not count."""
    close = "]" if shape == "[" else "}"
    middle = "" if shape == "[" else "1"
    decode((shape * DEEPEST + middle + close * DEEPEST).encode(), Any)
    with pytest.raises(Invalid, match="deeper"):
        decode((shape * (DEEPEST + 1) + middle + close * (DEEPEST + 1)).encode(), Any)
    assert decode(json.dumps(["[" * 100, '\\"[' * 100]).encode(), Any)


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    """Something inside."""

    n: int


@pytest.mark.parametrize(
    ("body", "shape", "pointer"),
    [
        (b'{"k": {"n": "x"}}', dict[str, Inner], "/*/n"),
        (b'[{"n": 1}, {"n": 1, "m": 2}]', list[Inner], "/1/m"),
        (b'[{"n": 1}, {}]', list[Inner], "/1/n"),
        (b'{"1": 2, "x": 3}', dict[int, int], ""),
    ],
)
def test_pointers(body: bytes, shape: Any, pointer: str) -> None:
    """The pointer leads to the wrong value, however deep."""
    with pytest.raises(Invalid) as caught:
        decode(body, shape)
    assert caught.value.errors[0].pointer == pointer


def test_refusal_is_bounded() -> None:
    """A client's own long words are not sent back whole."""
    with pytest.raises(Invalid) as caught:
        decode(b'{"n": 1, "%s": 2}' % (b"x" * 10_000), Inner)
    assert len(str(caught.value.detail)) < 500
    assert len(caught.value.errors[0].pointer) < 200


def test_names_are_checked() -> None:
    """A name may not hold what a value may not."""
    with pytest.raises(Invalid):
        check_text({"a": [{"b\x00": 1}]})


def test_unknown_sentence() -> None:
    """A sentence of msgspec that we have not met is passed on, as a wrong type."""
    assert invalid("Something new - at `$.a`").errors[0].pointer == "/a"


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 33 + b'"' + b'\\"' * 32_000,
        b"[" * 33 + b'"' + b"\\" * 64_000,
        b"{" + b",".join(b'"k%d":1' % number for number in range(8_000)) + b',"k7999":2}',
    ],
)
def test_hostile_bodies_are_refused_at_once(body: bytes) -> None:
    """Strings that never end and a name repeated last of thousands take time that grows with the length only."""
    began = time.perf_counter()
    with pytest.raises(Invalid):
        decode(body, dict)
    assert time.perf_counter() - began < 1
