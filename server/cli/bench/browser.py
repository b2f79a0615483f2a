"""Chromium as a bench uses it: a church on a stage, its website beside it, and a phone of five years ago."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from string import Template
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from server.cli.bench.stage import Stage
from server.cli.demo import voices
from server.cli.errors import Stopped
from server.domains.chat.models import Post
from server.domains.events.schemas import Plan
from server.domains.safety.models import Rules
from server.domains.widgets.schemas import WidgetsChange
from server.kit.ids import new_id
from server.kit.scope import Actor, Scope
from server.web.assets import DIST, STATIC
from server.wiring import Wiring, build

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

NEEDS = "This bench needs Playwright and Chromium: run `deploy/setup.sh dev`, and `apt-get install chromium`."
PHONE = {"width": 390, "height": 760}
SLOWDOWN = 4  # of the CPU
BYTES_PER_SECOND = 1_600_000 / 8
ROUND_TRIP_MS = 150
AT_ONCE = 250  # messages written in one go
# what a church's website does by itself: without it, the share that the loader adds would be one of nothing
WORK = """<script>
for (let task = 0; task < 4; task++) setTimeout(() => {
    let sum = 0;
    for (let i = 0; i < 6e6; i++) sum += Math.sqrt(i);
    window.sum = sum;
}, 60 * task);
</script>"""


class Church(msgspec.Struct, frozen=True):
    """A church of the stage whose doors are open."""

    slug: str
    url: str

    @property
    def chat(self) -> str:
        """Return the address of its chat."""
        return f"{self.url}/w/{self.slug}/chat"


class Website:
    """The church's own website: the same page with our snippet and without it."""

    def __init__(self) -> None:
        pages: dict[str, tuple[str, bytes]] = {}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, body = pages.get(self.path, ("text/plain", b""))
                self.send_response(200 if body else 404)
                self.send_header("content-type", f"{kind}; charset=utf-8")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._pages = pages
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.origin = f"http://localhost:{self._server.server_port}"

    def put(self, church: Church) -> None:
        """Publish `/with` and `/without`; a prayer wall stands below, out of view."""
        demo = STATIC / "demo"
        values = {"origin": church.url, "church": church.slug, "name": "Grace Church"}
        page = (
            Template((demo / "index.html").read_text())
            .substitute(values)
            .replace("</head>", f"{WORK}</head>")
        )
        start, end = page.index("<!-- This is all"), page.index("</body>")
        wall = f'<div style="height:200vh"></div><narthex-prayer-wall church="{church.slug}"></narthex-prayer-wall>'
        self._pages["/with"] = ("text/html", (page[:end] + wall + page[end:]).encode())
        self._pages["/without"] = ("text/html", (page[:start] + page[end:]).encode())
        self._pages["/site.css"] = ("text/css", (demo / "site.css").read_bytes())

    def close(self) -> None:
        """Take it off the net."""
        self._server.shutdown()
        self._server.server_close()


def find_chromium() -> str:
    """Return the browser's program; raise Stopped with what is missing, before anything is started."""
    if not (DIST / "manifest.json").exists():
        raise Stopped("The widgets are not built: run `make setup`.")
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None or find_spec("playwright") is None:
        raise Stopped(NEEDS)
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a browser that reaches this machine alone.

    Frames share their page's process, as on phones with little memory: what slows the page slows them.
    """
    from playwright.sync_api import sync_playwright

    rules = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
    words = ["--no-sandbox", f"--host-resolver-rules={rules}", "--disable-site-isolation-trials"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=words)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def phone(browser: Browser, *, slow: bool) -> Iterator[tuple[Page, CDPSession]]:
    """Give a page in a fresh profile; `slow` makes CPU and network those of a phone on the road."""
    context: BrowserContext = browser.new_context(viewport=PHONE, has_touch=True)  # type: ignore[arg-type]
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    if slow:
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
        conditions = {
            "offline": False,
            "latency": ROUND_TRIP_MS,
            "downloadThroughput": BYTES_PER_SECOND,
            "uploadThroughput": BYTES_PER_SECOND,
        }
        session.send("Network.emulateNetworkConditions", conditions)
    try:
        yield page, session
    finally:
        context.close()


class Ledger:
    """Bytes that Chromium received, by address, headers included."""

    def __init__(self, session: CDPSession, origin: str) -> None:
        self._origin = origin
        self._urls: dict[str, str] = {}
        self._sizes: dict[str, float] = {}
        session.on("Network.responseReceived", self._named)
        session.on("Network.loadingFinished", self._weighed)

    def _named(self, event: dict[str, Any]) -> None:
        self._urls[event["requestId"]] = event["response"]["url"]

    def _weighed(self, event: dict[str, Any]) -> None:
        self._sizes[event["requestId"]] = event["encodedDataLength"]

    def ours(self) -> dict[str, float]:
        """Return what came from us, path by path."""
        found: dict[str, float] = {}
        for id, size in self._sizes.items():
            url = self._urls.get(id, "")
            if url.startswith(self._origin):
                path = url.removeprefix(self._origin)
                found[path] = found.get(path, 0.0) + size
        return found


def church(stage: Stage, site: str, messages: int) -> Church:
    """Make a church in whose open gathering so much has been said."""

    async def run() -> Church:
        wiring = build(stage.settings)
        await wiring.start()
        try:
            return await _church(wiring, stage.settings.public_url, site, messages)
        finally:
            await wiring.stop()

    return asyncio.run(run())


async def _church(wiring: Wiring, url: str, site: str, messages: int) -> Church:
    made = await wiring.tenants.create(f"bench-{new_id().hex[-8:]}", "Bench Church")
    system = Scope.system(made.ref)
    await wiring.safety.set_rules(system, Rules(flood_messages=0, duplicate_seconds=0))
    await wiring.widgets.put(system, WidgetsChange([site]))
    now = datetime.now(UTC)
    gathering = await wiring.events.plan(
        system, Plan("Sunday", now - timedelta(minutes=5), now + timedelta(hours=3), "Europe/London")
    )
    window = (gathering.opens_at, gathering.closes_at)
    async with wiring.database.transaction(system) as tx:
        room = await wiring.rooms.put_gathering(tx, gathering.id, gathering.title, window)
        names = voices.VOICES["en"].goodbyes
        guests = [
            await wiring.guests.welcome(tx, nickname=f"Guest {n}", consent="1", site="", locale="en")
            for n in range(len(names) * 5)
        ]
    authors = [Scope(made.ref, Actor("guest", guest.id, guest.nickname)) for guest in guests]
    await _talk(wiring, system, authors, room.id, messages)
    return Church(made.slug, url)


async def _talk(wiring: Wiring, system: Scope, authors: list[Scope], room: UUID, messages: int) -> None:
    """Let people say things of different lengths."""
    words = voices.VOICES["en"].words
    for start in range(0, messages, AT_ONCE):
        posts = [
            Post(
                authors[n // 2 % len(authors)],
                room,
                new_id(),
                f"{n}: " + " ".join(words[(n + i) % len(words)] for i in range(1 + n % 4)),
                None,
            )
            for n in range(start, min(start + AT_ONCE, messages))
        ]
        for answer in await wiring.chat.post_many(system, posts):
            if isinstance(answer, Exception):
                raise answer
