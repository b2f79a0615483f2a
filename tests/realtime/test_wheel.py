"""One timer for everyone."""

import asyncio
from collections import Counter

import pytest

from realtime import wheel
from realtime.wheel import Wheel


class Rider:
    """Counts its visits."""

    def __init__(self, fails: bool = False) -> None:
        self.visits: list[float] = []
        self.fails = fails

    def tick(self, now: float) -> None:
        self.visits.append(now)
        if self.fails:
            raise ValueError("a bug")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel, "TICK_SECONDS", 0.02)


async def test_everyone_is_visited_once_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rider is visited once in a turn, and about as many at each tick."""
    monkeypatch.setattr(wheel, "TICK_SECONDS", 0.2)
    made, riders = Wheel(5), [Rider() for _ in range(20)]
    per_tick: list[int] = []
    seen = 0

    def count(now: float) -> None:
        nonlocal seen
        total = sum(len(rider.visits) for rider in riders)
        per_tick.append(total - seen)
        seen = total

    made.each_second(count)
    for rider in riders:
        made.add(rider)
    made.start()
    while len(per_tick) < 11 or min(len(rider.visits) for rider in riders) < 2:
        await asyncio.sleep(0.01)
    made.stop()
    # four at each; on a machine that stalls some may come with those of the next tick
    assert abs(sum(per_tick[1:11]) - 40) <= 4
    assert max(per_tick[1:11]) <= 8
    assert max(len(rider.visits) for rider in riders) <= 3


async def test_those_of_one_tick_come_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slot of thousands does not hold up the loop: its visits are spread over the time until the next slot."""
    monkeypatch.setattr(wheel, "TICK_SECONDS", 0.2)
    made, riders = Wheel(1), [Rider() for _ in range(wheel.STEPS * 3)]
    for rider in riders:
        made.add(rider)
    made.start()
    while not all(rider.visits for rider in riders):
        await asyncio.sleep(0.01)
    made.stop()
    moments = Counter(rider.visits[0] for rider in riders)
    # three at each; when the machine stalls, what is left of one turn comes with those of the next
    assert max(moments.values()) <= 6
    assert len(moments) >= wheel.STEPS // 2


async def test_whoever_leaves_before_their_visit_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when their slot's time has begun."""
    monkeypatch.setattr(wheel, "TICK_SECONDS", 0.2)
    made, riders = Wheel(1), [Rider() for _ in range(wheel.STEPS)]
    for rider in riders:
        made.add(rider)
    made.start()
    while not riders[0].visits:
        await asyncio.sleep(0.001)
    assert not riders[-1].visits
    made.remove(riders[-1])
    await asyncio.sleep(0.3)
    made.stop()
    assert riders[-2].visits
    assert not riders[-1].visits


async def test_the_removed_is_visited_no_more(quick: None) -> None:
    """After its removal a rider is left alone; removing a stranger does nothing."""
    made, rider = Wheel(2), Rider()
    made.add(rider)
    made.remove(rider)
    made.remove(Rider())
    made.start()
    await asyncio.sleep(0.15)
    made.stop()
    assert rider.visits == []


async def test_one_failure_stops_nobody(quick: None) -> None:
    """A rider that raises does not keep the others from their visits."""
    made, bad, good = Wheel(1), Rider(fails=True), Rider()
    made.add(bad)
    made.add(good)
    made.start()
    while len(good.visits) < 3:
        await asyncio.sleep(0.01)
    made.stop()
    assert len(bad.visits) >= 3


async def test_stopped_stands_still(quick: None) -> None:
    """After stop nothing is visited."""
    made, rider = Wheel(1), Rider()
    made.add(rider)
    made.start()
    made.stop()
    await asyncio.sleep(0.1)
    assert rider.visits == []
