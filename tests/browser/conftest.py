"""A real browser and a real web process, for whole journeys."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, async_playwright
from playwright.async_api import expect as expect_async
from playwright.sync_api import expect

from server.settings import Settings
from server.web.assets import DIST
from tests.web_process import Process, started

# a slow machine is no fault; what is so already is seen at once
for each in (expect, expect_async):
    each.set_options(timeout=20_000)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a browser or the built widgets where these are missing."""
    if CHROMIUM is None:
        reason = "Chromium is not installed: apt-get install chromium"
    elif not (DIST / "manifest.json").exists():
        reason = "the widgets are not built: make setup"
    else:
        reason = ""
    for item in items:
        if "/tests/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)
            # two cores carry a server, a database and several browsers: tried once more, and told (tests/conftest.py)
            item.add_marker(pytest.mark.flaky(reruns=1))
            # each wait has a bound of its own; a time for the whole test would not hold for its second try
            item.add_marker(pytest.mark.timeout(600, func_only=True), append=False)
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def process(settings: Settings) -> Iterator[Process]:
    """Give a running web process of the test's own installation."""
    with started(settings) as process:
        yield process


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Give a browser that can only reach this machine."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
            ],
        )
        yield browser
        await browser.close()
