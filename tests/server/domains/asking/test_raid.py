"""A raid on the form: 500 guests from 20 addresses at once, with a few texts that hardly differ, and links.

No proof-of-work is asked of anybody who needs prayer: this raid does not show caps and holding to be too little.
Nothing of it is ever seen by others; what is taken is bounded by the caps of its addresses; it waits behind everything
that was asked by itself, so that the team finds the honest ones first; and a challenge would be solved by the raiders'
machines sooner than by an old phone. What caps do not bound is a raid from thousands of networks: its requests wait
behind the others as well, and the first of each text is all that stands in the way.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import tuple_row

from realtime.topics import Topic
from server.domains.moderation.schemas import QueueSnapshot
from server.domains.prayer.models import Settings
from server.kit import limits
from server.kit.scope import Scope
from server.settings import Settings as Installation
from server.web.app import create_app
from server.wiring import Wiring
from tests.server.domains.prayers import told
from tests.server.domains.queueing import deliver
from tests.server.domains.voices import person

API = "/api/v1/grace"
GUESTS, ADDRESSES, EACH = 500, 20, 3
A_DAY = 2  # requests of one person; an address has ten times that
CAP = A_DAY * 10
TEXTS = (
    "Win {n} free coins today at our lucky casino, just tell your friends number {n} about it",
    "Please visit https://pills{n}.example for the cheapest pills of the whole internet, order {n} now",
    "Everybody in church number {n} is a fool and a liar and all of you will see what comes of it",
)
HONEST = (
    "My father has an operation on Monday and we are all afraid of what they will find",
    "Please pray for my mother",
    "Our daughter moves to another country tomorrow and I already miss her so much",
    "I have looked for work since spring and slowly lose the courage to write another letter",
    "Thank God for the rain on our fields after all these dry weeks",
)
Come = Callable[[str], httpx.AsyncClient]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count in Valkey however busy the machine is: each process by itself would count from nothing."""
    monkeypatch.setattr(limits, "PATIENCE", 60.0)


@pytest.fixture
async def come(wiring: Wiring) -> AsyncIterator[Come]:
    """Give a function that lets somebody in from an address."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    app, clients = create_app(wiring), list[httpx.AsyncClient]()

    def client(address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(address, 1))
        clients.append(httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", timeout=300))
        return clients[-1]

    yield client
    for one in clients:
        await one.aclose()


async def rage(client: httpx.AsyncClient, numbers: range) -> list[httpx.Response]:
    """Become one guest after the other and ask at once as each, as fast as the answers come."""

    async def one(number: int) -> list[httpx.Response]:
        made = await client.post(f"{API}/auth/guest", json={"nickname": f"Raider {number}", "consent": "1"})
        assert made.status_code == 201, made.text
        headers = {"authorization": f"Bearer {made.json()['access_token']}"}
        answers = []
        for turn in range(EACH):
            n = number * EACH + turn
            body: dict[str, Any] = {"body": TEXTS[n % len(TEXTS)].format(n=n), "urgent": n % 2 == 0}
            body |= {"visibility": "wall", "wall_consent": True, "anonymous": n % 3 == 0}
            answers.append(await client.post(f"{API}/prayers", json=body, headers=headers))
        return answers

    return list(itertools.chain(*[await one(number) for number in numbers]))


async def ask(client: httpx.AsyncClient) -> list[httpx.Response]:
    """Ask as people do who need it, without an account, one after the other, while the raid goes on."""
    wall = {"visibility": "wall", "wall_consent": True}
    return [await client.post(f"{API}/prayers", json={"body": body, **wall}) for body in HONEST[:4]]


def kept(settings: Installation, schema: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(settings.admin_url, row_factory=tuple_row) as connection:
        connection.execute("select set_config('search_path', %s, false)", (schema,))
        return connection.execute("select state, reason, body from prayer_requests").fetchall()


@pytest.mark.timeout(400)
async def test_a_raid_drowns_nobody(
    come: Come, wiring: Wiring, system: Scope, settings: Installation
) -> None:
    """Nothing of it is published, caps refuse with the time to wait, and who asks honestly is first in the queue."""
    await wiring.tending.set_settings(person(system, "Ada", "admin"), Settings(asks_a_day=A_DAY), None)
    share, begun = GUESTS // ADDRESSES, datetime.now(UTC).date()
    mobs = [
        rage(come(f"198.51.100.{number}"), range(number * share, (number + 1) * share))
        for number in range(ADDRESSES)
    ]
    *raid, honest = await asyncio.gather(*mobs, ask(come("192.0.2.7")))
    late = await come("192.0.2.8").post(f"{API}/prayers", json={"body": HONEST[4]})
    assert [answer.status_code for answer in (*honest, late)] == [201] * len(HONEST)

    answers = list(itertools.chain(*raid))
    taken = [answer for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(taken) + len(refused) == len(answers) == GUESTS * EACH
    days = (datetime.now(UTC).date() - begun).days + 1  # caps are of a day
    assert len(taken) <= CAP * ADDRESSES * days
    assert {answer.json()["state"] for answer in taken} == {"held"}
    for answer in refused:
        assert answer.json()["code"] == "limited"
        assert answer.json()["retry_after"] >= 1
        assert int(answer.headers["retry-after"]) >= 1

    rows = kept(settings, system.tenant.schema)
    assert {state for state, _, _ in rows} == {"held"}
    spam = [(reason, body) for _, reason, body in rows if body not in HONEST]
    assert len(spam) == len(taken)
    plain = [body for reason, body in spam if reason not in ("duplicate", "link")]
    assert len(plain) <= 2 * ADDRESSES, plain  # of each text the first, and those on their way beside it
    assert {reason for _, reason, body in rows if body in HONEST} == {""}
    assert await told(wiring, system) == []
    page = (await come("192.0.2.9").get(f"{API}/wall")).json()
    assert page["items"] == []

    await deliver(wiring, system)
    queue = Topic(system.tenant.id, "queue", "prayer")
    _, shown = await wiring.moderation.snapshot(system, queue, "prayer")
    assert isinstance(shown, QueueSnapshot)
    assert len(shown.cases) <= 100
    assert shown.waiting == len(rows)
    first = [case.request.body for case in shown.cases[: len(HONEST) + len(plain)] if case.request]
    assert set(HONEST) <= set(first)
