"""Group commit without a database: who flies with whom, in which turn, and who fails alone."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence

import pytest

from server.kit import batch
from server.kit.batch import FULL, MOST_A_FLIGHT, MOST_AMONG_OTHERS, MOST_WAITING, Batcher
from server.kit.errors import AppError, Conflict, Unavailable


class Writer:
    """Doubles numbers; refuses 13 with an AppError, breaks as a whole when 99 is in the batch."""

    def __init__(self) -> None:
        self.batches: list[tuple[Hashable, list[int]]] = []
        self.gate = asyncio.Event()
        self.under_way = 0
        self.most_under_way = 0

    async def __call__(self, key: Hashable, drafts: Sequence[int]) -> Sequence[int | AppError]:
        self.batches.append((key, list(drafts)))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await self.gate.wait()
        self.under_way -= 1
        if 99 in drafts:
            raise ZeroDivisionError
        return [Conflict() if n == 13 else n * 2 for n in drafts]


async def test_what_arrives_during_a_flight_goes_into_the_next_together() -> None:
    """The first draft flies alone, everything that came meanwhile shares the second transaction."""
    writer = Writer()
    batcher = Batcher[int, int](writer)
    first = asyncio.create_task(batcher.put("a", 1))
    await asyncio.sleep(0.01)
    rest = [asyncio.create_task(batcher.put("a", n)) for n in range(2, 12)]
    await asyncio.sleep(0.01)
    writer.gate.set()
    assert await asyncio.gather(first, *rest) == [n * 2 for n in range(1, 12)]
    assert writer.batches == [("a", [1]), ("a", list(range(2, 12)))]


async def test_a_flight_holds_no_more_than_its_bound() -> None:
    """A flood is cut into flights of 256, in order."""
    writer = Writer()
    writer.gate.set()
    batcher = Batcher[int, int](writer)
    count = MOST_A_FLIGHT * 2 + 5
    results = await asyncio.gather(*(batcher.put("a", n) for n in range(1000, 1000 + count)))
    assert results == [n * 2 for n in range(1000, 1000 + count)]
    assert [len(drafts) for _, drafts in writer.batches] == [MOST_A_FLIGHT, MOST_A_FLIGHT, 5]


async def test_keys_are_never_mixed_and_take_turns() -> None:
    """A busy key waits while the others have their turn, and flies in small parts that rest while others write too."""
    writer = Writer()
    writer.gate.set()
    batcher = Batcher[int, int](writer, flights=1)
    many = 37 * MOST_AMONG_OTHERS + 3
    busy = [asyncio.create_task(batcher.put("busy", 1000 + n)) for n in range(many)]
    quiet = [asyncio.create_task(batcher.put(key, 1)) for key in ("x", "y")]
    await asyncio.gather(*busy, *quiet)
    assert [(key, len(drafts)) for key, drafts in writer.batches] == [
        ("busy", MOST_AMONG_OTHERS), ("x", 1), ("y", 1), *[("busy", MOST_AMONG_OTHERS)] * 36, ("busy", 3),
    ]  # fmt: skip
    assert writer.most_under_way == 1


async def test_a_refused_draft_fails_alone() -> None:
    """An AppError among the results reaches its own caller only."""
    writer = Writer()
    writer.gate.set()
    batcher = Batcher[int, int](writer)
    results = await asyncio.gather(*(batcher.put("a", n) for n in (1, 13, 2)), return_exceptions=True)
    assert results[0] == 2
    assert isinstance(results[1], Conflict)
    assert results[2] == 4


async def test_when_the_whole_write_breaks_the_drafts_run_one_by_one() -> None:
    """One draft that breaks the statement is found by running each alone."""
    writer = Writer()
    writer.gate.set()
    batcher = Batcher[int, int](writer)
    results = await asyncio.gather(*(batcher.put("a", n) for n in (1, 99, 2)), return_exceptions=True)
    assert results[0] == 2
    assert isinstance(results[1], ZeroDivisionError)
    assert results[2] == 4
    assert [drafts for _, drafts in writer.batches] == [[1, 99, 2], [1], [99], [2]]


async def test_an_app_error_of_the_whole_is_told_to_all_without_a_second_try() -> None:
    """When the database is away nobody is tried again one by one."""

    async def away(key: Hashable, drafts: Sequence[int]) -> Sequence[int | AppError]:
        calls.append(len(drafts))
        raise Unavailable()

    calls: list[int] = []
    batcher = Batcher[int, int](away)
    results = await asyncio.gather(*(batcher.put("a", n) for n in range(3)), return_exceptions=True)
    assert [type(r) for r in results] == [Unavailable] * 3
    assert calls == [3]


async def test_too_many_waiting_are_refused_at_once() -> None:
    """Beyond the bound a caller hears at once that nothing was written; those before are not lost."""
    writer = Writer()
    batcher = Batcher[int, int](writer)
    first = asyncio.create_task(batcher.put("a", 1))
    await asyncio.sleep(0.01)
    waiting = [asyncio.create_task(batcher.put("a", 2)) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await batcher.put("a", 3)
    writer.gate.set()
    assert await asyncio.gather(first, *waiting) == [2] + [4] * MOST_WAITING


async def test_a_cancelled_caller_is_left_out_and_the_others_go_on() -> None:
    """A caller who went away before the flight is not written; the rest is."""
    writer = Writer()
    batcher = Batcher[int, int](writer)
    first = asyncio.create_task(batcher.put("a", 1))
    await asyncio.sleep(0.01)
    gone, stays = asyncio.create_task(batcher.put("a", 2)), asyncio.create_task(batcher.put("a", 3))
    await asyncio.sleep(0.01)
    gone.cancel()
    writer.gate.set()
    assert await asyncio.gather(first, stays) == [2, 6]
    await batcher.drain()
    assert writer.batches[1] == ("a", [3])
    assert batcher._lanes == {}


async def test_after_a_full_flight_the_next_waits_for_those_it_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Writers at full speed stay together: who came late joins those who come back, instead of flying half empty."""
    monkeypatch.setattr(batch, "LONGEST_REST", 1.0)
    writer = Writer()
    batcher = Batcher[int, int](writer)
    many, few = FULL * 2, 5
    first = [asyncio.create_task(batcher.put("a", 100 + n)) for n in range(many)]
    await asyncio.sleep(0.5)  # the flight takes so long
    late = [asyncio.create_task(batcher.put("a", 500 + n)) for n in range(few)]
    await asyncio.sleep(0)
    writer.gate.set()
    await asyncio.gather(*first)
    again = [asyncio.create_task(batcher.put("a", 600 + n)) for n in range(many)]
    await asyncio.gather(*late, *again)
    assert [len(drafts) for _, drafts in writer.batches] == [many, few + many]


async def test_who_comes_late_is_not_left_waiting_when_nobody_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The rest is over after as long as the flight took, at the latest; other keys fly meanwhile; a drain ends it."""
    monkeypatch.setattr(batch, "LONGEST_REST", 1.0)
    writer = Writer()
    batcher = Batcher[int, int](writer, flights=1)
    first = [asyncio.create_task(batcher.put("a", 100 + n)) for n in range(FULL)]
    await asyncio.sleep(0.5)
    late = asyncio.create_task(batcher.put("a", 1))
    await asyncio.sleep(0)
    writer.gate.set()
    await asyncio.gather(*first)
    assert await batcher.put("b", 2) == 4
    assert [key for key, _ in writer.batches] == ["a", "b"]
    async with asyncio.timeout(10):
        assert await late == 2
    last = [asyncio.create_task(batcher.put("a", 100 + n)) for n in range(FULL)]
    await asyncio.gather(*last)
    await batcher.drain()
    assert batcher._lanes == {}
