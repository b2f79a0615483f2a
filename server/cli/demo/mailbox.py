"""The demo's mailbox: a real SMTP server that keeps what it is sent, one `.eml` file a message."""

from __future__ import annotations

import email
import email.policy
import secrets
import time
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from pathlib import Path

import msgspec
from aiosmtpd.smtp import SMTP, Envelope, Session

KEPT = 500  # the oldest messages beyond it are thrown away
LARGEST = 10 * 1024 * 1024  # bytes of one message; SMTP tells the sender


class Summary(msgspec.Struct, frozen=True):
    """A line of the list of messages."""

    name: str
    at: float
    to: str
    subject: str


class Mailbox:
    """A folder of messages; the name of a file begins with the time of its arrival, so names sort by time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def keep(self, content: bytes, recipients: Sequence[str]) -> str:
        """Write a message whole or not at all and return its name; who it was delivered to is noted on top."""
        name = f"{time.time_ns() // 1000:017d}-{secrets.token_hex(4)}.eml"
        partial = self._folder / f"{name}.partial"
        noted = "".join(f"X-Delivered-To: {_line(recipient)}\r\n" for recipient in recipients)
        partial.write_bytes(noted.encode() + content)
        partial.rename(self._folder / name)
        for old in sorted(self._folder.glob("*.eml"))[:-KEPT]:
            old.unlink(missing_ok=True)
        return name

    def raw(self, name: str) -> bytes | None:
        """Return a message as it came; None when there is none of that name. A name is never a path."""
        names = {path.name: path for path in self._folder.glob("*.eml")}
        return names[name].read_bytes() if name in names else None

    def message(self, name: str) -> EmailMessage | None:
        """Return a message, parsed."""
        raw = self.raw(name)
        return None if raw is None else _parsed(raw)

    def summaries(self) -> Iterator[Summary]:
        """Return what the list shows, the newest first."""
        for path in sorted(self._folder.glob("*.eml"), reverse=True):
            message = _parsed(path.read_bytes())
            yield Summary(
                name=path.name,
                at=int(path.name.partition("-")[0]) / 1_000_000,
                to=", ".join(map(str, message.get_all("X-Delivered-To", []))),
                subject=str(message.get("Subject", "(no subject)")),
            )


def readable(message: EmailMessage) -> str:
    """Return the plain text of a message, decoded; a message without one says so."""
    part = message.get_body(("plain",))
    if part is None:
        return "(This message has no plain text.)"
    try:
        return str(part.get_content())
    except LookupError:  # a character set that Python does not know
        return "(The text of this message is in an unknown character set.)"


class Receiver:
    """What aiosmtpd calls for each message."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        """Keep the message."""
        content = envelope.content
        assert isinstance(content, bytes)
        self._mailbox.keep(content, [str(recipient) for recipient in envelope.rcpt_tos])
        return "250 2.0.0 Kept"


def smtp(mailbox: Mailbox) -> SMTP:
    """Build the protocol of one SMTP connection."""
    return SMTP(Receiver(mailbox), data_size_limit=LARGEST, enable_SMTPUTF8=True, hostname="narthex.demo")


def _parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _line(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())
