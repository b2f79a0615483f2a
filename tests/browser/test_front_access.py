"""What axe-core says of the pages in front: the launcher and its panel, our landing page, the demo church's website."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tests.browser.sunday import Sunday
from tests.browser.test_chat_access import findings
from tests.browser.visitors import Visitor, chromium, church_at_work, sunday, visitor

__all__ = ["chromium", "church_at_work", "sunday", "visitor"]  # fixtures

Come = Callable[..., Visitor]
ELEMENTS = ("chat", "prayer-wall", "prayer-request", "live-prayer")
PAGE = "<main><h1>Grace Church</h1><p>Welcome.</p></main>"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ELEMENTS)
def test_the_launcher_and_its_panel(sunday: Sunday, visitor: Come, name: str, scheme: str) -> None:
    """Closed, opening, and when nothing opened: no finding on any of them."""
    reader = visitor(phone=True, bypass_csp=True)
    reader.page.clock.install()
    reader.page.route("**/w/grace/**", lambda route: route.abort())
    element = f'<narthex-{name} church="grace" mode="launcher"></narthex-{name}>'
    style = f"<style>:root{{color-scheme:{scheme}}}</style>"
    reader.page.goto(
        sunday.site.put(f'{style}{PAGE}{element}<script src="{sunday.server.url}/embed.js" async></script>')
    )
    reader.page.locator(".launcher").wait_for()
    assert findings(reader.page) == []
    reader.page.locator(".launcher").click()
    expect(reader.page.get_by_role("status")).to_contain_text("Opening")
    assert findings(reader.page) == []
    reader.page.clock.fast_forward(11_000)
    expect(reader.page.get_by_role("status")).to_contain_text("Could not open")
    assert findings(reader.page) == []
    reader.complaints = [text for text in reader.complaints if "did not open here" not in text]


def test_the_snippet_with_the_chat_in_it(sunday: Sunday, visitor: Come) -> None:
    """The open panel is a dialog with a name, and the frame in it has a title: no finding."""
    reader = visitor(bypass_csp=True)
    reader.page.goto(sunday.site.put(f"{PAGE}{sunday.snippet}"))
    reader.page.locator("narthex-chat .launcher").click()
    expect(reader.page.locator("narthex-chat iframe.shown")).to_be_visible()
    assert findings(reader.page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desktop"])
def test_the_landing_page(sunday: Sunday, visitor: Come, scheme: str, phone: bool) -> None:
    """Our own front page has no finding."""
    reader = visitor(phone=phone, bypass_csp=True, color_scheme=scheme)
    reader.page.goto(sunday.server.url)
    assert findings(reader.page) == []


@pytest.fixture
def demo_site(sunday: Sunday) -> Iterator[str]:
    """Give the address of the demo church's website, with our snippet in it."""
    from string import Template

    from server.web.assets import STATIC

    values = {"origin": sunday.server.url, "church": "grace", "name": "Grace Community Church"}
    home = Template((STATIC / "demo" / "index.html").read_text()).substitute(values)
    style = (STATIC / "demo" / "site.css").read_text()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = ("text/css", style) if self.path == "/site.css" else ("text/html", home)
            self.send_response(200)
            self.send_header("content-type", kind)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desktop"])
def test_the_demo_churchs_website(sunday: Sunday, visitor: Come, demo_site: str, phone: bool) -> None:
    """What the demo shows as a church's website has no finding, with the launcher on it."""
    reader = visitor(phone=phone, bypass_csp=True)
    reader.page.goto(demo_site)
    reader.page.locator("narthex-chat .launcher").wait_for()
    assert findings(reader.page) == []
