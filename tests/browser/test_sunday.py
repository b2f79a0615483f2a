"""The whole Sunday: doors, talk, a flood, a ban that is taken back, a tunnel, a crash, and the end; all in browsers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import FrameLocator, Locator, Page, TimeoutError, expect

from realtime.client import Client
from realtime.errors import Disconnected, Refused
from server.domains.safety.models import Rules
from tests.browser.sunday import Guest, Sunday, eventually, worker
from tests.browser.visitors import Visitor, chromium, church_at_work, visitor

__all__ = ["chromium", "church_at_work", "visitor"]  # fixtures

Come = Callable[..., Visitor]
PATIENCE = 60_000  # ms; two cores carry a server, a worker, a database and four browsers
PASSWORD = "a long walk by the lake"
FLOODERS, EACH = 12, 15
# turns the wheel by half a view unless the words are in view by now; from the beginning it starts again at the end,
# for what was written meanwhile stands below
UPWARDS = """(stream, words) => {
  const view = stream.getBoundingClientRect();
  const inView = [...stream.querySelectorAll("article")].some(one => {
    const { top, bottom } = one.getBoundingClientRect();
    return one.textContent.includes(words) && bottom > view.top && top < view.bottom;
  });
  if (inView) return true;
  if (stream.scrollTop <= 0 && stream.querySelector(".top .edge")) stream.closest("narthex-stream").toEnd();
  else stream.scrollBy(0, -stream.clientHeight / 2);
  return false;
}"""
AT_THE_END = "stream => stream.scrollHeight - stream.scrollTop - stream.clientHeight < 48"


class Phone:
    """A visitor with a phone, on the church's own website."""

    def __init__(self, visitor: Visitor, site: str) -> None:
        self.visitor = visitor
        self.page: Page = visitor.page
        self.page.goto(site)
        self.page.locator("narthex-chat .launcher").tap()
        self.frame: FrameLocator = self.page.frame_locator("narthex-chat iframe")

    @property
    def box(self) -> Locator:
        return self.frame.locator("narthex-composer textarea")

    def write(self, body: str) -> None:
        self.box.fill(body)
        self.frame.locator("narthex-composer .send").tap()

    def join(self, name: str) -> None:
        self.frame.locator("#nickname").fill(name)
        self.frame.locator("[name=consent]").check()
        self.frame.locator("dialog .primary").tap()

    def message(self, words: str) -> Locator:
        return self.frame.locator("article").filter(has_text=words).last

    def scroll_back_to(self, words: str) -> None:
        """Read upwards until a message is there, as one does when many came after it; then go back to the newest."""
        stream, pill = self.frame.locator(".scroller"), self.frame.locator(".pill")
        eventually(lambda: stream.evaluate(UPWARDS, words), PATIENCE / 1000)

        def back() -> bool:
            if pill.count():
                with suppress(TimeoutError):  # it goes by itself when the end is reached
                    pill.tap(timeout=1_000)
            return bool(pill.count() == 0 and stream.evaluate(AT_THE_END))

        eventually(back, PATIENCE / 1000)

    def all_sent(self) -> None:
        """Wait until nothing of theirs is on its way."""
        expect(self.frame.locator(".message.sending")).to_have_count(0, timeout=PATIENCE)

    def read(self, words: Sequence[str]) -> list[str]:
        """Return those of these words that stand on the screen, in its order."""
        return [text for text in self.frame.locator(".message .text").all_inner_texts() if text in words]


def came(place: Locator) -> None:
    """Wait until something is seen."""
    expect(place).to_be_visible(timeout=PATIENCE)


def signed_in(desk: Visitor, sunday: Sunday, email: str) -> Page:
    """Open the console's gatherings and sign in."""
    page = desk.page
    page.goto(f"{sunday.server.url}/console/grace/gatherings")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    came(page.locator(".gatherings > li"))
    # the console asked whether somebody is signed in, and nobody was
    desk.complaints[:] = [text for text in desk.complaints if "status of 401" not in text]
    return page


async def flood(sunday: Sunday, guests: Sequence[Guest]) -> int:
    """Let everybody write as fast as their own socket takes it; return how much was refused."""

    async def one(guest: Guest, number: int) -> int:
        async def token() -> str:
            return guest.token

        url, topic, refused = sunday.server.url, f"chat:{sunday.room}", 0
        async with Client(f"{url.replace('http', 'ws')}/live/grace", token, origin=url) as client:
            await client.join(topic)
            for n in range(EACH):
                words = {"body": f"{number} says {n}: {uuid4().hex}"}
                try:
                    await client.push(topic, "message.send", words, str(uuid4()))
                except (Refused, Disconnected):
                    refused += 1
        return refused

    return sum(await asyncio.gather(*(one(guest, number) for number, guest in enumerate(guests))))


def test_a_whole_sunday(church_at_work: Sunday, visitor: Come, tmp_path: Path) -> None:
    """From the doors to the end nobody loses a word, all read the same in the same order, and no browser complains."""
    sunday = church_at_work
    sunday.set_rules(Rules(flood_messages=6, flood_seconds=10))
    email = sunday.staff("Ruth", PASSWORD, "owner")
    with worker(sunday.settings, tmp_path / "worker.log"):
        sunday.plan("Sunday worship", 120)
        sunday.enter()
        site = sunday.site.put(f'<meta name="viewport" content="width=device-width">{sunday.snippet}')
        anna, ben = Phone(visitor(phone=True), site), Phone(visitor(phone=True), site)
        desk = visitor()
        moderator = signed_in(desk, sunday, email)
        the_doors_open(moderator, anna, ben)
        they_talk(anna, ben)
        moderator.get_by_role("link", name="Live").click()
        came(moderator.locator(".stream .text").filter(has_text="Good morning from the hospital"))
        a_flood_drowns_nobody(sunday, anna, ben)
        troll = sunday.guest("Troll")
        a_ban_is_taken_back(moderator, anna, troll)
        a_tunnel_loses_nothing(sunday, anna, ben)
        a_crash_costs_nobody_a_word(sunday, moderator, anna, ben)
        they_read_the_same(sunday, anna, ben)
        sunday.let_it_begin()
        it_closes(moderator, anna, ben)


def the_doors_open(moderator: Page, anna: Phone, ben: Phone) -> None:
    """Who came early sees how long it is; when the doors open the writing box is there, without a reload."""
    for phone in (anna, ben):
        came(phone.frame.locator("#countdown-title"))
        expect(phone.box).to_have_count(0)
    moderator.get_by_role("button", name="Open the doors now").click()
    came(moderator.locator(".gatherings .badge").filter(has_text=re.compile("^doors open$")))
    for phone in (anna, ben):
        came(phone.box)


def they_talk(anna: Phone, ben: Phone) -> None:
    """A message, an answer to it and a reaction are on the other's screen."""
    anna.write("Good morning from the hospital")
    anna.join("Anna")
    came(ben.message("Good morning from the hospital"))
    ben.message("Good morning from the hospital").locator(".text").tap()
    ben.frame.get_by_role("button", name="Reply").tap()
    expect(ben.frame.locator("narthex-composer .context")).to_be_visible()
    ben.write("We are with you")
    ben.join("Ben")
    came(anna.frame.get_by_role("button", name="In reply to Anna: Good morning from the hospital"))
    anna.message("We are with you").locator(".text").tap()
    anna.frame.get_by_role("button", name="React", exact=True).tap()
    anna.frame.get_by_role("button", name="React with 🙏").tap()
    expect(ben.message("We are with you").locator(".reaction")).to_have_text("🙏 1", timeout=PATIENCE)
    anna.all_sent()
    ben.all_sent()


def a_flood_drowns_nobody(sunday: Sunday, anna: Phone, ben: Phone) -> None:
    """Beyond a person's pace the flood is refused, and what is said in the middle of it is read."""
    guests = [sunday.guest(f"Flood {number}") for number in range(FLOODERS)]
    running = sunday.beside(flood(sunday, guests))
    anna.write("Is it always this loud?")
    refused = running.result(120)
    assert 0 < refused < FLOODERS * EACH
    anna.all_sent()
    ben.scroll_back_to("Is it always this loud?")  # the flood has pushed it out of view by now


def a_ban_is_taken_back(moderator: Page, anna: Phone, troll: Guest) -> None:
    """Who is kept out cannot write; within ten seconds that is taken back, and they can."""
    troll.say("You are all fools")
    seen = moderator.locator(".stream li").filter(has_text="You are all fools")
    came(seen)
    came(anna.message("You are all fools"))
    seen.click()
    moderator.get_by_role("button", name="Keep out…").click()
    moderator.get_by_role("button", name="Keep out now").click()
    came(moderator.locator(".undo-bar"))
    assert troll.try_to_say("Fools!") in (401, 403)
    moderator.get_by_role("button", name="Undo").click()
    expect(moderator.locator(".undo-bar")).to_have_count(0, timeout=PATIENCE)
    eventually(lambda: troll.try_to_say("I am sorry.") == 201, 30)
    came(anna.message("I am sorry."))


def a_tunnel_loses_nothing(sunday: Sunday, anna: Phone, ben: Phone) -> None:
    """Without a network one reads on, writes on, and is told; afterwards everything is there once."""
    ben.visitor.context.set_offline(True)
    ben.frame.locator("narthex-chat-app").evaluate("app => app.chat.live.wake()")
    came(ben.frame.get_by_text("You are offline."))
    ben.write("Written in the tunnel")
    came(ben.frame.get_by_text("Waiting for the connection"))
    for words in ("First while he is away", "Second while he is away"):
        anna.write(words)
        came(anna.message(words))
    anna.all_sent()
    ben.visitor.context.set_offline(False)
    came(ben.message("Second while he is away"))
    ben.all_sent()
    came(anna.message("Written in the tunnel"))


def a_crash_costs_nobody_a_word(sunday: Sunday, moderator: Page, anna: Phone, ben: Phone) -> None:
    """While the server is gone a draft stays and a message waits; both go out when it is back."""
    sunday.server.kill()
    anna.write("Sent into the dark")
    anna.box.fill("half a sen")
    came(anna.frame.get_by_text("Reconnecting…"))
    sunday.server.start()
    came(ben.message("Sent into the dark"))
    anna.all_sent()
    expect(anna.box).to_have_value("half a sen")
    anna.box.press_sequentially("tence, and its end")
    anna.frame.locator("narthex-composer .send").tap()
    came(ben.message("half a sentence, and its end"))
    came(moderator.locator(".stream .text").filter(has_text="half a sentence, and its end"))


SAID = (
    "Is it always this loud?",
    "You are all fools",
    "I am sorry.",
    "First while he is away",
    "Second while he is away",
    "Written in the tunnel",
    "Sent into the dark",
    "half a sentence, and its end",
)


def they_read_the_same(sunday: Sunday, anna: Phone, ben: Phone) -> None:
    """What the database holds stands on both screens, in its order, each once."""
    kept = [body for _, body in sunday.saved() if body in SAID]
    assert sorted(kept) == sorted(SAID)
    late = kept[1:]  # the first may be above the flood, out of view
    for phone in (anna, ben):
        eventually(lambda phone=phone: phone.read(late) == late, 30)


def it_closes(moderator: Page, anna: Phone, ben: Phone) -> None:
    """When the doors close nobody can write any more, and what was said can still be read."""
    moderator.get_by_role("link", name="Gatherings").click()
    moderator.get_by_role("button", name="Close the doors now").click()
    came(moderator.locator(".gatherings .badge").filter(has_text=re.compile("^over$")))
    for phone in (anna, ben):
        came(phone.frame.locator(".bar.closed"))
        expect(phone.box).to_have_count(0)
        came(phone.message("half a sentence, and its end"))
