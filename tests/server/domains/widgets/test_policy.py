"""What counts as a site."""

from __future__ import annotations

from itertools import product
from typing import Any

import msgspec
import pytest

from server.domains.widgets import policy
from server.domains.widgets.errors import BadSites, TooManyTexts
from server.domains.widgets.models import Theme
from server.domains.widgets.schemas import WidgetsChange
from server.kit.errors import Invalid
from server.kit.strictjson import decode


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://www.grace.example", "https://www.grace.example"),
        (" HTTPS://WWW.Grace.Example/ ", "https://www.grace.example"),
        ("https://grace.example:8443", "https://grace.example:8443"),
        ("https://grace.example:443", "https://grace.example"),
        ("https://*.grace.example", "https://*.grace.example"),
        ("https://gemeinde-köln.example", "https://xn--gemeinde-kln-ejb.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_a_site_is_kept_as_browsers_write_it(written: str, kept: str) -> None:
    """Case, spaces, a last slash and the usual port do not matter; other letters become DNS's."""
    assert policy.check_sites([written]) == (kept,)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "grace.example",
        "http://grace.example",
        "https://grace.example/chat",
        "https://*",
        "https://*.example",
        "https://a.*.example",
        "https://user@grace.example",
        "https://grace.example; script-src *",
        "https://grace.example 'unsafe-inline'",
        "https://grace.example\nX-Evil: 1",
        "javascript://grace.example",
        "null",
        "https://" + "a" * 300,
    ],
)
def test_what_is_no_site_is_refused(wrong: str) -> None:
    """Nothing that could widen or break a security header passes, and the field is named."""
    with pytest.raises(BadSites) as refused:
        policy.check_sites(["https://grace.example", wrong])
    assert refused.value.errors[0].pointer == "/sites/1"


def test_the_wrong_ones_of_several_sites_are_named() -> None:
    """Each has its own pointer, and the sentence names three, shortened."""
    with pytest.raises(BadSites) as refused:
        policy.check_sites(["grace", "https://grace.example", "x" * 200])
    assert refused.value.detail == (
        f"Not a website's address: 'grace', '{'x' * 60}'. "
        "Write each as https://www.grace.example, without a path."
    )
    assert [(error.pointer, error.code) for error in refused.value.errors] == [
        ("/sites/0", "bad_site"),
        ("/sites/2", "bad_site"),
    ]
    with pytest.raises(BadSites, match=r"address: 'a', 'b', 'c' and 2 more\. Write"):
        policy.check_sites(["a", "b", "c", "d", "e"])


def _check(change: object) -> None:
    """Check a body as it arrives, without its sites."""
    read = decode(msgspec.json.encode(change), WidgetsChange)
    policy.check_look(read.theme, read.consent)
    policy.check_texts(read.texts)


@pytest.mark.parametrize(
    ("change", "pointer", "code", "detail"),
    [
        (
            {"theme": {"accent": "red"}},
            "/theme/accent",
            "bad_colour",
            "The accent is a colour such as #0f6e6e.",
        ),
        ({"theme": {"accent": "#0f6e6e\n"}}, "/theme/accent", "bad_colour", "The accent is a colour such as"),
        (
            {"theme": {"surface": "#fff"}},
            "/theme/surface",
            "bad_colour",
            "The surface is a colour such as #fbf9f6.",
        ),
        (
            {"theme": {"font": "x;}"}},
            "/theme/font",
            "bad_font",
            "The font is of names such as Georgia, serif.",
        ),
        (
            {"consent": {"version": "May 1"}},
            "/consent/version",
            "bad_version",
            "The version reads like 2026-01.",
        ),
        (
            {"consent": {"url": "http://a.b"}},
            "/consent/url",
            "bad_url",
            "The rules' address begins with https://.",
        ),
        (
            {"texts": {"English": {}}},
            "/texts",
            "bad_language",
            "A language is written as en or es, not as 'English'.",
        ),
        (
            {"texts": {"en": {"a-b": "x"}}},
            "/texts/en",
            "bad_text_name",
            "A text's name is of 1 to 40 letters and _, not",
        ),
    ],
)
def test_a_wrong_look_is_told_in_a_sentence(change: object, pointer: str, code: str, detail: str) -> None:
    """The field is named with a code of its own, and no pattern is shown to anybody."""
    with pytest.raises(Invalid) as refused:
        _check(change)
    assert [(error.pointer, error.code) for error in refused.value.errors] == [(pointer, code)]
    assert refused.value.errors[0].detail == refused.value.detail
    assert refused.value.detail.startswith(detail)


def test_every_wrong_field_of_a_look_is_named() -> None:
    """A form can mark them all at once."""
    with pytest.raises(Invalid) as refused:
        _check({"theme": {"accent": "red", "surface": "blue"}, "consent": {"url": "here"}})
    assert [error.pointer for error in refused.value.errors] == [
        "/theme/accent",
        "/theme/surface",
        "/consent/url",
    ]


def test_a_right_look_passes_and_so_does_an_empty_one() -> None:
    """What was stored before is still right."""
    _check({})
    _check(
        {
            "theme": {"accent": "#0F6e6e", "surface": "#ffffff", "font": '"Größe Sans", serif'},
            "texts": {"en": {"prayer_formTitle": "x"}},
            "consent": {"version": "2026-01", "url": "https://grace.example/rules"},
        }
    )


def test_the_document_tells_the_patterns() -> None:
    """Programs know beforehand what is refused."""
    schema: dict[str, Any] = msgspec.json.schema(Theme)["$defs"]["Theme"]["properties"]
    assert schema["accent"]["pattern"] == "^(#[0-9a-fA-F]{6})?$"


def test_a_site_is_kept_once() -> None:
    """The same site written twice is one."""
    assert policy.check_sites(["https://a.example", "https://A.example/"]) == ("https://a.example",)


def test_a_site_that_is_gone_is_told_by_its_host() -> None:
    """Sessions remember the host alone, so a host that is still allowed under another port stays."""
    before = ("https://a.example", "https://b.example:8443", "https://*.c.example")
    assert policy.gone(before, ("https://b.example",)) == ["a.example"]


def test_texts_have_a_bound() -> None:
    """More texts than any widget shows are refused."""
    names = ["".join(letters) for letters in product("abcdefghij", repeat=3)]
    policy.check_texts({"en": dict.fromkeys(names[: policy.MOST_TEXTS], "x")})
    with pytest.raises(TooManyTexts):
        policy.check_texts({"en": dict.fromkeys(names[: policy.MOST_TEXTS + 1], "x")})
