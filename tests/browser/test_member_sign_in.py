"""A member signs in beside the chat: in a tab of ours, led there from a frame on somebody else's website."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyotp
import pytest
from playwright.sync_api import FrameLocator, Page, expect

from server.domains.widgets.models import Theme
from server.domains.widgets.schemas import WidgetsChange
from tests.browser.console import PASSWORD, PICTURES, SIZES
from tests.browser.members import Members
from tests.browser.sunday import Sunday, eventually
from tests.browser.test_chat_access import findings
from tests.browser.test_embed import opened
from tests.browser.visitors import Visitor, chromium, church_at_work, sunday, visitor

__all__ = ["chromium", "church_at_work", "sunday", "visitor"]  # fixtures

Come = Callable[..., Visitor]
Where = FrameLocator | Page


@pytest.fixture
def members(sunday: Sunday) -> Iterator[Members]:
    """Give the church's members, and a relay beside the web process."""
    members = Members(sunday)
    with members.relaying():
        yield members


def write(chat: Where, body: str) -> None:
    chat.locator("narthex-composer textarea").fill(body)
    chat.locator(".send").click()


def join(chat: Where, name: str) -> None:
    chat.locator("#nickname").fill(name)
    chat.locator("[name=consent]").check()
    chat.locator("dialog .primary").click()
    expect(chat.locator(".message.sending")).to_have_count(0)


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def led(visitor: Visitor, chat: Where) -> Page:
    """Follow the link; what the browser complains about on the page it leads to counts too."""
    with visitor.context.expect_page() as page:
        chat.get_by_role("link", name="I have an account").click()
    visitor.watch(page.value)
    expect(page.value.get_by_role("heading")).to_contain_text("Grace Church")
    return page.value


def test_a_guest_goes_on_as_a_member(sunday: Sunday, visitor: Come, members: Members) -> None:
    """In a frame on another website: what the guest wrote is the member's, who goes on under their own name."""
    email = members.add("Ruth Abara")
    other = visitor()
    other.page.goto(sunday.chat)
    one = visitor()
    one.page.goto(sunday.site.put(sunday.snippet))
    chat = opened(one.page)
    write(chat, "Written as a guest")
    join(chat, "Ruthie")
    chat.get_by_role("button", name="Settings").click()
    tab = led(one, chat)
    sign_in(tab, email, "not my password")
    expect(tab.get_by_role("alert")).to_contain_text("do not belong together")
    expect(tab.get_by_label("E-mail")).to_have_value(email)
    expect(tab.get_by_label("Password", exact=True)).to_be_focused()
    with tab.expect_event("close"):
        sign_in(tab, email)
    expect(chat.get_by_text("You write as Ruth Abara")).to_be_visible()
    chat.get_by_role("button", name="Close", exact=True).click()
    write(chat, "And on as a member")
    expect(chat.locator(".message.sending")).to_have_count(0)
    eventually(
        lambda: set(members.authors(sunday.room).values()) == {members.id_of(email)},
    )
    assert sunday.saved() == [("Ruthie", "Written as a guest"), ("Ruth Abara", "And on as a member")]
    chat.locator("article", has_text="Written as a guest").hover()
    chat.get_by_role("button", name="More").click()
    chat.get_by_role("button", name="Edit").click()
    expect(chat.get_by_text("Editing your message")).to_be_visible()
    write(chat, "Written before I signed in")
    expect(other.page.get_by_text("Written before I signed in")).to_be_visible()
    expect(other.page.locator("article .name")).to_have_text(["Ruthie", "Ruth Abara"])
    assert one.page.evaluate("localStorage.length") == 0
    one.complaints.clear()  # a wrong password is a 401, and the browser says so


def test_what_waited_for_a_name_goes_out(sunday: Sunday, visitor: Come, members: Members) -> None:
    """Asked for a name, a member signs in instead, with a second factor, and what was written is sent."""
    email = members.add("Naomi Cole")
    app = pyotp.TOTP(members.secure(email))
    one = visitor(phone=True)
    one.page.goto(sunday.site.put(sunday.snippet))
    chat = opened(one.page)
    write(chat, "Who knows me?")
    tab = led(one, chat)
    sign_in(tab, email)
    expect(tab.get_by_label("Six-digit code")).to_be_focused()
    tab.get_by_label("Six-digit code").fill("000000")
    tab.get_by_role("button", name="Sign in").click()
    expect(tab.get_by_role("alert")).to_contain_text("wrong or too old")
    # a code works once, and setting up has used the one of now
    tab.get_by_label("Six-digit code").fill(app.at(int(tab.evaluate("Date.now()")) // 1000 + 30))
    with tab.expect_event("close"):
        tab.get_by_role("button", name="Sign in").click()
    expect(chat.locator("dialog")).to_be_hidden()
    eventually(lambda: sunday.saved() == [("Naomi Cole", "Who knows me?")])
    one.complaints.clear()


def test_where_scripts_may_open_no_windows(sunday: Sunday, visitor: Come, members: Members) -> None:
    """A popup blocker has nothing to block: the way to the page is a link that the reader follows."""
    email = members.add("Boaz Lane")
    one = visitor()
    one.context.add_init_script("window.open = () => null")
    one.page.goto(sunday.site.put(sunday.snippet))
    chat = opened(one.page)
    chat.get_by_role("button", name="Settings").click()
    tab = led(one, chat)
    with tab.expect_event("close"):
        sign_in(tab, email)
    expect(chat.get_by_text("You write as Boaz Lane")).to_be_visible()


def test_where_the_tab_is_cut_off(sunday: Sunday, visitor: Come, members: Members) -> None:
    """A website that isolates itself keeps the tab from telling the frame: then it leads to a chat of its own."""
    email = members.add("Lydia Moss")
    one = visitor()
    isolated = {"cross_origin_embedder_policy": "require-corp", "cross_origin_opener_policy": "same-origin"}
    one.page.goto(sunday.site.put(sunday.snippet, **isolated))
    chat = opened(one.page)
    chat.get_by_role("button", name="Settings").click()
    tab = led(one, chat)
    sign_in(tab, email)
    expect(tab.get_by_role("heading", name="You are signed in as Lydia Moss")).to_be_visible()
    tab.get_by_role("link", name="Open the chat").click()
    write(tab, "In a tab of its own")
    eventually(lambda: sunday.saved() == [("Lydia Moss", "In a tab of its own")])


def test_from_the_chats_own_page(sunday: Sunday, visitor: Come, members: Members) -> None:
    """The chat as a page of its own, isolated from other websites, hears from the tab too; a reload keeps it."""
    email = members.add("Silas Park")
    one = visitor(locale="es")
    one.page.goto(sunday.chat)
    one.page.get_by_role("button", name="Ajustes").click()
    one.page.locator("#language").select_option("en")
    tab = led(one, one.page)  # in the language chosen there
    with tab.expect_event("close"):
        sign_in(tab, email)
    expect(one.page.get_by_text("You write as Silas Park")).to_be_visible()
    one.page.reload()
    one.page.get_by_role("button", name="Settings").click()
    expect(one.page.get_by_text("You write as Silas Park")).to_be_visible()
    expect(one.page.get_by_role("link", name="I have an account")).to_have_count(0)


def test_another_website_learns_nothing(sunday: Sunday, visitor: Come, members: Members) -> None:
    """A stranger's page that opens the tab hears nothing from it, and cannot frame it."""
    email = members.add("Tabitha Quinn")
    one = visitor()
    one.page.goto(
        sunday.stranger.put(
            '<button onclick="window.heard=[];onmessage=e=>heard.push(e.data);'
            f"window.open('{sunday.sign_in}')\">open</button><iframe src='{sunday.sign_in}'></iframe>"
        )
    )
    with one.context.expect_page() as page:
        one.page.get_by_role("button").click()
    tab = page.value
    sign_in(tab, email)
    expect(tab.get_by_role("link", name="Open the chat")).to_be_visible()
    assert one.page.evaluate("heard") == []
    assert one.page.frames[1].evaluate("document.querySelector('form')") is None
    one.complaints.clear()


def test_a_paused_account_and_a_lost_connection(sunday: Sunday, visitor: Come, members: Members) -> None:
    """Both are said in plain words, and what was typed stays."""
    email = members.add("Phoebe Ward")
    members.suspend(email)
    one = visitor()
    one.page.goto(sunday.sign_in)
    sign_in(one.page, email)
    expect(one.page.get_by_role("alert")).to_have_text("This account is paused. Please write to your church.")
    one.context.set_offline(True)
    one.page.get_by_role("button", name="Sign in").click()
    expect(one.page.get_by_role("alert")).to_have_text("There is no connection. Try again in a moment.")
    expect(one.page.get_by_label("E-mail")).to_have_value(email)
    expect(one.page.get_by_label("Password", exact=True)).to_have_value(PASSWORD)
    one.context.set_offline(False)
    one.complaints.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("accent", ["", "#ffdd00"], ids=["ours", "yellow"])
def test_the_page_is_for_everybody(
    sunday: Sunday, visitor: Come, members: Members, scheme: str, accent: str
) -> None:
    """axe-core finds nothing on any state, narrow and wide; nothing sticks out; it works by keyboard alone."""
    name = f"{scheme.title()}{len(accent)}"
    email = members.add(f"{name} Otis")
    members.secure(email)
    sunday.set_widgets(WidgetsChange([sunday.site.origin], Theme(accent=accent)))
    one = visitor(color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
    page, press = one.page, one.page.keyboard.press
    page.goto(sunday.sign_in)
    look(page, f"sign-in-{name}-1-form")
    press("Tab")
    page.keyboard.type(email)
    press("Tab")
    page.keyboard.type("not my password")
    press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    look(page, f"sign-in-{name}-2-wrong")
    page.keyboard.type(PASSWORD)  # the wrong one is selected
    press("Enter")
    expect(page.get_by_label("Six-digit code")).to_be_focused()
    look(page, f"sign-in-{name}-3-code")
    page.get_by_role("button", name="I cannot use my app").press("Enter")
    expect(page.get_by_label("Recovery code")).to_be_focused()
    look(page, f"sign-in-{name}-4-recovery")
    page.get_by_role("button", name="Forgot your password?").press("Enter")
    expect(page.get_by_role("status")).to_contain_text(f"If {email} has an account here")
    look(page, f"sign-in-{name}-5-letter")
    page.goto(sunday.sign_in)
    sign_in(page, members.add(f"Done{name} Otis"))
    expect(page.get_by_role("link", name="Open the chat")).to_be_visible()
    look(page, f"sign-in-{name}-6-done")
    sunday.set_widgets(WidgetsChange([sunday.site.origin]))
    one.complaints.clear()


def look(page: Page, name: str) -> None:
    for width, height in SIZES[:2]:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert findings(page) == []
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/{name}-{width}.png")
