"""People and a room, for the slices of conversation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from server.domains.rooms.models import Room
from server.kit.scope import Scope
from server.wiring import Wiring


@pytest.fixture
async def room(wiring: Wiring, system: Scope) -> Room:
    """Give the room of a gathering that is open now."""
    now = datetime.now(UTC)
    async with wiring.database.transaction(system) as tx:
        window = (now - timedelta(hours=1), now + timedelta(hours=1))
        return await wiring.rooms.put_gathering(tx, UUID(int=7), "Sunday", window)
