"""What counts as one emoji."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domains.reactions import policy
from server.domains.reactions.errors import BadEmoji


@pytest.mark.parametrize("emoji", ["❤️", "❤", "🙏", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪", "1️⃣", "🏴󠁧󠁢󠁷󠁬󠁳󠁿", "✝️", "🏳️‍🌈"])
def test_one_emoji(emoji: str) -> None:
    """Skin tones, families, flags and keycaps are one emoji."""
    assert policy.check_emoji(emoji) == emoji


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "ok",
        "🙏🙏",
        "🙏a",
        "\u200d",
        "\ufe0f",
        "🇩",
        "🇩🇪🇫🇷",
        "1",
        "\ud83d",
        "\0",
        "🙏\u200d",
        "👍" * 11,
    ],
)
def test_not_one_emoji(text: str) -> None:
    """Words, several emoji, halves and joiners alone are refused by name."""
    with pytest.raises(BadEmoji) as caught:
        policy.check_emoji(text)
    assert caught.value.errors[0].pointer == "/emoji"


@settings(deadline=None)  # the machine is shared
@given(st.text(max_size=14))
def test_any_text_is_decided(text: str) -> None:
    """No text makes the check fail in another way."""
    with contextlib.suppress(BadEmoji):
        assert policy.check_emoji(text) == text
