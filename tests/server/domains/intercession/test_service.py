"""Marks, totals and followers on a real database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from server.domains.intercession import service
from server.domains.intercession.errors import FollowsTooMany, MarkMissing
from server.kit.scope import Scope
from server.wiring import Wiring
from tests.server.domains.voices import id_of, person

FIRST, SECOND = UUID(int=1), UUID(int=2)


async def pray(wiring: Wiring, scope: Scope, *subjects: UUID, given: str | None = None) -> dict[UUID, int]:
    """Pray as the wall does."""
    async with wiring.database.transaction(scope) as tx:
        pairs = [(subject, wiring.intercession.mark(scope, subject, given)) for subject in subjects]
        return await wiring.intercession.pray(tx, pairs)


async def test_a_person_counts_once(wiring: Wiring, system: Scope) -> None:
    """However often and on however many devices; each subject apart."""
    scope = person(system)
    assert await pray(wiring, scope, FIRST, SECOND, FIRST) == {FIRST: 1, SECOND: 1}
    assert await pray(wiring, scope, FIRST, given="another device") == {}
    assert await pray(wiring, person(system), FIRST) == {FIRST: 2}


async def test_fifty_at_once_are_fifty(wiring: Wiring, system: Scope) -> None:
    """No count is lost and nobody deadlocks, though each prays for both in another order."""
    orders = [(FIRST, SECOND), (SECOND, FIRST)]
    await asyncio.gather(*(pray(wiring, person(system), *orders[at % 2]) for at in range(50)))
    async with wiring.database.transaction(system, readonly=True) as tx:
        assert await wiring.intercession.totals(tx, [FIRST, SECOND]) == {FIRST: 50, SECOND: 50}
        assert await wiring.intercession.prayed_since(tx, datetime.now(UTC).date()) == 100


async def test_nobody_needs_a_mark_of_their_device(wiring: Wiring, system: Scope) -> None:
    """Somebody without a name is counted by what their device made up, once; without it they are told what to send."""
    nobody = Scope(system.tenant)
    assert await pray(wiring, nobody, FIRST, given="device") == {FIRST: 1}
    assert await pray(wiring, nobody, FIRST, given="device") == {}
    with pytest.raises(MarkMissing):
        wiring.intercession.mark(nobody, FIRST, None)


async def test_marks_join_nothing(wiring: Wiring, system: Scope) -> None:
    """One person's marks under two subjects are unlike, and no row holds who it was."""
    scope = person(system)
    assert wiring.intercession.mark(scope, FIRST, None) != wiring.intercession.mark(scope, SECOND, None)
    await pray(wiring, scope, FIRST)
    async with wiring.database.transaction(system, readonly=True) as tx:
        rows = await tx.connection.fetch("select mark from intercession_prayed")
    assert [len(row["mark"]) for row in rows] == [32]
    assert id_of(scope).bytes not in rows[0]["mark"]


async def test_i_see_what_i_prayed_for(wiring: Wiring, system: Scope) -> None:
    """Only the transaction's own caller is asked about."""
    scope, other = person(system), person(system)
    await pray(wiring, scope, FIRST)
    for who, found in ((scope, {FIRST}), (other, set[UUID]()), (Scope(system.tenant), set[UUID]())):
        async with wiring.database.transaction(who, readonly=True) as tx:
            assert await wiring.intercession.prayed_by(tx, [FIRST, SECOND]) == found


async def test_following(wiring: Wiring, system: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice is once, leaving ends it, and nobody follows more than so many."""
    monkeypatch.setattr(service, "MOST_FOLLOWED", 1)
    me = id_of(person(system))
    async with wiring.database.transaction(system) as tx:
        await wiring.intercession.follow(tx, FIRST, me)
        assert await wiring.intercession.followers(tx, FIRST) == [me]
        assert await wiring.intercession.following(tx, me, [FIRST, SECOND]) == {FIRST}
        with pytest.raises(FollowsTooMany):
            await wiring.intercession.follow(tx, SECOND, me)
        await wiring.intercession.unfollow(tx, FIRST, me)
        assert await wiring.intercession.following(tx, me, [FIRST]) == set()


async def test_a_forgotten_person_leaves_no_mark(wiring: Wiring, system: Scope) -> None:
    """Marks and follows go, the totals stay, others' marks too."""
    scope, other = person(system), person(system)
    await pray(wiring, scope, FIRST, SECOND)
    await pray(wiring, other, FIRST)
    async with wiring.database.transaction(system) as tx:
        await wiring.intercession.follow(tx, FIRST, id_of(scope))
        await wiring.intercession.forget(tx, id_of(scope))
        assert await wiring.intercession.totals(tx, [FIRST]) == {FIRST: 2}
        assert await wiring.intercession.followers(tx, FIRST) == []
        assert await tx.connection.fetchval("select count(*) from intercession_prayed") == 1


async def test_what_is_gone_is_dropped_whole(wiring: Wiring, system: Scope) -> None:
    """Marks, totals and followers of a subject go together."""
    await pray(wiring, person(system), FIRST, SECOND)
    async with wiring.database.transaction(system) as tx:
        await wiring.intercession.follow(tx, FIRST, uuid4())
        await wiring.intercession.drop(tx, [FIRST])
        assert await wiring.intercession.totals(tx, [FIRST, SECOND]) == {SECOND: 1}
        assert await wiring.intercession.followers(tx, FIRST) == []
