"""The chat in a browser that keeps nothing for third parties, told so in its own settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect, sync_playwright

from tests.browser.sunday import Sunday, eventually
from tests.browser.visitors import CHROMIUM, church_at_work, sunday

__all__ = ["church_at_work", "sunday"]  # fixtures


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[BrowserContext]:
    """Give a browser that refuses frames of other sites any storage."""
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(
        '{"profile": {"cookie_controls_mode": 1, "block_third_party_cookies": true}}'
    )
    rules = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost"
    options = [
        "--no-sandbox",
        f"--host-resolver-rules={rules}",
        "--disable-features=ThirdPartyStoragePartitioning",  # else a frame gets a store for this website alone
    ]
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path, executable_path=CHROMIUM, args=options
        )
        yield context
        context.close()


def test_without_storage_the_page_remembers(sunday: Sunday, strict: BrowserContext) -> None:
    """Sign in, write, and a draft that outlives a lock: all of it lives as long as the page and is kept nowhere."""
    page = strict.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(sunday.site.put(sunday.snippet))
    page.locator("narthex-chat .launcher").click()
    expect(page.locator("narthex-chat iframe.shown")).to_be_visible(timeout=30_000)
    frame = page.frame_locator("narthex-chat iframe")
    handle = page.locator("narthex-chat iframe").element_handle()
    inside = handle.content_frame()
    assert inside is not None
    refused = "(() => { try { return `kept ${localStorage.length}` } catch (error) { return error.name } })()"
    assert inside.evaluate(refused) == "SecurityError"
    frame.locator("textarea").fill("From a strict browser")
    frame.locator(".send").click()
    frame.locator("#nickname").fill("Anna S")
    frame.locator("[name=consent]").check()
    frame.locator("dialog .primary").click()
    eventually(lambda: ("Anna S", "From a strict browser") in sunday.saved())
    frame.locator("textarea").fill("half a sen")
    sunday.change_room(locked=True)
    expect(frame.locator(".bar")).to_be_visible()
    sunday.change_room(locked=False)
    expect(frame.locator("narthex-composer textarea")).to_have_value("half a sen")
    frame.locator(".send").click()
    eventually(lambda: ("Anna S", "half a sen") in sunday.saved())
    assert complaints == []
