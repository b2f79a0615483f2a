"""The queue and the care desk: two who decide at once, an alarm, and somebody to pray with."""

from __future__ import annotations

from collections.abc import Iterator
from subprocess import Popen
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, expect

from server.kit.scope import Scope
from server.settings import Settings
from server.wiring import Wiring
from tests.browser.console import Desk, person
from tests.web_process import Process, working

SOON = 20_000  # milliseconds a signal may take on a busy machine
FIRST = "Please pray for my wife Anna, call me on 555-010-1234"


@pytest.fixture
def worker(settings: Settings) -> Iterator[Popen[bytes]]:
    """Give a running background worker."""
    with working(settings) as worker:
        yield worker


class Visitor:
    """Somebody on the church's website, without a browser."""

    def __init__(self, process: Process) -> None:
        self._client = httpx.Client(base_url=f"{process.url}/api/v1/grace", timeout=30)

    def ask(self, body: str, **more: object) -> None:
        """Ask for prayer."""
        wanted = {"body": body, "visibility": "wall", "wall_consent": True, "name": "Maria"} | more
        self._client.post("/prayers", json=wanted).raise_for_status()

    def sign_in(self, name: str) -> None:
        """Become a guest."""
        made = self._client.post("/auth/guest", json={"nickname": name, "consent": "1"})
        self._client.headers["authorization"] = f"Bearer {made.raise_for_status().json()['access_token']}"

    def ask_for_somebody(self, topic: str) -> None:
        """Ask for somebody to pray with."""
        self._client.post("/care/ask", json={"topic": topic}).raise_for_status()

    def say(self, body: str) -> None:
        """Write to the volunteer."""
        session = self._client.get("/care/current").raise_for_status().json()
        self._session = session["id"]
        message = {"id": str(uuid4()), "body": body}
        self._client.post(f"/chat/rooms/{session['room']}/messages", json=message).raise_for_status()

    def tell(self, note: str) -> None:
        """Tell the pastors that something was not right."""
        concern = {"session": self._session, "reason": "unsafe", "note": note}
        self._client.post("/care/concerns", json=concern).raise_for_status()


async def desk_of(
    browser: Browser, process: Process, name: str, behind: str = "", *, language: str = "en"
) -> Desk:
    """Open a console and sign in."""
    desk = await Desk.open(browser, process, behind, language=language)
    await desk.sign_in(f"{name}@grace.example")
    return desk


@pytest.mark.usefixtures("worker")
async def test_two_at_one_queue(browser: Browser, process: Process, wiring: Wiring, system: Scope) -> None:
    """Each sees at once what the other looks at; one decides by keys alone, and takes it back."""
    for name in ("Ruth", "Paul"):
        await person(wiring, system, name, "prayer_team")
    ruth, paul = await desk_of(browser, process, "ruth"), await desk_of(browser, process, "paul")
    await expect(ruth.page.get_by_text("Nothing waits for you")).to_be_visible(timeout=SOON)
    await ruth.look("queue-empty")
    visitor = Visitor(process)
    visitor.ask(FIRST)
    for desk in (ruth, paul):
        await expect(desk.page.locator(".cases li")).to_have_count(1, timeout=SOON)
    visitor.ask("Thank God, she is well again")
    await expect(ruth.page.locator(".cases li")).to_have_count(2, timeout=SOON)

    await ruth.page.locator("h1").focus()
    await ruth.page.keyboard.press("j")
    await expect(paul.page.locator(".cases li").first).to_contain_text("Ruth is looking at it")
    await paul.page.locator(".cases li").first.click()
    await expect(paul.page.get_by_role("button", name="Approve")).to_be_disabled()
    await paul.look("queue-claimed")
    await expect(ruth.page.locator(".wording mark")).to_have_count(2)
    await ruth.look("queue-case")
    await ruth.page.get_by_role("button", name="Anna name: take it out").click()
    await expect(ruth.page.locator("#wording")).to_have_value(
        "Please pray for my wife, call me on 555-010-1234"
    )
    await ruth.page.keyboard.press("a")
    await expect(ruth.page.locator(".undo-bar")).to_contain_text("Approved")
    await expect(paul.page.locator(".cases li")).to_have_count(1)
    await expect(paul.page.locator(".right")).to_contain_text("Decided by Ruth: approved")
    wall = httpx.get(f"{process.url}/api/v1/grace/wall", timeout=30).json()
    assert [one["body"] for one in wall["items"]] == ["Please pray for my wife, call me on 555-010-1234"]

    # she has gone on to the next; it can be taken back for ten seconds, so nothing slow comes in between
    await expect(paul.page.locator(".cases li").first).to_contain_text("Ruth is looking at it")
    await ruth.page.keyboard.press("a")
    await expect(ruth.page.locator(".cases li")).to_have_count(0)
    assert len(httpx.get(f"{process.url}/api/v1/grace/wall", timeout=30).json()["items"]) == 2
    await ruth.page.keyboard.press("u")
    await expect(ruth.page.locator(".cases li")).to_have_count(1)
    await expect(paul.page.locator(".cases li")).to_have_count(1)
    wall = httpx.get(f"{process.url}/api/v1/grace/wall", timeout=30).json()
    assert [one["body"] for one in wall["items"]] == ["Please pray for my wife, call me on 555-010-1234"]
    await ruth.page.locator("h1").focus()
    await ruth.page.keyboard.press("?")
    await expect(ruth.page.get_by_role("dialog")).to_be_visible()
    await ruth.look("queue-keys")
    await ruth.page.keyboard.press("Escape")
    await ruth.page.keyboard.press("n")
    await ruth.page.keyboard.type("I know the family")
    await ruth.page.get_by_role("button", name="Keep the note").click()
    await expect(ruth.page.locator(".notes")).to_contain_text("I know the family")
    ruth.check()
    paul.check()


@pytest.mark.usefixtures("worker")
async def test_an_alarm_rings(browser: Browser, process: Process, wiring: Wiring, system: Scope) -> None:
    """On whatever page a leader is; it leads to the case, and is gone from everybody's screen once it is seen to."""
    await person(wiring, system, "Pia", "pastor")
    await person(wiring, system, "Olga", "owner")
    pia = await desk_of(browser, process, "pia", "/account")
    olga = await desk_of(browser, process, "olga", "/account", language="es")
    await expect(pia.page.locator("nav .badge")).to_have_count(0)
    Visitor(process).ask("I want to kill myself tonight")
    for desk, words in ((pia, "hurt themselves"), (olga, "hacerse daño")):
        await expect(desk.page.locator(".alarm")).to_contain_text(words, timeout=SOON)
    await pia.look("alarm")
    for page, shown in (("Turnos", ".week-grid"), ("Acompañamiento", ".duty"), ("Por decidir", ".cases li")):
        await olga.page.get_by_role("link", name=page).click()
        await expect(olga.page.locator(shown).first).to_be_visible()
        await olga.look(f"es-{page}")
    await olga.page.locator(".cases li").click()
    await expect(olga.page.get_by_role("button", name="Aprobar")).to_be_visible()
    await olga.look("es-case")
    await pia.page.get_by_role("button", name="Look at it").click()
    await expect(pia.page.locator(".cases .crisis")).to_contain_text("Crisis", timeout=SOON)
    await expect(pia.page.locator("narthex-waiting .alert")).to_contain_text("ending one's life")
    await pia.look("queue-crisis")
    await pia.page.get_by_role("button", name="I see to it").click()
    for desk in (pia, olga):
        await expect(desk.page.locator(".alarm")).to_have_count(0)
        desk.check()


@pytest.mark.usefixtures("worker")
async def test_somebody_to_pray_with(
    browser: Browser, process: Process, wiring: Wiring, system: Scope
) -> None:
    """A volunteer on duty goes to who asks, they write to each other, and it ends with something to be done.

    What was not right is told to a pastor, who reads it and sees to it.
    """
    await person(wiring, system, "Ruth", "prayer_team")
    ruth = await desk_of(browser, process, "ruth", "/care")
    page = ruth.page
    await page.get_by_role("switch", name="I am here").check()
    await expect(page.locator(".duty")).to_contain_text("Here now: Ruth")
    maria = Visitor(process)
    maria.sign_in("Maria")
    maria.ask_for_somebody("My father is ill")
    await expect(page.get_by_text("My father is ill")).to_be_visible(timeout=SOON)
    await ruth.look("care-waiting")
    await page.get_by_role("button", name="Go to them: Maria").click()
    await expect(page.locator("#write")).to_be_focused()
    await page.keyboard.type("Good evening Maria, I am Ruth.")
    await page.keyboard.press("Enter")
    await expect(page.locator(".talk .text")).to_have_text(["Good evening Maria, I am Ruth."])
    maria.say("Thank you for coming")
    await expect(page.locator(".talk .text").last).to_have_text("Thank you for coming", timeout=SOON)
    await ruth.look("care-talk")
    await page.get_by_role("button", name="End…").click()
    await page.get_by_role("button", name="End it now").click()
    await expect(page.get_by_text("The conversation is over.")).to_be_visible()
    await page.get_by_role("button", name="Note something to be done").click()
    await page.fill("#title", "Call Maria on Tuesday")
    await page.get_by_role("button", name="Put it on the list").click()
    await page.get_by_role("button", name="Close it").click()
    await page.get_by_role("button", name="To do").click()
    await expect(page.locator(".list")).to_contain_text("Call Maria on Tuesday")
    await ruth.look("care-tasks")
    await page.get_by_role("button", name="Done: Call Maria on Tuesday").click()
    await expect(page.locator(".undo-bar")).to_contain_text("Call Maria on Tuesday")
    ruth.check()
    await person(wiring, system, "Pia", "pastor")
    pia = await desk_of(browser, process, "pia")
    maria.tell("She asked where I live.")
    await pia.page.locator(".cases li").filter(has_text="Not right in one-to-one prayer").click(timeout=SOON)
    await pia.page.get_by_role("button", name="Read what was told").click()
    await expect(pia.page.locator("narthex-concern")).to_contain_text("She asked where I live.")
    await pia.look("queue-concern")
    await expect(pia.page.locator(".alarm")).to_contain_text("Somebody felt unsafe in one-to-one prayer.")
    await pia.page.get_by_role("button", name="I have seen to it").click()
    await expect(pia.page.locator(".undo-bar")).to_contain_text("Noted: it is seen to.")
    await pia.page.get_by_role("button", name="Undo").click()
    await expect(pia.page.locator(".alarm")).to_have_count(0, timeout=SOON)
    await expect(pia.page.locator(".cases li")).to_have_count(1, timeout=SOON)
    pia.check()


async def test_prayers_and_rota(browser: Browser, process: Process, wiring: Wiring, system: Scope) -> None:
    """The list finds a request by a part of a word, its wording is changed, the sheet printed, a shift planned."""
    await person(wiring, system, "Olga", "owner")
    await person(wiring, system, "Ruth", "prayer_team")
    visitor = Visitor(process)
    visitor.ask(FIRST, visibility="team", wall_consent=False)
    visitor.ask("Thank God for my new job", category="work", anonymous=True, name="", email="m@x.example")
    olga = await desk_of(browser, process, "olga", "/prayers")
    page = olga.page
    await expect(page.locator(".requests li")).to_have_count(2)
    await olga.look("prayers")
    await page.fill("#q", "wife anna")
    await page.keyboard.press("Enter")
    await expect(page.locator(".requests li")).to_have_count(1)
    await page.locator(".requests button").click()
    await page.get_by_role("button", name="555-010-1234 phone: take it out").click()
    await page.get_by_role("button", name="Save changes").click()
    await expect(page.locator("narthex-request .notice")).to_have_text("Saved.")
    await olga.look("prayers-one")
    await page.fill("#q", "job")
    await page.keyboard.press("Enter")
    await page.locator(".requests button").click()
    await page.get_by_role("button", name="Open who asked…").click()
    await page.fill("#why", "Asked to be called back by Pastor Ruth")
    await olga.look("prayers-unseal")
    await page.get_by_role("button", name="Open the envelope").click()
    await expect(page.locator(".ask")).to_contain_text("m@x.example")
    for tab, shown in (("This week", ".bars"), ("To print", ".empty"), ("Settings", ".rules")):
        await page.get_by_role("button", name=tab).click()
        await expect(page.locator(shown).first).to_be_visible()
        await olga.look(f"prayers-{tab.lower().replace(' ', '-')}")
    await page.fill("#flags", "3")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".notice")).to_have_text("Saved.")

    await page.get_by_role("link", name="Rota").click()
    await page.select_option("#person", label="Ruth")
    await page.get_by_label("Every week").check()
    await page.get_by_role("button", name="Plan it").click()
    await expect(page.locator(".week-grid li")).to_contain_text("Ruth")
    await olga.look("rota")
    await page.get_by_role("button", name="Remove: Ruth").click()
    await expect(page.locator(".week-grid li")).to_have_count(0)
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator(".week-grid li")).to_have_count(1)
    await page.get_by_role("link", name="Care desk").click()
    for tab in ("Conversations", "Saved replies", "Settings"):
        await page.get_by_role("button", name=tab).click()
        await expect(page.locator(".empty, .rules").first).to_be_visible()
        await olga.look(f"care-{tab.lower().replace(' ', '-')}")
    olga.check()
