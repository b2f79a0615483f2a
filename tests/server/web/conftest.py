"""An application over a real installation, asked without a network; shared by the tests of one file."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar

from server.embedded import Embedded
from server.settings import Settings
from server.web.app import create_app
from server.wiring import Wiring, build
from tests.installation import cloned
from tests.server.web.sample import ROUTES, Doorman

logging.getLogger("httpx").setLevel(logging.WARNING)  # the client's own lines are not ours


@pytest.fixture(scope="module")
def settings(
    postgres: Embedded, valkey: Embedded, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Give settings of an installation of the file's own."""
    folder: Path = tmp_path_factory.mktemp("data")
    with cloned(postgres, template_database, valkey.valkey_url, folder) as settings:
        yield settings


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wiring(settings: Settings) -> AsyncIterator[Wiring]:
    """Give the started wiring of that installation."""
    wiring = build(settings)
    await wiring.start()
    yield wiring
    await wiring.stop()


@pytest.fixture(scope="module")
def doorman() -> Doorman:
    """Give the one who knows the sample's people."""
    return Doorman()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(wiring: Wiring, doorman: Doorman) -> Litestar:
    """Give the application with the sample routes."""
    return create_app(wiring, identity=doorman, routes=ROUTES)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of that application."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client
