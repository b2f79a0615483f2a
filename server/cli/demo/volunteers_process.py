"""Two volunteers of the demo church who are always on duty, so that one person alone can try one-to-one prayer.

They say that they are here, go to whoever waits longer than a real volunteer would need, and answer a few sentences
that say what they are: nobody shall think that they talk with a person.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Sequence
from uuid import UUID

from server.cli.demo.logins import SLUG
from server.cli.demo.prayers import PASTOR, TEAM
from server.cli.installation import opened, settings
from server.domains.care.schemas import SessionShown
from server.domains.chat.schemas import Send
from server.domains.rota.schemas import Here
from server.kit.errors import AppError
from server.kit.scope import Actor, Scope
from server.wiring import Wiring

LOOK_SECONDS = 3.0
HERE_EVERY = 20  # looks between two times that they say they are here
PATIENCE_LOOKS = 15  # somebody real has three quarters of a minute to be quicker
ON_DUTY = (TEAM[1], PASTOR)  # README signs in as the other one of the team, who shall be no puppet
LANGUAGES = (["en", "es"], ["en"])
SAID = (
    "Hello {name}, I am here. (This is the demo: nobody reads this, and I have only a few sentences.)",
    "Thank you for telling me. In a real church somebody of the prayer team would answer you now.",
    "Try the other side too: sign in to the console, go on duty at the care desk, and accept the next one yourself.",
)


def volunteers_process() -> None:
    """Be on duty until told to stop."""
    asyncio.run(_serve())


async def _serve() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with opened(settings("database_url", "secret_key")) as wiring:
        team = await _team(wiring)
        watch = Watch(wiring, team)
        while not stop.is_set():
            with contextlib.suppress(AppError):  # the database may be away for a moment; the next look helps
                await watch.look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await stop.wait()


async def _team(wiring: Wiring) -> list[Scope]:
    church = await wiring.tenants.by_slug(SLUG)
    async with wiring.database.transaction(Scope.system(church.ref), readonly=True) as tx:
        people = [await wiring.accounts.find(tx, email) for email in ON_DUTY]
    return [
        Scope(church.ref, Actor("person", person.id, person.name, person.roles))
        for person in people
        if person is not None
    ]


class Watch:
    """What the two have seen: who waits for how many looks, and how many sentences each conversation has heard."""

    def __init__(self, wiring: Wiring, team: Sequence[Scope]) -> None:
        self._wiring = wiring
        self._team = team
        self._looks = 0
        self._waiting: dict[UUID, int] = {}
        self._said: dict[UUID, int] = {}

    async def look(self) -> None:
        """Look once."""
        if self._looks % HERE_EVERY == 0:
            for scope, languages in zip(self._team, LANGUAGES, strict=False):
                await self._wiring.rota.be_here(scope, Here(True, languages))
        self._looks += 1
        if not self._team:
            return
        first = self._team[0]
        for case in await self._wiring.moderation.queue(first, team="care"):
            looks = self._waiting[case.subject] = self._waiting.get(case.subject, 0) + 1
            if looks > PATIENCE_LOOKS:
                session = await self._wiring.care.accept(first, case.subject)
                await self._say(first, session)
        for session in await self._wiring.care.mine(first):
            await self._answer(first, session)

    async def _answer(self, scope: Scope, session: SessionShown) -> None:
        """Say the next sentence when the asker has written since the last one."""
        if session.room is None or session.needs_second:
            return
        page = await self._wiring.messages.history(scope, session.room, most=1)
        last = page.messages[-1] if page.messages else None
        if last is None or last.author.id != scope.actor.id:
            await self._say(scope, session)

    async def _say(self, scope: Scope, session: SessionShown) -> None:
        said = self._said.get(session.id, 0)
        if session.room is None or said >= len(SAID):
            return
        self._said[session.id] = said + 1
        await self._wiring.chat.post(scope, session.room, Send(SAID[said].format(name=session.name)))
