"""Keep phrases."""

from __future__ import annotations

from uuid import UUID

from server.domains.phrases import policy, repository
from server.domains.phrases.errors import NoSuchPhrase, TooManyPhrases
from server.domains.phrases.models import Phrase
from server.domains.phrases.schemas import PhraseBody
from server.kit.clock import Clock
from server.kit.db import Database
from server.kit.scope import Scope


class PhrasesService:
    """Keep the saved replies of each church."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def all(self, scope: Scope) -> list[Phrase]:
        """Return all phrases by their titles."""
        policy.USE.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await repository.all_of(tx.connection, policy.MOST)

    async def add(self, scope: Scope, body: PhraseBody) -> Phrase:
        """Keep a phrase; raise BadText, TooManyPhrases."""
        policy.KEEP.require(scope)
        body = policy.tidy(body)
        async with self._database.transaction(scope) as tx:
            if await repository.count(tx.connection) >= policy.MOST:
                raise TooManyPhrases()
            return await repository.insert(tx.connection, body, self._clock.now())

    async def change(self, scope: Scope, id: UUID, body: PhraseBody) -> Phrase:
        """Replace a phrase; raise NoSuchPhrase, BadText."""
        policy.KEEP.require(scope)
        body = policy.tidy(body)
        async with self._database.transaction(scope) as tx:
            phrase = await repository.update(tx.connection, id, body, self._clock.now())
            if phrase is None:
                raise NoSuchPhrase()
            return phrase

    async def remove(self, scope: Scope, id: UUID) -> None:
        """Throw a phrase away; raise NoSuchPhrase."""
        policy.KEEP.require(scope)
        async with self._database.transaction(scope) as tx:
            if not await repository.delete(tx.connection, id):
                raise NoSuchPhrase()
