"""Share the real servers and the nodes in memory of this folder's tests."""

from collections.abc import AsyncIterator

import pytest

from realtime import feed
from tests.realtime.memory import Plant
from tests.realtime.valkey import valkey_cluster, valkey_server

__all__ = ["plant", "valkey_cluster", "valkey_server"]


@pytest.fixture(autouse=True)
def rosters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every feed keep a roster, so that a few members show what thousands would."""
    monkeypatch.setattr(feed, "MUSTER", 1)


@pytest.fixture
async def plant() -> AsyncIterator[Plant]:
    """Give one church in memory, on as many nodes as the test starts."""
    made = Plant()
    yield made
    await made.stop()
