"""A background task restarts, or the process says why it ends.

A half-dead node is worse than none: a task that keeps failing is given up, and `on_death` is called so that
the process can say so and exit.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from realtime.errors import GaveUp

_log = logging.getLogger("realtime.supervise")

RESTARTS: Final = 8
"""Failures in a row, each within STEADY_SECONDS of its start; when it is hit the task is given up."""

STEADY_SECONDS: Final = 30.0
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0

GOODBYE_SECONDS: Final = 1.0
"""What a cancelled task gets to end in order before it is cancelled once more."""

OnDeath = Callable[[str, GaveUp], None]


async def end_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks that run for ever, and wait until they have ended."""
    alive = set(tasks)
    while alive:  # again, because a library may swallow a cancellation that meets a reply
        for task in alive:
            task.cancel()
        _, alive = await asyncio.wait(alive, timeout=GOODBYE_SECONDS)


class Supervisor:
    """Own the background tasks of a node; every one of them is expected to run until it is stopped."""

    __slots__ = ("_on_death", "_pause", "_tasks")

    def __init__(self, on_death: OnDeath, first_pause: float = FIRST_PAUSE) -> None:
        self._on_death = on_death
        self._pause = first_pause
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def watch(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run `run` for ever: when it fails or returns it is started again, with growing pauses."""
        assert name not in self._tasks, f"{name} is watched already"
        self._tasks[name] = asyncio.create_task(self._keep(name, run), name=name)

    async def stop(self) -> None:
        """End all tasks and wait until they have ended."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        await end_tasks(*tasks)

    async def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        loop, failures = asyncio.get_running_loop(), 0
        while True:
            started = loop.time()
            problem = await self._once(name, run)
            failures = 1 if loop.time() - started > STEADY_SECONDS else failures + 1
            if failures > RESTARTS:
                gave_up = GaveUp(f"{name} failed {failures} times in a row")
                gave_up.__cause__ = problem
                self._on_death(name, gave_up)
                return
            await asyncio.sleep(min(LONGEST_PAUSE, self._pause * 2 ** (failures - 1)))

    async def _once(self, name: str, run: Callable[[], Awaitable[None]]) -> Exception | None:
        try:
            await run()
        except Exception as problem:
            _log.exception("%s failed and is started again", name)
            return problem
        _log.error("%s returned and is started again", name)
        return None
