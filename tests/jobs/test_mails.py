"""Letters on their way, to a real SMTP server that refuses, stalls and greylists."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from jobs.mails import LETTERS_AT_ONCE, Mails
from server.domains.tenants.errors import NoSuchChurch
from server.kit.clock import SystemClock
from server.kit.mail import Mail, Mailer, post
from server.kit.scope import Scope, TenantRef
from server.wiring import Wiring
from tests.services import Mailbox


def mails(wiring: Wiring, mail: Mailbox, **limits: float) -> Mails:
    async def find(church: str) -> TenantRef | None:
        try:
            return (await wiring.tenants.by_id(church)).ref
        except NoSuchChurch:
            return None

    mailer = Mailer(
        f"smtp://{mail.host}:{mail.port}", "Narthex <no-reply@narthex.example>", SystemClock(), **limits
    )
    return Mails(wiring.database, mailer, find)


@pytest.fixture
def silent() -> int:
    """Give a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


async def write(wiring: Wiring, scope: Scope, name: str, **changes: Any) -> None:
    values = {"to": f"{name}@grace.example", "subject": name, "text": "…", "message_id": name}
    async with wiring.database.transaction(scope) as tx:
        await post(tx, Mail(**{**values, **changes}))


async def rows(wiring: Wiring) -> list[Any]:
    async with wiring.database.shard() as connection:
        return list(await connection.fetch("select * from mails order by id"))


async def hurry(wiring: Wiring, hours: float = 0.0) -> None:
    """Let deferred letters be due, and some hours have passed."""
    async with wiring.database.shard() as connection:
        await connection.execute(
            "update mails set due_at = clock_timestamp(),"
            " give_up_at = give_up_at - make_interval(secs => $1),"
            " claimed_at = claimed_at - make_interval(secs => $1)",
            hours * 3_600.0,
        )


async def test_a_letter_is_sent_after_commit_and_its_text_forgotten(
    wiring: Wiring, system: Scope, mail: Mailbox
) -> None:
    """What was posted arrives once, and only the fact that it was sent is kept."""
    await write(wiring, system, "ruth")
    await mails(wiring, mail).drain("main")
    (delivery,) = await mail.received()
    assert delivery.message["Message-ID"] == "<ruth@narthex.example>"
    (row,) = await rows(wiring)
    assert (row["state"], row["data"], row["attempts"]) == ("sent", None, 1)


async def test_a_rolled_back_letter_is_never_sent(wiring: Wiring, system: Scope, mail: Mailbox) -> None:
    """A transaction that fails takes its letters with it."""
    with pytest.raises(ZeroDivisionError):
        async with wiring.database.transaction(system) as tx:
            await post(tx, Mail(to="ruth@grace.example", subject="s", text="t"))
            raise ZeroDivisionError
    assert await rows(wiring) == []


async def test_one_message_id_is_one_letter(
    wiring: Wiring, system: Scope, other_system: Scope, mail: Mailbox
) -> None:
    """Posted twice under one name a letter is sent once; another church's letter of that name is another."""
    for scope in (system, system, other_system):
        await write(wiring, scope, "ruth")
    await mails(wiring, mail).drain("main")
    assert len(mail.deliveries) == 2


async def test_a_refused_letter_fails_with_the_servers_words(
    wiring: Wiring, system: Scope, mail: Mailbox
) -> None:
    """It is not tried again."""
    mail.behaviour = "refuse"
    await write(wiring, system, "ruth")
    sender = mails(wiring, mail)
    await sender.drain("main")
    await hurry(wiring)
    await sender.drain("main")
    (row,) = await rows(wiring)
    assert (row["state"], row["attempts"], row["data"]) == ("failed", 1, None)
    assert row["reason"] == "550 5.1.1 No such mailbox"


async def test_a_greylisted_letter_waits_and_arrives_once(
    wiring: Wiring, system: Scope, mail: Mailbox
) -> None:
    """It is not due before its pause is over."""
    mail.behaviour = "greylist"
    await write(wiring, system, "ruth")
    sender = mails(wiring, mail)
    await sender.drain("main")
    (row,) = await rows(wiring)
    assert (row["state"], row["doubt"]) == ("waiting", False)
    assert row["reason"].startswith("451")
    assert await sender.due("main") == 0
    await hurry(wiring)
    assert await sender.due("main") == 1
    await sender.drain("main")
    assert len(mail.deliveries) == 1


async def test_pauses_grow(wiring: Wiring, system: Scope, mail: Mailbox, silent: int) -> None:
    """A letter that is deferred again and again waits a minute, five, fifteen, half an hour … at most four hours."""
    mail.port = silent
    await write(wiring, system, "ruth", useful_for=10 * 86_400.0)
    sender, pauses = mails(wiring, mail), []
    for _ in range(8):
        await hurry(wiring)
        await sender.send_next("main")
        async with wiring.database.shard() as connection:
            pauses.append(
                await connection.fetchval("select extract(epoch from due_at - changed_at)::int from mails")
            )
    assert pauses == [60, 300, 900, 1_800, 3_600, 7_200, 14_400, 14_400]


async def test_a_letter_is_given_up_when_it_is_useless(wiring: Wiring, system: Scope, mail: Mailbox) -> None:
    """A sign-in link of one hour is not delivered after two; the last reason is kept."""
    mail.behaviour = "greylist"
    await write(wiring, system, "ruth", useful_for=3_600.0)
    sender = mails(wiring, mail)
    await sender.drain("main")
    await hurry(wiring, hours=2)
    await sender.drain("main")
    (row,) = await rows(wiring)
    assert (row["state"], row["data"]) == ("failed", None)
    assert row["reason"].startswith("given up: 451")
    assert mail.deliveries == []


async def test_a_lost_answer_is_a_doubt_and_the_letter_is_sent_again(
    wiring: Wiring, system: Scope, mail: Mailbox
) -> None:
    """After a stall in the letter itself it goes out again under the same Message-ID."""
    mail.behaviour = "stall"
    await write(wiring, system, "ruth")
    sender = mails(wiring, mail, command_seconds=2.0)
    await sender.drain("main")
    (row,) = await rows(wiring)
    assert (row["state"], row["doubt"]) == ("waiting", True)
    mail.behaviour = "accept"
    await hurry(wiring)
    await sender.drain("main")
    (row,) = await rows(wiring)
    assert row["state"] == "sent"
    assert {delivery.message["Message-ID"] for delivery in mail.deliveries} == {"<ruth@narthex.example>"}


async def test_a_letter_given_up_in_doubt_is_unknown(wiring: Wiring, system: Scope, mail: Mailbox) -> None:
    """Nobody claims that it failed when a server may have taken it."""
    mail.behaviour = "stall"
    await write(wiring, system, "ruth")
    sender = mails(wiring, mail, command_seconds=2.0)
    await sender.drain("main")
    await hurry(wiring, hours=25)
    await sender.drain("main")
    (row,) = await rows(wiring)
    assert (row["state"], row["data"]) == ("unknown", None)


async def test_a_claim_of_a_dead_worker_is_freed(wiring: Wiring, system: Scope, mail: Mailbox) -> None:
    """A letter that was claimed long ago is due again, in doubt; a late answer of the first claim changes nothing."""
    mail.behaviour = "stall"
    await write(wiring, system, "ruth")
    slow = asyncio.create_task(mails(wiring, mail, command_seconds=1.5).send_next("main"))

    async with asyncio.timeout(5):
        while mail.attempts == 0:
            await asyncio.sleep(0.01)
    sender = mails(wiring, mail)
    assert await sender.due("main") == 0
    await hurry(wiring, hours=1)
    assert await sender.due("main") == 1
    mail.behaviour = "accept"
    await sender.drain("main")
    await slow
    (row,) = await rows(wiring)
    assert (row["state"], row["attempts"], row["doubt"]) == ("sent", 2, True)


async def test_a_letter_is_claimed_by_one(wiring: Wiring, system: Scope, mail: Mailbox) -> None:
    """Ten senders at once send twenty letters once each."""
    for n in range(20):
        await write(wiring, system, f"m{n}")
    await asyncio.gather(*(mails(wiring, mail).drain("main") for _ in range(10)))
    assert sorted(d.message["Subject"] for d in mail.deliveries) == sorted(f"m{n}" for n in range(20))


async def test_the_soonest_useless_goes_first(wiring: Wiring, system: Scope, mail: Mailbox) -> None:
    """A sign-in link overtakes announcements that were posted before it."""
    await write(wiring, system, "announcement")
    await write(wiring, system, "link", useful_for=600.0)
    await mails(wiring, mail).drain("main")
    assert [d.message["Subject"] for d in mail.deliveries] == ["link", "announcement"]


async def test_only_so_many_letters_at_once(wiring: Wiring, system: Scope, mail: Mailbox) -> None:
    """However many are due, no more are asked for than there may be conversations."""
    sender = mails(wiring, mail)
    assert await sender.due("main") == 0
    for n in range(LETTERS_AT_ONCE + 5):
        await write(wiring, system, f"m{n}")
    assert await sender.due("main") == LETTERS_AT_ONCE


async def test_a_suspended_church_sends_nothing(wiring: Wiring, system: Scope, mail: Mailbox) -> None:
    """Its letters fail with the reason."""
    await write(wiring, system, "ruth")
    async with wiring.database.control() as connection:
        await connection.execute("update tenants set status = 'suspended' where id = $1", system.tenant.id)
    await mails(wiring, mail).drain("main")
    (row,) = await rows(wiring)
    assert (row["state"], row["reason"]) == ("failed", "the church is suspended or gone")
    assert mail.deliveries == []
