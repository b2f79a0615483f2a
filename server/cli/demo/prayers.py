"""The demo church's prayers: what stands on its walls, what waits for its team, and words that are kept for answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from server.cli.demo.logins import LOGINS
from server.cli.installation import opened
from server.domains.accounts.models import Person
from server.domains.phrases.schemas import PhraseBody
from server.domains.prayer.models import OnWalls
from server.domains.prayer.schemas import Answered, Ask, Decision, Flag, NewReply
from server.domains.rota.schemas import Plan
from server.kit.clock import SystemClock
from server.kit.scope import Actor, Scope
from server.settings import Settings
from server.wiring import Wiring

PASTOR, TEAM = "pastor@grace.example", ("samuel.adeyemi@grace.example", "lucia.fernandez@grace.example")
MARK = "demo-device-number-{:04d}"  # each stands for one visitor's device


class Told(msgspec.Struct, frozen=True):
    """One request of the demo: who asked (nobody: a visitor), how many days ago, and what became of it."""

    days: float
    body: str
    asker: str = ""
    prayed: int = 0
    more: dict[str, Any] = {}
    words: tuple[tuple[str, str], ...] = ()  # encouragement: who, and what
    answered: str = ""


WALL = {"visibility": "wall", "wall_consent": True}
STANDING = (
    Told(
        9.2,
        "Our little one was born ten weeks early. She is in the neonatal ward and weighs as much as a bag of sugar. "
        "Please pray for her lungs, and for two very tired parents.",
        "abigail.stone@grace.example",
        48,
        {**WALL, "name": "Abigail", "category": "family", "urgent": True},
        (("grace.mbeki@grace.example", "Every morning on the bus, for all three of you."),),
    ),
    Told(
        8.0,
        "I start chemotherapy on Monday. I am more afraid of the waiting room than of the drip.",
        "",
        31,
        {**WALL, "anonymous": True, "category": "health"},
        (("peter.novak@grace.example", "You will not sit there alone in our prayers."),),
    ),
    Told(
        6.5,
        "Work, please, any work with regular hours. Four months of letters and not one answer.",
        "jonah.petersen@grace.example",
        22,
        {**WALL, "name": "Jonah", "category": "work"},
        answered="The bakery on Mill Lane took me on. I start at four in the morning and I have never been so glad "
        "about an alarm clock.",
    ),
    Told(
        5.0,
        "Por mi madre en Valencia, que vive sola y empieza a olvidar los nombres de sus nietos.",
        "lucia.fernandez@grace.example",
        17,
        {**WALL, "name": "Lucía", "category": "family", "language": "es"},
    ),
    Told(
        4.1,
        "For the people whose homes the river took this week, and for those who row out to fetch them.",
        "",
        26,
        {**WALL, "category": "world", "name": "A neighbour"},
    ),
    Told(
        3.0,
        "My father died in March and we had not spoken for two years. I do not know where to put that.",
        "",
        3,
        {**WALL, "anonymous": True, "category": "grief"},
    ),
    Told(
        2.2,
        "Thank you for praying for my sister. She walked to the window today and waved at us in the car park!",
        "grace.mbeki@grace.example",
        39,
        {**WALL, "name": "Grace", "category": "thanks"},
    ),
    Told(
        1.0,
        "Exams next week. I have studied, I just need to sleep.",
        "noor.haddad@grace.example",
        12,
        {**WALL, "name": "Noor", "category": "other"},
    ),
    Told(
        0.3,
        "A friend of mine has stopped answering the phone. Please pray that she lets somebody in.",
        "",
        6,
        {
            **WALL,
            "anonymous": True,
            "for_whom": "other",
            "consent": True,
            "urgent": True,
            "category": "other",
        },
    ),
    Told(
        2.0,
        "For our elders as they choose a treasurer, and for patience in long meetings.",
        "esther.kim@grace.example",
        5,
        {"visibility": "members", "name": "Esther", "category": "other"},
    ),
    Told(
        1.5,
        "My marriage. I will not write more, but please.",
        "",
        2,
        {"visibility": "team", "anonymous": True, "category": "family"},
    ),
)
WAITING = (
    Told(
        0.05,
        "Please pray for my husband Daniel Carter, he drinks again. You can call me on 01632 960 482.",
        "",
        0,
        {**WALL, "name": "Sarah", "category": "family"},
    ),
    Told(
        0.03,
        "Our son flies home tonight after eight months away. Safe landing, please!",
        "peter.novak@grace.example",
        0,
        {**WALL, "name": "Peter", "category": "thanks"},
    ),
    Told(
        0.01,
        "I have an interview with the immigration office tomorrow at nine and I cannot eat.",
        "",
        0,
        {"visibility": "team", "anonymous": True, "urgent": True, "category": "other"},
    ),
)
HELD_WORDS = (
    "We went through the same with our twins. Hold on, they grow so fast.",
    "hannah.brandt@grace.example",
)
PHRASES = (
    PhraseBody(
        "We are praying", "Thank you for trusting us with this. We pray for you by name today.", "Psalm 34:18"
    ),
    PhraseBody(
        "Left out a name", "We left out a name, so that nobody is talked about who was not asked.", ""
    ),
    PhraseBody("Estamos orando", "Gracias por confiar en nosotros. Hoy oramos por ti.", "Salmo 34:18", "es"),
)


class Ago(SystemClock):
    """A clock that stands some days back, so that the wall has not been filled in one morning."""

    def __init__(self) -> None:
        super().__init__()
        self.days = 0.0

    def now(self) -> datetime:
        """Return the time it was then."""
        return super().now() - timedelta(days=self.days)


async def fill_prayers(found: Settings, scope: Scope) -> None:
    """Fill walls and queue, once; `scope` is the owner's."""
    clock = Ago()
    async with opened(found, clock) as wiring:
        if (await wiring.wall.page(scope, OnWalls(visibilities=("wall",))))[0]:
            return
        people = await _people(wiring, scope)
        pastor = _as(scope, people[PASTOR])
        ids = []
        for told in STANDING:
            clock.days = told.days
            ids.append(await _ask(wiring, scope, people, told))
            await wiring.tending.decide(pastor, ids[-1][0], Decision("approve", 1))
        clock.days = 0.0
        for told, (id, token) in zip(STANDING, ids, strict=True):
            await _pray(wiring, scope, told, id)
            await _add_words(wiring, scope, people, told, id)
            if told.answered:
                await wiring.asking.answered(Scope(scope.tenant), id, Answered(told.answered), token)
        for told in WAITING:
            clock.days = told.days
            await _ask(wiring, scope, people, told)
        clock.days = 0.0
        words, who = HELD_WORDS
        await wiring.wall.encourage(_as(scope, people[who]), ids[0][0], NewReply(words))
        await wiring.wall.flag(
            _as(scope, people[TEAM[0]]), ids[5][0], Flag("private", "Does the family know?")
        )
        for phrase in PHRASES:
            await wiring.phrases.add(pastor, phrase)
        await _shifts(wiring, pastor, people)


async def _people(wiring: Wiring, scope: Scope) -> dict[str, Person]:
    found = await wiring.accounts.page(scope, most=200)
    return {person.email: person for person in found if person.email is not None}


def _as(scope: Scope, person: Person) -> Scope:
    return Scope(scope.tenant, Actor("person", person.id, person.name, person.roles))


async def _ask(wiring: Wiring, scope: Scope, people: dict[str, Person], told: Told) -> tuple[Any, str]:
    asker = _as(scope, people[told.asker]) if told.asker else Scope(scope.tenant)
    asked = await wiring.asking.ask(asker, Ask(told.body, **told.more))
    return asked.id, asked.link.rpartition(".")[2]


async def _pray(wiring: Wiring, scope: Scope, told: Told, id: Any) -> None:
    """Let visitors have prayed, where visitors read."""
    if told.more["visibility"] == "wall":
        for number in range(told.prayed):
            await wiring.wall.pray(Scope(scope.tenant), id, MARK.format(number))


async def _add_words(wiring: Wiring, scope: Scope, people: dict[str, Person], told: Told, id: Any) -> None:
    """Let others have written, and the team have let it stand."""
    for who, words in told.words:
        reply, _ = await wiring.wall.encourage(_as(scope, people[who]), id, NewReply(words))
        pastor = _as(scope, people[PASTOR])
        async with wiring.database.transaction(pastor) as tx:
            await wiring.encouragement.decide_reply_in(tx, reply.id, approve=True, version=reply.version)


async def _shifts(wiring: Wiring, pastor: Scope, people: dict[str, Person]) -> None:
    """Plan two volunteers for every day, and a leader who is called."""
    now = wiring.clock.now().replace(minute=0, second=0, microsecond=0)
    for day in range(7):
        begins = now + timedelta(days=day)
        for email, duty in ((TEAM[0], "prayer"), (TEAM[1], "prayer"), (PASTOR, "leader")):
            person = people[email]
            languages = ["en", "es"] if email == TEAM[1] else ["en"]
            await wiring.rota.plan(
                pastor,
                Plan(
                    person.id,
                    duty,  # type: ignore[arg-type]
                    begins,
                    begins + timedelta(hours=14),
                    "Europe/London",
                    weekly=True,
                    languages=languages,
                ),
            )


assert PASTOR in {login.email for login in LOGINS}
