"""Block, unblock, and tell other slices who wants to hear nothing of whom."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from realtime.topics import Topic
from server.domains.blocks import policy, repository
from server.domains.blocks.errors import TooManyBlocks
from server.domains.blocks.schemas import Blocked
from server.domains.blocks.signals import PersonBlocked, PersonUnblocked
from server.kit.clock import Clock
from server.kit.db import Database, Transaction
from server.kit.log import Draft
from server.kit.scope import Scope


class BlocksService:
    """Keep who blocked whom."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def block(self, scope: Scope, person: UUID) -> None:
        """Hear nothing of a person any more; a second call changes nothing. The other is not told."""
        me = policy.check(scope, person)
        async with self._database.transaction(scope) as tx:
            if await repository.insert(tx.connection, me, person, self._clock.now()):
                if await repository.count(tx.connection, me) > policy.MOST_BLOCKS:
                    raise TooManyBlocks(f"You can block at most {policy.MOST_BLOCKS} people.")
                tx.signal(PersonBlocked(person_id=person, by=me))
                _tell(tx, me, person, "person.blocked")

    async def unblock(self, scope: Scope, person: UUID) -> None:
        """Hear a person again; nothing happens when they were not blocked."""
        me = policy.check(scope, person)
        async with self._database.transaction(scope) as tx:
            if await repository.delete(tx.connection, me, person):
                tx.signal(PersonUnblocked(person_id=person, by=me))
                _tell(tx, me, person, "person.unblocked")

    async def mine(self, scope: Scope) -> list[UUID]:
        """Return whom the caller blocked, in that order."""
        policy.BLOCK.require(scope)
        if scope.actor.id is None:
            return []
        async with self._database.transaction(scope, readonly=True) as tx:
            return (await self.of(tx, [scope.actor.id]))[scope.actor.id]

    async def of(self, tx: Transaction, people: Sequence[UUID]) -> dict[UUID, list[UUID]]:
        """Return whom each of these people blocked, in that order."""
        return await repository.of(tx.connection, people, policy.MOST_BLOCKS)

    async def between(
        self, tx: Transaction, people: Sequence[UUID], authors: Sequence[UUID]
    ) -> set[tuple[UUID, UUID]]:
        """Return (blocker, blocked) pairs: which of these people want to hear nothing of which authors."""
        return await repository.between(tx.connection, people, authors) if people and authors else set()

    async def forget(self, tx: Transaction, person: UUID) -> None:
        """Forget every block by or of one person."""
        await repository.forget(tx.connection, person)

    async def hand_over(self, tx: Transaction, guest: UUID, person: UUID) -> None:
        """Let blocks by and of a guest be those of the person they turned out to be; every screen is told."""
        for blocker, blocked in await repository.hand_over(tx.connection, guest, person):
            _tell(tx, blocker, blocked, "person.blocked")


def _tell(tx: Transaction, me: UUID, person: UUID, event: str) -> None:
    """Tell all screens of who blocks."""
    topic = Topic(tx.scope.tenant.id, "me", str(me))
    tx.append(topic, Draft(person, event, msgspec.json.encode(Blocked(person))))
