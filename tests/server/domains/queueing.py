"""How signals reach their listeners in the tests of the queue: as the relay would, in order, until nothing is left."""

from __future__ import annotations

from typing import Any

from server.kit.outbox import decode
from server.kit.scope import Scope
from server.wiring import Wiring


async def deliver(wiring: Wiring, system: Scope, *, twice: bool = False) -> int:
    """Hand every signal of the church to its listeners, also those that this announces; return how many there were."""
    count = 0
    while True:
        async with wiring.database.shard() as connection:
            rows = await connection.fetch(
                "delete from outbox where church = $1 returning id, kind, data", system.tenant.schema
            )
        if not rows:
            return count
        for row in sorted(rows, key=lambda row: row["id"]):
            for listener in wiring.listeners.of(row["kind"]):
                for _ in range(2 if twice else 1):
                    async with wiring.database.transaction(system) as tx:
                        signal: Any = decode(row["data"], listener.signal)
                        await listener.handle(tx, signal)
            count += 1
