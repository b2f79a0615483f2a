"""Our elements on websites that change their pages themselves, that pin what they run, and beside one another."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.sunday import Sunday, eventually
from tests.browser.visitors import Visitor, chromium, church_at_work, sunday, visitor

__all__ = ["chromium", "church_at_work", "sunday", "visitor"]  # fixtures

Come = Callable[..., Visitor]
# how a website navigates by itself: another address, another body, and what stood in it is made anew
SINGLE_PAGE = """
<main><h1>Home</h1><a href="/sermons">Sermons</a></main>
<script>
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    event.preventDefault();
    history.pushState({}, "", link.href);
    show(link.textContent);
  });
  window.addEventListener("popstate", () => show("Home"));
  function show(title) {
    const body = document.createElement("body");
    body.innerHTML = `<main><h1>${title}</h1><a href="/next">Next</a>${window.placed ?? ""}</main>`;
    document.body = body;
  }
</script>
"""


def tops(page: Page) -> list[float]:
    """Return where the launchers of a page stand, the highest first."""
    boxes = [launcher.bounding_box() for launcher in page.locator(".launcher").all()]
    return sorted(box["y"] for box in boxes if box)


def test_an_open_chat_goes_on_while_the_website_navigates(sunday: Sunday, visitor: Come) -> None:
    """Another body and another address do not reload the chat: what was typed stands there, and it stays open."""
    reader = visitor()
    reader.page.goto(sunday.site.put(f"{SINGLE_PAGE}{sunday.snippet}"))
    reader.page.locator("narthex-chat .launcher").click()
    frame = reader.page.frame_locator("narthex-chat iframe")
    frame.locator("textarea").fill("half a thought")
    for title in ("Sermons", "Next"):
        reader.page.get_by_role("link", name=title).click()
        expect(reader.page.get_by_role("heading", name=title)).to_be_visible()
    reader.page.go_back()
    expect(reader.page.get_by_role("heading", name="Home")).to_be_visible()
    expect(frame.locator("textarea")).to_have_value("half a thought")
    assert len([url for url in reader.asked if url.endswith("/w/grace/chat")]) == 1
    sunday.guest("Ruth N").say("Still with us?")
    expect(frame.get_by_text("Still with us?")).to_be_visible()


def test_launchers_do_not_climb(sunday: Sunday, visitor: Come) -> None:
    """A launcher that each page of the website brings anew stands where it stood before."""
    reader = visitor()
    placed = '<narthex-chat church="grace"></narthex-chat>'
    script = (
        f'<script>window.placed = `{placed}`</script><script src="{sunday.server.url}/embed.js"></script>'
    )
    reader.page.goto(sunday.site.put(f"{script}{SINGLE_PAGE}{placed}"))
    expect(reader.page.locator(".launcher")).to_be_visible()
    before = tops(reader.page)
    reader.page.get_by_role("link", name="Sermons").click()
    for _ in range(3):
        reader.page.get_by_role("link", name="Next").click()
        expect(reader.page.locator(".launcher")).to_have_count(1)
    assert tops(reader.page) == before


def test_in_the_flow_it_comes_with_its_page(sunday: Sunday, visitor: Come) -> None:
    """Inline, the chat loads when it comes near the view, and again on the page that brings it again."""
    sunday.guest("Ruth F").say("In the flow")
    reader = visitor()
    placed = '<narthex-chat church="grace" mode="inline"></narthex-chat>'
    script = (
        f'<script>window.placed = `{placed}`</script><script src="{sunday.server.url}/embed.js"></script>'
    )
    below = f'<div style="block-size:300vh"></div>{placed}'
    reader.page.goto(sunday.site.put(f"{script}{SINGLE_PAGE}{below}"))
    reader.page.wait_for_function("!!customElements.get('narthex-chat')")
    assert reader.page.locator("narthex-chat iframe").count() == 0
    reader.page.locator("narthex-chat").scroll_into_view_if_needed()
    expect(reader.page.frame_locator("narthex-chat iframe").get_by_text("In the flow")).to_be_visible()
    reader.page.locator("a").scroll_into_view_if_needed()
    reader.page.get_by_role("link", name="Sermons").click()
    expect(reader.page.frame_locator("narthex-chat iframe").get_by_text("In the flow")).to_be_visible()
    assert reader.page.locator("narthex-chat .launcher").count() == 0


def test_several_elements_stand_above_one_another(sunday: Sunday, visitor: Come) -> None:
    """Chat and prayer beside each other: each has its launcher, and none covers another."""
    reader = visitor(phone=True)
    tags = "".join(
        f'<narthex-{name} church="grace"></narthex-{name}>'
        for name in ("chat", "prayer-request", "live-prayer")
    )
    reader.page.goto(sunday.site.put(f'{tags}<script src="{sunday.server.url}/embed.js" async></script>'))
    expect(reader.page.locator(".launcher")).to_have_count(3)
    assert reader.page.get_by_role("button").all_inner_texts() == [
        "Chat",
        "Ask for prayer",
        "Pray with someone",
    ]
    high, middle, low = tops(reader.page)
    assert low - middle >= 44
    assert middle - high >= 44


def test_a_pinned_loader_is_checked_by_the_browser(sunday: Sunday, visitor: Come) -> None:
    """The version a website pinned runs; were a single byte another one, the browser would refuse it."""
    told = httpx.get(f"{sunday.server.url}/embed.json", timeout=30).json()
    tag = '<script src="{}{}" integrity="{}" crossorigin="anonymous" data-church="grace"></script>'
    reader = visitor()
    reader.page.goto(
        sunday.site.put(tag.format(sunday.server.url, told["src"], told["integrity"])),
    )
    reader.page.locator("narthex-chat .launcher").click()
    expect(reader.page.locator("narthex-chat iframe.shown")).to_be_visible()
    other = "sha384-" + "A" * 64
    reader.page.goto(sunday.site.put(tag.format(sunday.server.url, told["src"], other)))
    eventually(lambda: any("integrity" in text for text in reader.complaints))
    assert reader.page.locator("narthex-chat").count() == 0
    reader.complaints.clear()


@pytest.mark.parametrize("view", ["prayer-wall", "prayer-request", "live-prayer"])
def test_what_does_not_open_says_so(sunday: Sunday, visitor: Come, view: str) -> None:
    """A page that is not there is no blank panel: after a while a sentence says so and offers to try again."""
    reader = visitor()
    reader.page.clock.install()
    reader.page.route("**/w/grace/**", lambda route: route.abort())
    tag = f'<narthex-{view} church="grace" mode="launcher"></narthex-{view}>'
    reader.page.goto(sunday.site.put(f'{tag}<script src="{sunday.server.url}/embed.js" async></script>'))
    reader.page.locator(".launcher").click()
    expect(reader.page.get_by_role("status")).to_contain_text("Opening")
    reader.page.clock.fast_forward(11_000)
    expect(reader.page.get_by_role("status")).to_contain_text("Could not open")
    told = [text for text in reader.complaints if f"Is {sunday.site.origin} listed under Website" in text]
    assert len(told) == 1
    reader.complaints.remove(told[0])
    reader.page.get_by_role("button", name="Try again").click()
    expect(reader.page.get_by_role("status")).to_contain_text("Opening")
