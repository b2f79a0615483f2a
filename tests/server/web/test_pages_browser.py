"""Our pages in a real browser: their own policies refuse nothing, and nobody else is asked for anything."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from server.settings import Settings
from server.web.assets import DIST
from tests.web_process import Process, started

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
    pytest.mark.skipif(not (DIST / "manifest.json").exists(), reason="the widgets are not built: make setup"),
]


@pytest.fixture(scope="module")
def process(settings: Settings) -> Iterator[Process]:
    """Give a running web process."""
    with started(settings) as process:
        yield process


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give a browser that can only reach this machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
            ],
        )
        yield browser
        browser.close()


class Watched:
    """A page with everything that its browser complained about or asked for."""

    def __init__(self, browser: Browser) -> None:
        self.page: Page = browser.new_page(viewport={"width": 1280, "height": 900})
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def _said(self, message: object) -> None:
        if getattr(message, "type", "") in ("error", "warning"):
            self.complaints.append(getattr(message, "text", ""))


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """Give a page that is watched."""
    watched = Watched(browser)
    yield watched
    watched.page.close()


def check(watched: Watched, process: Process, *, signed_out: bool = False) -> None:
    """Check that the browser had nothing to say and asked nobody but us."""
    known = ["status of 401"] if signed_out else []  # the console asks whether a session is there
    assert [text for text in watched.complaints if not any(one in text for one in known)] == []
    assert watched.asked
    assert {url for url in watched.asked if not url.startswith((process.url, "data:", "blob:"))} == set()


def test_docs(watched: Watched, process: Process) -> None:
    """The API's viewer shows the operations under its strict policy, and opens one with its example."""
    watched.page.goto(f"{process.url}/docs")
    operation = watched.page.locator("#operations-churches-church")
    operation.wait_for(timeout=30_000)
    operation.locator("button.opblock-summary-control").click()
    watched.page.get_by_text('"name": "Grace Church"').first.wait_for(timeout=30_000)
    check(watched, process)


def test_console(watched: Watched, process: Process) -> None:
    """The console's sign-in appears under its strict policy and Trusted Types."""
    watched.page.goto(f"{process.url}/console/grace")
    watched.page.locator("#password").wait_for(timeout=30_000)
    assert "Grace Church" in watched.page.inner_text("h1")
    check(watched, process, signed_out=True)


def test_landing(watched: Watched, process: Process) -> None:
    """The landing page is styled and its links lead somewhere."""
    watched.page.goto(process.url)
    assert watched.page.locator("main.card").evaluate("e => getComputedStyle(e).borderTopWidth") != "0px"
    for link in watched.page.locator("a").all():
        answer = watched.page.request.get(process.url + str(link.get_attribute("href")))
        assert answer.ok
    check(watched, process)


@pytest.fixture
def other_site() -> Iterator[Callable[[str], str]]:
    """Give a function that puts a page on another website of this machine and returns its address."""
    pages: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(pages.get(self.path, b""))

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def put(markup: str) -> str:
        pages["/"] = markup.encode()
        return f"http://localhost:{server.server_port}/"

    yield put
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("path", ["/console/grace", "/docs", "/", "/api/v1/grace"])
def test_never_framed(
    watched: Watched, process: Process, path: str, other_site: Callable[[str], str]
) -> None:
    """Another website cannot show our pages in a frame."""
    asked = f"{process.url}{path}"
    with watched.page.expect_event("requestfailed", lambda request: request.url == asked) as failed:
        watched.page.goto(other_site(f'<iframe src="{asked}"></iframe>'))
    assert failed.value.failure == "net::ERR_BLOCKED_BY_RESPONSE"


def test_loader_runs_anywhere(watched: Watched, process: Process, other_site: Callable[[str], str]) -> None:
    """The pasted snippet works on another website, and loads nothing but the loader before a click."""
    watched.page.goto(
        other_site(
            f'<script src="{process.url}/embed.js" async></script><narthex-chat church="grace"></narthex-chat>'
        )
    )
    watched.page.locator("narthex-chat button").wait_for(timeout=30_000)
    ours = [url for url in watched.asked if url.startswith(process.url)]
    assert ours == [f"{process.url}/embed.js"]
    assert watched.complaints == []
