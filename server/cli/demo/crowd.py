"""`narthex demo --crowd`: people who come in waves, talk at a human pace, and go home; each has a socket of their own.

They come through the front door as everybody does: what is refused them is counted, and who is banned stays away.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shlex
import signal
import time
import urllib.request
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from realtime.client import Client
from server.cli.demo import voices
from server.cli.demo.logins import SLUG
from server.cli.demo.person import Hall, Person
from server.cli.demo.status import Status
from server.cli.errors import Stopped
from server.cli.installation import known, opened
from server.kit.scope import Scope
from server.settings import Settings, read
from server.wiring import Wiring

NOBODY = "No demo is running here: start one with `make demo`, or say where its data is with --data."
TICK = 0.2  # seconds between two looks at who does what
QUIETEST, BUSIEST = 0.2, 1.6  # deeds a second: of a handful, and in a full hall, for people read too
REST = 20.0  # seconds before the same person does something again
ARRIVED, LEAVING = 0.2, 0.92  # shares of the time: all have come; the last words


class Crowd:
    """Everybody, and what the hour asks of them."""

    def __init__(self, hall: Hall, many: int, seconds: float, chance: random.Random) -> None:
        self._hall = hall
        self._chance = chance
        self._seconds = seconds
        self._acts: set[asyncio.Task[None]] = set()
        self.people = [
            Person(number, name, language, hall)
            for number, (name, language) in enumerate(voices.names(many, chance))
        ]
        self._plan = self._waves()

    @property
    def here(self) -> list[Person]:
        """Return who stands in the hall."""
        return [person for person in self.people if person.here]

    def _waves(self) -> list[tuple[float, Person, bool]]:
        """Plan who comes and who goes, and when: three waves in, a few out and back, all out at the end."""
        chance, end = self._chance, self._seconds
        plan: list[tuple[float, Person, bool]] = []
        for person in self.people:
            wave = chance.choice((0.02, 0.02, 0.08, 0.14)) * end
            plan.append((min(max(0.0, chance.gauss(wave, end * 0.015)), end * ARRIVED), person, True))
            if chance.random() < 0.1:  # the kettle, the door, the train in a tunnel
                away = chance.uniform(0.35, 0.7) * end
                plan += [(away, person, False), (away + chance.uniform(0.03, 0.1) * end, person, True)]
            plan.append((chance.uniform(LEAVING, 1.0) * end, person, False))
        return sorted(plan, key=lambda step: step[0])

    async def run(self, status: Status, stop: asyncio.Event) -> None:
        """Let the hour pass."""
        began = before = time.monotonic()
        try:
            while not stop.is_set() and (now := time.monotonic()) < began + self._seconds:
                self._move(now - began)
                self._act(now, now - before, (now - began) / self._seconds)
                before = now
                status.show(len(self.here), self._hall.done, began + self._seconds - now)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TICK):
                        await stop.wait()
        finally:
            await self._home()

    def _move(self, passed: float) -> None:
        while self._plan and self._plan[0][0] <= passed:
            _, person, comes = self._plan.pop(0)
            self._begin(person.come() if comes and not person.gone else person.go())

    def _act(self, now: float, elapsed: float, share: float) -> None:
        """Let some do something: more in a full hall, but never so much that nobody can read."""
        here = [person for person in self.here if person.rests_until <= now]
        pace = min(BUSIEST, QUIETEST + len(self.here) / 250)
        while here and self._chance.random() < pace * elapsed:
            person = here.pop(self._chance.randrange(len(here)))
            person.rests_until = now + REST
            self._begin(self._deed(person, share))
            elapsed -= 1 / pace

    async def _deed(self, person: Person, share: float) -> None:
        chance, heard = self._chance, [one for one in self._hall.heard if one.author.id != person.id]
        kind = chance.choices(("say", "answer", "react", "float"), (45, 15, 28, 12))[0]
        if kind == "float":
            for _ in range(chance.randint(1, 3)):
                await person.float(chance.choice(voices.EMOJI[:3]))
        elif kind == "react" and heard:
            await person.react(chance.choice(heard[-8:]).id, chance.choice(voices.EMOJI))
        elif kind == "answer" and heard:
            asked = chance.choice(heard[-5:])
            moment = "answers" if "?" in asked.body else "replies"
            await person.say(voices.line(person.language, moment, chance), asked.id)
        else:
            moment = "greetings" if share < ARRIVED else "goodbyes" if share > LEAVING else "words"
            await person.say(voices.line(person.language, moment, chance))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._acts.add(task)
        task.add_done_callback(self._acts.discard)

    async def _home(self) -> None:
        for task in list(self._acts):
            task.cancel()
        await asyncio.gather(*self._acts, return_exceptions=True)
        await asyncio.gather(*(person.go() for person in self.people))


def send_crowd(environment: Path, many: int, minutes: float) -> int:
    """Send a crowd to the demo whose settings stand in a file, and stay with it until it has gone home."""
    found = read({**known(os.environ), **_variables(environment)})
    if not _answers(found.public_url):
        raise Stopped(NOBODY)
    return asyncio.run(_crowd(found, many, minutes))


def _variables(path: Path) -> dict[str, str]:
    """Read what the demo wrote for a shell; raise Stopped when it never ran."""
    try:
        words = shlex.split(path.read_text())
    except OSError:
        raise Stopped(NOBODY) from None
    return dict(word.split("=", 1) for word in words if "=" in word)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=10):  # noqa: S310 - our own address
            return True
    except OSError:
        return False


async def _crowd(found: Settings, many: int, minutes: float) -> int:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with opened(found) as wiring:
        hall = await _hall(wiring, found.public_url)
        people = Crowd(hall, many, minutes * 60, random.Random())  # noqa: S311 - no secret
        async with Client(hall.socket, origin=hall.origin) as listener:
            await listener.join(hall.topic, on_event=hall.hear)
            with Status(many) as status:
                await people.run(status, stop)
    status.sum(hall.done, stopped=stop.is_set())
    return 0


async def _hall(wiring: Wiring, url: str) -> Hall:
    """Find the room of the gathering that is on; raise Stopped when none is."""
    church = await wiring.tenants.by_slug(SLUG)
    scope = Scope(church.ref)
    current, _ = await wiring.events.now(scope)
    if current is None:
        raise Stopped("No gathering is on: open one in the console, under Gatherings.")
    room = await wiring.rooms.by_gathering(scope, current.id)
    return Hall(wiring.auth, church.ref, room.id, url)
