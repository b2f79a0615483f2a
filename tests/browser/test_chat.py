"""The chat as visitors meet it: on its own page, in a real browser, against a real server."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.sunday import Sunday, eventually, steady
from tests.browser.visitors import Visitor, chromium, church_at_work, sunday, visitor

__all__ = ["chromium", "church_at_work", "sunday", "visitor"]  # fixtures

Come = Callable[..., Visitor]


def test_reading_needs_no_name_and_leaves_nothing_behind(sunday: Sunday, visitor: Come) -> None:
    """A visitor sees what is said, live, and nothing is kept in their browser."""
    ruth = sunday.guest("Ruth")
    ruth.say("Good morning from Lagos!")
    reader = visitor()
    reader.page.goto(sunday.chat)
    expect(reader.page.get_by_text("Good morning from Lagos!")).to_be_visible()
    ruth.say("And peace to all")
    expect(reader.page.get_by_text("And peace to all")).to_be_visible()
    kept = [key for key in reader.page.evaluate("Object.keys(localStorage)") if "language" not in key]
    assert kept == []
    assert reader.context.cookies() == []


def test_a_name_is_asked_for_at_the_first_message(sunday: Sunday, visitor: Come) -> None:
    """What was typed waits for the name, is sent once it is given, and reaches somebody else's screen."""
    other = visitor(phone=True)
    other.page.goto(sunday.chat)
    anna = visitor(phone=True)
    anna.page.goto(sunday.chat)
    anna.write("My first message")
    expect(anna.page.get_by_role("heading", name="What should we call you?")).to_be_visible()
    anna.join("Anna")
    expect(other.page.get_by_text("My first message")).to_be_visible()
    expect(anna.page.locator(".message.sending")).to_have_count(0)
    assert anna.read().count("My first message") == 1
    assert ("Anna", "My first message") in sunday.saved()


def test_a_name_comes_back_with_the_page(sunday: Sunday, visitor: Come) -> None:
    """After a reload the same person goes on writing without being asked again."""
    anna = visitor()
    anna.page.goto(sunday.chat)
    anna.write("one")
    anna.join("Anna Two")
    expect(anna.page.locator(".message.sending")).to_have_count(0)
    anna.page.reload()
    anna.write("two")
    eventually(lambda: ("Anna Two", "two") in sunday.saved())


def test_reactions_replies_edits_and_removals_are_seen_by_all(sunday: Sunday, visitor: Come) -> None:
    """Each act on one screen is on the other within moments."""
    ruth = sunday.guest("Ruth R")
    first = ruth.say("Who reads today?")
    other = visitor()
    other.page.goto(sunday.chat)
    anna = visitor()
    anna.page.goto(sunday.chat)
    anna.write("I do")
    anna.join("Anna R")
    asked = anna.page.locator(f"article[data-id='{first}']")
    asked.hover()
    asked.get_by_role("button", name="React", exact=True).click()
    asked.get_by_role("button", name="React with 🙏").click()
    expect(other.page.locator(f"article[data-id='{first}'] .reaction")).to_have_text("🙏 1")
    asked.hover()
    asked.get_by_role("button", name="Reply").click()
    expect(anna.page.locator("narthex-composer .context")).to_be_visible()
    anna.write("Psalm 46")
    expect(other.page.get_by_role("button", name="In reply to Ruth R: Who reads today?")).to_be_visible()
    ruth.edit(first, "Who reads next week?")
    expect(other.page.get_by_text("Who reads next week?").first).to_be_visible()
    sunday.take_down(first)
    expect(other.page.locator(f"article[data-id='{first}']")).to_have_count(0)
    expect(anna.page.locator(f"article[data-id='{first}']")).to_have_count(0)
    assert "Who reads" not in other.page.locator(".block").first.inner_text()


def test_a_tunnel_loses_nothing_and_doubles_nothing(sunday: Sunday, visitor: Come) -> None:
    """What is written without a network is shown as waiting and is there once when the network is back."""
    ruth = sunday.guest("Ruth T")
    anna = visitor(phone=True)
    anna.page.goto(sunday.chat)
    anna.write("before")
    anna.join("Anna T")
    expect(anna.page.locator(".message.sending")).to_have_count(0)
    anna.context.set_offline(True)
    anna.page.evaluate("document.querySelector('narthex-chat-app').chat.live.wake()")
    expect(anna.page.get_by_text("You are offline.")).to_be_visible()
    anna.write("inside")
    expect(anna.page.get_by_text("Waiting for the connection")).to_be_visible()
    ruth.say("meanwhile")
    anna.context.set_offline(False)
    expect(anna.page.get_by_text("meanwhile")).to_be_visible(timeout=30_000)
    expect(anna.page.locator(".message.sending")).to_have_count(0)
    words = [body for _, body in sunday.saved()]
    assert words.count("inside") == 1
    assert [text for text in anna.read() if text in ("before", "inside", "meanwhile")].count("inside") == 1


def test_a_killed_server_costs_nobody_a_word(sunday: Sunday, visitor: Come) -> None:
    """While the server is gone what is typed stays in the box and what was sent waits; both arrive afterwards."""
    anna = visitor()
    anna.page.goto(sunday.chat)
    anna.write("hello")
    anna.join("Anna K")
    expect(anna.page.locator(".message.sending")).to_have_count(0)
    sunday.server.kill()
    anna.write("sent into the dark")
    anna.page.locator("narthex-composer textarea").fill("half a sen")
    expect(anna.page.get_by_text("Reconnecting…")).to_be_visible()
    sunday.server.start()
    expect(anna.page.get_by_text("Reconnecting…")).to_have_count(0, timeout=40_000)
    eventually(lambda: [body for _, body in sunday.saved()].count("sent into the dark") == 1)
    assert anna.page.locator("narthex-composer textarea").input_value() == "half a sen"
    anna.page.reload()
    expect(anna.page.locator("narthex-composer textarea")).to_have_value("half a sen")


PAYLOADS = [
    "<script>window.hit=1</script>",
    '<img src=x onerror="window.hit=1">',
    '"><svg onload=window.hit=1>',
    "javascript:window.hit=1",
    'https://x.example/"onmouseover="window.hit=1',
    "${window.hit=1}{{window.hit=1}}",
    "<a href='javascript:window.hit=1'>here</a>",
    "&lt;script&gt;window.hit=1&lt;/script&gt;",
]


def test_words_are_only_ever_words(sunday: Sunday, visitor: Come) -> None:
    """Markup and script in bodies and names are shown as they were typed, and nothing of them runs."""
    reader = visitor()
    reader.page.goto(sunday.chat)
    mallory = sunday.guest("<b onmouseover=hit=1>M")
    for body in PAYLOADS:
        mallory.say(body)
        expect(reader.page.get_by_text(body, exact=True).last).to_be_visible()
    for article in reader.page.locator(".message").all():
        article.hover()
    assert reader.page.evaluate("window.hit") is None
    assert reader.page.locator(".message script, .message img, .message b, .message a").count() == 0


def test_a_link_says_where_it_leads_before_it_is_opened(sunday: Sunday, visitor: Come) -> None:
    """A link in a message is text until it is clicked, and then asks."""
    sunday.guest("Ruth L").say("Notes: https://notes.example/46?x=1")
    reader = visitor()
    reader.page.goto(sunday.chat)
    reader.page.get_by_role("button", name="https://notes.example/46?x=1").click()
    target = reader.page.get_by_role("link", name="Open notes.example")
    expect(target).to_have_attribute("href", "https://notes.example/46?x=1")
    expect(target).to_have_attribute("rel", "noopener noreferrer nofollow ugc")


def test_new_messages_do_not_steal_the_scroll(sunday: Sunday, visitor: Come) -> None:
    """Who reads further up stays there to the pixel, is told how many came, and gets to them with one press."""
    ruth = sunday.guest("Ruth S")
    for number in range(40):
        ruth.say(
            f"Line {number} of a longer morning, with words enough to fill more than one line of a phone"
        )
    reader = visitor(phone=True)
    reader.page.goto(sunday.chat)
    expect(reader.page.get_by_text("Line 39 of")).to_be_visible()
    reader.page.locator(".scroller").evaluate("e => e.scrollTop = e.scrollHeight / 3")
    first = "[...document.querySelectorAll('.block article')].find(a => a.getBoundingClientRect().top > 150)"
    id, before = steady(
        reader.page,
        lambda: reader.page.evaluate(
            f"(() => {{const a = {first}; return [a.dataset.id, a.getBoundingClientRect().top]}})()"
        ),
    )
    for number in range(5):
        ruth.say(f"New {number}")
    pill = reader.page.get_by_role("button", name="5 new messages")
    expect(pill).to_be_visible()
    after = reader.page.evaluate(
        "id => document.querySelector(`[data-id='${id}']`).getBoundingClientRect().top", id
    )
    assert abs(after - before) < 1
    pill.click()
    expect(reader.page.get_by_text("New 4")).to_be_in_viewport()


def test_a_room_that_closes_says_so(sunday: Sunday, visitor: Come) -> None:
    """Locked, slow, waiting and closed rooms each say what holds, without a reload."""
    reader = visitor()
    reader.page.goto(sunday.chat)
    expect(reader.page.locator("narthex-composer")).to_be_visible()
    sunday.change_room(slow_seconds=30)
    expect(reader.page.get_by_text("Slow mode: one message every 30 seconds.")).to_be_visible()
    sunday.change_room(locked=True)
    expect(reader.page.get_by_text("Only hosts can write at the moment.")).to_be_visible()
    sunday.change_room(locked=False, closes_at=sunday.minutes(-1), opens_at=sunday.minutes(-60))
    expect(reader.page.get_by_text("The chat has closed.")).to_be_visible()
