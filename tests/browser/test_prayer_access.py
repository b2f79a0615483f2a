"""Every page of prayer in every state: seen by axe-core narrow and wide, light and dark, and asked for by keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.praying import PATIENCE, Look, Praying
from tests.browser.sunday import Sunday, eventually
from tests.browser.visitors import Visitor, chromium, church_at_work, visitor

__all__ = ["chromium", "church_at_work", "visitor"]  # fixtures

Come = Callable[..., Visitor]
WORDS = (
    "Please pray for my mother, who has an operation on Monday. She is calm; the rest of us are not. "
    "Pray for the hands of the doctors, and for a good night before."
)


@pytest.fixture
def praying(church_at_work: Sunday) -> Praying:
    """Give the church."""
    return Praying(church_at_work)


def watched(visitor: Come) -> tuple[Visitor, Look]:
    """Let somebody in whose screen is looked at; a policy of the page would keep axe-core out."""
    reader = visitor(bypass_csp=True, reduced_motion="reduce", locale="en-GB")
    return reader, Look(reader.page)


def came(page: Page, selector: str, text: str = "") -> None:
    expect(page.locator(selector).filter(has_text=text).first).to_be_visible(timeout=PATIENCE)


def test_axe_finds_nothing_on_the_wall(praying: Praying, visitor: Come) -> None:
    """Empty, with requests of every kind, one by one, with the sheets open, and in the hall."""
    _, look = watched(visitor)
    page = look.page
    page.goto(praying.wall)
    came(page, ".empty")
    look("wall-empty")
    page.goto(praying.lobby)
    came(page, ".lobby .words")
    look("lobby-empty")
    first = praying.put_up(WORDS, anonymous=True)
    praying.put_up("Exams next week", urgent=True, name="Jonas", category="work")
    praying.put_up("אנא התפללו על אבא שלי", language="he", name="יעל כהן")
    praying.put_up("x" * 400, for_whom="other", consent=True, name="W" * 60)
    praying.encourage(first, "We stand with you, and pray this evening.", "Ruth")
    page.goto(praying.wall)
    came(page, "article.card", "operation on Monday")
    came(page, ".replies", "We stand with you")
    look("wall")
    page.locator("article.card", has_text="Exams").locator(".pray").click()
    came(page, ".pray[aria-pressed=true]")
    look("wall-prayed")
    page.get_by_role("button", name="Pray one by one").click()
    came(page, "main .plain", "Go on without")
    look("session")
    while page.locator("main .plain").count():
        page.locator("main .plain").click()
    came(page, ".empty")
    look("session-done")
    page.get_by_role("button", name="Back to the wall").click()
    page.locator("article.card", has_text="operation").locator(".round").click()
    came(page, "dialog[open] textarea")
    look("encourage")
    page.get_by_role("button", name="Report it").click()
    came(page, "dialog[open] fieldset")
    look("report")
    page.keyboard.press("Escape")
    page.goto(praying.lobby)
    came(page, ".lobby article")
    look("lobby")
    assert not look.found, "\n".join(look.found)


def test_axe_finds_nothing_where_one_asks(praying: Praying, visitor: Come) -> None:
    """The form as it comes, with what is missing, with all of it open, sent, in need, and one's own request."""
    reader, look = watched(visitor)
    page = look.page
    page.goto(praying.form)
    came(page, "form #body")
    look("form")
    page.get_by_role("button", name="Send my request").click()
    came(page, "#problem")
    look("form-empty")
    page.fill("#body", "a" * 5_001)
    page.get_by_label("Everybody, on the prayer wall").check()
    page.get_by_label("For somebody else").check()
    look("form-too-long")
    page.fill("#body", "I want to kill myself")
    page.locator("[name=wall_consent]").check()
    page.locator("[name=consent]").check()
    page.get_by_role("button", name="Send my request").click()
    came(page, ".care")
    look("sent-in-need")
    page.get_by_role("button", name="See my request").click()
    came(page, "article.card .tag")
    look("own")
    for name, field in (("Change the words", "textarea"), ("Take it back", "form .danger")):
        page.get_by_role("button", name=name).first.click()
        came(page, field)
        look(f"own-{name.split()[0].lower()}")
        page.get_by_role("button", name="Cancel").click()
    page.goto(f"{praying.wall}#own={'0' * 8}-0000-4000-8000-{'0' * 12}.{'x' * 43}")
    came(page, "[role=alert]")
    look("own-gone")
    # a link that opens nothing is refused, and the browser says so by itself
    reader.complaints[:] = [text for text in reader.complaints if "status of 403" not in text]
    assert not look.found, "\n".join(look.found)


def test_axe_finds_nothing_in_one_to_one_prayer(praying: Praying, visitor: Come) -> None:
    """Nobody there, the form, waiting, talking, before one ends it, over, and what was not right is told."""
    _, look = watched(visitor)
    page = look.page
    page.goto(praying.live)
    came(page, "main a.primary")
    look("live-nobody")
    ruth = praying.person("Ruth", "prayer_team")
    praying.here(ruth)
    page.reload()
    came(page, "form #topic")
    look("live-form")
    page.fill("#nickname", "Anna")
    page.locator("form [type=checkbox]").first.check()
    page.fill("#topic", "My father is ill")
    page.get_by_role("button", name="Ask for somebody").click()
    came(page, ".place", "You are next")
    look("live-waiting")
    session = praying.accept(ruth)
    came(page, ".talk h1", "Ruth is with you")
    praying.say(ruth, session, "Good morning, Anna. How is he?")
    came(page, ".said li", "How is he?")
    page.fill("#words", "He sleeps a lot. I am afraid.")
    page.keyboard.press("Enter")
    expect(page.locator(".said .pending")).to_have_count(0, timeout=PATIENCE)
    look("live-talking")
    page.get_by_role("button", name="End the conversation").click()
    came(page, "[role=alertdialog]")
    look("live-ending")
    page.get_by_role("button", name="Yes, end it").click()
    came(page, "main h1", "Thank you for praying with us")
    look("live-over")
    page.get_by_text("Was something not right?").click()
    page.get_by_label("I did not feel safe.").check()
    page.get_by_label("What happened?").fill("He asked where I live.")
    look("live-concern")
    page.get_by_role("button", name="Tell the pastors").click()
    came(page, "[role=status]", "The pastors will look after it")
    look("live-concern-told")
    praying.here(ruth, here=False)
    assert not look.found, "\n".join(look.found)


def test_who_despairs_sees_helplines_though_nobody_is_there(praying: Praying, visitor: Come) -> None:
    """The last volunteer goes while somebody writes: they are told so, and whom they can call all the same."""
    ruth = praying.person("Ruth", "prayer_team")
    praying.here(ruth)
    anna = visitor(phone=True)
    page = anna.page
    page.goto(praying.live)
    came(page, "form #topic")
    praying.here(ruth, here=False)
    page.fill("#nickname", "Anna")
    page.locator("form [type=checkbox]").first.check()
    page.fill("#topic", "I want to kill myself")
    page.get_by_role("button", name="Ask for somebody").tap()
    came(page, "form [role=alert]", "Nobody is here just now")
    came(page, ".care", "People are there for you right now")
    expect(page.locator("#topic")).to_have_value("I want to kill myself")
    anna.complaints[:] = [text for text in anna.complaints if "status of 409" not in text]  # the refusal


def test_asking_by_keyboard(praying: Praying, visitor: Come) -> None:
    """From the wall to the secret link without a pointer; what is missing is named, and the focus goes there."""
    anna = visitor(locale="en-GB")
    page, press = anna.page, anna.page.keyboard.press
    page.goto(praying.wall)
    came(page, "header .primary")
    press("Tab")
    expect(page.get_by_role("button", name="Ask for prayer")).to_be_focused()
    press("Enter")
    came(page, "form #body")
    page.locator("#body").focus()
    page.keyboard.type("By keyboard alone")
    press("Tab")  # who may read it: one group, moved through with arrows
    expect(page.locator("[name=visibility][value=team]")).to_be_focused()
    for _ in range(3):
        press("ArrowDown")
    expect(page.locator("[name=visibility][value=wall]")).to_be_checked()
    press("Enter")
    came(page, "#problem")
    expect(page.locator("[name=wall_consent]")).to_be_focused()
    press("Space")
    press("Enter")
    expect(page.locator("h1")).to_have_text("Thank you. We will pray.", timeout=PATIENCE)
    expect(page.locator("h1")).to_be_focused()
    for _ in range(2):
        press("Tab")
    press("Enter")
    came(page, "article.card .words", "By keyboard alone")
    assert eventually(lambda: "By keyboard alone" in praying.waiting())


def test_nothing_typed_is_lost(praying: Praying, visitor: Come) -> None:
    """Without a connection the form says so and keeps every word, also through a reload, and sends it later."""
    anna = visitor(phone=True, locale="en-GB")
    page = anna.page
    page.goto(praying.form)
    page.fill("#body", "Written in the tunnel")
    page.get_by_label("Everybody, on the prayer wall").check()
    page.locator("[name=wall_consent]").check()
    anna.context.set_offline(True)
    page.get_by_role("button", name="Send my request").tap()
    expect(page.get_by_role("alert")).to_contain_text("Your words are kept here")
    anna.context.set_offline(False)
    page.reload()
    expect(page.locator("#body")).to_have_value("Written in the tunnel")
    expect(page.locator("[name=visibility][value=wall]")).to_be_checked()
    page.get_by_role("button", name="Send my request").tap()
    expect(page.locator("h1")).to_have_text("Thank you. We will pray.", timeout=PATIENCE)
    assert "Written in the tunnel" in praying.waiting()
    page.reload()
    expect(page.locator("#body")).to_have_value("")


def test_reading_leaves_nothing_behind(praying: Praying, visitor: Come) -> None:
    """Who only reads the wall and the form keeps nothing in their browser and asks for nothing but the pages."""
    reader = visitor()
    for place in (praying.wall, praying.lobby, praying.form):
        reader.page.goto(place)
        reader.page.locator("h1").wait_for()
    kept = "[localStorage.length, sessionStorage.length, document.cookie]"
    assert reader.page.evaluate(kept) == [0, 0, ""]
    assert [url for url in reader.asked if "/api/" in url] == []
