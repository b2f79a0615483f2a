"""The office's pages: one's own account with its second factor, people with a key, the history."""

from __future__ import annotations

import asyncio
import contextlib
import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from playwright.async_api import Browser, TimeoutError, expect

from server.kit.scope import Scope
from server.settings import Settings
from server.wiring import Wiring
from tests.browser.console import PASSWORD, Desk, Letters, person
from tests.web_process import Process


@pytest.fixture
def letters(wiring: Wiring, settings: Settings, system: Scope) -> Letters:
    """Give the letters of `grace`."""
    return Letters(wiring, settings, system)


async def test_second_factor(browser: Browser, process: Process, wiring: Wiring, system: Scope) -> None:
    """A moderator sets up an app, keeps the codes, and is asked for a code at the next sign-in."""
    await person(wiring, system, "Ruth", "moderator")
    desk = await Desk.open(browser, process)
    page = desk.page
    await desk.sign_in("ruth@grace.example")
    await page.get_by_role("link", name="Your account").click()
    await desk.look("account")
    await page.fill("#factor-password", PASSWORD)
    await page.keyboard.press("Enter")
    secret = (await page.inner_text(".secret")).replace(" ", "")
    await expect(page.locator("#factor-code")).to_be_focused()
    await desk.look("factor")
    code = pyotp.TOTP(secret).now()
    await page.keyboard.type(code)
    await page.keyboard.press("Enter")
    await expect(page.locator(".codes li")).to_have_count(10)
    codes = await page.locator(".codes li").all_inner_texts()
    await desk.look("recovery-codes")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download").click()
    saved = await (await download.value).path()
    assert saved.read_text().split() == codes
    await page.get_by_role("button", name="I have kept them").click()
    await expect(page.locator("narthex-factor")).to_contain_text("10 recovery codes left")

    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(page.get_by_role("heading", name="Sign in to Grace Church")).to_be_visible()
    await page.fill("#email", "ruth@grace.example")
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("#totp")).to_be_focused()
    await page.get_by_role("button", name="use a recovery code").click()
    await page.fill("#totp", codes[0])
    await page.keyboard.press("Enter")
    await page.wait_for_selector("nav")
    desk.check()


async def test_people_and_history(
    browser: Browser, process: Process, wiring: Wiring, system: Scope, letters: Letters
) -> None:
    """An owner invites, gives roles and pauses; who is paused is out at once; all of it stands in the history."""
    await person(wiring, system, "Anna", "owner")
    await person(wiring, system, "Ruth", "moderator")
    other = await Desk.open(browser, process)
    await other.sign_in("ruth@grace.example")

    desk = await Desk.open(browser, process, "/people")
    page = desk.page
    await desk.sign_in("anna@grace.example")
    await expect(page.locator("h1")).to_have_text("People with a key")
    await expect(page.locator(".people > li")).to_have_count(2)
    await page.fill("#email", "new@grace.example")
    await page.get_by_role("button", name="Send the invitation").click()
    await expect(page.locator("narthex-invitations .list")).to_contain_text("new@grace.example")
    assert re.fullmatch(r"#invite=[\w-]{43}", await letters.link("invite"))
    await page.get_by_role("button", name="Change roles: Ruth").click()
    await page.locator(".editor").get_by_label("Administrator").check()
    await desk.look("people")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".people > li").nth(1)).to_contain_text("Administrator")
    await page.get_by_role("button", name="Pause: Ruth").click()
    await expect(page.locator(".badge")).to_have_text("paused")

    async with asyncio.timeout(60):
        while "Sign in" not in await other.page.locator("h1").inner_text():
            with contextlib.suppress(TimeoutError):  # it may notice by itself, and its links are gone
                await other.page.get_by_role("link", name="Your account").click(timeout=1_000)

    await page.get_by_role("link", name="History").click()
    await expect(page.locator(".list > li").first).to_contain_text("Paused")
    await page.get_by_role("button", name="Check that nothing is missing").click()
    await expect(page.get_by_text("Nothing was changed or taken out")).to_be_visible()
    await desk.look("audit")
    await page.select_option("#action", "links.invited")
    await expect(page.locator(".list > li")).to_have_count(1)
    await page.go_back()
    await expect(page.locator("h1")).to_have_text("People with a key")
    desk.check()
    other.check()


async def test_gatherings_safety_and_website(
    browser: Browser, process: Process, wiring: Wiring, system: Scope
) -> None:
    """A gathering is planned and its doors opened, a rule is tried and saved, a website allowed."""
    await person(wiring, system, "Anna", "owner")
    desk = await Desk.open(browser, process, "/gatherings")
    page = desk.page
    await desk.sign_in("anna@grace.example")
    await page.fill("#title", "Evening prayer")
    tomorrow = datetime.now(UTC) + timedelta(hours=20)
    await page.fill("#date", tomorrow.date().isoformat())
    await page.fill("#starts_at", tomorrow.strftime("%H:%M"))
    await page.fill("#ends_at", (tomorrow + timedelta(hours=1)).strftime("%H:%M"))
    await page.fill("#zone", "UTC")
    await page.keyboard.press("Enter")
    await expect(page.locator(".gatherings > li")).to_contain_text("Evening prayer")
    await desk.look("gatherings")
    await page.get_by_role("button", name="Open the doors now").click()
    await expect(page.locator(".gatherings .badge")).to_have_text("doors open")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator(".gatherings .badge")).to_contain_text("doors open in")

    await page.get_by_role("link", name="Safety").click()
    await page.fill("#word", "casino*")
    await page.select_option("#act", "refuse")
    await page.focus("#act")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.fill("#text", "C.A.S.I.N.O.S are open")
    await page.get_by_role("button", name="Try", exact=True).click()
    await expect(page.locator(".verdict")).to_have_text("It is refused: a word on your list.")
    await desk.look("safety")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".notice")).to_have_text("Saved.")
    assert [rule.pattern for rule in (await wiring.safety.rules(system))[1].words] == ["casino*"]

    await page.get_by_role("link", name="Website").click()
    await page.fill("#sites", "https://www.grace.example")
    await page.fill("#accent", "#ffcc00")
    await desk.look("website")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator(".notice").first).to_contain_text("Saved.")
    assert (await wiring.widgets.shown(system)).sites == ("https://www.grace.example",)
    desk.check()
