"""Count prayers and keep followers, inside the transaction of the subject's owner."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date
from uuid import UUID

from server.domains.intercession import repository
from server.domains.intercession.errors import FollowsTooMany, MarkMissing
from server.kit.clock import Clock
from server.kit.crypto import Keyring
from server.kit.db import Transaction
from server.kit.scope import Scope

MOST_FOLLOWED = 1_000  # by one person
MOST_FOLLOWERS = 500  # read at a time
_PAGE = 1_000
FIRST = UUID(int=0)


class IntercessionService:
    """Count each person once a subject, by a mark from which nobody reads who it was."""

    def __init__(self, clock: Clock, keyring: Keyring) -> None:
        self._clock = clock
        self._keyring = keyring

    def mark(self, scope: Scope, subject: UUID, given: str | None = None) -> bytes:
        """Return what the caller is counted by under one subject; raise MarkMissing for nobody without `given`.

        Two subjects give two marks that nothing joins.
        """
        return self._marks(scope, subject, given)[0]

    def _marks(self, scope: Scope, subject: UUID, given: str | None) -> list[bytes]:
        if scope.actor.id is not None:
            return self._macs(subject, scope.actor.id)
        if given:
            return self._keyring.macs("prayed", subject.bytes, b"device:" + given.encode())
        raise MarkMissing()

    async def pray(self, tx: Transaction, given: Sequence[tuple[UUID, bytes]]) -> dict[UUID, int]:
        """Count (subject, mark) pairs in any order; return the new totals of every subject that moved.

        A mark that is there already moves nothing, and doubles within one call count once.
        """
        return await repository.pray(tx.connection, given, self._clock.now()) if given else {}

    async def totals(self, tx: Transaction, subjects: Iterable[UUID]) -> dict[UUID, int]:
        """Return totals; a subject that nobody prayed for is absent."""
        wanted = list(subjects)
        return await repository.totals(tx.connection, wanted) if wanted else {}

    async def prayed_by(
        self, tx: Transaction, subjects: Sequence[UUID], given: str | None = None
    ) -> set[UUID]:
        """Return for which of these subjects the transaction's own caller has prayed."""
        if not subjects or (tx.scope.actor.id is None and not given):
            return set()
        pairs = [(subject, mark) for subject in subjects for mark in self._marks(tx.scope, subject, given)]
        return await repository.prayed_by(tx.connection, pairs)

    async def prayed_since(self, tx: Transaction, day: date) -> int:
        """Count all prayers since a day."""
        return await repository.prayed_since(tx.connection, day)

    # ---- following

    async def follow(self, tx: Transaction, subject: UUID, person: UUID) -> None:
        """Let somebody hear of a subject; a second time changes nothing. Raise FollowsTooMany."""
        if await repository.count_following(tx.connection, person) >= MOST_FOLLOWED:
            raise FollowsTooMany()
        await repository.follow(tx.connection, subject, person, self._clock.now())

    async def unfollow(self, tx: Transaction, subject: UUID, person: UUID) -> None:
        """Let somebody hear of a subject no more."""
        await repository.unfollow(tx.connection, subject, person)

    async def following(self, tx: Transaction, person: UUID, subjects: Sequence[UUID]) -> set[UUID]:
        """Return which of these subjects somebody follows."""
        return await repository.following(tx.connection, person, subjects) if subjects else set()

    async def followers(self, tx: Transaction, subject: UUID, after: UUID = FIRST) -> list[UUID]:
        """Return who follows a subject, by id, the next 500."""
        return await repository.followers(tx.connection, subject, after, MOST_FOLLOWERS)

    # ---- forgotten

    async def drop(self, tx: Transaction, subjects: Iterable[UUID]) -> None:
        """Forget the prayers for subjects that are gone."""
        await repository.drop(tx.connection, subjects)

    async def forget(self, tx: Transaction, person: UUID) -> None:
        """Take out the marks of one person, which only this installation's key can find; totals stay."""
        await repository.forget_follower(tx.connection, person)
        async for subjects in self._all_subjects(tx):
            marks = [(one, mark) for one in subjects for mark in self._macs(one, person)]
            await repository.forget_marks(tx.connection, marks)

    async def take_over(self, tx: Transaction, guest: UUID, person: UUID) -> None:
        """Let a guest's marks be those of the person they turned out to be, who is not counted again."""
        async for subjects in self._all_subjects(tx):
            marks = [
                (one, mark, self._macs(one, person)[0]) for one in subjects for mark in self._macs(one, guest)
            ]
            await repository.take_over_marks(tx.connection, marks)

    def _macs(self, subject: UUID, person: UUID) -> list[bytes]:
        return self._keyring.macs("prayed", subject.bytes, b"person:" + person.bytes)

    async def _all_subjects(self, tx: Transaction) -> AsyncIterator[list[UUID]]:
        after = FIRST
        while subjects := await repository.subjects(tx.connection, after, _PAGE):
            yield subjects
            after = subjects[-1]
