"""A Saturday in the office: rehearse, look at the chat as visitors will see it, and let somebody in again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.async_api import Browser, expect

from server.domains.events.schemas import Plan
from server.kit.scope import Scope
from server.wiring import Wiring
from tests.browser.console import Desk, person
from tests.browser.test_console_live import Guest, sunday
from tests.web_process import Process


async def test_rehearsal(browser: Browser, process: Process, wiring: Wiring, system: Scope) -> None:
    """An owner rehearses a gathering of tomorrow; a visitor sees the countdown and no word; its end leaves nothing."""
    starts = datetime.now(UTC) + timedelta(days=1)
    gathering = await wiring.events.plan(system, Plan("Sunday", starts, starts + timedelta(hours=1), "UTC"))
    async with wiring.database.transaction(system) as tx:
        window = (gathering.opens_at, gathering.closes_at)
        await wiring.rooms.put_gathering(tx, gathering.id, gathering.title, window)
    await person(wiring, system, "Anna", "owner")
    desk = await Desk.open(browser, process, "/gatherings")
    page = desk.page
    await desk.sign_in("anna@grace.example")
    await page.get_by_role("button", name="Rehearse: Sunday").click()
    await expect(page.locator(".rehearsal")).to_contain_text("only hosts see this")
    await expect(page.get_by_text("Nobody has written yet.")).to_be_visible()
    await page.fill("#write", "Is this thing on?")
    await page.keyboard.press("Enter")
    await expect(page.locator(".stream .text")).to_have_text(["Is this thing on?"])
    await desk.look("rehearsal")

    visitor = await (await browser.new_context(locale="en")).new_page()
    await visitor.goto(f"{process.url}/w/grace/chat")
    await expect(visitor.locator("narthex-chat-app")).to_contain_text("Sunday")
    assert "thing" not in await visitor.inner_text("body")

    await page.get_by_role("link", name="Gatherings").click()
    await expect(page.locator(".badges")).to_contain_text("rehearsal")
    await desk.look("gatherings-rehearsal")
    await page.get_by_role("button", name="Go to the rehearsal: Sunday").click()
    await page.get_by_role("button", name="End the rehearsal").click()
    await expect(page.locator(".undo-bar")).to_contain_text("The rehearsal is over")
    await expect(page.locator(".rehearsal")).to_have_count(0)
    async with wiring.database.transaction(system) as tx:
        assert await tx.connection.fetchval("select count(*) from messages_messages") == 0
    desk.check()


async def test_take_back_and_let_in_again(
    browser: Browser, process: Process, wiring: Wiring, system: Scope
) -> None:
    """A message taken down stands again; somebody is found by name and kept out, and let in from the list of bans."""
    room = await sunday(wiring, system)
    await person(wiring, system, "Ruth", "moderator")
    troll = Guest(process, room, "Troll")
    assert troll.say("Good morning, all of you").status_code == 201
    desk = await Desk.open(browser, process, "/live")
    page = desk.page
    await desk.sign_in("ruth@grace.example")
    await page.locator(".stream li").first.click()
    await page.keyboard.press("d")
    await expect(page.locator(".stream .gone")).to_have_count(1)
    await page.keyboard.press("z")
    await expect(page.locator(".stream .text")).to_have_text(["Good morning, all of you"])

    await page.keyboard.press("w")
    await expect(page.locator("narthex-here li strong")).to_have_text(["Ruth"])
    await page.fill("#find", "rut")
    await expect(page.locator("narthex-here li .badge")).to_have_text("Host")
    await page.locator("narthex-here li").click()
    await desk.look("live-people")
    await page.keyboard.press("w")
    await page.locator(".stream li").first.click()
    await page.keyboard.press("b")
    await page.fill("#ban-reason", "too loud")
    await page.get_by_role("button", name="Keep out now").click()
    await expect(page.locator(".undo-bar")).to_contain_text("Troll is kept out")
    assert troll.say("Still here?").status_code in (401, 403)

    await page.get_by_role("link", name="Safety").click()
    kept = page.locator("narthex-restrained li")
    for part in ("Troll", "too loud", "by Ruth", "until"):
        await expect(kept).to_contain_text(part)
    await desk.look("safety-bans")
    await page.get_by_role("button", name="Let in again: Troll").click()
    await expect(page.locator("narthex-restrained .notice")).to_have_text("Troll may come in again.")
    await expect(kept).to_have_count(0)
    desk.check()


async def test_the_chat_as_it_will_be(
    browser: Browser, process: Process, wiring: Wiring, system: Scope
) -> None:
    """The preview wears a colour and says a text before they are saved; saved, visitors see both."""
    await sunday(wiring, system)
    await person(wiring, system, "Anna", "owner")
    desk = await Desk.open(browser, process, "/widgets")
    page = desk.page
    await desk.sign_in("anna@grace.example")
    phone = page.frame_locator("iframe.phone")
    await expect(phone.locator("narthex-chat-app")).to_contain_text("Nobody has written yet. Say hello!")
    await page.fill("#accent", "#aa3300")
    await page.locator("#radius").fill("12")
    root = phone.locator("html")
    await expect(root).to_have_css("--narthex-accent", "rgb(170 51 0)")
    await expect(root).to_have_css("--narthex-radius", "12px")
    await page.fill("#find-text", "say hello")
    await page.fill("#text-empty", "Be the first to say hello!")
    await expect(phone.locator("narthex-chat-app")).to_contain_text("Be the first to say hello!")
    await desk.look("website-preview")
    assert (await wiring.widgets.shown(system)).theme.accent == ""
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator(".notice").first).to_contain_text("Saved.")
    await page.get_by_role("button", name="Save the texts").click()
    await expect(page.get_by_role("button", name="Save the texts")).to_be_enabled()
    visitor = await (await browser.new_context(locale="en")).new_page()
    await visitor.goto(f"{process.url}/w/grace/chat")
    await expect(visitor.locator("narthex-chat-app")).to_contain_text("Be the first to say hello!")
    await expect(visitor.locator("html")).to_have_css("--narthex-accent", "rgb(170 51 0)")
    desk.check()
