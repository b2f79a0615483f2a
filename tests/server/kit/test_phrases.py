"""server.kit.phrases."""

from __future__ import annotations

import time

import pytest

from server.kit.phrases import Language, Phrases, fold, readings

ENGLISH = Language(
    "en",
    kinds={
        "tea": {"to want some": ["<want> (some|a cup of) tea", "tea please?", "teapot*"]},
        "rain": {
            "it rains": ["raining .. outside", "I don't see the sun", "umbrella"],
            "storms": ["<storm>"],
        },
    },
    lists={"want": ["want", "would like", "need"], "storm": ["thunder", "<want> lightning"]},
    passed_over={"sayings": ["not my cup of tea", "raining cats and dogs", "thunder of applause"]},
    common=["i", "the", "a", "of", "some", "you", "umbrellas"],
)
PHRASES = Phrases(("tea", "rain"), [ENGLISH])


def find(text: str) -> str:
    return next((kind for plain in readings(text) if (kind := PHRASES.find(plain))), "")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I want some tea", "tea"),
        ("We would like a cup of tea!", "tea"),
        ("WANT SÓME TEA", "tea"),
        ("I want tea", "tea"),
        ("I drink a cup of water", ""),
        ("teapots", "tea"),
        ("teapo", ""),
        ("it is raining outside", "rain"),
        ("it is raining a lot more outside", "rain"),
        ("it is raining a lot more than ever outside", ""),
        ("I don't see the sun", "rain"),
        ("i dont see the sun", "rain"),
        ("i need lightning", "rain"),
        ("t e a p o t", "tea"),
        ("", ""),
    ],
)
def test_how_phrases_are_written(text: str, kind: str) -> None:
    """Lists within lists, choices, what may be left out, gaps, open ends and apostrophes mean what they say."""
    assert find(text) == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("umberlla", "rain"),  # two letters swapped
        ("umbbrella", "rain"),  # one doubled
        ("umrella", "rain"),  # one left out
        ("umbrellaaaa", "rain"),
        ("umbrell", ""),  # without its last letter a word is often another
        ("umbrellas", ""),  # a common word is no slip
        ("wnat some tea", "tea"),  # the rest is enough
        ("nede some rain", ""),  # a short word has to be right
    ],
)
def test_slips(text: str, kind: str) -> None:
    """A long word is known by its slips, a short one is not."""
    assert find(text) == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("it is not my cup of tea", ""),
        ("a thunder of applause", ""),
        ("it is raining cats and dogs outside", "rain"),  # what is longer than the saying
        ("a thunder of applause and then thunder", "rain"),
        ("it is not my cup of tea but I want some tea", "tea"),
    ],
)
def test_what_is_passed_over(text: str, kind: str) -> None:
    """What lies inside a saying, or leads into one, is not found; what stands beside it is."""
    assert find(text) == kind


def test_kinds_go_in_their_order() -> None:
    """Of several kinds the first is told, unless its words are only a part of what another kind says."""
    assert find("thunder! I want some tea") == "tea"
    both = Phrases(
        ("tea", "harm"),
        [Language("en", kinds={"tea": {"": ["hot tea"]}, "harm": {"": ["burned by hot tea"]}})],
    )
    assert both.find("hot tea") == "tea"
    assert both.find("burned by hot tea") == "harm"
    assert both.find("burned by hot tea and i want hot tea") == "tea"


@pytest.mark.parametrize("phrase", ["(a|b", "?", "<nothing>", "", ".. ..", "a?", "ab*", "a) b"])
def test_phrases_that_are_not_well_written(phrase: str) -> None:
    """A bracket that stays open, a list that is not there, or a phrase without any word is refused."""
    with pytest.raises(ValueError, match=r"phrase|begins"):
        Phrases(("x",), [Language("en", kinds={"x": {"": [phrase]}})])


def test_no_text_runs_away() -> None:
    """The longest texts that almost match cost well under a second."""
    phrases = Phrases(("x",), [Language("en", kinds={"x": {"": ["(a|a a)? .. a? .. (b|a b) .. c"]}})])
    for text in ("a " * 5_000, "a b " * 2_500, "b " * 5_000):
        start = time.process_time()
        assert phrases.find(text) == ""
        assert time.process_time() - start < 1


def test_folding_twice_is_folding_once() -> None:
    """Marks, case, look-alike digits and punctuation are apart."""
    for text in ("Ca\u200bfé!", "s1n", "a.b-c", "Ärger  über   alles", "p@ss"):
        assert fold(fold(text)) == fold(text)
    assert readings("a b") == ("a b",)
    assert readings("s p a c e") == ("s p a c e", "space")
