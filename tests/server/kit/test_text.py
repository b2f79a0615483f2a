"""What a text may hold, as a table."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.kit import text
from server.kit.text import BadText

FAMILY = "👨‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        ("Good morning", "Good morning"),
        ("  Good\tmorning \r\n", "Good morning"),
        ("a\r\nb\rc\u2028d\u0085e", "a\nb\nc\nd\ne"),
        ("a\n\n\n\n\n\nb", "a\n\n\nb"),
        ("e\u0301", "é"),
        ("a\x07b\x1b[31mc\x9f", "ab[31mc"),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("\u2066x\u2069\ufeff", "x"),
        ("שלום\u200f עולם", "שלום\u200f עולם"),
        (FAMILY, FAMILY),
        ("z" + "\u0336" * 40, "z" + "\u0336" * 5),
        ("x" * 2000, "x" * 2000),
        ("é" * 2000, "é" * 2000),
        ("🙏" * 2000, "🙏" * 2000),
        (" " * 500 + "x" * 2000, "x" * 2000),
    ],
)
def test_what_is_stored(body: str, stored: str) -> None:
    """Text is kept in its plain form; what cannot be seen and would mislead is taken out."""
    assert text.tidy(body, 2000) == stored


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("\u200b\u200d\u2060", "empty"),
        ("\u3164\u2800", "empty"),
        ("\u202e\u2066", "empty"),
        ("x" * 2001, "too_long"),
        ("🙏" * 2001, "too_long"),
        ("a\0b", "nul"),
        ("\ud83d", "lone_surrogate"),
        ("ok \udc00 ok", "lone_surrogate"),
    ],
)
def test_what_is_refused(body: str, code: str) -> None:
    """A refusal names the field, what is wrong and the limit."""
    with pytest.raises(BadText) as caught:
        text.tidy(body, 2000)
    [error] = caught.value.errors
    assert (error.pointer, error.code) == ("/body", code)
    assert code != "too_long" or error.limit == 2000


@settings(deadline=None)  # the machine is shared
@given(st.text(st.characters(), max_size=100))
def test_any_text_is_stored_or_refused(body: str) -> None:
    """Whatever comes in, what is stored can be written, is in NFC and stays the same when tidied again."""
    try:
        stored = text.tidy(body, 2000)
    except BadText:
        return
    stored.encode()
    assert not any(unicodedata.category(char) == "Cc" and char != "\n" for char in stored)
    assert not set(stored) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert text.tidy(stored, 2000) == stored


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Maria", "Maria"),
        ("  Anna \n Maria ", "Anna Maria"),
        ("Ma\u202eria", "Ma ria"),
        ("\u200b", "Guest"),
        ("", "Guest"),
        ("x" * 99, "x" * 60),
        ("\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"),
        ("👩\u200d🚀 Anna", "👩\u200d🚀 Anna"),
        ("An\u200cna", "An na"),
    ],
)
def test_names(name: str, shown: str) -> None:
    """A name is one line that can be seen."""
    assert text.shown_name(name) == shown


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Pastor Paul", "pastor paul", True),
        ("Pastor Paul", "Pastor  Pаul.", True),  # noqa: RUF001
        ("Pastor Paul", "P4st0r Paul", True),
        ("Pastor Paul", "Pâstör Paul", True),
        ("Pastor Paul", "Pastor PauI", True),
        ("Paul", "Paula", False),
        ("🙏", "🙏", True),
        ("🙏", "🔥", False),
    ],
)
def test_names_that_look_alike(one: str, other: str, same: bool) -> None:
    """Names are compared by how they look at a glance."""
    assert (text.name_key(one) == text.name_key(other)) is same


def test_another_field_has_its_own_sentence() -> None:
    """The field, its noun and its limit are the caller's; an optional text may be empty."""
    with pytest.raises(BadText, match="A note holds at most 5 characters") as caught:
        text.tidy("too long", 5, pointer="/note", noun="A note")
    assert caught.value.errors[0].pointer == "/note"
    assert text.tidy(" \u200b ", 5, optional=True) == ""
