"""Keep what an undo needs, inside the transaction of the act and again inside that of the undo."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import msgspec

from server.domains.undos import repository
from server.domains.undos.errors import UndoOver
from server.kit.clock import Clock
from server.kit.crypto import Keyring
from server.kit.db import Database, Transaction
from server.kit.scope import Scope

S = TypeVar("S", bound=msgspec.Struct)
KEPT = timedelta(seconds=60)  # screens offer it for ten; a slow network has the rest


class UndosService:
    """Keep, for a minute, what was taken away. Whoever calls has locked the subject."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock

    async def keep(self, tx: Transaction, subject: UUID, act: str, kept: msgspec.Struct) -> None:
        """Let this act be taken back for a minute; what is too old of others goes."""
        now = self._clock.now()
        await repository.trim(tx.connection, now - KEPT)
        sealed = self._keyring.seal(msgspec.json.encode(kept), _place(tx, subject))
        await repository.keep(tx.connection, subject, act, sealed, now)

    async def take(self, tx: Transaction, subject: UUID, act: str, shape: type[S]) -> S:
        """Return what was kept, once; raise UndoOver when it is too late or this was not the newest act."""
        sealed = await repository.take(tx.connection, subject, act, self._clock.now() - KEPT)
        if sealed is None:
            raise UndoOver()
        return msgspec.json.decode(self._keyring.open(sealed, _place(tx, subject)), type=shape)

    async def drop(self, tx: Transaction, subjects: Iterable[UUID]) -> None:
        """Let nothing about these subjects come back."""
        await repository.drop(tx.connection, subjects)

    async def drop_all(self, tx: Transaction) -> None:
        """Let nothing come back in this church: somebody is being forgotten."""
        await repository.trim(tx.connection, self._clock.now())

    async def trim(self, scope: Scope) -> int:
        """Forget what is too old to be taken back; return how much."""
        async with self._database.transaction(scope) as tx:
            return await repository.trim(tx.connection, self._clock.now() - KEPT)


def _place(tx: Transaction, subject: UUID) -> str:
    return f"undos:{tx.scope.tenant.id}:{subject}"
