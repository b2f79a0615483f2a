"""Mail: `post` writes a letter in the caller's transaction, the worker hands it to an SMTP server with `Mailer`.

Nothing is sent before COMMIT and nothing is lost after it. A letter keeps its Message-ID through every try: when a
server's answer to the letter itself is lost, it is sent again (RFC 1047), and receivers can tell the double.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
from collections.abc import AsyncIterator
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import aiosmtplib
import msgspec

from server.kit.clock import Clock
from server.kit.ids import random_id
from server.kit.queue import Job

if TYPE_CHECKING:
    from server.kit.db import Transaction

DAY = 86_400.0
COMMAND_SECONDS = 60.0  # a server that does not answer one command in this time is tried again later
LETTER_SECONDS = (
    150.0  # for the whole conversation; well below the time after which a claim counts as abandoned
)
MOST_REASON = 500  # characters of a server's answer that are kept
MOST_HEADER = 900  # characters; a line of a message has at most 998 (RFC 5322, 2.1.1)

_ADDRESS = re.compile(r"[^\s@<>,;:\"\\\x00-\x1f\x7f]{1,64}@[^\s@<>,;:\"\\\x00-\x1f\x7f]{1,253}")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9._+-]{1,100}")
_OURS = frozenset({"from", "to", "cc", "bcc", "subject", "date", "message-id", "sender", "auto-submitted"})


class MailRefused(Exception):
    """The server will never take this letter; the text is its answer."""


class MailDeferred(Exception):
    """The letter was not taken this time; `doubt` says that the server may have taken it all the same."""

    def __init__(self, reason: str, *, doubt: bool = False) -> None:
        super().__init__(reason)
        self.doubt = doubt


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One letter to one person. Raise ValueError for anything that could smuggle in a header or a recipient."""

    to: str
    subject: str
    text: str
    html: str = ""
    message_id: str = ""  # what stands before the @ of its Message-ID; `post` makes one when it is empty
    from_name: str = ""  # shown before the installation's own address, usually the church's name
    headers: dict[str, str] = {}  # such as List-Unsubscribe, Reply-To
    useful_for: float = DAY  # seconds; a sign-in link that has expired need not arrive

    def __post_init__(self) -> None:
        if not _ADDRESS.fullmatch(self.to):
            raise ValueError("not one mail address")
        if self.message_id and not _MESSAGE_ID.fullmatch(self.message_id):
            raise ValueError("not a Message-ID")
        for name, value in {"Subject": self.subject, "From": self.from_name, **self.headers}.items():
            _check_header(name, value)
        for name in self.headers:
            if name.lower() in _OURS or name.lower().startswith(("content-", "mime-")):
                raise ValueError(f"the header {name} is not the caller's")


def _check_header(name: str, value: str) -> None:
    if not _HEADER.fullmatch(name):
        raise ValueError("not a header's name")
    if len(value) > MOST_HEADER or not (value.isprintable() or not value):
        raise ValueError(f"the header {name} is too long or holds a line end")


class SendMail(Job, frozen=True, kw_only=True, tag="mail.send"):
    """Send what is due on one shard; put every second while something is."""

    shard: str


async def post(tx: Transaction, mail: Mail) -> str:
    """Write a letter in this transaction and return its Message-ID; the worker sends it after COMMIT.

    A letter whose Message-ID this church has posted before is dropped.
    """
    message_id = mail.message_id or random_id().hex
    letter = msgspec.structs.replace(mail, message_id=message_id)
    await tx.connection.execute(_POST, message_id, msgspec.json.encode(letter), mail.useful_for)
    return message_id


class Mailer:
    """Hand letters to the installation's SMTP server, one conversation a letter.

    `url` is smtp://user:password@host:25 or smtps://…; STARTTLS is used when it is offered, certificates are
    checked, and a password is never sent in clear except to this machine itself.
    """

    def __init__(
        self,
        url: str,
        sender: str,
        clock: Clock,
        *,
        command_seconds: float = COMMAND_SECONDS,
        letter_seconds: float = LETTER_SECONDS,
    ) -> None:
        self._server = urlsplit(url)
        if url and self._server.scheme not in ("smtp", "smtps"):
            raise ValueError("a mail server's address begins with smtp:// or smtps://")
        self._name, self._address = parseaddr(sender)
        if not _ADDRESS.fullmatch(self._address):
            raise ValueError("mail needs a sender such as 'Narthex <no-reply@example.org>'")
        self._domain = self._address.rpartition("@")[2].encode("idna").decode()
        self._clock = clock
        self._command_seconds = command_seconds
        self._letter_seconds = letter_seconds

    async def send(self, mail: Mail) -> None:
        """Return when the server has taken the letter; raise MailRefused (for good) or MailDeferred (for now)."""
        if not self._server.hostname:
            raise MailRefused("No mail server is configured: set NARTHEX_SMTP_URL.")
        stage = "before"
        try:
            async with asyncio.timeout(self._letter_seconds), self._conversation() as server:
                unicode = not mail.to.rpartition("@")[0].isascii()
                await self._envelope(server, mail, unicode)
                content = self._compose(mail, unicode)
                stage = "handing over"
                await server.data(content)
                stage = "taken"
        except aiosmtplib.SMTPResponseException as error:
            raise _answered(error) from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            if stage != "taken":  # afterwards the letter is theirs, however the goodbye went
                reason = _cut(str(error) or "the server stopped answering")
                raise MailDeferred(reason, doubt=stage == "handing over") from error

    @contextlib.asynccontextmanager
    async def _conversation(self) -> AsyncIterator[aiosmtplib.SMTP]:
        server = aiosmtplib.SMTP(
            hostname=self._server.hostname,
            port=self._server.port,
            use_tls=self._server.scheme == "smtps",
            local_hostname=self._domain,
            timeout=self._command_seconds,
        )
        try:
            await self._greet(server)
            yield server
            with contextlib.suppress(
                aiosmtplib.SMTPException, OSError
            ):  # it has the letter; goodbyes may fail
                await server.quit(timeout=5)
        finally:
            server.close()

    async def _greet(self, server: aiosmtplib.SMTP) -> None:
        """Connect and sign in; whatever fails here concerns us and not the letter, so it is tried again."""
        try:
            await server.connect()
            if self._server.username:
                if server.get_transport_info("sslcontext") is None and not _loopback(self._server.hostname):
                    raise MailDeferred(
                        "The mail server offers no TLS, and the password is not sent in clear: use smtps://."
                    )
                await server.login(unquote(self._server.username), unquote(self._server.password or ""))
        except aiosmtplib.SMTPResponseException as error:
            raise MailDeferred(_cut(f"{error.code} {error.message}")) from error

    async def _envelope(self, server: aiosmtplib.SMTP, mail: Mail, unicode: bool) -> None:
        if unicode and not server.supports_extension("smtputf8"):
            raise MailRefused("The mail server cannot deliver to an address with letters beyond ASCII.")
        encoding = "utf-8" if unicode else "ascii"
        await server.mail(self._address, options=["SMTPUTF8"] if unicode else [], encoding=encoding)
        await server.rcpt(_ascii_domain(mail.to), encoding=encoding)

    def _compose(self, mail: Mail, unicode: bool) -> bytes:
        message = EmailMessage(policy=SMTPUTF8 if unicode else SMTP)
        message["From"] = Address(mail.from_name or self._name, addr_spec=self._address)
        message["To"] = mail.to if unicode else _ascii_domain(mail.to)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = f"<{mail.message_id}@{self._domain}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice shall answer
        for name, value in mail.headers.items():
            message[name] = value
        message.set_content(mail.text)
        if mail.html:
            message.add_alternative(mail.html, subtype="html")
        return message.as_bytes()


def _answered(error: aiosmtplib.SMTPResponseException) -> MailRefused | MailDeferred:
    """Read a reply code by its first digit (RFC 5321, 4.2.1): 5 is for good, everything else for now."""
    reason = _cut(f"{error.code} {error.message}")
    return MailRefused(reason) if error.code >= 500 else MailDeferred(reason)


def _ascii_domain(address: str) -> str:
    """Write the domain as DNS knows it; raise MailRefused when it is no name at all."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode()}"
    except UnicodeError:
        raise MailRefused(f"{domain!r} is not a domain name.") from None


def _loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _cut(reason: str) -> str:
    """Keep a server's words on one line and short: they are shown to operators."""
    return " ".join(reason.split())[:MOST_REASON]


_POST = """
    insert into shard.mails (message_id, data, give_up_at)
    values ($1, $2, now() + make_interval(secs => $3)) on conflict do nothing
"""
