"""Real services for the tests: each starts when the first test of a worker asks for it, and ends with the worker.

Every xdist worker has its own servers, so that workers share neither roles nor keys nor crashes. They run
without fsync: these tests ask what a transaction does, not what a power cut does. Tests that kill servers
take `private_services`, which is durable and theirs alone.
"""

import asyncio
import contextlib
import fcntl
import shutil
import socket
import tempfile
import uuid
from collections.abc import Callable, Coroutine, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal

import msgspec
import psycopg
import pytest
import redis
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from server.embedded import Embedded, S3Endpoint

# Short, because sockets live inside; not pytest's own folder, which root's services could not enter.
PREFIX = "narthex-test-"
Behaviour = Literal["accept", "refuse", "greylist", "stall"]


@pytest.fixture(scope="session")
def services_folder() -> Iterator[Path]:
    """Give a short-named folder that the account of the services can enter."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def embedded(services_folder: Path) -> Iterator[Embedded]:
    """Give the worker's services, none of them started yet."""
    with Embedded(services_folder / "shared", print, durable=False) as services:
        yield services


@pytest.fixture(scope="session")
def postgres(embedded: Embedded) -> Embedded:
    """Give the worker's services with Postgres running."""
    return embedded.start({"postgres"})


@pytest.fixture(scope="session")
def valkey(embedded: Embedded) -> Embedded:
    """Give the worker's services with Valkey running."""
    return embedded.start({"valkey"})


@pytest.fixture(scope="session")
def s3(embedded: Embedded) -> S3Endpoint:
    """Give the worker's bucket; choose keys of your own in it."""
    return embedded.start({"s3"}).s3


@pytest.fixture
def database_url(postgres: Embedded) -> Iterator[str]:
    """Give the superuser's DSN of an empty database of the test's own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres.postgres_url("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield postgres.postgres_url(name)
    with psycopg.connect(postgres.postgres_url("postgres"), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def valkey_url(valkey: Embedded) -> str:
    """Give the address of the worker's Valkey, emptied."""
    with redis.Redis.from_url(valkey.valkey_url) as client:
        client.flushall()
    return valkey.valkey_url


@pytest.fixture
def private_services() -> Iterator[Callable[..., Embedded]]:
    """Give a function that makes durable services for one test, which may kill and restart them.

    Its arguments are those of Embedded after `say`; durable=False when the test needs speed more than a disk.
    """
    with contextlib.ExitStack() as stack:
        root = Path(tempfile.mkdtemp(prefix=PREFIX, dir="/tmp"))
        stack.callback(shutil.rmtree, root)
        root.chmod(0o711)

        def make(**choices: Any) -> Embedded:
            data = root / f"data{len(list(root.iterdir()))}"
            return stack.enter_context(Embedded(data, print, **choices))

        yield make


class Delivery(msgspec.Struct, frozen=True):
    """What one SMTP transaction delivered."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage


class Mailbox:
    """A real SMTP server that keeps what it accepts, and misbehaves when told.

    refuse: 550 to every recipient. greylist: 451 to the first try of a sender and recipient.
    stall: no answer to DATA until the behaviour changes.
    """

    def __init__(self) -> None:
        self.behaviour: Behaviour = "accept"
        self.deliveries: list[Delivery] = []
        self.attempts = 0
        self._seen: set[tuple[str, str]] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self._listener.getsockname()
        self._controller = _OnSocket(self, self._listener)

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self.behaviour = "accept"
        self._controller.stop()
        self._listener.close()

    async def received(self, count: int = 1, seconds: float = 5.0) -> list[Delivery]:
        """Wait for at least count deliveries; raise TimeoutError after seconds."""
        async with asyncio.timeout(seconds):
            while len(self.deliveries) < count:
                await asyncio.sleep(0.01)
        return list(self.deliveries)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks for this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.attempts += 1
        pair = (envelope.mail_from or "", address)
        if self.behaviour == "refuse":
            return "550 5.1.1 No such mailbox"
        if self.behaviour == "greylist" and pair not in self._seen:
            self._seen.add(pair)
            return "451 4.7.1 Greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        while self.behaviour == "stall":
            await asyncio.sleep(0.02)
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.deliveries.append(Delivery(envelope.mail_from or "", tuple(envelope.rcpt_tos), message))
        return "250 OK"


class _OnSocket(Controller):
    """aiosmtpd's controller on a socket that is bound already, so that no other program can take the port."""

    def __init__(self, handler: Mailbox, listener: socket.socket) -> None:
        host, port = listener.getsockname()
        super().__init__(handler, hostname=host, port=port)
        self._listener = listener

    def _create_server(self) -> Coroutine[Any, Any, asyncio.AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._listener)


@pytest.fixture
def mail() -> Iterator[Mailbox]:
    """Give an empty mailbox behind a real SMTP server."""
    mailbox = Mailbox()
    mailbox.start()
    yield mailbox
    mailbox.stop()


def _sweep() -> None:
    """Remove folders of runs that were killed: nobody holds their lock any more."""
    for lock in Path("/tmp").glob(f"{PREFIX}*/*/lock"):
        with contextlib.suppress(OSError), lock.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parents[1], ignore_errors=True)
