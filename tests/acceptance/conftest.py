"""A whole installation for the acceptance tests: two churches, somebody of each role in both, a real web process."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from server.embedded import Embedded
from server.settings import Settings
from server.web.app import create_app
from server.wiring import Wiring, build
from tests.acceptance.people import People
from tests.installation import cloned

logging.getLogger("httpx").setLevel(logging.WARNING)


@pytest.fixture(scope="module")
def settings(
    postgres: Embedded, valkey: Embedded, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Give settings of an installation of the file's own, whose limits these tests do not reach."""
    folder: Path = tmp_path_factory.mktemp("data")
    with cloned(postgres, template_database, valkey.valkey_url, folder) as found:
        most = 10_000_000
        yield Settings(
            **{
                **{name: getattr(found, name) for name in found.__struct_fields__},
                "address_per_minute": most,
                "person_per_minute": most,
                "church_per_minute": most,
            }
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wiring(settings: Settings) -> AsyncIterator[Wiring]:
    """Give the started wiring of that installation."""
    wiring = build(settings)
    await wiring.start()
    yield wiring
    await wiring.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def people(wiring: Wiring) -> People:
    """Give somebody of each role in both churches."""
    return await People.settle(wiring)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(wiring: Wiring) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of the whole application."""
    transport = httpx.ASGITransport(app=create_app(wiring), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client
