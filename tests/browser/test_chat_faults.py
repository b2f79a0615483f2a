"""What goes wrong while people chat: each time a clear state, a way on, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, WebSocketRoute, expect

from realtime import closes
from server.kit.scope import Scope
from server.wiring import Wiring
from tests.browser.sunday import Sunday, eventually
from tests.browser.visitors import Visitor, chromium, church_at_work, sunday, visitor
from tests.browser.week import Week

__all__ = ["chromium", "church_at_work", "sunday", "visitor"]  # fixtures

Come = Callable[..., Visitor]
LONG = 40_000  # milliseconds; a slow machine is not a fault


@pytest.fixture
def week(sunday: Sunday) -> Week:
    """Give what happens around that Sunday."""
    return Week(sunday)


def box(page: Page) -> Locator:
    return page.locator("narthex-composer textarea")


def at_home(one: Visitor, sunday: Sunday, name: str) -> Page:
    """Come in and say a first word under a name."""
    one.page.goto(sunday.chat)
    one.write(f"{name} is here")
    one.join(name)
    expect(one.page.locator(".message.sending")).to_have_count(0, timeout=LONG)
    return one.page


def test_a_church_that_is_paused_while_people_chat(sunday: Sunday, week: Week, visitor: Come) -> None:
    """The page says so and goes on by itself once the church is resumed; the half sentence still stands there."""
    anna = visitor()
    anna.page.clock.install()
    page = at_home(anna, sunday, "Anna P")
    box(page).fill("half a sen")
    week.suspend()
    try:
        expect(page.get_by_role("heading", name="The chat is resting")).to_be_visible(timeout=LONG)
    finally:
        week.resume()

    def back() -> bool:
        page.clock.fast_forward(61_000)
        return box(page).count() > 0

    eventually(back, 60)
    expect(box(page)).to_have_value("half a sen")
    anna.write("and here again")
    anna.complaints = [text for text in anna.complaints if "503" not in text]  # told by the browser itself
    eventually(lambda: "and here again" in [body for _, body in sunday.saved()], 40)


def test_sent_away_for_nothing(sunday: Sunday, visitor: Come) -> None:
    """Who was sent away, though the church goes on already, is back at once, and what they typed stands there."""
    anna = visitor()
    page = at_home(anna, sunday, "Anna N")
    box(page).fill("half a sen")

    async def away(wiring: Wiring, system: Scope) -> None:
        async with wiring.database.transaction(system) as tx:
            tx.send_everybody_away(closes.NOT_ALLOWED, "a late word")

    with page.expect_websocket():
        sunday.run(away)
    expect(page.get_by_role("banner")).not_to_contain_text("offline", timeout=LONG)
    expect(box(page)).to_have_value("half a sen", timeout=LONG)
    anna.write("and here still")
    eventually(lambda: ("Anna N", "and here still") in sunday.saved())


def test_banned_while_typing(sunday: Sunday, week: Week, visitor: Come) -> None:
    """Who is kept out is told, may try again, and finds what they typed when the ban is undone."""
    anna = visitor()
    page = at_home(anna, sunday, "Anna B")
    box(page).fill("half a sen")
    ban = week.ban("Anna B")
    expect(page.get_by_role("heading", name="You cannot take part")).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="You cannot take part")).to_be_visible(timeout=LONG)
    week.lift(ban)

    def back() -> bool:
        again = page.get_by_role("button", name="Try again")
        with suppress(TimeoutError):  # it may go by itself while one reaches for it
            if again.count():
                again.click(timeout=1_000)
        return box(page).count() > 0

    eventually(back, 60)
    expect(box(page)).to_have_value("half a sen")
    anna.complaints = [text for text in anna.complaints if "403" not in text]  # told by the browser itself


def test_a_timeout_takes_no_words(sunday: Sunday, week: Week, visitor: Come) -> None:
    """A pause stands where the box was, also while a message is being changed; both texts come back with it."""
    anna = visitor()
    page = at_home(anna, sunday, "Anna T")
    box(page).fill("a draft")
    page.locator("article").last.focus()
    page.keyboard.press("e")
    expect(box(page)).to_have_value("Anna T is here")
    box(page).fill("Anna T was her")
    week.pause("Anna T", 10)
    page.evaluate("document.querySelector('narthex-chat-app').chat.live.restart()")
    expect(page.locator(".bar")).to_contain_text("asked you to pause", timeout=LONG)
    week.release("Anna T")
    page.evaluate("document.querySelector('narthex-chat-app').chat.live.restart()")
    expect(box(page)).to_have_value("Anna T was her", timeout=LONG)
    box(page).press("Escape")
    expect(box(page)).to_have_value("a draft")


def test_over_night(sunday: Sunday, visitor: Come) -> None:
    """A page that slept until the next day renews its token and sends as before."""
    anna = visitor()
    anna.page.clock.install()
    page = at_home(anna, sunday, "Anna O")
    page.clock.fast_forward("20:00:00")
    anna.write("good morning again")
    eventually(lambda: ("Anna O", "good morning again") in sunday.saved(), 40)


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_is_wrong_by_a_day(sunday: Sunday, visitor: Come, days: int) -> None:
    """The phone's clock is set right by the server's: the room is open, a message is sent and stands under today."""
    anna = visitor(phone=True)
    anna.page.clock.install(time=datetime.now(UTC) + timedelta(days=days))
    page = at_home(anna, sunday, f"Anna {days}")
    expect(page.locator(".day")).to_have_text("Today")
    page.reload()
    anna.write("still me")
    eventually(lambda: (f"Anna {days}", "still me") in sunday.saved(), 40)


def test_back_and_forward(sunday: Sunday, visitor: Come) -> None:
    """Whoever leaves the page and comes back finds the draft, and a room that is alive."""
    anna = visitor()
    page = at_home(anna, sunday, "Anna F")
    box(page).fill("half a sen")
    page.goto(sunday.site.put("<p>Elsewhere</p>", "/elsewhere"))
    page.go_back()
    expect(box(page)).to_have_value("half a sen", timeout=LONG)
    sunday.guest("Ruth F").say("while you were away")
    expect(page.get_by_text("while you were away")).to_be_visible(timeout=LONG)
    page.go_forward()
    page.go_back()
    expect(box(page)).to_have_value("half a sen", timeout=LONG)


def test_two_tabs(sunday: Sunday, visitor: Come) -> None:
    """Two tabs are one person; what each wrote without a network is there once after both were closed."""
    anna = visitor()
    one = at_home(anna, sunday, "Anna W")
    two = anna.context.new_page()
    two.goto(sunday.chat)
    expect(two.get_by_label("Write as Anna W")).to_be_visible()
    anna.context.set_offline(True)
    for page, body in ((one, "from the first tab"), (two, "from the second tab")):
        page.evaluate("document.querySelector('narthex-chat-app').chat.live.wake()")
        expect(page.get_by_text("You are offline.")).to_be_visible(timeout=LONG)
        box(page).fill(body)
        page.locator("narthex-composer .send").click()
        expect(page.get_by_text("Waiting for the connection")).to_be_visible()
    two.close()
    one.goto("about:blank")
    anna.context.set_offline(False)
    one.goto(sunday.chat)

    def sent() -> bool:
        words = [body for _, body in sunday.saved()]
        return [words.count(f"from the {tab} tab") for tab in ("first", "second")] == [1, 1]

    eventually(sent, 40)
    expect(one.locator(".message.sending")).to_have_count(0, timeout=LONG)


def test_two_drafts(sunday: Sunday, visitor: Come) -> None:
    """Each tab has its own half sentence: what one sends or types does not cost the other its words."""
    anna = visitor()
    one = at_home(anna, sunday, "Anna D")
    two = anna.context.new_page()
    two.goto(sunday.chat)
    box(one).fill("the long one, not yet d")
    box(two).fill("a short one")
    two.locator("narthex-composer .send").click()
    expect(one.get_by_text("a short one")).to_be_visible(timeout=LONG)
    box(two).fill("and one mo")
    for page, words in ((one, "the long one, not yet d"), (two, "and one mo")):
        page.reload()
        expect(box(page)).to_have_value(words, timeout=LONG)


def test_five_hundred_at_once(sunday: Sunday, week: Week, visitor: Come) -> None:
    """A flood is drawn without an error, the page holds a bounded part of it, and the newest is in view."""
    reader = visitor(phone=True)
    reader.page.goto(sunday.chat)
    expect(reader.page.locator("narthex-composer")).to_be_visible()
    week.pour([f"Amen {number}" for number in range(500)])
    expect(reader.page.get_by_text("Amen 499", exact=True)).to_be_in_viewport(timeout=LONG)
    assert reader.page.locator("article").count() < 120
    known = reader.page.evaluate("document.querySelector('narthex-chat-app').chat.room.timeline.size")
    assert known == 500


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("W" * 200, "W" * 40),
        ("\U0001f64f\U0001f3fd\u200d\u2764\ufe0f", None),
        ("z\u0300\u0301\u0302\u0303\u0304\u0305\u0306" * 5, None),
        ("\u05d9\u05e2\u05dc", None),
    ],
    ids=["long", "emoji", "marks", "hebrew"],
)
def test_names_that_are_odd(sunday: Sunday, visitor: Come, typed: str, kept: str | None) -> None:
    """A name may be long, only emoji, piled with marks, from right to left: it stands inside the page."""
    anna = visitor(phone=True)
    page = anna.page
    page.goto(sunday.chat)
    anna.write("hello")
    page.locator("#nickname").focus()
    page.keyboard.insert_text(typed)
    if kept is not None:
        expect(page.locator("#nickname")).to_have_value(kept)
    page.locator("[name=consent]").check()
    page.locator("dialog .primary").click()
    eventually(lambda: "hello" in [body for _, body in sunday.saved()])
    expect(page.locator(".message .name")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tall = page.locator("article header").first.evaluate("e => e.getBoundingClientRect().height")
    assert tall < 60


def test_a_name_that_turns_the_line_is_refused(sunday: Sunday, visitor: Come) -> None:
    """A right-to-left override is told at the field, the name stays there to be changed, and the words wait."""
    anna = visitor()
    page = anna.page
    page.goto(sunday.chat)
    anna.write("hello")
    anna.join("Anna\u202e")
    expect(page.locator("#name-error")).to_be_visible()
    assert page.locator("#nickname").input_value().startswith("Anna")
    anna.join("Anna L")
    eventually(lambda: ("Anna L", "hello") in sunday.saved())
    anna.complaints = [text for text in anna.complaints if "400" not in text]  # told by the browser itself


def test_a_language_that_cannot_be_had(sunday: Sunday, visitor: Come) -> None:
    """When the file of the reader's language does not come, the chat speaks the other one."""
    reader = visitor(locale="es-MX")
    reader.context.route("**/assets/es-*.js", lambda route: route.abort())
    reader.page.goto(sunday.chat)
    expect(reader.page.get_by_text("Nobody has written yet.")).to_be_visible(timeout=LONG)
    assert reader.page.evaluate("document.documentElement.lang") == "en"


def test_a_page_of_another_age_than_its_server(sunday: Sunday, visitor: Come) -> None:
    """A server that speaks another protocol is not talked to: the page says that it is too old, and loads again."""
    anna = visitor()
    page = at_home(anna, sunday, "Anna V")
    box(page).fill("half a sen")

    def newer(route: WebSocketRoute) -> None:
        hello = '{"type":"welcome","session":"s","person":{},"ping":25,"time":"2026-03-01T10:00:00Z","protocol":2}'
        route.on_message(lambda _: route.send(hello))

    page.route_web_socket("**/live/grace", newer)
    page.reload()
    expect(page.get_by_role("heading", name="This page is too old")).to_be_visible(timeout=LONG)
    page.unroute_all()
    again = anna.context.new_page()
    again.goto(sunday.chat)
    expect(box(again)).to_have_value("half a sen", timeout=LONG)
