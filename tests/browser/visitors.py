"""Visitors of a church's chat, each with a browser window that is watched; and the Sunday they come to.

A test file takes what it needs by importing these fixtures.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from server.embedded import Embedded
from tests.browser.sunday import Sunday, held
from tests.installation import cloned

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def church_at_work(
    postgres: Embedded, valkey: Embedded, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sunday]:
    """Give a running installation of the file's own, with a church."""
    folder: Path = tmp_path_factory.mktemp("sunday")
    with (
        cloned(postgres, template_database, valkey.valkey_url, folder) as settings,
        held(settings, folder) as sunday,
    ):
        yield sunday


@pytest.fixture
def sunday(church_at_work: Sunday) -> Sunday:
    """Give that church in a gathering of the test's own."""
    church_at_work.begin()
    return church_at_work


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Give a browser that can only reach this machine."""
    rules = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", f"--host-resolver-rules={rules}"]
        )
        yield browser
        browser.close()


class Visitor:
    """One person at one screen; what the browser complained about and asked for is kept."""

    def __init__(self, browser: Browser, *, phone: bool = False, **context: object) -> None:
        size = {"width": 390, "height": 760} if phone else {"width": 1280, "height": 800}
        self.context = browser.new_context(viewport=size, has_touch=phone, **context)  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.watch(self.page)

    def watch(self, page: Page) -> None:
        """Keep what the browser complains about on a page."""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _said(self, message: object) -> None:
        text = getattr(message, "text", "")
        # a lost connection is told by the browser itself; that is what some tests make on purpose
        if getattr(message, "type", "") in ("error", "warning") and not re.search("ERR_|WebSocket", text):
            self.complaints.append(text)

    def write(self, body: str) -> None:
        self.page.locator("narthex-composer textarea").fill(body)
        self.page.locator("narthex-composer .send").click()

    def join(self, name: str) -> None:
        """Answer the question for a name."""
        self.page.locator("#nickname").fill(name)
        self.page.locator("[name=consent]").check()
        self.page.locator("dialog .primary").click()

    def read(self) -> list[str]:
        """Return the words on screen, in order."""
        return self.page.locator(".message .text").all_inner_texts()


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """Give a function that lets somebody in; at the end nobody's browser may have complained."""
    visitors: list[Visitor] = []

    def come(**context: object) -> Visitor:
        visitors.append(Visitor(chromium, **context))  # type: ignore[arg-type]
        return visitors[-1]

    yield come
    complaints = [text for one in visitors for text in one.complaints]
    for one in visitors:
        one.context.close()
    assert not complaints, "\n".join(complaints)
