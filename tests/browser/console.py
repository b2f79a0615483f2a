"""What the console's journeys share: people, letters, a page that is watched, pictures."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec
import psycopg
from playwright.async_api import Browser, ConsoleMessage, Page

from server.domains.accounts.models import Person
from server.domains.links import listeners
from server.kit.mail import Mail
from server.kit.outbox import Listeners, decode
from server.kit.scope import Scope
from server.settings import Settings
from server.wiring import Wiring
from tests.web_process import Process

PASSWORD = "a long walk by the lake"
AXE = Path(__file__).parents[2] / "widgets" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = os.environ.get("NARTHEX_TEST_PICTURES")  # a folder that keeps what each journey looked like
SIZES = ((390, 844), (1280, 900), (1600, 1000))


class Letters:
    """Runs a church's waiting signals as the worker would, and reads the letters that come of it."""

    def __init__(self, wiring: Wiring, settings: Settings, scope: Scope) -> None:
        self._wiring = wiring
        self._owner = settings.owner_url
        self._scope = scope
        self._listeners = Listeners(listeners.listeners(wiring.links))

    async def link(self, kind: str) -> str:
        """Return the fragment of the one link of this kind that was mailed since the last call."""
        with psycopg.connect(self._owner, autocommit=True) as owner:
            query = "delete from shard.outbox where church = %s returning id, kind, data"
            rows = owner.execute(query, (self._scope.tenant.schema,)).fetchall()
            for _, name, data in sorted(rows):
                for listener in self._listeners.of(name):
                    async with self._wiring.database.transaction(self._scope) as tx:
                        await listener.handle(tx, decode(data, listener.signal))
            mails = owner.execute("delete from shard.mails returning id, data").fetchall()
        texts = [msgspec.json.decode(data, type=Mail).text for _, data in mails]
        (link,) = [one for text in texts for one in re.findall(rf"#{kind}=[\w-]{{43}}", text)]
        return str(link)


async def person(wiring: Wiring, system: Scope, name: str, *roles: str) -> Person:
    """Open an account `<name>@grace.example`."""
    return await wiring.accounts.create(
        system,
        email=f"{name.lower()}@grace.example",
        name=name,
        password=PASSWORD,
        roles=frozenset(roles),
    )


class Desk:
    """One console in one browser, and everything its browser complained about."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        self.asked: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    @classmethod
    async def open(
        cls, browser: Browser, process: Process, behind: str = "", *, language: str = "en"
    ) -> Desk:
        """Open the console of `grace` at a page or a mailed link."""
        context = await browser.new_context(locale=language, viewport={"width": 1280, "height": 900})
        desk = cls(await context.new_page(), f"{process.url}/console/grace")
        await desk.page.goto(desk.url + behind)
        return desk

    async def sign_in(self, email: str, password: str = PASSWORD) -> None:
        """Sign in at the form that is on the screen."""
        await self.page.fill("#email", email)
        await self.page.fill("#password", password)
        await self.page.keyboard.press("Enter")
        await self.page.wait_for_selector(".signed-in-as, nav")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    async def look(self, name: str) -> None:
        """Check the screen with axe-core, narrow and wide, light and dark; keep pictures when asked."""
        for width, height in SIZES:
            await self.page.set_viewport_size({"width": width, "height": height})
            assert await self.page.evaluate("document.documentElement.scrollWidth") <= width, (
                f"{name} {width}"
            )
            for scheme in ("light", "dark"):
                await self.page.emulate_media(color_scheme=scheme)
                await self._axe(f"{name} {width} {scheme}")
                if PICTURES:
                    await self.page.screenshot(path=f"{PICTURES}/{name}-{width}-{scheme}.png", full_page=True)
        await self.page.emulate_media(color_scheme="light")

    async def _axe(self, name: str) -> None:
        # through the protocol, because the page's own policy would refuse a script tag
        await self.page.evaluate(AXE.read_text())
        found = await self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        wrong = [
            (one["id"], node["html"][:200], node["failureSummary"])
            for one in found["violations"]
            for node in one["nodes"]
        ]
        assert wrong == [], f"{name}: {wrong}"

    def check(self) -> None:
        """Check that the browser had nothing to say and that nobody but us was asked."""
        assert self.complaints == []
        origin = self.url.split("/console")[0]
        others = {
            url
            for url in self.asked
            if not url.startswith((origin, origin.replace("http", "ws"), "data:", "blob:"))
        }
        assert others == set()
