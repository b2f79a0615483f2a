"""The console's pages with nothing on them, without an answer, without a connection: seen, checked, and got over."""

from __future__ import annotations

import re

from playwright.async_api import Browser, expect

from server.kit.scope import Scope
from server.wiring import Wiring
from tests.browser.console import Desk, person
from tests.browser.test_console_live import sunday
from tests.web_process import Process

API = re.compile(r"/api/v1/")


async def test_signing_in(browser: Browser, process: Process, wiring: Wiring, system: Scope) -> None:
    """The form, its refusals, a lost connection and a church that does not exist each have a clear state."""
    await person(wiring, system, "Ruth", "moderator")
    desk = await Desk.open(browser, process)
    page = desk.page
    await expect(page.locator("#email")).to_be_visible()
    await desk.look("sign-in")
    await page.fill("#email", "ruth@grace.example")
    await page.fill("#password", "not my password")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    await desk.look("sign-in-refused")
    await page.context.set_offline(True)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("You are offline")
    await desk.look("sign-in-offline")
    await page.context.set_offline(False)
    await desk.sign_in("ruth@grace.example")
    await page.goto(desk.url.replace("/grace", "/nowhere"))
    await expect(page.get_by_role("alert")).to_contain_text("There is no church called")
    await desk.look("no-church")
    await page.goto(desk.url.replace("/grace", ""))
    await desk.look("which-church")
    desk.check()


EMPTY = [
    ("Prayers", ".empty"),
    ("Care desk", ".duty"),
    ("Rota", ".empty"),
    ("Gatherings", ".empty"),
    ("Safety", "narthex-restrained .muted"),
    ("Website", "narthex-preview iframe"),
    ("People with a key", ".people > li"),
    ("History", ".list > li"),
    ("Your account", "narthex-sessions"),
    ("Live", ".empty"),
]


async def test_pages_with_nothing_on_them(
    browser: Browser, process: Process, wiring: Wiring, system: Scope
) -> None:
    """A new church's console says what to do first; every page stays whole when the server has no answer."""
    await person(wiring, system, "Anna", "owner")
    desk = await Desk.open(browser, process)
    page = desk.page
    await desk.sign_in("anna@grace.example")
    for name, shown in EMPTY:
        await page.get_by_role("link", name=name, exact=True).click()
        await expect(page.locator(shown).first).to_be_visible()
        await desk.look(f"empty-{name.lower().replace(' ', '-')}")
    await page.route(API, lambda route: route.fulfill(status=503, body="away"))
    for name, _ in EMPTY:
        await page.get_by_role("link", name=name, exact=True).click()
        await expect(page.get_by_role("alert").first).to_be_visible()
        await desk.look(f"away-{name.lower().replace(' ', '-')}")
    await page.unroute(API)
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator(".empty")).to_be_visible()
    desk.check()


async def test_a_host_is_cut_off(browser: Browser, process: Process, wiring: Wiring, system: Scope) -> None:
    """With the server gone the desk says so, claims nothing of others, and keeps what is on the screen."""
    await sunday(wiring, system)
    await person(wiring, system, "Ruth", "moderator")
    desk = await Desk.open(browser, process, "/live")
    page = desk.page
    await desk.sign_in("ruth@grace.example")
    await expect(page.locator(".status")).to_contain_text("all delivered, 0 behind")
    process.popen.kill()
    await expect(page.locator(".status")).to_contain_text("Reconnecting… nothing is lost.")
    await expect(page.locator(".status")).not_to_contain_text("delivered")
    await desk.look("live-reconnecting")
