"""P10: what a visitor's browser receives, counted by Chromium with a cold cache, headers included."""

from __future__ import annotations

from server.cli.bench.browser import Church, Ledger, Website, chromium, church, find_chromium, phone
from server.cli.bench.report import Report
from server.cli.bench.stage import Stage

KIB = 1024
TARGETS = {"P10_loader_kib": "≤ 4", "P10_chat_kib": "≤ 45", "P10_before_click_kib": "≤ 6"}
SETTLED_MS = 1500  # nothing more comes after it


def measure_bytes(*, messages: int = 60) -> Report:
    """Load a church's page with a launcher and a wall out of view, then open the chat, and weigh both."""
    find_chromium()
    with Stage() as stage:
        website = Website()
        stage.callback(website.close)
        stage.start()
        found = church(stage, website.origin, messages)
        website.put(found)
        before, after = _weigh(website, found)
    figures = {
        "P10_loader_kib": before["/embed.js"] / KIB,
        "P10_chat_kib": sum(after.values()) / KIB,
        "P10_before_click_kib": sum(before.values()) / KIB,
    }
    notes = [f"{size / KIB:6.1f} KiB  {path}" for path, size in {**before, **after}.items()]
    return Report("bytes", {"messages": messages}, figures, targets=TARGETS, notes=notes)


def _weigh(website: Website, church: Church) -> tuple[dict[str, float], dict[str, float]]:
    with chromium() as browser, phone(browser, slow=False) as (page, session):
        ledger = Ledger(session, church.url)
        page.goto(f"{website.origin}/with")
        page.locator("narthex-chat .launcher").wait_for()
        page.wait_for_timeout(SETTLED_MS)
        before = ledger.ours()
        page.locator("narthex-chat .launcher").click()
        page.frame_locator("narthex-chat iframe").locator(".message .text").first.wait_for(timeout=60_000)
        page.wait_for_timeout(SETTLED_MS)
        everything = ledger.ours()
    return before, {path: size for path, size in everything.items() if path not in before}
