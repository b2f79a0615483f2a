"""Saved replies on a real database."""

from __future__ import annotations

from uuid import uuid4

import pytest

from server.domains.phrases.errors import NoSuchPhrase, TooManyPhrases
from server.domains.phrases.schemas import PhraseBody
from server.kit.errors import Forbidden
from server.kit.scope import Scope
from server.kit.text import BadText
from server.wiring import Wiring
from tests.server.domains.voices import person

WORDS = PhraseBody("We are praying", "Thank you for asking. We pray with you.", "Psalm 34:18")


async def test_a_phrase_is_kept_changed_and_thrown_away(wiring: Wiring, system: Scope) -> None:
    """The whole team finds it by its title."""
    ruth = person(system, "Ruth", "prayer_team")
    phrase = await wiring.phrases.add(ruth, WORDS)
    await wiring.phrases.add(ruth, PhraseBody("A first one", "Hello"))
    assert [one.title for one in await wiring.phrases.all(person(system, "Hanna", "moderator"))] == [
        "A first one",
        "We are praying",
    ]
    changed = await wiring.phrases.change(ruth, phrase.id, PhraseBody(" Praying ", "We pray."))
    assert (changed.title, changed.scripture, changed.version) == ("Praying", "", 2)
    await wiring.phrases.remove(ruth, phrase.id)
    for act in (wiring.phrases.remove(ruth, phrase.id), wiring.phrases.change(ruth, uuid4(), WORDS)):
        with pytest.raises(NoSuchPhrase):
            await act


async def test_what_is_refused(wiring: Wiring, system: Scope) -> None:
    """Words that cannot be seen, more than a church keeps, and who is not staff."""
    ruth = person(system, "Ruth", "prayer_team")
    with pytest.raises(BadText) as caught:
        await wiring.phrases.add(ruth, PhraseBody("Title", "\u200b"))
    assert caught.value.errors[0].pointer == "/body"
    with pytest.raises(Forbidden):
        await wiring.phrases.add(person(system), WORDS)
    async with wiring.database.transaction(system) as tx:
        await tx.connection.execute(
            "insert into phrases_phrases (title, body, language, changed_at) "
            "select 'T' || n, 'B', 'en', now() from generate_series(1, 200) n"
        )
    with pytest.raises(TooManyPhrases):
        await wiring.phrases.add(ruth, WORDS)
