"""Background tasks restart, or the process is told."""

import asyncio

from realtime.errors import GaveUp
from realtime.supervise import RESTARTS, Supervisor
from tests.realtime.memory import eventually


class Work:
    """Fails a number of times, then runs."""

    def __init__(self, failures: int, returns: bool = False) -> None:
        self.failures = failures
        self.returns = returns
        self.runs = 0

    async def run(self) -> None:
        self.runs += 1
        if self.runs <= self.failures:
            if self.returns:
                return
            raise ValueError("a bug")
        await asyncio.sleep(3600)


async def test_a_failed_task_starts_again() -> None:
    """A task that raises is started again until it runs."""
    deaths: list[str] = []
    supervisor, work = Supervisor(lambda name, problem: deaths.append(name), first_pause=0.001), Work(3)
    supervisor.watch("work", work.run)
    await eventually(lambda: work.runs == 4)
    await supervisor.stop()
    assert deaths == []


async def test_returning_is_a_failure_too() -> None:
    """A task that returns is started again: it is expected to run for ever."""
    supervisor, work = Supervisor(lambda name, problem: None, first_pause=0.001), Work(2, returns=True)
    supervisor.watch("work", work.run)
    await eventually(lambda: work.runs == 3)
    await supervisor.stop()


async def test_who_fails_too_often_is_given_up() -> None:
    """After too many failures in a row the process is told, once, with the cause."""
    deaths: list[tuple[str, GaveUp]] = []
    supervisor, work = (
        Supervisor(lambda name, problem: deaths.append((name, problem)), first_pause=0.0001),
        Work(99),
    )
    supervisor.watch("work", work.run)
    await eventually(lambda: bool(deaths))
    await asyncio.sleep(0.02)
    [(name, problem)] = deaths
    assert name == "work"
    assert isinstance(problem.__cause__, ValueError)
    assert work.runs == RESTARTS + 1
    await supervisor.stop()


async def test_stop_ends_everything() -> None:
    """After stop no task is left."""
    supervisor, works = Supervisor(lambda name, problem: None), [Work(0), Work(0)]
    for number, work in enumerate(works):
        supervisor.watch(str(number), work.run)
    await eventually(lambda: all(work.runs for work in works))
    before = len(asyncio.all_tasks())
    await supervisor.stop()
    assert len(asyncio.all_tasks()) == before - 2
