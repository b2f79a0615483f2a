"""Give and take reactions and count them, inside the transaction of the subject's owner."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from server.domains.reactions import policy, repository
from server.domains.reactions.models import Change, Counted, Totals
from server.kit.clock import Clock
from server.kit.db import Transaction

MOST_KINDS = policy.MOST_KINDS
MOST_GIVEN = 2_000


class ReactionsService:
    """Count reactions. Whoever calls has locked the subjects, so that totals are exact."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def check_emoji(self, text: str) -> str:
        """Return the emoji; raise BadEmoji."""
        return policy.check_emoji(text)

    def check_kinds(self, totals: Totals, change: Change) -> None:
        """Raise TooManyKinds for one more emoji than a subject may have; `totals` learns of the new one."""
        policy.check_kinds(totals, change)

    async def apply(self, tx: Transaction, changes: Sequence[Change]) -> dict[UUID, Counted]:
        """Write changes in any order of subjects; return the new totals of every subject that moved.

        Of several changes of one (subject, person, emoji) the last one counts.
        """
        last = {(change.subject, change.person, change.emoji): change for change in changes}
        moved = await repository.write(tx.connection, list(last.values()), self._clock.now())
        if not any(moved.values()):
            return {}
        await repository.count(tx.connection, moved)
        subjects = sorted({subject for (subject, _), by in moved.items() if by})
        found = await repository.totals(tx.connection, subjects)
        return {subject: found[subject] for subject in subjects}

    async def totals(self, tx: Transaction, subjects: Sequence[UUID]) -> dict[UUID, Counted]:
        """Return totals, greatest first; a subject nobody ever reacted to is absent, one down to nothing is empty."""
        return await repository.totals(tx.connection, subjects) if subjects else {}

    async def given_by(
        self, tx: Transaction, person: UUID, subjects: Sequence[UUID]
    ) -> dict[UUID, list[str]]:
        """Return what one person gave to these subjects."""
        return await repository.given_by(tx.connection, person, subjects) if subjects else {}

    async def given_to(self, tx: Transaction, subject: UUID) -> list[tuple[UUID, str]]:
        """Return who gave what to one subject, the first 2,000."""
        return await repository.given_to(tx.connection, subject, MOST_GIVEN)

    async def drop(self, tx: Transaction, subjects: Sequence[UUID]) -> None:
        """Forget the reactions to subjects that were taken down."""
        await repository.drop(tx.connection, subjects)

    async def forget(self, tx: Transaction, person: UUID) -> None:
        """Take back everything one person gave."""
        moved = await repository.take_all(tx.connection, person)
        if moved:
            await repository.count(tx.connection, moved)

    async def hand_over(self, tx: Transaction, guest: UUID, person: UUID) -> None:
        """Let what a guest gave be the person's they turned out to be; what both gave counts once."""
        moved = await repository.hand_over(tx.connection, guest, person)
        if moved:
            await repository.count(tx.connection, moved)
