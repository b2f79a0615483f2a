"""What counts as a site."""

from __future__ import annotations

import pytest

from server.domains.widgets import policy
from server.domains.widgets.errors import BadSites, TooManyTexts


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


def test_a_site_is_kept_once() -> None:
    """The same site written twice is one."""
    assert policy.check_sites(["https://a.example", "https://A.example/"]) == ("https://a.example",)


def test_a_site_that_is_gone_is_told_by_its_host() -> None:
    """Sessions remember the host alone, so a host that is still allowed under another port stays."""
    before = ("https://a.example", "https://b.example:8443", "https://*.c.example")
    assert policy.gone(before, ("https://b.example",)) == ["a.example"]


def test_texts_have_a_bound() -> None:
    """More texts than any widget shows are refused."""
    policy.check_texts({"en": {f"k{i}": "x" for i in range(policy.MOST_TEXTS)}})
    with pytest.raises(TooManyTexts):
        policy.check_texts({"en": {f"k{i}": "x" for i in range(policy.MOST_TEXTS + 1)}})
