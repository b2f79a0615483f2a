"""What is added below requests, on a real database."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from server.domains.replies import service
from server.domains.replies.errors import AlreadyDecided, Changed, NoSuchReply
from server.kit.db import Transaction
from server.kit.scope import Scope
from server.kit.text import BadText
from server.settings import Settings
from server.wiring import Wiring
from tests.server.domains.prayers import kinds

BELOW, OTHER = UUID(int=1), UUID(int=2)


async def states(wiring: Wiring, tx: Transaction) -> list[str]:
    """Return the words that stand below the first request."""
    return [reply.body for reply in (await wiring.replies.of(tx, [BELOW, OTHER])).get(BELOW, ())]


async def test_a_reply_waits_stands_and_goes(wiring: Wiring, system: Scope, settings: Settings) -> None:
    """Each step is a signal; what does not stand is not shown, and its words go."""
    async with wiring.database.transaction(system) as tx:
        reply = await wiring.replies.write(tx, BELOW, "encouragement", "With you", author=(uuid4(), "Ruth"))
        assert await states(wiring, tx) == []
        assert [one.state for one in (await wiring.replies.all_of(tx, [BELOW]))[BELOW]] == ["held"]
        posted = await wiring.replies.decide(tx, reply.id, 1, posted=True)
        assert (posted.state, posted.version, await states(wiring, tx)) == ("posted", 2, ["With you"])
        removed = await wiring.replies.remove(tx, reply.id)
        assert (removed.state, removed.body, await states(wiring, tx)) == ("removed", "", [])
    assert kinds(settings) == ["replies.held", "replies.decided", "replies.removed"]


async def test_a_decision_is_over_what_was_read(wiring: Wiring, system: Scope) -> None:
    """Another version is refused, and so is a second decision."""
    async with wiring.database.transaction(system) as tx:
        reply = await wiring.replies.write(tx, BELOW, "update", "Still ill")
        with pytest.raises(Changed):
            await wiring.replies.decide(tx, reply.id, 2, posted=True)
        declined = await wiring.replies.decide(tx, reply.id, 1, posted=False)
        assert declined.body == ""
        with pytest.raises(AlreadyDecided):
            await wiring.replies.decide(tx, reply.id, 2, posted=True)
        with pytest.raises(AlreadyDecided):
            await wiring.replies.remove(tx, reply.id)
        with pytest.raises(NoSuchReply):
            await wiring.replies.decide(tx, uuid4(), 1, posted=True)


async def test_a_decision_is_taken_back(wiring: Wiring, system: Scope) -> None:
    """The reply waits again with the words it had, and cannot be taken back while it waits."""
    async with wiring.database.transaction(system) as tx:
        reply = await wiring.replies.write(tx, BELOW, "update", "Still ill")
        with pytest.raises(AlreadyDecided):
            await wiring.replies.reopen(tx, reply.id, "Still ill")
        await wiring.replies.decide(tx, reply.id, 1, posted=False)
        again = await wiring.replies.reopen(tx, reply.id, "Still ill")
        assert (again.state, again.version, again.body, again.decided_at) == ("held", 3, "Still ill", None)


async def test_the_newest_are_shown_in_their_order(
    wiring: Wiring, system: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many, the newest so many, oldest of them first; each request for itself."""
    monkeypatch.setattr(service, "MOST_SHOWN", 2)
    async with wiring.database.transaction(system) as tx:
        for body in ("one", "two", "three"):
            reply = await wiring.replies.write(tx, BELOW, "encouragement", body)
            await wiring.replies.decide(tx, reply.id, 1, posted=True)
        other = await wiring.replies.write(tx, OTHER, "encouragement", "other")
        await wiring.replies.decide(tx, other.id, 1, posted=True)
        assert await states(wiring, tx) == ["two", "three"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a" * 1_001, "too_long"),
        ("", "empty"),
        (" \u200b\n", "empty"),
        ("a\0b", "nul"),
        ("\ud800", "lone_surrogate"),
    ],
)
def test_words_have_bounds(wiring: Wiring, text: str, code: str) -> None:
    """What cannot be kept is refused with its field."""
    with pytest.raises(BadText) as caught:
        wiring.replies.check_body(text)
    assert (caught.value.errors[0].pointer, caught.value.errors[0].code) == ("/body", code)


async def test_a_forgotten_author_leaves_nothing(wiring: Wiring, system: Scope) -> None:
    """Their words go in every state; others' stay; it is known below which requests they stood."""
    me = uuid4()
    async with wiring.database.transaction(system) as tx:
        await wiring.replies.write(tx, BELOW, "encouragement", "mine", author=(me, "Ruth"))
        await wiring.replies.write(tx, BELOW, "encouragement", "other", author=(uuid4(), "Ana"))
        assert await wiring.replies.requests_of(tx, me) == [BELOW]
        await wiring.replies.forget(tx, me)
        assert [one.body for one in (await wiring.replies.all_of(tx, [BELOW]))[BELOW]] == ["other"]
        await wiring.replies.drop(tx, [BELOW])
        assert await wiring.replies.all_of(tx, [BELOW]) == {}
