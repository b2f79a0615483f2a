"""What the journeys of prayer share: the pages, people who ask and who decide, a screen that is looked at closely."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from playwright.sync_api import Page

from server.domains.care.schemas import SessionShown
from server.domains.chat.schemas import Send
from server.domains.prayer.models import Verdict
from server.domains.prayer.schemas import Decision
from server.domains.rota.schemas import Here
from server.kit.scope import Actor, Scope
from tests.browser.sunday import Sunday

AXE = (Path(__file__).parents[2] / "widgets" / "node_modules" / "axe-core" / "axe.min.js").read_text()
PICTURES = os.environ.get("NARTHEX_TEST_PICTURES")  # a folder that keeps what each state looked like
SIZES = ((390, 844), (1280, 900))
PATIENCE = 60_000  # ms; two cores carry a server, a worker, a database and several browsers


class Praying:
    """The church `grace`, as far as it prays."""

    def __init__(self, sunday: Sunday) -> None:
        self.sunday = sunday
        pages = f"{sunday.server.url}/w/grace"
        self.wall, self.form, self.live = (
            f"{pages}/prayer-wall",
            f"{pages}/prayer-request",
            f"{pages}/live-prayer",
        )
        self.lobby = f"{sunday.server.url}/wall/grace"

    def person(self, name: str, *roles: str) -> Scope:
        """Return somebody who has no account, with the rights of one."""
        return self.sunday.run(lambda _, system: _person(system, name, roles or ("pastor",)))

    def ask(self, body: str, **more: Any) -> UUID:
        """Ask as a guest whose browser is somewhere else."""

        async def work(wiring: Any, system: Scope) -> UUID:
            from server.domains.prayer.schemas import Ask

            guest = Scope(system.tenant, Actor("guest", uuid4(), "Visitor"))
            wanted = {"visibility": "wall", "wall_consent": True, **more}
            return (await wiring.asking.ask(guest, Ask(body, **wanted))).id  # type: ignore[no-any-return]

        return self.sunday.run(work)

    def decide(self, id: UUID, verdict: Verdict = "approve") -> None:
        """Decide about a request as a pastor, over the words as they are."""

        async def work(wiring: Any, system: Scope) -> None:
            pastor = await _person(system, "Pia", ("pastor",))
            version = (await wiring.tending.one(pastor, id)).version
            await wiring.tending.decide(pastor, id, Decision(verdict, version))

        self.sunday.run(work)

    def put_up(self, body: str, **more: Any) -> UUID:
        id = self.ask(body, **more)
        self.decide(id)
        return id

    def take_down(self, id: UUID) -> None:
        """Put a request away, as the team does with what should not stand any more."""

        async def work(wiring: Any, system: Scope) -> None:
            await wiring.tending.archive(await _person(system, "Pia", ("pastor",)), id)

        self.sunday.run(work)

    def waiting(self) -> dict[str, Any]:
        """Return what waits for the team, by its words."""

        async def work(wiring: Any, system: Scope) -> dict[str, Any]:
            from server.domains.prayer.models import Wanted

            pastor = await _person(system, "Pia", ("pastor",))
            return {one.body: one for one in await wiring.tending.page(pastor, Wanted(state="held"))}

        return self.sunday.run(work)

    def encourage(self, id: UUID, body: str, name: str) -> None:
        """Write a word below a request that the team lets stand."""

        async def work(wiring: Any, system: Scope) -> None:
            from server.domains.prayer.schemas import NewReply

            guest = Scope(system.tenant, Actor("guest", uuid4(), name))
            reply, _ = await wiring.wall.encourage(guest, id, NewReply(body))
            async with wiring.database.transaction(await _person(system, "Pia", ("pastor",))) as tx:
                await wiring.encouragement.decide_reply_in(tx, reply.id, approve=True, version=1)

        self.sunday.run(work)

    # ---- one-to-one

    def here(self, volunteer: Scope, *, here: bool = True) -> None:
        self.sunday.run(lambda wiring, _: wiring.rota.be_here(volunteer, Here(here, ["en", "es"])))

    def accept(self, volunteer: Scope) -> SessionShown:
        """Go to whoever has waited longest."""

        async def work(wiring: Any, system: Scope) -> SessionShown:
            rows = await wiring.care.page(await _person(system, "Pia", ("pastor",)), before=None, most=50)
            waiting = [one.id for one in rows if one.state == "waiting"]
            return await wiring.care.accept(volunteer, waiting[-1])  # type: ignore[no-any-return]

        return self.sunday.run(work)

    def say(self, volunteer: Scope, session: SessionShown, body: str) -> None:
        assert session.room is not None
        room = session.room
        self.sunday.run(lambda wiring, _: wiring.chat.post(volunteer, room, Send(body)))

    def hand_over(self, volunteer: Scope, session: SessionShown, email: str) -> None:
        """Let somebody who has an account go on."""

        async def work(wiring: Any, system: Scope) -> None:
            async with wiring.database.transaction(system, readonly=True) as tx:
                to = await wiring.accounts.find(tx, email)
            await wiring.care.hand_over(volunteer, session.id, to.id)

        self.sunday.run(work)

    def end(self, volunteer: Scope, session: SessionShown) -> None:
        self.sunday.run(lambda wiring, _: wiring.care.end(volunteer, session.id))


async def _person(system: Scope, name: str, roles: tuple[str, ...]) -> Scope:
    """Return the same id for the same name: the queue and the rota know people by it."""
    id = UUID(bytes=name.encode().ljust(16, b"\0")[:16], version=4)
    return Scope(system.tenant, Actor("person", id, name, frozenset(roles)))


def findings(page: Page) -> list[str]:
    """Return what axe-core has against the page as it stands."""
    page.evaluate(AXE)
    found = page.evaluate("""async () => {
        const {violations} = await axe.run(document, {resultTypes: ['violations']});
        return violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.html.slice(0, 160)} | ${n.failureSummary}`));
    }""")
    return list(found)


class Look:
    """Looks at a page narrow and wide, light and dark, and remembers every finding with the state it was in."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: list[str] = []

    def __call__(self, name: str) -> None:
        for width, height in SIZES:
            self.page.set_viewport_size({"width": width, "height": height})
            if (wide := self.page.evaluate("document.documentElement.scrollWidth")) > width:
                self.found.append(f"{name} {width}: it is {wide} px wide")
            for scheme in ("light", "dark"):
                self.page.emulate_media(color_scheme=scheme)
                self.found += [f"{name} {width} {scheme}: {one}" for one in findings(self.page)]
                if PICTURES:
                    self.page.screenshot(path=f"{PICTURES}/{name}-{width}-{scheme}.png", full_page=True)
        self.page.emulate_media(color_scheme="light")
