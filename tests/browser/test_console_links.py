"""The pages behind mailed links, from the letter to the console."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from server.kit.scope import Actor, Scope
from server.settings import Settings
from server.wiring import Wiring
from tests.browser.console import PASSWORD, Desk, Letters, person
from tests.web_process import Process


@pytest.fixture
def letters(wiring: Wiring, settings: Settings, system: Scope) -> Letters:
    """Give the letters of `grace`."""
    return Letters(wiring, settings, system)


async def test_invitation(
    browser: Browser, process: Process, wiring: Wiring, system: Scope, letters: Letters
) -> None:
    """An invited person chooses name and password by keyboard alone, and is signed in; the link works once."""
    owner = await person(wiring, system, "Anna", "owner")
    inviter = Scope(system.tenant, Actor("person", owner.id, owner.name, owner.roles), system.origin)
    await wiring.links.invite(inviter, email="ruth@grace.example", roles=frozenset({"moderator"}))
    link = await letters.link("invite")

    desk = await Desk.open(browser, process, link)
    page = desk.page
    await expect(page.locator("h1")).to_have_text("Welcome to Grace Church")
    assert "#" not in page.url
    assert link.split("=")[1] not in await page.evaluate("JSON.stringify([history.state, document.cookie])")
    assert await page.evaluate("localStorage.length + sessionStorage.length") == 0
    await desk.look("invite")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Ruth")
    await page.keyboard.press("Tab")
    await page.keyboard.type("password1234")
    await page.keyboard.press("Enter")
    await expect(page.locator("#password-error")).to_contain_text("Many people use this password")
    await desk.look("invite-refused")
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".signed-in-as, nav")
    desk.check()

    again = await Desk.open(browser, process, link, language="es")
    await expect(again.page.locator("h1")).to_have_text("Esta invitación ya no sirve")
    await again.look("invite-over")
    again.check()


async def test_forgotten_password(
    browser: Browser, process: Process, wiring: Wiring, system: Scope, letters: Letters
) -> None:
    """A forgotten password is set anew by a letter; a stranger's address gets the same answer and no letter."""
    await person(wiring, system, "Ruth", "moderator")
    desk = await Desk.open(browser, process)
    page = desk.page
    sentences = []
    for email in ("nobody@grace.example", "ruth@grace.example"):
        await page.get_by_role("button", name="Forgot your password?").click()
        await page.fill("#email", email)
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Look into your mailbox")
        sentences.append((await page.inner_text("main")).replace(email, "…"))
        await page.get_by_role("button", name="Go to sign-in").click()
    assert sentences[0] == sentences[1]

    await page.goto(desk.url + await letters.link("reset"))
    await expect(page.locator("h1")).to_have_text("Choose a new password")
    await desk.look("reset")
    await page.fill("#password", "another walk, in the woods")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").first).to_contain_text("Your new password is set")
    assert await page.input_value("#email") == "ruth@grace.example"
    await page.fill("#password", "another walk, in the woods")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".signed-in-as, nav")
    desk.check()
