"""Nothing jumps: whoever reads is not moved by what comes in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from uuid import uuid4

from playwright.sync_api import Page, expect

from realtime.client import Client
from tests.browser.sunday import Guest, Sunday, eventually, steady
from tests.browser.visitors import Visitor, chromium, church_at_work, sunday, visitor

__all__ = ["chromium", "church_at_work", "sunday", "visitor"]  # fixtures

Come = Callable[..., Visitor]
WATCH = """() => {
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
            if (!entry.hadRecentInput) window.shifts.push([
                entry.value, entry.sources.map(s => s.node?.className ?? s.node?.nodeName ?? "")]);
        }
    }).observe({type: "layout-shift", buffered: true});
}"""
FIXED = ("header", "narthex-composer", ".typing", ".scroller")


def places(page: Page) -> dict[str, object]:
    """Return where the parts that frame the conversation stand."""
    found: dict[str, object] = {}
    for selector in FIXED:
        part = page.locator(selector).first
        found[selector] = part.bounding_box() if part.count() else None
    return found


async def bustle(sunday: Sunday, guests: Sequence[Guest]) -> None:
    """Come in, type, write, throw hearts and leave, each on a socket of their own."""
    url, topic = sunday.server.url, f"chat:{sunday.room}"

    async def one(guest: Guest, number: int) -> None:
        async def token() -> str:
            return guest.token

        async with Client(f"{url.replace('http', 'ws')}/live/grace", token, origin=url) as client:
            await client.join(topic)
            for n in range(4):
                await client.push(topic, "typing", {})
                await client.push(topic, "float", {"emoji": "🙏"})
                words = f"{number}.{n} " + "and some more words of different length " * (n % 3)
                await client.push(topic, "message.send", {"body": words}, str(uuid4()))

    await asyncio.gather(*(one(guest, number) for number, guest in enumerate(guests)))


def test_nothing_shifts_while_a_room_is_busy(sunday: Sunday, visitor: Come) -> None:
    """Messages, typing, presence and hearts come into a full screen: layout shift is 0, and nothing around moves."""
    first = sunday.guest("Ruth")
    for number in range(40):
        first.say(f"Line {number}")
    reader = visitor(phone=True)
    reader.page.goto(sunday.chat)
    expect(reader.page.get_by_text("Line 39")).to_be_visible()
    eventually(lambda: reader.page.evaluate("document.fonts.status") == "loaded")
    reader.page.evaluate(WATCH)
    before = steady(reader.page, lambda: places(reader.page))
    sunday.beside(bustle(sunday, [sunday.guest(f"Guest {n}") for n in range(6)])).result(60)
    expect(reader.page.get_by_text("5.3 and").or_(reader.page.get_by_text("5.3", exact=True))).to_be_visible()
    assert reader.page.evaluate("window.shifts") == []
    assert places(reader.page) == before


def test_nothing_shifts_while_it_opens(sunday: Sunday, visitor: Come) -> None:
    """From the first paint to the messages, the skeleton keeps the places of what comes."""
    first = sunday.guest("Ruth")
    for number in range(20):
        first.say(f"Line {number}")
    reader = visitor(phone=True)
    reader.page.add_init_script(f"({WATCH})()")
    reader.page.goto(sunday.chat)
    expect(reader.page.get_by_text("Line 19")).to_be_visible()
    reader.page.wait_for_timeout(500)
    assert sum(value for value, _ in reader.page.evaluate("window.shifts")) < 0.1


def test_the_host_page_does_not_move(sunday: Sunday, visitor: Come) -> None:
    """The launcher comes, the chat opens and closes: the church's own page stays as it is to the pixel."""
    reader = visitor()
    text = "".join(f"<p>Paragraph {n} of a church's page.</p>" for n in range(30))
    reader.page.add_init_script(f"({WATCH})()")
    reader.page.goto(sunday.site.put(f"<main>{text}</main>{sunday.snippet}"))
    launcher = reader.page.locator("narthex-chat .launcher")
    launcher.wait_for()
    main, mask = reader.page.locator("main"), [reader.page.locator("narthex-chat")]
    before = steady(reader.page, lambda: main.screenshot(mask=mask))
    launcher.click()
    expect(reader.page.locator("narthex-chat iframe.shown")).to_be_visible()
    reader.page.keyboard.press("Escape")
    expect(reader.page.locator("narthex-chat .panel")).to_be_hidden()
    assert reader.page.evaluate("window.shifts") == []
    eventually(lambda: main.screenshot(mask=mask) == before)
