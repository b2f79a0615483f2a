"""What is left of a request that was taken back: that it was."""

from __future__ import annotations

from typing import Any

from server.kit.scope import Scope
from server.wiring import Wiring
from tests.server.domains.prayers import put_up
from tests.server.domains.voices import guest


async def test_what_was_taken_back_leaves_nothing_of_its_words(wiring: Wiring, system: Scope) -> None:
    """Neither its words nor what it is found or recognised by, from which a dictionary would guess them."""
    maria = guest(system)
    asked = await put_up(wiring, system, "My quietzephyr is ill", asker=maria, name="Maria")
    await wiring.asking.withdraw(maria, asked.id, None)
    async with wiring.database.transaction(system, readonly=True) as tx:
        row: Any = await tx.connection.fetchrow("select * from prayer_requests where id = $1", asked.id)
    assert (row["body"], row["public_body"], row["name"], row["search"]) == ("", "", "", "")
    assert row["sketch"] == []
