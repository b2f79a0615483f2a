"""One storm: clients that talk, faults that come, quiet again, and the checker (R1).

A seed decides which faults come and when; what the machine does with them, no seed decides.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import httpx
import msgspec

from server.cli.bench.stage import Room
from tests.faults.checker import Checker, Truth, Violation
from tests.faults.house import House, quietly
from tests.faults.person import Figures, Person, Refused

SETTLE_SECONDS = 60.0
"""Time for everyone to have everything once nothing is broken any more."""

ACKS_BETWEEN = 10
LONGEST_CALM = 15.0
"""Acknowledgements between two faults, and seconds after which the next one comes all the same."""

Fault = Callable[["Storm"], Awaitable[None]]


class Result(msgspec.Struct, frozen=True):
    """What a storm has done, and what was wrong afterwards."""

    seed: int
    faults: Counter[str]
    counts: Counter[str]
    violations: list[Violation]
    figures: Figures
    messages: int
    events: int
    recovered: int
    snapshots: int
    seconds: float

    def line(self) -> dict[str, Any]:
        """Return the figures under their keys."""
        return {
            "R1_lost": self.counts["lost"],
            "R1_doubled": self.counts["doubled"],
            "R1_disordered": self.counts["disordered"],
            "R1_shown_after_removal": self.counts["shown"],
            "R1_faults": self.faults.total(),
        }

    def story(self) -> dict[str, Any]:
        """Return what else is worth knowing of the run."""
        waits = sorted(self.figures.after_cut) or [0.0]
        return {
            "seed": self.seed,
            "faults": dict(self.faults),
            "messages": self.messages,
            "acked": self.figures.acked,
            "events": self.events,
            "connections": self.figures.connections,
            "closes": dict(self.figures.closes),
            "refusals": dict(self.figures.refusals),
            "silences": self.figures.silences,
            "recovered": self.recovered,
            "snapshots": self.snapshots,
            "back_p99_s": round(waits[int(len(waits) * 0.99)], 2),
            "stale": self.counts["stale"],
            "seconds": round(self.seconds, 1),
        }


class Storm:
    """Clients that talk, faults that come, and the account of both."""

    def __init__(
        self,
        house: House,
        rooms: Sequence[Room],
        *,
        clients: int,
        rate: float,
        seed: int,
        say: Callable[[str], None],
    ) -> None:
        self.house = house
        self.rooms = rooms
        self.rate = rate
        self.seed = seed
        self.say = say
        self.chance = random.Random(seed)
        self.checker = Checker()
        self.figures = Figures()
        self.faults: Counter[str] = Counter()
        topics = tuple(room.topic for room in rooms)
        self.tokens = house.lasting(rooms)
        self.people = [
            Person(number, house.live(rooms[0]), self.tokens[number], topics, self.checker, self.figures)
            for number in range(clients)
        ]
        self._acked = asyncio.Event()
        for person in self.people:
            person.on_ack = self._acked.set
        self._talking = True
        self._worked = 0
        self._tasks: list[asyncio.Task[None]] = []

    # ---- life

    async def run(self, faults: int, kinds: Sequence[Fault], *, pause: tuple[float, float]) -> Result:
        """Let the storm pass, wait until it is quiet, and verify."""
        await quietly(self.house.until_proven)
        began = time.monotonic()
        keeper = asyncio.create_task(self._keep_jobs())
        plan = [kinds[number % len(kinds)] for number in range(faults)]
        self.chance.shuffle(plan)
        try:
            async with self.crowd():
                async with self.talk():
                    for fault in plan:
                        await asyncio.sleep(self.chance.uniform(*pause))
                        await self.some_work()
                        await self.strike(fault)
                    await asyncio.sleep(1.0)
                truth = await self.settle()
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        counts = self.checker.verify(truth)
        views = self.checker.views
        return Result(
            self.seed, self.faults, counts, self.checker.violations, self.figures,
            sum(len(known.messages) for known in truth.values()), sum(view.events for view in views),
            sum(view.recovered for view in views), sum(view.snapshots for view in views), time.monotonic() - began,
        )  # fmt: skip

    @contextlib.asynccontextmanager
    async def crowd(self) -> AsyncIterator[None]:
        """Let everyone in for the length of a block."""
        lives: list[asyncio.Task[None]] = []
        try:
            await self.gather(lives)
            yield
        finally:
            for task in lives:
                task.cancel()
            await asyncio.gather(*lives, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def talk(self) -> AsyncIterator[None]:
        """Let everyone talk for the length of a block, and finish what they began."""
        self._talking = True
        talks = [asyncio.create_task(self._talk(person)) for person in self.people]
        yield
        self._talking = False
        async with asyncio.timeout(SETTLE_SECONDS * 2):
            await asyncio.gather(*talks)

    async def wrong(self) -> list[Violation]:
        """Settle and verify; return what is wrong."""
        self.checker.verify(await self.settle())
        return self.checker.violations

    async def strike(self, fault: Fault) -> None:
        """Let one fault happen."""
        name = getattr(fault, "__name__", "fault")
        began = time.monotonic()
        await fault(self)
        self.faults[name] += 1
        self.say(
            f"{self.faults.total():3} {name} ({time.monotonic() - began:.1f} s), {self.figures.acked} acknowledged"
        )

    async def gather(self, lives: list[asyncio.Task[None]]) -> None:
        """Let everyone in, the first before the others: an empty room has no position yet to come back with."""
        first = self.people[0]
        lives.append(asyncio.create_task(first.live()))
        async with asyncio.timeout(90):
            for topic in first.topics:
                await first.say(topic)
        lives += [asyncio.create_task(person.live()) for person in self.people[1:]]
        await self.all_ready(90)

    async def all_ready(self, seconds: float) -> None:
        """Wait until everyone has joined everything."""
        async with asyncio.timeout(seconds):
            for person in self.people:
                await person.ready()

    async def settle(self) -> dict[str, Truth]:
        """Wait until everyone has everything; then read what is true, and for snapshots what came before them."""
        truth = await quietly(self.house.truth, self.rooms)
        end = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < end and not self._even(truth):
            await asyncio.sleep(0.1)
        await asyncio.sleep(1.5)  # what must not come any more would come now
        async with httpx.AsyncClient(base_url=self.house.origin, timeout=20) as http:
            for person in self.people:
                for topic, view in person.views.items():
                    await self._read_back(http, person, topic, view.floor)
        known: dict[str, Truth] = await quietly(self.house.truth, self.rooms)
        return known

    def _even(self, truth: dict[str, Truth]) -> bool:
        return all(view.has_all(truth[view.topic]) for view in self.checker.views)

    async def _read_back(self, http: httpx.AsyncClient, person: Person, topic: str, floor: int) -> None:
        """Read the pages before a snapshot, as a client does that scrolls up."""
        headers = {"Authorization": f"Bearer {self.tokens[person.number]}"}
        where = f"/api/v1/{self.rooms[0].church}/chat/rooms/{topic.partition(':')[2]}/messages"
        while floor > 1:
            page = await http.get(where, params={"before": floor, "limit": 100}, headers=headers)
            page.raise_for_status()
            found = page.json()
            if not found["messages"]:
                break
            person.views[topic].page(found)
            floor = found["messages"][0]["number"]
        person.views[topic].floor = 0

    # ---- load

    async def _talk(self, person: Person) -> None:
        """Do something at random, again and again; each thing until it is answered."""
        chance = random.Random(self.seed * 1000 + person.number)
        while self._talking:
            await asyncio.sleep(chance.expovariate(self.rate))
            what = chance.random()
            try:
                await self._act(person, chance, what)
            except Refused as refused:
                self.checker.wrong("lost", person.name, f"was told {refused}")

    async def _act(self, person: Person, chance: random.Random, what: float) -> None:
        own = list(person.own)
        if what < 0.10 and own:
            await person.edit(chance.choice(own))
        elif what < 0.20 and own:
            await person.remove(chance.choice(own))
        elif what < 0.32 and person.arrivals:
            topic = chance.choice(person.topics)
            posted = [id for id, entry in person.views[topic].state.items() if entry.get("body")][-20:]
            if posted:
                await person.react(topic, chance.choice(posted))
        elif what < 0.36:
            person.cut()
        else:
            await person.say(chance.choice(person.topics))

    async def _keep_jobs(self) -> None:
        """Replace a killed background worker, as the machine's init does."""
        while True:
            await asyncio.sleep(0.5)
            self.house.rescue()

    async def some_work(self) -> None:
        """Wait until something was done since the last fault: one that hits what lies still proves nothing."""
        enough, end = self._worked + ACKS_BETWEEN, time.monotonic() + LONGEST_CALM
        while self.figures.acked < enough and time.monotonic() < end:
            await asyncio.sleep(0.02)
        self._worked = self.figures.acked

    async def next_ack(self) -> None:
        """Wait for the next acknowledgement of anyone, or a second."""
        self._acked.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self._acked.wait()

    async def who_accepts(self) -> list[int]:
        """Wait until a web process accepts, so that the next fault hits something; return those that do."""
        async with asyncio.timeout(30):
            while not (pids := self.house.accepting()):
                await asyncio.sleep(0.05)
        return pids
