"""The chat without a mouse, without sight, without motion, on a narrow screen, and what it weighs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from server.domains.widgets.models import Theme
from server.domains.widgets.schemas import WidgetsChange
from tests.browser.sunday import Sunday, eventually
from tests.browser.visitors import Visitor, chromium, church_at_work, sunday, visitor
from tests.browser.week import Week

__all__ = ["chromium", "church_at_work", "sunday", "visitor"]  # fixtures

Come = Callable[..., Visitor]
AXE = (Path(__file__).parents[2] / "widgets" / "node_modules" / "axe-core" / "axe.min.js").read_text()


def findings(page: Page) -> list[str]:
    """Return what axe-core has against the page as it stands."""
    page.evaluate(AXE)
    found = page.evaluate("""async () => {
        const {violations} = await axe.run(document, {resultTypes: ['violations']});
        return violations.map(v => `${v.id}: ${v.help} (${v.nodes.map(n => n.target.join(' ')).slice(0, 3)})`);
    }""")
    return list(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("accent", ["", "#ffdd00"], ids=["ours", "yellow"])
def test_axe_finds_nothing(sunday: Sunday, visitor: Come, scheme: str, accent: str) -> None:
    """No finding on any state: empty, talking, own words, actions, each sheet, offline, locked, closed."""
    sunday.set_widgets(WidgetsChange([sunday.site.origin], Theme(accent=accent)))
    anna = visitor(phone=True, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
    page = anna.page
    page.goto(sunday.chat)
    expect(page.get_by_text("Nobody has written yet.")).to_be_visible()
    assert findings(page) == []
    ruth = sunday.guest("Ruth")
    first = ruth.say("Good morning https://notes.example/46")
    sunday.pin(first)
    anna.write("Peace")
    expect(page.locator("#nickname")).to_be_visible()
    assert findings(page) == []
    anna.join("Anna")
    expect(page.locator(".message.sending")).to_have_count(0)
    page.locator(f"article[data-id='{first}']").tap()
    page.get_by_role("button", name="React", exact=True).tap()
    assert findings(page) == []
    page.get_by_role("button", name="React with ❤️").tap()
    page.locator(f"article[data-id='{first}']").get_by_role("button", name="More").tap()
    assert findings(page) == []
    page.get_by_role("button", name="Report").tap()
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("here. Show who")).tap()
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Settings").tap()
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="https://notes.example/46", exact=True).tap()
    assert findings(page) == []
    page.keyboard.press("Escape")
    anna.context.set_offline(True)
    page.evaluate("document.querySelector('narthex-chat-app').chat.live.wake()")
    expect(page.get_by_text("You are offline.")).to_be_visible()
    anna.write("Waiting")
    assert findings(page) == []
    anna.context.set_offline(False)
    sunday.change_room(locked=True)
    expect(page.locator(".bar")).to_contain_text("Only hosts can write", timeout=30_000)
    assert findings(page) == []
    sunday.change_room(locked=False, opens_at=sunday.minutes(30), closes_at=sunday.minutes(90))
    expect(page.get_by_text("You can write as soon as the chat opens.")).to_be_visible()
    assert findings(page) == []
    sunday.set_widgets(WidgetsChange([sunday.site.origin]))


def test_everything_by_keyboard(sunday: Sunday, visitor: Come) -> None:
    """Join, write, walk through the messages, react, reply, edit and remove, without a pointer."""
    sunday.guest("Ruth").say("Who reads today?")
    anna = visitor()
    page, press = anna.page, anna.page.keyboard.press
    page.goto(sunday.chat)
    page.locator("narthex-composer textarea").focus()
    page.keyboard.type("I can")
    press("Enter")
    page.locator("#nickname").wait_for()
    page.keyboard.type("Anna")
    press("Tab")
    press("Space")
    press("Tab")
    press("Enter")
    expect(page.locator(".message.sending")).to_have_count(0)
    expect(page.locator("narthex-composer textarea")).to_be_focused()
    press("Shift+Tab")
    expect(page.locator("article:focus")).to_contain_text("I can")
    press("ArrowUp")
    expect(page.locator("article:focus")).to_contain_text("Who reads today?")
    press("Tab")
    press("Enter")
    page.keyboard.press("Tab")
    press("Enter")
    expect(page.locator(".reaction")).to_have_count(1)
    page.locator("article").first.focus()
    press("r")
    expect(page.get_by_text("Replying to Ruth")).to_be_visible()
    page.keyboard.type("Psalm 46")
    press("Enter")
    expect(page.get_by_role("button", name="In reply to Ruth: Who reads today?")).to_be_visible()
    press("ArrowUp")
    expect(page.get_by_text("Editing your message")).to_be_visible()
    press("End")
    page.keyboard.type(", verse 1")
    press("Enter")
    expect(page.get_by_text("Psalm 46, verse 1")).to_be_visible()
    page.locator("article").last.focus()
    press("Delete")
    page.get_by_role("heading", name="Remove this message?").wait_for()
    press("Enter")
    eventually(lambda: [body for _, body in sunday.saved()] == ["Who reads today?", "I can"])


def test_new_words_are_read_out(sunday: Sunday, visitor: Come) -> None:
    """A polite live region says who wrote what; many at once become one sentence."""
    reader = visitor()
    reader.page.goto(sunday.chat)
    reader.page.locator("narthex-composer").wait_for()
    ruth = sunday.guest("Ruth")
    ruth.say("Listen")
    region = reader.page.locator("[aria-live=polite]#said")
    expect(region).to_have_text("Ruth: Listen")
    Week(sunday).pour([f"More {number}" for number in range(5)])
    expect(region).to_have_text(re.compile(r"\d new messages"))


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_sticks_out(sunday: Sunday, visitor: Come, width: int) -> None:
    """Long words, names without spaces, marks piled up and right-to-left names stay inside the frame."""
    sunday.guest("W" * 40).say("x" * 2_000)
    sunday.guest("z\u0300\u0301\u0302\u0303\u0304" * 6).say("a" + "\u0300\u0301\u0302\u0303" * 300)
    sunday.guest("יעל כהן").say("שלום לכולם https://example.org/" + "y" * 300)
    reader = visitor(phone=True)
    reader.page.set_viewport_size({"width": width, "height": 700})
    reader.page.goto(sunday.chat)
    expect(reader.page.locator("article")).to_have_count(3)
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= width
    assert reader.page.locator(".scroller").evaluate("e => e.scrollWidth - e.clientWidth") <= 0


def test_targets_are_large_enough_for_a_thumb(sunday: Sunday, visitor: Come) -> None:
    """Every control that stands alone is 44 px high and wide; one inside a text has room around it instead."""
    sunday.pin(sunday.guest("Ruth").say("Pinned"))
    anna = visitor(phone=True)
    anna.page.goto(sunday.chat)
    anna.page.locator("article").first.tap()
    small = anna.page.evaluate("""() => [...document.querySelectorAll('button, input, select, textarea')].filter(e => {
        const after = getComputedStyle(e, '::after');
        const box = e.getBoundingClientRect();
        const grow = after.content === 'none' ? 0 : -2 * parseFloat(after.top || '0');
        return box.width > 0 && (box.height + grow < 44 || (box.width < 44 && !grow));
    }).map(e => e.outerHTML.slice(0, 80))""")
    assert small == []


def test_still_for_who_asked_for_it(sunday: Sunday, visitor: Come) -> None:
    """With reduced motion nothing moves by itself."""
    reader = visitor(reduced_motion="reduce")
    reader.page.goto(sunday.chat)
    reader.page.locator("narthex-composer").wait_for()
    reader.page.get_by_role("button", name="Settings").click()
    assert (
        reader.page.evaluate("document.getAnimations().filter(a => a.effect.getTiming().duration > 0).length")
        == 0
    )


def test_another_language_and_direction(sunday: Sunday, visitor: Come) -> None:
    """Spanish is complete, chosen by the browser or in the settings, and remembered; nothing of English is left."""
    reader = visitor(locale="es-MX")
    reader.page.goto(sunday.chat)
    expect(reader.page.get_by_text("Todavía nadie ha escrito.")).to_be_visible()
    reader.page.get_by_role("button", name="Ajustes").click()
    reader.page.locator("#language").select_option("en")
    expect(reader.page.get_by_role("heading", name="Settings")).to_be_visible()
    reader.page.reload()
    expect(reader.page.get_by_text("Nobody has written yet.")).to_be_visible()


def test_the_churchs_own_words(sunday: Sunday, visitor: Come) -> None:
    """A text that the church wrote stands in place of ours, in its language."""
    own = {"en": {"empty": "The porch is quiet. Say hello!"}}
    sunday.set_widgets(WidgetsChange([sunday.site.origin], texts=own))
    reader = visitor()
    reader.page.goto(sunday.chat)
    expect(reader.page.get_by_text("The porch is quiet.")).to_be_visible()
    sunday.set_widgets(WidgetsChange([sunday.site.origin]))


def test_what_it_weighs(sunday: Sunday, visitor: Come) -> None:
    """P10, encoded bytes with headers on a cold cache: loader 4 KiB, before the click 6 KiB, the chat 45 KiB."""
    sunday.guest("Ruth").say("Hello")
    reader = visitor(phone=True)
    session = reader.context.new_cdp_session(reader.page)
    sizes: dict[str, float] = {}
    urls: dict[str, str] = {}
    session.on("Network.responseReceived", lambda e: urls.update({e["requestId"]: e["response"]["url"]}))
    session.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]}))
    session.send("Network.enable")
    reader.page.goto(sunday.site.put(sunday.snippet))
    reader.page.locator("narthex-chat .launcher").wait_for()
    reader.page.wait_for_timeout(500)
    ours = {urls[id]: size for id, size in sizes.items() if urls.get(id, "").startswith(sunday.server.url)}
    assert list(ours) == [f"{sunday.server.url}/embed.js"]
    assert sum(ours.values()) <= 4 * 1024
    reader.page.goto(sunday.chat)
    expect(reader.page.get_by_text("Hello")).to_be_visible()
    chat = {
        urls[id]: size
        for id, size in sizes.items()
        if urls.get(id, "").startswith(sunday.server.url) and not urls[id].endswith("embed.js")
    }
    assert sum(chat.values()) <= 45 * 1024, chat
