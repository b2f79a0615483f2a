"""`make pictures`: the README's pictures, taken from a demo of its own; phone and desktop, light and dark."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import product
from pathlib import Path
from struct import pack, unpack

from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from server.cli.demo.logins import LOGINS, SLUG
from server.processes import bind_socket

FOLDER = Path(__file__).parents[2] / "deploy" / "pictures"
SIZES = {"phone": (390, 760), "desktop": (1160, 700)}
SCHEMES = ("light", "dark")
LARGEST = 150 * 1024  # bytes of one picture
PATIENCE = 180.0  # seconds for the demo's first start
ON_THE_WALL = "A friend of mine has stopped"
ON_PAGES = {"Queue": "Daniel Carter", "Live": "Coffee afterwards", "Gatherings": "Family service"}
SIGNATURE = b"\x89PNG\r\n\x1a\n"


@contextmanager
def demo() -> Iterator[tuple[str, str]]:
    """Run a demo with data of its own; give the addresses of Narthex and of the church's website."""
    ports = []
    for _ in range(3):
        with closing(bind_socket("127.0.0.1", 0)) as probe:
            ports.append(str(probe.getsockname()[1]))
    folder = Path(tempfile.mkdtemp(prefix="narthex-pictures-"))
    folder.chmod(0o711)
    words = ["demo", "--port", ports[0], "--site-port", ports[1], "--mailbox-port", ports[2]]
    process = subprocess.Popen(
        [sys.executable, "-m", "server", *words, "--data", str(folder / "data")], stdout=subprocess.PIPE
    )
    watchdog = threading.Timer(PATIENCE, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if b"Ctrl-C" in line:
                break
        else:
            raise RuntimeError("the demo did not start; run `make demo` to see why")
        watchdog.cancel()
        yield f"http://127.0.0.1:{ports[0]}", f"http://localhost:{ports[1]}"
    finally:
        watchdog.cancel()
        process.send_signal(signal.SIGINT)
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Take every picture, each small and large, light and dark."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with demo() as (narthex, site), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        known = _sign_in(browser, narthex)  # once: the door slows down who signs in again and again
        for size, scheme in product(SIZES, SCHEMES):
            _take(browser, "chat", size, scheme, partial(_chat, site=site, scheme=scheme))
            _take(browser, "wall", size, scheme, partial(_wall, narthex=narthex))
            _take(browser, "queue", size, scheme, partial(_console, narthex=narthex, link="Queue"), known)
            _take(browser, "live", size, scheme, partial(_console, narthex=narthex, link="Live"), known)
            visit = partial(_console, narthex=narthex, link="Gatherings")
            _take(browser, "gatherings", size, scheme, visit, known)
        browser.close()


def _sign_in(browser: Browser, narthex: str) -> StorageState:
    """Sign in to the console as the owner; return what the browser keeps."""
    page = browser.new_page()
    page.goto(f"{narthex}/console/{SLUG}")
    page.get_by_label("E-mail").fill(LOGINS[0].email)
    page.get_by_label("Password", exact=True).fill(LOGINS[0].password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Queue").wait_for(timeout=PATIENCE * 1000)
    known = page.context.storage_state()
    page.context.close()
    return known


def _take(
    browser: Browser,
    name: str,
    size: str,
    scheme: str,
    visit: Callable[[Page], None],
    known: StorageState | None = None,
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
        has_touch=size == "phone",
        reduced_motion="reduce",
        locale="en-GB",
        storage_state=known,
    )
    page = context.new_page()
    visit(page)
    picture = tight(page.screenshot())
    context.close()
    file = f"{name}-{size}-{scheme}.png"
    if len(picture) > LARGEST:
        raise RuntimeError(f"{file} has {len(picture)} bytes: more than the README shall load")
    (FOLDER / file).write_bytes(picture)
    print(f"deploy/pictures/{file} {len(picture) / 1024:.0f} KiB")


def _chat(page: Page, site: str, scheme: str) -> None:
    """Open the chat from the church's own website, below its large picture."""
    page.goto(f"{site}/#sundays")
    # the website is light; a dark one would have a dark chat
    page.locator("narthex-chat").evaluate("(chat, scheme) => chat.setAttribute('theme', scheme)", scheme)
    page.locator("narthex-chat").get_by_role("button").first.click()
    frame = page.frame_locator("narthex-chat iframe")
    frame.get_by_text("Coffee afterwards").wait_for(timeout=PATIENCE * 1000)
    page.locator("narthex-chat iframe.shown").wait_for()
    page.wait_for_timeout(800)


def _wall(page: Page, narthex: str) -> None:
    """Open the prayer wall on a page of its own."""
    page.goto(f"{narthex}/w/{SLUG}/prayer-wall")
    page.get_by_text(ON_THE_WALL).first.wait_for(timeout=PATIENCE * 1000)
    page.wait_for_timeout(800)


def _console(page: Page, narthex: str, link: str) -> None:
    """Open a page of the console as the owner, who is signed in."""
    page.goto(f"{narthex}/console/{SLUG}")
    page.get_by_role("link", name=link, exact=True).click()
    page.get_by_text(ON_PAGES[link]).first.wait_for(timeout=PATIENCE * 1000)
    if link == "Queue":
        page.get_by_text(ON_PAGES[link]).first.click()
        page.get_by_text("What others will read").wait_for()
    if link == "Live" and not page.evaluate("matchMedia('(pointer: coarse)').matches"):
        page.locator(".stream li").filter(has_text="Which reading is it today?").first.click()
    page.wait_for_timeout(800)


def tight(png: bytes) -> bytes:
    """Pack a PNG again as well as deflate can; browsers pack for speed."""
    chunks, packed, at = [], b"", len(SIGNATURE)
    while at < len(png):
        (size,) = unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        at += size + 12
        if kind == b"IDAT":
            packed += data
        else:
            chunks.append((kind, data))
    chunks.insert(-1, (b"IDAT", zlib.compress(zlib.decompress(packed), 9)))
    return SIGNATURE + b"".join(
        pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


if __name__ == "__main__":
    main()
