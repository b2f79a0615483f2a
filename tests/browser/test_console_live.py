"""The live desk: a volunteer keeps a room kind, by keyboard alone and on a phone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
from playwright.async_api import Browser, Page, expect

from server.domains.events.schemas import Plan
from server.domains.safety.models import Rules, WordRule
from server.kit.scope import Scope
from server.wiring import Wiring
from tests.browser.console import Desk, person
from tests.web_process import Process


async def sunday(wiring: Wiring, system: Scope) -> str:
    """Plan a gathering whose doors are open and return its room."""
    now = datetime.now(UTC)
    plan = Plan("Sunday worship", now - timedelta(minutes=20), now + timedelta(hours=1), "Europe/Berlin")
    gathering = await wiring.events.plan(system, plan)
    window = (gathering.opens_at, gathering.closes_at)
    async with wiring.database.transaction(system) as tx:
        return str((await wiring.rooms.put_gathering(tx, gathering.id, gathering.title, window)).id)


class Guest:
    """Somebody who writes without a browser."""

    def __init__(self, process: Process, room: str, name: str) -> None:
        self._room = room
        self._client = httpx.Client(base_url=f"{process.url}/api/v1/grace", timeout=30)
        made = self._client.post("/auth/guest", json={"nickname": name, "consent": "1"})
        self._client.headers["authorization"] = f"Bearer {made.raise_for_status().json()['access_token']}"

    def say(self, body: str) -> httpx.Response:
        """Write a message; return what the server answered."""
        path = f"/chat/rooms/{self._room}/messages"
        return self._client.post(path, json={"id": str(uuid4()), "body": body})


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.locator(selector).first.evaluate("e => e === document.activeElement"):
            return
    raise AssertionError(f"Tab never reached {selector}")


async def test_moderation_by_keyboard(
    browser: Browser, process: Process, wiring: Wiring, system: Scope
) -> None:
    """Messages come live; pause, undo, take down, approve and lockdown work by keys, and the server obeys."""
    room = await sunday(wiring, system)
    await person(wiring, system, "Ruth", "moderator")
    await wiring.safety.set_rules(system, Rules(words=(WordRule("casino*", "hold"),)))
    troll, kind = Guest(process, room, "Troll"), Guest(process, room, "Lena")
    kind.say("Good morning from Lagos!")
    desk = await Desk.open(browser, process, "/live")
    page = desk.page
    await desk.sign_in("ruth@grace.example")
    await expect(page.locator(".stream .text")).to_have_text(["Good morning from Lagos!"])
    troll.say("<img src=x onerror=alert(1)> you are all fools")
    await expect(page.locator(".stream li")).to_have_count(2)
    await desk.look("live")

    await tab_to(page, '[role="option"][tabindex="0"]')
    await page.keyboard.press("k")
    await expect(page.locator(".words")).to_have_text("Good morning from Lagos!")
    await page.keyboard.press("j")
    await expect(page.locator(".words")).to_contain_text("you are all fools")
    await desk.look("live-case")
    await page.keyboard.press("5")
    await expect(page.locator(".undo-bar")).to_contain_text("Troll pauses for 5 min")
    assert troll.say("still here?").json()["code"] == "timeout"
    await page.keyboard.press("z")
    await expect(page.locator(".undo-bar")).to_have_count(0)
    await expect(page.locator(".stream .text")).to_have_count(2)
    assert troll.say("casinos for you").json()["state"] == "held"
    await expect(page.locator(".status")).to_contain_text("Waiting (1)")
    await page.keyboard.press("d")
    await expect(page.locator(".stream .gone")).to_have_count(1)
    await expect(page.locator(".undo-bar")).to_contain_text("Troll")
    await desk.look("live-undo")  # it stays ten seconds: nothing that a slow look may miss comes after

    await page.keyboard.press("q")
    await expect(page.locator(".cases li")).to_be_focused()
    await expect(page.locator(".words")).to_have_text("casinos for you")
    await desk.look("live-waiting")
    await page.keyboard.press("x")
    await expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    await page.keyboard.press("q")
    await page.locator('[role="option"]').first.focus()
    await page.keyboard.press("l")
    await expect(page.get_by_text("Lockdown: only hosts can write")).to_be_visible()
    assert kind.say("May I?").json()["code"] == "lockdown"
    await page.fill("#write", "A short break, dear friends.")
    await page.keyboard.press("Enter")
    await expect(page.locator(".stream .badge").first).to_have_text("Host")
    await page.locator('[role="option"]').last.focus()
    await page.keyboard.press("l")
    await expect(page.get_by_text("Lockdown: only hosts can write")).to_have_count(0)
    assert kind.say("Thank you!").status_code == 201
    desk.check()


async def test_ban_on_a_phone(browser: Browser, process: Process, wiring: Wiring, system: Scope) -> None:
    """With a thumb: a ban with everything taken down, undone within ten seconds, and the hosts' back channel."""
    room = await sunday(wiring, system)
    await person(wiring, system, "Ruth", "moderator")
    troll = Guest(process, room, "Troll")
    troll.say("one")
    troll.say("two, and something else")
    desk = await Desk.open(browser, process, "/live", language="es")
    page = desk.page
    await page.set_viewport_size({"width": 390, "height": 844})
    await desk.sign_in("ruth@grace.example")
    await page.locator(".stream li").last.click()
    await page.get_by_role("button", name="No dejar entrar…").click()
    await desk.look("live-ban")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.get_by_role("button", name="No dejar entrar desde ahora").click()
    await expect(page.locator(".undo-bar")).to_contain_text("Troll ya no puede entrar")
    assert troll.say("three").status_code in (401, 403)
    await page.get_by_role("button", name="Deshacer").click()
    await expect(page.locator(".undo-bar")).to_have_count(0)
    await page.get_by_role("button", name="Abrir un canal para anfitriones").click()
    await expect(page.get_by_text("Nadie ha escrito todavía.")).to_be_visible()
    await page.fill("#write", "¿Quién mira la puerta?")
    await page.keyboard.press("Enter")
    await expect(page.locator(".stream .text")).to_have_text(["¿Quién mira la puerta?"])
    await desk.look("live-hosts")
    desk.check()
