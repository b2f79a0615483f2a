"""The demo's mailbox, as the two sockets it is: SMTP in, web pages out."""

from __future__ import annotations

import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from socket import socket

import httpx
import msgspec
import pytest

from server.cli.demo.mailbox import KEPT, Mailbox, readable
from server.processes import bind_socket


class Running(msgspec.Struct, frozen=True):
    """A mailbox process, and where it listens."""

    process: subprocess.Popen[bytes]
    smtp_port: int
    page: str


def start(folder: Path) -> Running:
    receiver, pages = bind_socket("127.0.0.1", 0), bind_socket("127.0.0.1", 0)
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "server",
            "mailbox-process",
            str(receiver.fileno()),
            str(pages.fileno()),
            str(folder),
        ],
        pass_fds=(receiver.fileno(), pages.fileno()),
    )
    running = Running(process, port_of(receiver), f"http://127.0.0.1:{port_of(pages)}")
    receiver.close()
    pages.close()
    return running


def port_of(listener: socket) -> int:
    return int(listener.getsockname()[1])


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Running]:
    """Give a running mailbox process."""
    running = start(tmp_path / "mailbox")
    yield running
    running.process.kill()
    running.process.wait()


def send(running: Running, subject: str, text: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "church@grace.example", "ruth@grace.example", subject
    message.set_content(text)
    with smtplib.SMTP("127.0.0.1", running.smtp_port, timeout=30) as client:
        client.send_message(message)


def messages(running: Running) -> list[dict[str, object]]:
    found: list[dict[str, object]] = httpx.get(f"{running.page}/messages.json", timeout=30).json()
    return found


def test_what_is_mailed_is_listed_and_shown(mailbox: Running) -> None:
    """The list names it, its page has the text with the link to click, its source is as it came."""
    send(mailbox, "Your invitation ñ", "Come in: https://grace.example/join?t=abc&n=1.\nBye")
    (line,) = messages(mailbox)
    assert (line["subject"], line["to"]) == ("Your invitation ñ", "ruth@grace.example")
    assert "Your invitation ñ" in httpx.get(mailbox.page, timeout=30).text
    page = httpx.get(f"{mailbox.page}/messages/{line['name']}", timeout=30).text
    assert 'href="https://grace.example/join?t=abc&amp;n=1"' in page
    assert "Come in" in httpx.get(f"{mailbox.page}/messages/{line['name']}/source", timeout=30).text


def test_what_is_mailed_is_never_run(mailbox: Running) -> None:
    """Markup in subject and text is shown as text, other schemes are no links, and no script may run."""
    send(mailbox, "<script>alert(1)</script>", "<img src=x onerror=alert(1)> javascript:alert(1)")
    (line,) = messages(mailbox)
    for path in ("/", f"/messages/{line['name']}"):
        answer = httpx.get(mailbox.page + path, timeout=30)
        assert "<script" not in answer.text
        assert "<img" not in answer.text
        assert 'href="javascript' not in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path", ["/messages/..%2Fsecret.eml", "/messages/../secret.eml", "/nothing", "/messages/"]
)
def test_only_messages_can_be_read(mailbox: Running, tmp_path: Path, path: str) -> None:
    """A name is looked for among the messages and is never a path."""
    (tmp_path / "secret.eml").write_text("Subject: secret\n\nsecret")
    answer = httpx.get(mailbox.page + path, timeout=30)
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_another_host_name_is_refused(mailbox: Running) -> None:
    """A website whose name points to this machine cannot read the mail."""
    answer = httpx.get(mailbox.page, headers={"Host": "evil.example"}, timeout=30)
    assert answer.status_code == 421


def test_mail_outlives_the_process(mailbox: Running, tmp_path: Path) -> None:
    """It ends within seconds when told to, with exit code 0, and the next one shows what was kept."""
    send(mailbox, "Kept", "Still here")
    mailbox.process.send_signal(signal.SIGINT)
    assert mailbox.process.wait(10) == 0
    again = start(tmp_path / "mailbox")
    try:
        assert [line["subject"] for line in messages(again)] == ["Kept"]
    finally:
        again.process.kill()
        again.process.wait()


def test_the_oldest_are_thrown_away(tmp_path: Path) -> None:
    """The folder has a bound."""
    box = Mailbox(tmp_path / "box")
    first = box.keep(b"Subject: first\r\n\r\n", ["a@b.example"])
    for number in range(KEPT):
        box.keep(b"Subject: %d\r\n\r\n" % number, ["a@b.example"])
    assert box.raw(first) is None
    assert len(list(box.summaries())) == KEPT


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"Content-Type: text/plain; charset=no-such\r\n\r\nhello",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n",
        b"Subject: =?utf-8?q?broken\r\nDate: never\r\nTo: <<>>\r\n\r\nhello",
    ],
)
def test_broken_messages_are_shown_all_the_same(tmp_path: Path, raw: bytes) -> None:
    """What no mail program would send does not take the page down."""
    box = Mailbox(tmp_path / "box")
    name = box.keep(raw, ["a@b.example"])
    message = box.message(name)
    assert message is not None
    assert isinstance(readable(message), str)
    assert [line.to for line in box.summaries()] == ["a@b.example"]
    assert abs(next(box.summaries()).at - time.time()) < 60
