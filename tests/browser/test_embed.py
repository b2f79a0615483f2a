"""The snippet on a church's own website, in a real browser: where it works, and where it must not."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import FrameLocator, Page, Route, expect

from server.domains.widgets.schemas import WidgetsChange
from tests.browser.sunday import Sunday, eventually
from tests.browser.visitors import Visitor, chromium, church_at_work, sunday, visitor

__all__ = ["chromium", "church_at_work", "sunday", "visitor"]  # fixtures

Come = Callable[..., Visitor]
STRICT = (
    "default-src 'none'; img-src data:; script-src {narthex}; frame-src {narthex}; "
    "require-trusted-types-for 'script'"
)


def opened(page: Page) -> FrameLocator:
    """Press the launcher and return the frame, which shows itself once both sides know each other."""
    page.locator("narthex-chat .launcher").click()
    expect(page.locator("narthex-chat iframe.shown")).to_be_visible()
    return page.frame_locator("narthex-chat iframe")


def test_one_tag_is_enough(sunday: Sunday, visitor: Come) -> None:
    """The pasted line draws a launcher, loads nothing else before the click, and opens a chat that one can write in."""
    anna = visitor(phone=True)
    anna.page.goto(sunday.site.put(sunday.snippet))
    anna.page.locator("narthex-chat .launcher").wait_for()
    assert [url for url in anna.asked if url.startswith(sunday.server.url)] == [
        f"{sunday.server.url}/embed.js"
    ]
    assert anna.page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    frame = opened(anna.page)
    frame.locator("textarea").fill("From our own website")
    frame.locator(".send").click()
    frame.locator("#nickname").fill("Anna W")
    frame.locator("[name=consent]").check()
    frame.locator("dialog .primary").click()
    expect(frame.locator(".message.sending")).to_have_count(0)
    eventually(lambda: ("Anna W", "From our own website") in sunday.saved())
    assert anna.page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"content_security_policy": STRICT},
        {"cross_origin_embedder_policy": "require-corp", "cross_origin_opener_policy": "same-origin"},
        {"cross_origin_embedder_policy": "credentialless", "cross_origin_opener_policy": "same-origin"},
    ],
    ids=["strict policy", "isolated", "credentialless"],
)
def test_strict_websites_can_hold_it(sunday: Sunday, visitor: Come, headers: dict[str, str]) -> None:
    """A website that forbids inline styles and eval, or isolates itself, is refused nothing and shows the chat."""
    sunday.guest("Ruth E").say("Can you see me?")
    named = {name: value.format(narthex=sunday.server.url) for name, value in headers.items()}
    reader = visitor()
    reader.page.goto(sunday.site.put(sunday.snippet, **named))
    expect(opened(reader.page).get_by_text("Can you see me?")).to_be_visible()


def test_the_snippet_twice_is_one_launcher(sunday: Sunday, visitor: Come) -> None:
    """A snippet that was pasted twice, beside an element that was placed by hand, draws each church once."""
    reader = visitor()
    tags = f'{sunday.snippet}{sunday.snippet}<narthex-chat church="hope"></narthex-chat>'
    reader.page.goto(sunday.site.put(tags))
    expect(reader.page.locator("narthex-chat .launcher")).to_have_count(2)
    boxes = [launcher.bounding_box() for launcher in reader.page.locator("narthex-chat .launcher").all()]
    tops = sorted(box["y"] for box in boxes if box)
    assert tops[1] - tops[0] >= 44


def test_an_open_chat_lies_over_the_other_launchers(sunday: Sunday, visitor: Come) -> None:
    """Nothing else of ours stands on the box that one writes in; closed again, the other launcher can be pressed."""
    reader = visitor()
    chat, prayer = (f'<narthex-{name} church="grace"></narthex-{name}>' for name in ("chat", "live-prayer"))
    reader.page.goto(sunday.site.put(chat + prayer + sunday.snippet))
    other = reader.page.locator("narthex-live-prayer .launcher")
    other.wait_for()
    frame = opened(reader.page)
    box = other.bounding_box()
    assert box is not None
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    at = "([x, y]) => document.elementFromPoint(x, y).localName"
    assert reader.page.evaluate(at, middle) == "narthex-chat"
    frame.get_by_role("button", name="Close the chat").click()
    eventually(lambda: reader.page.evaluate(at, middle) == "narthex-live-prayer")


def test_it_survives_a_website_that_changes_its_pages_itself(sunday: Sunday, visitor: Come) -> None:
    """Taken out of the page and put back, the launcher works as before."""
    reader = visitor()
    reader.page.goto(sunday.site.put(sunday.snippet))
    opened(reader.page)
    reader.page.evaluate("""() => {
        const chat = document.querySelector('narthex-chat');
        chat.remove();
        const next = document.createElement('main');
        document.body.append(next);
        next.append(chat);
    }""")
    expect(reader.page.locator("narthex-chat .launcher")).to_be_visible()
    expect(reader.page.frame_locator("narthex-chat iframe").locator("narthex-composer")).to_be_visible()


def test_escape_closes_and_gives_the_focus_back(sunday: Sunday, visitor: Come) -> None:
    """From the keyboard: in by Enter, out by Escape, and the focus is on the launcher again."""
    reader = visitor()
    reader.page.goto(sunday.site.put(f"<a href='#'>first</a>{sunday.snippet}"))
    reader.page.locator("narthex-chat .launcher").wait_for()
    reader.page.keyboard.press("Tab")
    reader.page.keyboard.press("Tab")
    reader.page.keyboard.press("Enter")
    frame = reader.page.frame_locator("narthex-chat iframe")
    active = frame.locator("body").evaluate
    frame.locator("textarea").wait_for()
    eventually(lambda: active("() => document.activeElement.tagName") == "TEXTAREA")
    reader.page.keyboard.press("Escape")
    expect(reader.page.locator("narthex-chat .panel")).to_be_hidden()
    focused = reader.page.evaluate(
        "document.querySelector('narthex-chat').shadowRoot.activeElement?.className"
    )
    assert focused == "launcher"


def test_what_comes_while_it_is_closed_is_counted(sunday: Sunday, visitor: Come) -> None:
    """A closed panel goes on listening: the launcher shows how many messages came, until it is opened."""
    ruth = sunday.guest("Ruth C")
    ruth.say("before")
    reader = visitor()
    reader.page.goto(sunday.site.put(sunday.snippet))
    frame = opened(reader.page)
    expect(frame.get_by_text("before")).to_be_visible()
    frame.get_by_role("button", name="Close the chat").click()
    app = frame.locator("narthex-chat-app")
    eventually(lambda: app.evaluate("app => app.chat.watched") is False)  # the loader tells the frame
    ruth.say("one")
    ruth.say("two")
    expect(reader.page.locator("narthex-chat .count")).to_have_text("2")
    opened(reader.page)
    expect(reader.page.locator("narthex-chat .count")).to_have_count(0)
    expect(frame.get_by_text("New", exact=True)).to_be_visible()


def test_another_website_cannot_frame_it(sunday: Sunday, visitor: Come) -> None:
    """On a site that is not on the church's list the browser refuses the frame, and the panel says it did not open."""
    reader = visitor()
    reader.page.goto(sunday.stranger.put(sunday.snippet))
    asked = f"{sunday.server.url}/w/grace/chat"
    with reader.page.expect_event("requestfailed", lambda request: request.url == asked) as failed:
        reader.page.locator("narthex-chat .launcher").click()
    assert failed.value.failure == "net::ERR_BLOCKED_BY_RESPONSE"
    reader.complaints.clear()  # the browser says so too


def test_a_site_taken_off_the_list_is_refused_from_then_on(sunday: Sunday, visitor: Come) -> None:
    """The list holds for the next opening."""
    reader = visitor()
    reader.page.goto(sunday.site.put(sunday.snippet))
    opened(reader.page)
    sunday.set_widgets(WidgetsChange([]))
    try:
        asked = f"{sunday.server.url}/w/grace/chat"
        reader.page.reload()
        with reader.page.expect_event("requestfailed", lambda request: request.url == asked):
            reader.page.locator("narthex-chat .launcher").click()
        reader.complaints.clear()
    finally:
        sunday.set_widgets(WidgetsChange([sunday.site.origin]))


def test_only_the_parent_is_believed(sunday: Sunday, visitor: Come) -> None:
    """A window that merely opened our page gets no answer to its init, not even from a site on the list."""
    init = """(target) => new Promise((resolve) => {
        const {port1, port2} = new MessageChannel();
        port1.onmessage = () => resolve('answered');
        target.postMessage({narthex: 'init', version: 1, theme: {scheme: 'dark'}}, '*', [port2]);
        setTimeout(() => resolve('silence'), 1500);
    })"""
    for site in (sunday.stranger, sunday.site):
        hostile = visitor()
        hostile.page.goto(site.put("<p>hostile</p>"))
        with hostile.page.expect_popup() as popup:
            hostile.page.evaluate(f"window.chat = window.open('{sunday.chat}')")
        popup.value.locator("narthex-composer").wait_for()
        assert hostile.page.evaluate(f"({init})(window.chat)") == "silence"
        assert popup.value.evaluate("document.documentElement.dataset.theme") is None


def test_blocked_storage_is_no_obstacle(sunday: Sunday, visitor: Come) -> None:
    """Where the browser keeps nothing for us, one can still read and write; only the name is asked for again."""
    anna = visitor()
    anna.context.add_init_script("""Object.defineProperty(window, 'localStorage', {
        get() { throw new DOMException('blocked', 'SecurityError'); }
    })""")
    anna.page.goto(sunday.chat)
    anna.write("No memory here")
    anna.join("Anna B")
    expect(anna.page.locator(".message.sending")).to_have_count(0)
    assert ("Anna B", "No memory here") in sunday.saved()


@pytest.mark.parametrize("name", ["chat", "prayer-wall", "live-prayer"])
def test_a_slow_line_does_not_change_the_language(sunday: Sunday, visitor: Come, name: str) -> None:
    """What the page speaks is told while the words of the browser's own language are still on their way."""
    reader = visitor()
    reader.page.route(re.compile(r"/assets/en-[^/]*\.js$"), slowly)
    element = f'<narthex-{name} church="grace" lang="es" mode="inline"></narthex-{name}>'
    script = f'<script src="{sunday.server.url}/embed.js" async></script>'
    reader.page.goto(sunday.site.put(f"{element}{script}"))
    frame = reader.page.frame_locator(f"narthex-{name} iframe")
    expect(frame.locator("h1").first).to_be_visible(timeout=30_000)
    expect(frame.locator("html")).to_have_attribute("lang", "es")


def slowly(route: Route) -> None:
    """Let a file come a second later."""
    time.sleep(1)
    route.continue_()


def test_the_frame_is_dressed_as_the_page_around_it(sunday: Sunday, visitor: Come) -> None:
    """A dark page has a dark chat, in the church's own colour and the page's language."""
    style = "<style>:root{color-scheme:dark;--narthex-accent:#ffdd00}</style>"
    reader = visitor()
    reader.page.goto(
        sunday.site.put(f"{style}<script>document.documentElement.lang='es'</script>{sunday.snippet}")
    )
    frame = opened(reader.page)
    expect(frame.get_by_role("textbox", name="Escribe un mensaje")).to_be_visible()
    root = frame.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    expect(root).to_have_attribute("lang", "es")
    accent = "e => getComputedStyle(e).getPropertyValue('--accent').trim()"
    eventually(lambda: root.evaluate(accent) == "rgb(255 221 0)")
