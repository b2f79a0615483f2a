"""The labelled sentences that the phrases for needs are measured by.

The frozen half was written before the phrases, by the same people, who remember what they wrote: its figures flatter.
It was measured about ten times while the phrases were made. Three times what was wrong was looked at: one missed
sentence and four found for nothing, after which whole families were widened or narrowed, and no sentence was copied.

Sentences of other people, which are not kept here, are the soberer figure, each time before phrases were tuned on
them: 0.83 of 426 needs were found, 0.78 of 225 hard ones (weapons, told in two steps, typed in a hurry), 0.85 of 137.
Of the 31,103 verses of the King James Bible, 37 are found. What churches report as missed belongs into the other half.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter

import pytest

from server.domains.safety import policy

FROZEN = "ca38d80efff0845a27fe89bd810115217a1a304d13c7167eb9c42129ca5cb2fe"
RECALL, PRECISION = 0.98, 0.85


def test_the_half_that_counts_is_frozen() -> None:
    """It was written before the phrases and is never edited: phrases change, sentences do not."""
    assert hashlib.sha256((policy.DATA / "labelled" / "frozen.json").read_bytes()).hexdigest() == FROZEN


@pytest.mark.parametrize("half", ["frozen", "tuning"])
def test_needs_are_found(half: str) -> None:
    """Hardly a need is missed in either language, and most of what is found is one."""
    sentences = policy.labelled(half)  # type: ignore[arg-type]
    for language in ("en", "es"):
        measured = policy.measure([one for one in sentences if one.language == language])
        print(f"{half} {language}: recall {measured.recall:.3f}, precision {measured.precision:.3f}")
        missed = [one.text for one in measured.missed]
        assert measured.recall >= RECALL, missed
        assert measured.precision >= PRECISION, [one.text for one in measured.false]


def test_the_kind_of_need_is_told() -> None:
    """Who is in danger from somebody is shown other help than who is in danger from themselves."""
    needs = [one for half in ("frozen", "tuning") for one in policy.labelled(half) if one.kind != "none"]  # type: ignore[arg-type]
    other = [one.text for one in needs if policy.crisis(one.text) not in ("", one.kind)]
    assert len(other) <= 0.02 * len(needs), other


def test_the_halves_are_of_use() -> None:
    """Each half has both languages, needs and what sounds like them, in many ways to say it; none is in both."""
    halves = policy.labelled("frozen"), policy.labelled("tuning")
    for half in halves:
        assert len(half) >= 160
        counted = Counter((one.language, one.kind != "none") for one in half)
        assert all(counted[language, need] >= 40 for language in ("en", "es") for need in (True, False))
        styles = {one.style for one in half}
        assert styles >= {
            "plain",
            "oblique",
            "negated",
            "third_person",
            "scripture",
            "idiom",
            "slang",
            "typo",
        }
    texts = [one.text for half in halves for one in half]
    assert len(texts) == len(set(texts))


def test_no_sentence_is_a_phrase() -> None:
    """Phrases are families: none of them is a sentence of the frozen half."""
    phrases = {
        policy.fold(phrase)
        for language in policy.languages()
        for families in (*language.kinds.values(), language.passed_over)
        for family in families.values()
        for phrase in family
    }
    assert phrases.isdisjoint(policy.fold(one.text) for one in policy.labelled("frozen"))


def test_languages_say_who_reads_them() -> None:
    """English and Spanish are shipped with the first lists of three more; every language has both kinds."""
    languages = {one.language: one for one in policy.languages()}
    assert languages.keys() >= {"en", "es", "de", "fr", "pt"}
    for language in languages.values():
        assert set(language.kinds) == set(policy.CRISES)
        assert language.about


def test_no_message_is_slow() -> None:
    """The longest message that almost speaks of a need, all the way through, is judged in well under a second."""
    policy.crisis("I want to die, he hits me")
    for words in ("never want to be better if he hits", "quiero no me ya", "my dad and", "i", "kill the"):
        text = (words + " ") * (2_000 // len(words))
        start = time.process_time()
        policy.crisis(text)
        assert time.process_time() - start < 1, words
