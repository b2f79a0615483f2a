"""A Sunday of prayer: three who ask and pray, two who decide at the console, the hall's television, a crisis, a cut."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.praying import PATIENCE, Praying
from tests.browser.sunday import Sunday, eventually, worker
from tests.browser.visitors import Visitor, chromium, church_at_work, visitor
from tests.browser.week import Week

__all__ = ["chromium", "church_at_work", "visitor"]  # fixtures

Come = Callable[..., Visitor]
PASSWORD = "a long walk by the lake"
SECRETLY = "For my sister, who does not know that I ask"
HEAVY = "I do not want to live any more, I want to kill myself"
OPENLY = "Thankful for our new neighbours"


class Phone:
    """Somebody with a phone on the church's own website, where the wall stands in the page."""

    def __init__(self, visitor: Visitor, site: str) -> None:
        self.visitor = visitor
        self.page: Page = visitor.page
        self.page.goto(site)
        self.frame: FrameLocator = self.page.frame_locator("narthex-prayer-wall iframe")
        came(self.frame.locator("h1"))

    def card(self, words: str) -> Locator:
        return self.frame.locator("article.card").filter(has_text=words)

    def ask(self, words: str, *, anonymous: bool = False) -> None:
        """Ask for the wall, from the wall."""
        self.frame.get_by_role("button", name="Ask for prayer").tap()
        self.frame.locator("#body").fill(words)
        self.frame.get_by_label("Everybody, on the prayer wall").check()
        self.frame.locator("[name=wall_consent]").check()
        if anonymous:
            self.frame.get_by_label("Leave my name out").check()
        else:
            self.frame.locator("#name").fill("Ben")
        self.frame.get_by_role("button", name="Send my request").tap()
        came(self.frame.get_by_text("Thank you. We will pray."))

    def back(self) -> None:
        self.frame.get_by_role("button", name="Back to the wall").tap()


class Moderator:
    """Somebody at the queue of the console."""

    def __init__(self, visitor: Visitor, sunday: Sunday, email: str) -> None:
        self.page: Page = visitor.page
        self.page.goto(f"{sunday.server.url}/console/grace/queue")
        self.page.fill("#email", email)
        self.page.fill("#password", PASSWORD)
        self.page.keyboard.press("Enter")
        came(self.page.locator("narthex-queue h1"))
        # the console asked whether somebody is signed in, and nobody was
        visitor.complaints[:] = [text for text in visitor.complaints if "status of 401" not in text]

    def case(self, words: str) -> Locator:
        return self.page.locator(".cases [role=option]").filter(has_text=words)

    def decide(self, words: str, key: str) -> None:
        """Choose a case and press a key, as one does all morning."""
        self.case(words).click()
        came(self.page.locator("narthex-case .words, .words").filter(has_text=words).first)
        self.page.locator(".case-title").focus()
        self.page.keyboard.press(key)
        expect(self.case(words)).to_have_count(0, timeout=PATIENCE)


def came(place: Locator) -> None:
    """Wait until something is seen."""
    expect(place.first).to_be_visible(timeout=PATIENCE)


def shown_in_the_hall(hall: Page, words: str) -> bool:
    """Tell whether the television has a request, whichever it shows at this moment."""
    found: bool = hall.evaluate(
        "words => document.querySelector('narthex-lobby').wall.list.some(({body}) => body === words)", words
    )
    return found


def test_a_sunday_of_prayer(church_at_work: Sunday, visitor: Come, tmp_path: Path) -> None:
    """What is asked is read by the team before it stands anywhere, stands everywhere at once, and goes as it came."""
    sunday, praying = church_at_work, Praying(church_at_work)
    pia, lucia = sunday.staff("Pia", PASSWORD, "pastor"), sunday.staff("Lucia", PASSWORD, "prayer_team")
    tag = '<narthex-prayer-wall church="grace"></narthex-prayer-wall>'
    site = sunday.site.put(f'<meta name="viewport" content="width=device-width">{tag}{sunday.snippet}')
    with worker(sunday.settings, tmp_path / "worker.log"):
        television, phone = visitor(), {"phone": True, "locale": "en-GB"}
        hall = television.page
        hall.goto(praying.lobby)
        came(hall.get_by_text("Be the first to ask for prayer."))
        anna, ben, carla = (Phone(visitor(**phone), site) for _ in range(3))
        one = Moderator(visitor(locale="en-GB"), sunday, pia)
        two = Moderator(visitor(locale="en-GB"), sunday, lucia)
        somebody_asks_without_a_name(anna, one, two, hall)
        somebody_is_in_need(ben, one, two, hall)
        what_comes_waits_for_a_finger(praying, hall, carla)
        what_goes_waits_for_nobody(praying, carla)
        they_pray(praying, anna, carla)
        the_hall_shows_what_stands(praying, hall, carla)
        a_cut_hides_nothing(praying, hall, carla)
        two_pray_together(praying, visitor(**phone), two, lucia)
        for left in (anna, ben, carla):
            kept = left.page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
            assert kept == [0, 0, ""]


def somebody_asks_without_a_name(anna: Phone, one: Moderator, two: Moderator, hall: Page) -> None:
    """It is before both moderators, and nowhere else; approved by one it is on the wall and gone for the other."""
    anna.ask(SECRETLY, anonymous=True)
    came(one.case(SECRETLY))
    came(two.case(SECRETLY))
    assert not shown_in_the_hall(hall, SECRETLY)
    two.decide(SECRETLY, "a")
    expect(one.case(SECRETLY)).to_have_count(0, timeout=PATIENCE)
    anna.back()
    came(anna.card(SECRETLY))
    expect(anna.card(SECRETLY)).to_contain_text("Somebody")
    came(hall.locator("article").filter(has_text=SECRETLY))


def somebody_is_in_need(ben: Phone, one: Moderator, two: Moderator, hall: Page) -> None:
    """Helplines come at once, the case stands first and in red for both, an alarm rings, and nothing is shown."""
    ben.ask(HEAVY)
    came(ben.frame.locator(".care a[href^='tel:']"))
    for moderator in (one, two):
        came(moderator.page.locator(".cases [role=option].crisis").filter(has_text=HEAVY))
        expect(moderator.page.locator(".cases [role=option]").first).to_contain_text(HEAVY)
    came(one.page.locator(".alarm strong[role=alert]"))  # the pastor is called, and says that they saw it
    one.page.locator(".alarm button:not(.look)").click()
    expect(one.page.locator(".alarm")).to_have_count(0, timeout=PATIENCE)
    assert not shown_in_the_hall(hall, HEAVY)
    one.decide(HEAVY, "d")
    expect(two.case(HEAVY)).to_have_count(0, timeout=PATIENCE)
    assert not shown_in_the_hall(hall, HEAVY)
    ben.back()
    expect(ben.card(HEAVY)).to_have_count(0)


def what_comes_waits_for_a_finger(praying: Praying, hall: Page, carla: Phone) -> None:
    """What is put up above while somebody presses does not push away what they press."""
    praying.put_up(OPENLY, name="Ruth")
    pressed = carla.card(OPENLY).locator(".pray")
    pressed.hover()
    carla.page.mouse.down()
    praying.put_up("An accident on the bridge", urgent=True, name="Jonas")
    eventually(lambda: shown_in_the_hall(hall, "An accident on the bridge"))
    assert not carla.card("An accident on the bridge").count()
    carla.page.mouse.up()
    expect(pressed).to_have_attribute("aria-pressed", "true")
    came(carla.card("An accident on the bridge"))


def what_goes_waits_for_nobody(praying: Praying, carla: Phone) -> None:
    """What is taken down is off the wall at once, also below a finger that rests there."""
    id = praying.put_up("Put up by mistake", name="Nobody")
    came(carla.card("Put up by mistake"))
    carla.card(OPENLY).locator(".words").hover()
    carla.page.mouse.down()
    praying.take_down(id)
    expect(carla.card("Put up by mistake")).to_have_count(0, timeout=PATIENCE)
    carla.page.mouse.up()


def they_pray(praying: Praying, anna: Phone, carla: Phone) -> None:
    """Who prays counts once and sees it; one by one one is led through what stands, urgent ones first."""
    expect(anna.card(OPENLY).locator(".count")).to_have_text("1 person prayed", timeout=PATIENCE)
    carla.frame.get_by_role("button", name="Pray one by one").tap()
    came(carla.frame.get_by_role("button", name="Go on without"))
    came(carla.frame.locator("main article").filter(has_text="An accident on the bridge"))
    carla.frame.locator("main .pray").tap()
    came(carla.frame.locator("main article").filter(has_text=SECRETLY))
    carla.frame.locator("main .pray").tap()
    came(carla.frame.get_by_text("You have prayed for everything that stands here."))
    carla.back()
    # one prayed for what is anonymous: nobody is told so little
    expect(anna.card("An accident").locator(".count")).to_have_text("1 person prayed", timeout=PATIENCE)
    expect(anna.card(SECRETLY).locator(".count")).to_be_empty()


def the_hall_shows_what_stands(praying: Praying, hall: Page, carla: Phone) -> None:
    """What is taken down while the television shows it is off it at once, and off every phone."""
    id = praying.put_up("To be taken down", name="Nobody")
    eventually(lambda: shown_in_the_hall(hall, "To be taken down"))
    came(carla.card("To be taken down"))
    lobby = hall.locator("narthex-lobby")
    while "To be taken down" not in (hall.locator("article .words").text_content() or ""):
        lobby.evaluate("lobby => lobby.next()")
        lobby.evaluate("lobby => lobby.updateComplete")
    praying.take_down(id)
    expect(hall.locator("article").filter(has_text="To be taken down")).to_have_count(0, timeout=PATIENCE)
    expect(carla.card("To be taken down")).to_have_count(0, timeout=PATIENCE)


def a_cut_hides_nothing(praying: Praying, hall: Page, carla: Phone) -> None:
    """What was taken down and put up while a wall was away is so when it is back; the reader is told meanwhile."""
    id = praying.put_up("Gone in the tunnel", name="Nobody")
    for_hall = carla.visitor.context
    came(carla.card("Gone in the tunnel"))
    for_hall.set_offline(True)
    carla.frame.locator("narthex-wall-page").evaluate("page => page.wall.live.wake()")
    came(carla.frame.get_by_text("Reconnecting… what you see may be a moment old."))
    praying.take_down(id)
    praying.put_up("New after the tunnel", name="Uwe")
    expect(hall.locator("article").filter(has_text="Gone in the tunnel")).to_have_count(0, timeout=PATIENCE)
    came(carla.card("Gone in the tunnel"))
    for_hall.set_offline(False)
    came(carla.card("New after the tunnel"))
    expect(carla.card("Gone in the tunnel")).to_have_count(0)
    expect(carla.frame.locator(".notice")).to_be_empty()


def two_pray_together(praying: Praying, dora: Visitor, lucia: Moderator, email: str) -> None:
    """Nobody is there: the form is offered. Somebody comes: one waits with a place, talks, is seen, and goes on
    with whom the volunteer hands over to, who is called on the page where they are just then."""
    page, ruth = dora.page, praying.person("Ruth", "prayer_team")
    page.goto(praying.live)
    came(page.get_by_role("link", name="Write my request"))
    praying.here(ruth)
    page.reload()
    page.locator("#nickname").fill("Dora")
    page.locator("form [type=checkbox]").first.check()
    page.locator("#topic").fill("A hard week")
    page.get_by_role("button", name="Ask for somebody").tap()
    came(page.get_by_text("You are next."))
    session = praying.accept(ruth)
    came(page.get_by_text("Ruth is with you"))
    praying.say(ruth, session, "I am here. What happened?")
    came(page.locator(".said li").filter(has_text="What happened?"))
    page.locator("#words").fill("I lost my work.")
    page.get_by_role("button", name="Send").tap()
    expect(page.locator(".said .pending")).to_have_count(0, timeout=PATIENCE)
    came(page.locator(".said .own").filter(has_text="I lost my work."))
    praying.hand_over(ruth, session, email)
    came(page.get_by_text("Lucia is with you"))
    lucia.page.get_by_role("button", name="Go to them").click()
    came(lucia.page.locator("narthex-conversation .talk").filter(has_text="I lost my work."))
    expect(lucia.page.locator(".alarm")).to_have_count(0)
    lucia.page.locator("#write").fill("May I pray for you?")
    lucia.page.keyboard.press("Enter")
    came(page.locator(".said li").filter(has_text="May I pray for you?"))
    lucia.page.get_by_role("button", name="End…").click()
    lucia.page.get_by_role("button", name="End it now").click()
    came(page.get_by_text("Thank you for praying with us."))
    came(page.get_by_text("What was said is erased."))
    praying.here(ruth, here=False)


def test_a_wall_out_of_view_weighs_nothing(church_at_work: Sunday, visitor: Come) -> None:
    """P10: a page with a chat's launcher and a wall below asks for 6 KiB at most before one scrolls or clicks."""
    sunday = church_at_work
    reader = visitor(phone=True)
    session = reader.context.new_cdp_session(reader.page)
    sizes: dict[str, float] = {}
    urls: dict[str, str] = {}
    session.on("Network.responseReceived", lambda e: urls.update({e["requestId"]: e["response"]["url"]}))
    session.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]}))
    session.send("Network.enable")
    wall = '<div style="height:300vh"></div><narthex-prayer-wall church="grace"></narthex-prayer-wall>'
    reader.page.goto(sunday.site.put(f"{sunday.snippet}{wall}", "/below"))
    reader.page.locator("narthex-chat .launcher").wait_for()
    reader.page.wait_for_timeout(500)
    ours = {urls[id]: size for id, size in sizes.items() if urls.get(id, "").startswith(sunday.server.url)}
    assert list(ours) == [f"{sunday.server.url}/embed.js"]
    assert sum(ours.values()) <= 6 * 1024
    reader.page.locator("narthex-prayer-wall").scroll_into_view_if_needed()
    came(reader.page.frame_locator("narthex-prayer-wall iframe").locator("h1"))


def test_a_television_through_a_break(church_at_work: Sunday, visitor: Come) -> None:
    """While the church takes a break the hall shows nothing of the wall; after it, it goes on with nobody near."""
    week, words = Week(church_at_work), "For our harvest, and the hands that bring it in"
    praying = Praying(church_at_work)
    stands = praying.put_up(words)
    television = visitor()
    hall = television.page
    hall.clock.install()
    hall.goto(praying.lobby)
    came(hall.get_by_text(words))
    week.suspend()
    try:
        came(hall.get_by_text("takes a break here"))
        expect(hall.get_by_text(words)).to_have_count(0)
        expect(hall.locator("footer")).to_have_count(0)
        hall.reload()
        came(hall.get_by_text("takes a break here"))
    finally:
        week.resume()

    def back() -> bool:
        hall.clock.fast_forward(61_000)
        return shown_in_the_hall(hall, words)

    eventually(back, 60)
    expect(hall.get_by_text("takes a break here")).to_have_count(0)
    praying.take_down(stands)
    television.complaints = [
        text for text in television.complaints if "503" not in text
    ]  # told by the browser
