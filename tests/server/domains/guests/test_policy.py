"""What a nickname may be, as a table."""

from __future__ import annotations

import pytest

from server.domains.guests import policy
from server.domains.guests.errors import BadNickname

ZWNJ, ZWJ = "\u200c", "\u200d"


@pytest.mark.parametrize(
    "nickname",
    [
        "Ruth",
        "Jean-Luc O'Neil",
        "יעל כהן",
        f"علی{ZWNJ}رضا",  # Persian
        f"م\u064f{ZWNJ}حمد",  # the joiner behind a vowel mark
        f"श्री राजेश्{ZWJ}वर",  # Hindi, behind a virama
        "👨‍👩‍👧‍👦",
        "❤️‍🔥 Anna",
        "👩🏽‍🚀",
        "🏳️‍🌈",
        "🙏",
    ],
)
def test_names_people_have(nickname: str) -> None:
    """Names in scripts that join, and emoji made of several, are taken as they are."""
    assert policy.check_nickname(nickname) == nickname


@pytest.mark.parametrize(
    "nickname",
    [
        "",
        " \t ",
        "x" * 41,
        "Ruth\u202e",  # right-to-left override
        "\u2066Ruth\u2069",
        f"An{ZWNJ}na",  # nobody would see it
        f"ad{ZWJ}min",
        f"{ZWNJ}علی",
        f"علی{ZWNJ}",
        f"علی{ZWNJ}{ZWNJ}رضا",
        f"👨{ZWNJ}👩",
        f"👨{ZWJ}",
        f"a{ZWJ}👩",
        "Ru\u200bth",  # zero-width space
        "Ru\u00adth",  # soft hyphen
        "Ruth\x00",
    ],
)
def test_names_that_hide_something(nickname: str) -> None:
    """Nothing that nobody sees may stand in a name, and nothing that turns what is written behind it."""
    with pytest.raises(BadNickname):
        policy.check_nickname(nickname)


@pytest.mark.parametrize("nickname", ["Pastor", "[Admin]", "MODERADOR", "\uff41dmin"])
def test_names_that_mislead(nickname: str) -> None:
    """Nobody passes for one of the church's people."""
    with pytest.raises(BadNickname, match="mislead"):
        policy.check_nickname(nickname)
