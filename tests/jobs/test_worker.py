"""`narthex worker` as a process of its own, from a letter in a transaction to a mailbox."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import urllib.request
from collections.abc import AsyncIterator

import msgspec
import pytest

from jobs.context import Context
from jobs.worker import Worker
from server.kit.errors import Unavailable
from server.kit.mail import Mail, SendMail, post
from server.kit.scope import Scope
from server.settings import Settings
from server.wiring import Wiring
from tests.jobs.support import announce, drained, until
from tests.services import Mailbox

PASSED_ON = (
    "database_url",
    "secret_key",
    "valkey_url",
    "smtp_url",
    "internal_port",
    "workers",
    "drain_seconds",
)


@pytest.fixture
async def found(settings: Settings, mail: Mailbox) -> Settings:
    """Give settings with a mail server and an internal address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return msgspec.structs.replace(
        settings, smtp_url=f"smtp://{mail.host}:{mail.port}", internal_port=port - 2, workers=2
    )


@pytest.fixture
async def process(found: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """Give a running `narthex worker`."""
    environment = {f"NARTHEX_{name.upper()}": str(getattr(found, name)) for name in PASSED_ON}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server",
        "worker",
        env={**{k: v for k, v in os.environ.items() if not k.startswith("NARTHEX_")}, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    yield process
    if process.returncode is None:
        process.kill()
        await process.wait()


def read(address: str) -> str:
    """Return a page."""
    with urllib.request.urlopen(address) as answer:
        page: str = answer.read().decode()
    return page


async def test_a_letter_goes_all_the_way(
    wiring: Wiring,
    system: Scope,
    mail: Mailbox,
    found: Settings,
    process: asyncio.subprocess.Process,
) -> None:
    """Posted in a transaction it is in the mailbox, counted on the internal address; SIGTERM then ends it cleanly."""
    async with wiring.database.transaction(system) as tx:
        await post(tx, Mail(to="ruth@grace.example", subject="Hello", text="…", message_id="m1"))
    (delivery,) = await mail.received(seconds=40)
    assert delivery.message["Subject"] == "Hello"
    address = f"http://127.0.0.1:{found.internal_port + found.workers}/metrics"

    async def counted() -> bool:
        page = await asyncio.to_thread(read, address)
        lines = ('narthex_relay_partitions{shard="main"} 64.0', 'narthex_mails_total{outcome="sent"} 1.0')
        return all(line in page for line in lines)

    await until(counted)
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(15):
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    assert b"ruth@" not in output, "addresses do not belong into logs"


async def test_without_valkey_signals_flow_and_letters_are_sent(
    found: Settings, wiring: Wiring, system: Scope, mail: Mailbox
) -> None:
    """A worker that cannot put jobs still relays, and its leader sends letters itself."""
    context = Context(msgspec.structs.replace(found, valkey_url=""))
    failed = asyncio.Event()
    worker = Worker(context, failed)
    await worker.start()
    await announce(wiring, system, "a", 1)
    await drained(wiring)
    async with wiring.database.transaction(system) as tx:
        await post(tx, Mail(to="ruth@grace.example", subject="Hello", text="…"))
    await mail.received(seconds=20)
    with pytest.raises(Unavailable):
        await context.queue.put(SendMail(shard="main"))
    await worker.stop(asyncio.Event())
    assert not failed.is_set()
