"""Letters to a real SMTP server that takes, refuses, greylists and stalls them."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from server.kit.clock import SystemClock
from server.kit.mail import Mail, MailDeferred, Mailer, MailRefused
from tests.certificates import self_signed
from tests.services import Mailbox

SENDER = "Narthex <no-reply@narthex.example>"


def letter(**changes: object) -> Mail:
    values: dict[str, object] = {
        "to": "ruth@grace.example",
        "subject": "Welcome",
        "text": "Come in.\n",
        "message_id": "welcome-1",
    }
    return Mail(**{**values, **changes})  # type: ignore[arg-type]


def mailer(mail: Mailbox, **limits: float) -> Mailer:
    return Mailer(f"smtp://{mail.host}:{mail.port}", SENDER, SystemClock(), **limits)


async def test_a_letter_arrives_with_its_headers(mail: Mailbox) -> None:
    """What arrives has sender, recipient, subject, both bodies, a date and the Message-ID that was given."""
    before = datetime.now(UTC).replace(microsecond=0)
    await mailer(mail).send(
        letter(
            subject="Grüße, Sonntag 🙏",
            html="<p>Come in.</p>",
            from_name="Grace Church",
            headers={
                "List-Unsubscribe": "<https://narthex.example/u/1>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
        )
    )
    (delivery,) = await mail.received()
    message = delivery.message
    assert (delivery.sender, delivery.recipients) == ("no-reply@narthex.example", ("ruth@grace.example",))
    assert message["Subject"] == "Grüße, Sonntag 🙏"
    assert message["From"] == "Grace Church <no-reply@narthex.example>"
    assert message["Message-ID"] == "<welcome-1@narthex.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] == "<https://narthex.example/u/1>"
    assert message["Date"].datetime >= before
    bodies = {part.get_content_type(): part.get_content() for part in message.iter_parts()}  # type: ignore[attr-defined]
    assert bodies == {"text/plain": "Come in.\r\n", "text/html": "<p>Come in.</p>\r\n"}


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Hi\r\nBcc: everyone@grace.example"},
        {"subject": "Hi\nthere"},
        {"subject": "x" * 1_000},
        {"from_name": "Grace\r\nBcc: a@b.example"},
        {"to": "ruth@grace.example\r\nBcc: a@b.example"},
        {"to": "ruth@grace.example, eve@evil.example"},
        {"to": "Ruth <ruth@grace.example>"},
        {"to": "ruth"},
        {"to": ""},
        {"headers": {"Reply-To": "a@b.example\r\nBcc: c@d.example"}},
        {"headers": {"Reply-To\r\nBcc": "a@b.example"}},
        {"headers": {"Reply-To: a@b.example\nBcc": "x"}},
        {"headers": {"bcc": "a@b.example"}},
        {"headers": {"Content-Type": "text/html"}},
        {"message_id": "1>\r\nBcc: a@b.example"},
    ],
)
def test_headers_cannot_be_smuggled_in(changes: dict[str, object]) -> None:
    """Line ends, second recipients and headers that are ours are refused when the letter is written."""
    with pytest.raises(ValueError, match=r"address|header|Message-ID"):
        letter(**changes)


async def test_a_body_cannot_end_the_letter(mail: Mailbox) -> None:
    """A line with a single dot, which ends DATA, arrives as text."""
    await mailer(mail).send(letter(text="one\n.\nMAIL FROM:<x@y.example>\n..two\n"))
    (delivery,) = await mail.received()
    assert delivery.message.get_content() == "one\r\n.\r\nMAIL FROM:<x@y.example>\r\n..two\r\n"


async def test_a_refusal_is_final_and_says_why(mail: Mailbox) -> None:
    """A 550 to the recipient raises MailRefused with the server's words."""
    mail.behaviour = "refuse"
    with pytest.raises(MailRefused, match=r"550 5\.1\.1 No such mailbox"):
        await mailer(mail).send(letter())


async def test_greylisting_defers_and_the_second_try_arrives_once(mail: Mailbox) -> None:
    """A 451 raises MailDeferred without doubt; sent again later, the letter arrives once."""
    mail.behaviour = "greylist"
    with pytest.raises(MailDeferred, match="451") as caught:
        await mailer(mail).send(letter())
    assert not caught.value.doubt
    await mailer(mail).send(letter())
    assert len(await mail.received()) == 1


async def test_a_stall_after_the_letter_leaves_a_doubt(mail: Mailbox) -> None:
    """A server that never answers DATA defers the letter within the time limit, and the doubt is told."""
    mail.behaviour = "stall"
    async with asyncio.timeout(30):
        with pytest.raises(MailDeferred) as caught:
            await mailer(mail, command_seconds=2.0).send(letter())
    assert caught.value.doubt


async def test_a_slow_conversation_is_ended_as_a_whole(mail: Mailbox) -> None:
    """The limit of the whole conversation holds even when no single command is over its own."""
    mail.behaviour = "stall"
    async with asyncio.timeout(30):
        with pytest.raises(MailDeferred, match="stopped answering"):
            await mailer(mail, letter_seconds=0.3).send(letter())


async def test_a_silent_server_defers_without_doubt() -> None:
    """A server that accepts the connection and says nothing has not taken the letter."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        silent = Mailer(f"smtp://{host}:{port}", SENDER, SystemClock(), command_seconds=0.3)
        with pytest.raises(MailDeferred) as caught:
            await silent.send(letter())
    assert not caught.value.doubt


async def test_a_refused_connection_defers() -> None:
    """When nothing listens the letter waits."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
    with pytest.raises(MailDeferred, match="Error connecting"):
        await Mailer(f"smtp://{host}:{port}", SENDER, SystemClock()).send(letter())


async def test_without_a_server_mail_is_refused_with_what_to_do() -> None:
    """An installation without NARTHEX_SMTP_URL says so."""
    with pytest.raises(MailRefused, match="NARTHEX_SMTP_URL"):
        await Mailer("", SENDER, SystemClock()).send(letter())


async def test_an_address_beyond_ascii_is_sent_as_it_is(mail: Mailbox) -> None:
    """Where SMTPUTF8 is offered the local part travels in UTF-8; a domain is written as DNS has it."""
    await mailer(mail).send(letter(to="jürgen@grace.example"))
    await mailer(mail).send(letter(to="ruth@bücher.example"))
    first, second = await mail.received(2)
    assert first.recipients == ("jürgen@grace.example",)
    assert second.recipients == ("ruth@xn--bcher-kva.example",)


async def test_an_address_beyond_ascii_needs_a_server_that_can() -> None:
    """Where SMTPUTF8 is not offered a local part beyond ASCII is refused."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(_Keeps(), hostname="127.0.0.1", port=port, enable_SMTPUTF8=False)
    controller.start()
    try:
        with pytest.raises(MailRefused, match="ASCII"):
            await Mailer(f"smtp://127.0.0.1:{port}", SENDER, SystemClock()).send(
                letter(to="jürgen@grace.example")
            )
    finally:
        controller.stop()


class _Keeps:
    """Keeps who signed in and whether the line was encrypted."""

    def __init__(self) -> None:
        self.encrypted: list[bool] = []
        self.users: list[bytes] = []

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        if data.password != b"right":
            return AuthResult(success=False, handled=False)
        self.users.append(data.login)
        return AuthResult(success=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.encrypted.append(session.ssl is not None)
        return "250 OK"


@pytest.fixture
async def tls(tmp_path: Path) -> AsyncIterator[tuple[_Keeps, int, Path]]:
    """Give an SMTP server with STARTTLS and sign-in, its port, and the authority that signed for `localhost`."""
    certificate, key = self_signed(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    keeps = _Keeps()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(
        keeps,
        hostname="127.0.0.1",
        port=port,
        tls_context=context,
        authenticator=keeps.authenticate,
        auth_require_tls=True,
    )
    controller.start()
    yield keeps, port, certificate
    controller.stop()


async def test_starttls_and_sign_in_are_used_when_offered(
    tls: tuple[_Keeps, int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The conversation is encrypted before the password is sent."""
    keeps, port, authority = tls
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    await Mailer(f"smtp://narthex:right@localhost:{port}", SENDER, SystemClock()).send(letter())
    assert (keeps.users, keeps.encrypted) == ([b"narthex"], [True])


async def test_a_wrong_password_or_certificate_is_ours_to_mend(
    tls: tuple[_Keeps, int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither condemns the letter: it waits until the installation is set right."""
    keeps, port, authority = tls
    with pytest.raises(MailDeferred, match=r"(?i)certificate"):
        await Mailer(f"smtp://localhost:{port}", SENDER, SystemClock()).send(letter())
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with pytest.raises(MailDeferred, match="535"):
        await Mailer(f"smtp://narthex:wrong@localhost:{port}", SENDER, SystemClock()).send(letter())
    assert keeps.encrypted == []
