"""The mailbox as web pages on this machine only: the list, a message, its source.

What came by mail is shown as text and never run: everything is escaped, no script is allowed to run at all, and only
http and https addresses become links.
"""

from __future__ import annotations

import re
from datetime import datetime
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from server.cli.demo.mailbox import Mailbox, readable

_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'"
_STYLE = """
:root { color-scheme: light dark;
  --paper: #FBF9F6; --ink: #1F2328; --muted: #6B6F76; --accent: #0F6E6E; --line: #E4E0DA }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171A; --ink: #E8E6E1; --muted: #9BA0A6; --accent: #4FB3AE; --line: #2B3035 }
}
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; margin: 0 auto;
  max-inline-size: 720px; padding: 24px 16px }
a { color: var(--accent) } a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
h1 { font-size: 23px } .muted { color: var(--muted) } ul { list-style: none; padding: 0 }
li a { display: block; border-block-end: 1px solid var(--line); padding: 12px 4px; text-decoration: none;
  min-block-size: 44px }
li strong { color: var(--ink); display: block } pre { font: inherit; white-space: pre-wrap; overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px } dt { color: var(--muted) } dd { margin: 0 }
"""


def page_server(mailbox: Mailbox, listener: socket) -> ThreadingHTTPServer:
    """Return the server of the pages on a socket that listens already; the caller runs and stops it."""

    class Handler(_Pages):
        box = mailbox
        port = listener.getsockname()[1]

    server = ThreadingHTTPServer(listener.getsockname()[:2], Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.daemon_threads = True
    return server


class _Pages(BaseHTTPRequestHandler):
    """Answer GET; a request under another host's name is refused, as another site would send it."""

    box: Mailbox
    port: int
    server_version = "Narthex"
    sys_version = ""
    timeout = 10

    def do_GET(self) -> None:
        """Find the page."""
        if self.headers.get("Host") not in {f"127.0.0.1:{self.port}", f"localhost:{self.port}"}:
            return self._send(HTTPStatus.MISDIRECTED_REQUEST, _frame("Not here", "<p>Ask 127.0.0.1.</p>"))
        match urlsplit(self.path).path.split("/")[1:]:
            case [""]:
                return self._send(HTTPStatus.OK, _list(self.box))
            case ["messages.json"]:
                body = msgspec.json.encode(list(self.box.summaries()))
                return self._send(HTTPStatus.OK, body, "application/json")
            case ["messages", name]:
                return self._message(unquote(name))
            case ["messages", name, "source"] if (raw := self.box.raw(unquote(name))) is not None:
                return self._send(HTTPStatus.OK, raw, "text/plain; charset=utf-8")
        return self._send(HTTPStatus.NOT_FOUND, _frame("Not found", '<p><a href="/">All messages</a></p>'))

    def _message(self, name: str) -> None:
        page = _message(self.box, name)
        if page is None:
            return self._send(
                HTTPStatus.NOT_FOUND, _frame("Not found", '<p><a href="/">All messages</a></p>')
            )
        return self._send(HTTPStatus.OK, page)

    def _send(self, status: HTTPStatus, body: bytes, kind: str = "text/html; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Stay quiet: the screen belongs to the demo."""


def _frame(title: str, body: str, head: str = "") -> bytes:
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width">{head}<style>{_STYLE}</style>'
        f"<main><h1>{escape(title)}</h1>{body}</main></html>"
    )
    return page.encode()


def _list(box: Mailbox) -> bytes:
    lines = [
        f'<li><a href="/messages/{escape(m.name)}"><strong>{escape(m.subject)}</strong>'
        f'<span class="muted">to {escape(m.to)}, {_clock(m.at)}</span></a></li>'
        for m in box.summaries()
    ]
    told = f"<ul>{''.join(lines)}</ul>" if lines else "<p>Nothing has been mailed yet.</p>"
    note = '<p class="muted">What this installation would have mailed. Nothing leaves this machine.</p>'
    return _frame("Mailbox", note + told, '<meta http-equiv="refresh" content="5">')


def _message(box: Mailbox, name: str) -> bytes | None:
    message = box.message(name)
    if message is None:
        return None
    facts = "".join(
        f"<dt>{title}</dt><dd>{escape(str(message.get(header, '')))}</dd>"
        for title, header in (("From", "From"), ("To", "To"), ("Date", "Date"))
    )
    links = f'<p><a href="/">All messages</a> · <a href="/messages/{escape(name)}/source">Source</a></p>'
    body = f"{links}<dl>{facts}</dl><pre>{_linked(readable(message))}</pre>"
    return _frame(str(message.get("Subject", "(no subject)")), body)


def _linked(text: str) -> str:
    """Escape text, and turn addresses of web pages into links."""
    parts, end = [], 0
    for found in _LINK.finditer(text):
        address = escape(found[0])
        parts += [escape(text[end : found.start()]), f'<a href="{address}" rel="noreferrer">{address}</a>']
        end = found.end()
    return "".join([*parts, escape(text[end:])])


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%d %B, %H:%M:%S")
