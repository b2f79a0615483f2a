"""What the widgets cost a church's page and a visitor's patience, on a phone of five years ago, in Chromium.

W1 is told as the ratio of pairs that are measured in turn, for machines drift; W2 to W4 as they are.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from server.cli.bench.browser import Church, Website, chromium, church, find_chromium, phone
from server.cli.bench.report import Report, middle
from server.cli.bench.stage import Stage
from server.cli.screen import progress

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Frame

TARGETS = {
    "W1_lcp_ratio": "≤ 1.02",
    "W1_tbt_ratio": "≤ 1.02",
    "W2_first_message_ms": "≤ 1,500",
    "W3_longest_task_ms": "≤ 50",
    "W4_tap_to_shown_ms": "≤ 50",
}
Pair = tuple[dict[str, float], dict[str, float]]  # vitals with the loader, and without it
SETTLED_MS = 2500
LONG_MS = 50.0  # a browser tells of a task only when it is longer
PATIENCE_MS = 120_000

# the largest paint and the blocking time of a page, as the browser tells them
VITALS = """
window.vitals = {lcp: 0, tbt: 0};
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) vitals.lcp = entry.startTime;
}).observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) vitals.tbt += entry.duration - 50;
}).observe({type: "longtask", buffered: true});
"""
# when the launcher was pressed, when the panel showed itself, and when the first message was painted in it
PRESSED = """
const now = () => performance.timeOrigin + performance.now();
const painted = (what, then) => {
    const look = () => requestAnimationFrame(what() ? () => setTimeout(() => then(now())) : look);
    look();
};
window.times = {};
if (window === window.top) {
    addEventListener("click", () => { times.pressed = now(); }, {capture: true});
    painted(() => document.querySelector("narthex-chat")?.shadowRoot?.querySelector("iframe.shown"),
        (at) => { times.shown = at; });
} else painted(() => document.querySelector(".message .text"), (at) => { times.message = at; });
"""
# scroll to the first message of all and back; a browser tells of each task over 50 ms, and the turns between say
# how long the others were
SCROLL = """async () => {
    const scroller = document.querySelector(".scroller");
    const timeline = () => document.querySelector("narthex-chat-app").chat.room.timeline;
    const found = {long: 0, turn: 0, frames: 0};
    const observer = new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) found.long = Math.max(found.long, entry.duration);
    });
    observer.observe({type: "longtask"});
    let before = performance.now(), goes = true;
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
        const now = performance.now();
        found.turn = Math.max(found.turn, now - before);
        before = now;
        if (goes) channel.port2.postMessage(0);
    };
    channel.port2.postMessage(0);
    const frame = () => new Promise(requestAnimationFrame);
    const there = (end) => end < 0 ? scroller.scrollTop <= 0 && !timeline().older
        : scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 1 && !timeline().newer;
    for (const way of [-1, 1])
        while (!there(way)) {
            scroller.scrollBy(0, way * STEP);
            found.frames++;
            await frame();
        }
    goes = false;
    await frame();
    found.messages = timeline().last.message.number;
    observer.disconnect();
    return found;
}"""
STEP_PX = 700  # a frame: a fast throw of the thumb
# from the tap, as the browser dates it, to the frame in which one's own words are painted
TAP = """(words) => new Promise((resolve) => {
    const send = document.querySelector("narthex-composer .send");
    const box = document.querySelector("narthex-composer textarea");
    box.value = words;
    box.dispatchEvent(new InputEvent("input", {bubbles: true}));
    requestAnimationFrame(() => requestAnimationFrame(() => {
        send.addEventListener("click", (event) => {
            const tapped = performance.now();
            const look = () => {
                if (![...document.querySelectorAll(".message .text")].some(e => e.textContent.includes(words)))
                    return requestAnimationFrame(look);
                const channel = new MessageChannel();  // its turn comes after the paint
                channel.port1.onmessage = () => resolve(performance.now() - tapped);
                channel.port2.postMessage(0);
            };
            requestAnimationFrame(look);
        }, {once: true, capture: true});
        send.click();
    }));
})"""


def widgets(*, rounds: int = 11, taps: int = 20, messages: int = 10_000) -> Report:
    """Measure the loader on a church's page, the first message after the click, a long stream, and a tap."""
    find_chromium()
    with Stage() as stage:
        website = Website()
        stage.callback(website.close)
        stage.start()
        near = church(stage, website.origin, 60)
        with progress("Letting a church say much", None):
            far = church(stage, website.origin, messages)
        website.put(near)
        with chromium() as browser:
            pairs = [
                (_vitals(browser, website, "with"), _vitals(browser, website, "without"))
                for _ in range(rounds)
            ]
            cost = {
                path: [_cpu(browser, website, path) for _ in range(rounds)] for path in ("with", "without")
            }
            first = [_first_message(browser, website) for _ in range(max(1, rounds // 2))]
            scrolled = _scroll(browser, far)
            tapped, slowly = (_taps(browser, near, taps, slow=slow) for slow in (False, True))
    figures = {
        "W1_lcp_ratio": _ratio(pairs, "lcp", middle),
        "W1_tbt_ratio": _ratio(pairs, "tbt", middle),
        "W1_best_lcp_ratio": _ratio(pairs, "lcp", min),
        "W1_best_tbt_ratio": _ratio(pairs, "tbt", min),
        "W1_added_cpu_ms": middle(cost["with"]) - middle(cost["without"]),
        "W2_first_message_ms": middle(first),
        "W2_best_first_message_ms": min(first),
        "W3_longest_task_ms": scrolled["long"] or min(scrolled["turn"], LONG_MS),
        "W3_cpu_per_frame_ms": scrolled["cpu"],
        "W3_messages": scrolled["messages"],
        "W4_tap_to_shown_ms": middle(tapped),
        "W4_tap_on_slow_phone_ms": middle(slowly),
    }
    params: dict[str, object] = {"rounds": rounds, "taps": taps, "messages": messages}
    report = Report("widgets", params, figures, targets=TARGETS)
    if os.getloadavg()[0] > 2 * (os.cpu_count() or 1):
        report.notes.append(
            "Other work kept this machine busy: what is told in ms is too much, the best is nearest."
        )
    return report


def _ratio(pairs: list[Pair], name: str, choose: Callable[[list[float]], float]) -> float:
    """Return what is chosen of the runs with the loader over what is chosen of those without it."""
    return choose([one[name] for one, _ in pairs]) / (choose([other[name] for _, other in pairs]) or 1.0)


def _vitals(browser: Browser, website: Website, path: str) -> dict[str, float]:
    """Load the church's page on a slow phone; return its largest paint and blocking time in ms."""
    with phone(browser, slow=True) as (page, _):
        page.add_init_script(VITALS)
        page.goto(f"{website.origin}/{path}", wait_until="load")
        page.wait_for_timeout(SETTLED_MS)
        found: dict[str, float] = page.evaluate("vitals")
        return found


def _cpu(browser: Browser, website: Website, path: str) -> float:
    """Load the church's page on this machine; return the ms of CPU that its main thread has used."""
    with phone(browser, slow=False) as (page, session):
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(f"{website.origin}/{path}", wait_until="load")
        page.wait_for_timeout(SETTLED_MS / 2)
        return _used(session)


def _used(session: CDPSession) -> float:
    """Return the ms of CPU that the main thread's tasks have used: other work on this machine does not count."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration") * 1000


def _first_message(browser: Browser, website: Website) -> float:
    """Press the launcher on a slow phone; return the ms until a message stands on the screen."""
    with phone(browser, slow=True) as (page, _):
        page.add_init_script(PRESSED)
        page.goto(f"{website.origin}/with")
        page.locator("narthex-chat .launcher").wait_for()
        page.wait_for_timeout(SETTLED_MS)
        page.locator("narthex-chat .launcher").tap()
        page.locator("narthex-chat iframe.shown").wait_for(timeout=PATIENCE_MS)
        frame = next(one for one in page.frames if one.url.endswith("/chat"))
        seen = max(_told(page.main_frame, "shown"), _told(frame, "message"))
        return seen - _told(page.main_frame, "pressed")


def _told(frame: Frame, name: str) -> float:
    """Wait until a page has noted a moment; its policy lets nothing wait in it."""
    while (at := frame.evaluate(f"times.{name}")) is None:
        frame.page.wait_for_timeout(50)
    return float(at)


def _scroll(browser: Browser, church: Church) -> dict[str, Any]:
    """Scroll through everything that was said, up and down."""
    with phone(browser, slow=False) as (page, session):
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(church.chat)
        page.locator(".message .text").first.wait_for(timeout=PATIENCE_MS)
        page.wait_for_timeout(SETTLED_MS)
        before = _used(session)
        found: dict[str, Any] = page.evaluate(SCROLL.replace("STEP", str(STEP_PX)))
        return {**found, "cpu": (_used(session) - before) / found["frames"]}


def _taps(browser: Browser, church: Church, taps: int, *, slow: bool) -> list[float]:
    """Send messages; return for each the ms from the tap until it was shown."""
    first = f"First words of {'a slow' if slow else 'a quick'} phone"
    with phone(browser, slow=slow) as (page, _):
        page.goto(church.chat)
        page.locator("narthex-composer textarea").fill(first, timeout=PATIENCE_MS)
        page.locator("narthex-composer .send").tap()
        page.locator("#nickname").fill("Anna")
        page.locator("[name=consent]").check()
        page.locator("dialog .primary").tap()
        sending = page.locator(".message.sending")
        page.locator(".message").filter(has_text=first).last.wait_for(timeout=PATIENCE_MS)
        found = []
        for number in range(taps):
            sending.wait_for(state="detached", timeout=PATIENCE_MS)
            found.append(float(page.evaluate(TAP, f"My words {number}")))
        return found
