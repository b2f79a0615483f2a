"""Before and after the gathering, calling people by name, being vouched for, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import expect

from server.domains.chat.schemas import Send
from server.kit.scope import Actor, Scope
from tests.browser.sunday import Sunday, eventually
from tests.browser.visitors import Visitor, chromium, church_at_work, sunday, visitor
from tests.browser.week import Week

__all__ = ["chromium", "church_at_work", "sunday", "visitor"]  # fixtures

Come = Callable[..., Visitor]
LONG = 30_000  # milliseconds; a slow machine is not a fault


@pytest.fixture
def week(church_at_work: Sunday) -> Iterator[Week]:
    """Give the church with nothing planned, and leave it so."""
    week = Week(church_at_work)
    week.clear()
    yield week
    week.clear()


def test_before_the_doors_open(church_at_work: Sunday, week: Week, visitor: Come) -> None:
    """A countdown says when, the calendar takes it, and a word for the hosts is left by somebody who gives a name."""
    week.plan("Easter at dawn", 50)
    anna = visitor(phone=True)
    page = anna.page
    page.goto(church_at_work.chat)
    expect(page.get_by_role("heading", name="Easter at dawn").last).to_be_visible()
    expect(page.get_by_role("timer")).to_contain_text(re.compile(r"Starts in (50|49) minutes"))
    expect(page.get_by_text("The chat opens in")).to_be_visible()
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Add to calendar").click()
    assert downloaded.value.suggested_filename == "gathering.ics"
    entry = Path(downloaded.value.path()).read_text()
    assert "SUMMARY:Easter at dawn" in entry
    assert re.search(r"LOCATION:\S", entry)
    page.get_by_role("button", name="Leave a word").click()
    page.locator("#word").fill("Please save us a seat")
    page.get_by_role("button", name="Leave it").click()
    anna.join("Anna")
    expect(page.locator("#word")).to_have_value("Please save us a seat")
    page.get_by_role("button", name="Leave it").click()
    expect(page.get_by_text("The hosts will read it.")).to_be_visible()
    assert ("Anna", "Please save us a seat") in week.notes()


def test_the_next_gathering_comes_to_an_open_page(church_at_work: Sunday, week: Week, visitor: Come) -> None:
    """A page that stays open over the close of one gathering is in the next one, with its own words only."""
    week.plan("Morning", -5)
    anna = visitor()
    page = anna.page
    page.clock.install()
    page.goto(church_at_work.chat)
    anna.write("good morning")
    anna.join("Anna N")
    expect(page.locator(".message.sending")).to_have_count(0)
    church_at_work.change_room(opens_at=church_at_work.minutes(-90), closes_at=church_at_work.minutes(-1))
    expect(page.get_by_text("The chat has closed.")).to_be_visible()
    week.clear()
    week.plan("Evening", -2)
    page.clock.fast_forward(61_000)
    expect(page.get_by_role("heading", name="Evening")).to_be_visible(timeout=LONG)
    expect(page.locator("narthex-composer")).to_be_visible()
    assert anna.read() == []
    anna.write("good evening")
    eventually(lambda: ("Anna N", "good evening") in church_at_work.saved())


def test_a_name_that_a_member_has_is_asked_for_anew(sunday: Sunday, visitor: Come) -> None:
    """What was written under it waits, and goes out at once under the next name."""

    async def speak(wiring: Any, system: Scope) -> None:
        member = Scope(system.tenant, Actor("person", uuid4(), "Miriam Vogel", frozenset({"member"})))
        await wiring.chat.post(member, UUID(sunday.room), Send("I am the one"))

    sunday.run(speak)
    for number in range(3):  # it was lost by chance
        page = (anna := visitor()).page
        page.goto(sunday.chat)
        anna.write(f"hello {number}")
        anna.join("Miriam Vogel")
        expect(page.get_by_text("Somebody else here has this name.")).to_be_visible()
        page.locator("#nickname").fill(f"Miriam {number}")
        page.locator("dialog .primary").click()
        eventually(lambda body=f"hello {number}": body in [words for _, words in sunday.saved()])
        expect(page.locator("dialog")).to_be_hidden()
        expect(page.locator(".message.unsigned")).to_have_count(0)


def test_people_call_each_other(sunday: Sunday, visitor: Come) -> None:
    """Who is here is counted and named; who types is seen; a name after @ is offered, and calls that person."""
    ruth, anna = visitor(), visitor()
    for one, name in ((ruth, "Ruth M"), (anna, "Anna M")):
        one.page.goto(sunday.chat)
        one.write(f"{name} is here")
        one.join(name)
        expect(one.page.locator(".message.sending")).to_have_count(0)
    expect(anna.page.get_by_role("button", name="2 here")).to_be_visible(timeout=LONG)
    anna.page.get_by_role("button", name="2 here").click()
    expect(anna.page.locator(".people")).to_contain_text("Ruth M")
    anna.page.keyboard.press("Escape")
    ruth.page.locator("narthex-composer textarea").press_sequentially("I am wri")
    expect(anna.page.locator(".typing")).to_have_text("Ruth M is typing…")
    box = anna.page.locator("narthex-composer textarea")
    box.press_sequentially("Look @ru")
    expect(anna.page.get_by_role("option", name="Ruth M")).to_be_visible()
    box.press("Enter")
    expect(box).to_have_value("Look @Ruth M ")
    box.press("Enter")
    expect(ruth.page.locator(".message.calls .mention.me")).to_have_text("@Ruth M")
    expect(ruth.page.locator("#said")).to_contain_text("Anna M mentioned you")
    expect(anna.page.locator(".typing")).to_have_text("", timeout=LONG)


def test_a_visitor_the_website_knows_needs_no_name(sunday: Sunday, visitor: Come) -> None:
    """Whom the church's website vouches for writes at once, under the name it gave."""
    token = Week(sunday).vouch("Ruth Abara")
    anna = visitor()
    markup = f'{sunday.snippet}<narthex-chat church="grace" identity="{token}"></narthex-chat>'
    anna.page.goto(sunday.site.put(markup, "/known"))
    anna.page.locator("narthex-chat .launcher").first.click()
    frame = anna.page.frame_locator("narthex-chat iframe.shown")
    expect(frame.get_by_label("Write as Ruth Abara")).to_be_visible(timeout=LONG)
    frame.locator("textarea").fill("You know me")
    frame.locator(".send").click()
    eventually(lambda: ("Ruth Abara", "You know me") in sunday.saved())
    assert frame.locator("#nickname").count() == 0


@pytest.mark.parametrize("width", [320, 1280])
def test_from_right_to_left(sunday: Sunday, visitor: Come, width: int) -> None:
    """With the page's direction turned nothing sticks out, and what leads stands on the right."""
    sunday.guest("יעל כהן").say("שלום לכולם, מה שלומכם היום? https://example.org/" + "y" * 200)
    sunday.pin(sunday.guest("Ruth").say("Pinned words " * 12))
    anna = visitor(phone=width < 500)
    page = anna.page
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(sunday.chat)
    page.evaluate("document.documentElement.dir = 'rtl'")
    anna.write("hello from the other side")
    outside = """width => [...document.querySelectorAll('body *')].filter(e => {
        const box = e.getBoundingClientRect();
        const shown = box.width > 1 && box.height > 1 && getComputedStyle(e).visibility !== 'hidden';
        return shown && !e.closest('.unseen, .floats') && (box.left < -1 || box.right > width + 1);
    }).map(e => `${e.tagName}.${e.className}`)"""
    expect(page.locator("#nickname")).to_be_visible()
    eventually(lambda: page.evaluate(outside, width) == [])  # a sheet may still be coming in
    anna.join("Anna R")
    expect(page.locator(".message.sending")).to_have_count(0)
    page.locator("article").last.click()
    eventually(lambda: page.evaluate(outside, width) == [])  # a sheet may still be coming in
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    side = "e => { const b = e.getBoundingClientRect(); return b.left + b.width / 2 }"
    avatar = page.locator("article .avatar").first.evaluate(side)
    assert avatar > page.locator("article .said").first.evaluate(side)
    page.get_by_role("button", name="Settings").click()
    eventually(lambda: page.evaluate(outside, width) == [])  # a sheet may still be coming in
