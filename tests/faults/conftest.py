"""A web process to be ill-treated, and somebody beside it who behaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from server.cli.bench.stage import Stage, pss_of
from server.domains.chat.models import Post, Receipt
from server.domains.tenants.models import Tenant
from server.embedded import Embedded
from server.kit.scope import Actor, Scope
from server.settings import Settings
from server.wiring import Wiring, build
from tests.faults.house import lasting
from tests.faults.place import GUESTS, MOST_GROWTH, Place
from tests.faults.raw import Raw
from tests.installation import cloned
from tests.web_process import started


@pytest.fixture(scope="session")
def place(
    postgres: Embedded, valkey: Embedded, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """Give a web process with the limits that people get."""
    folder = tmp_path_factory.mktemp("hostile")
    with cloned(postgres, template_database, valkey.valkey_url, folder) as found:
        settings = msgspec.structs.replace(found, sockets_per_minute=1_000_000)
        mine, theirs = asyncio.run(_rooms(settings))
        with started(settings, folder / "web.log") as web:
            yield Place(
                web.address, web.popen.pid, mine.topic, theirs.topic, lasting(settings.secret_key, mine.tokens),
                lasting(settings.secret_key, theirs.tokens), settings.secret_key, folder / "web.log",
            )  # fmt: skip
            assert web.popen.poll() is None


async def _rooms(settings: Settings) -> list[Any]:
    wiring = build(settings)
    await wiring.start()
    try:
        stage = Stage()
        churches = [await wiring.tenants.by_slug(slug) for slug in ("grace", "hope")]
        rooms = [(await stage._open(wiring, church, 1, GUESTS + 1))[0] for church in churches]
        await _speak(wiring, churches[0])
        return rooms
    finally:
        await wiring.stop()


async def _speak(wiring: Wiring, church: Tenant) -> None:
    """Let a member of the church speak, in another room, who has the name of the last guest."""
    (elsewhere,) = await Stage()._open(wiring, church, 1, 0)
    member = Scope(church.ref, Actor("person", uuid4(), f"Guest {GUESTS}", frozenset({"member"})))
    post = Post(member, UUID(elsewhere.topic.partition(":")[2]), uuid4(), "Good morning")
    (receipt,) = await wiring.chat.post_many(Scope.system(church.ref), [post])
    assert isinstance(receipt, Receipt)


@pytest.fixture
async def calm(place: Place) -> AsyncIterator[Raw]:
    """Give somebody who behaves, and must be served before and after; the process must not have grown much."""
    raw = await place.enter(GUESTS - 1)
    before = pss_of(place.pid)
    yield raw
    assert (await raw.push(place.topic, "message.send", {"body": f"still here {uuid4()}"}, str(uuid4())))[
        "ok"
    ]
    assert pss_of(place.pid) - before < MOST_GROWTH
    raw.cut()
