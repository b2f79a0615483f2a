"""Keep what an undo needs, inside the transaction of the act and again inside that of the undo."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import msgspec

from server.domains.undos import repository
from server.domains.undos.errors import UndoNotYours, UndoOver
from server.kit.clock import Clock
from server.kit.crypto import Keyring
from server.kit.db import Database, Transaction
from server.kit.scope import Scope

S = TypeVar("S", bound=msgspec.Struct)
KEPT = timedelta(seconds=60)  # screens offer it for ten; a slow network has the rest


class _Act(msgspec.Struct, frozen=True):
    by: UUID | None
    kept: msgspec.Raw


class UndosService:
    """Keep, for a minute, what was taken away. Whoever calls has locked the subject."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock

    async def keep(self, tx: Transaction, subject: UUID, act: str, kept: msgspec.Struct) -> None:
        """Let the caller take this act back for a minute; what is too old of others goes."""
        now = self._clock.now()
        await repository.trim(tx.connection, now - KEPT)
        act_of = _Act(tx.scope.actor.id, msgspec.Raw(msgspec.json.encode(kept)))
        sealed = self._keyring.seal(msgspec.json.encode(act_of), _place(tx, subject))
        await repository.keep(tx.connection, subject, act, sealed, now)

    async def take(self, tx: Transaction, subject: UUID, act: str, shape: type[S]) -> S:
        """Return what was kept, once; raise UndoOver (too late, or not the newest act) or UndoNotYours."""
        sealed = await repository.take(tx.connection, subject, act, self._clock.now() - KEPT)
        if sealed is None:
            raise UndoOver()
        try:
            done = msgspec.json.decode(self._keyring.open(sealed, _place(tx, subject)), type=_Act)
        except msgspec.ValidationError:  # kept by an earlier version of Narthex
            raise UndoOver() from None
        if done.by != tx.scope.actor.id:
            raise UndoNotYours()  # the caller's transaction ends with it, so it stays for who did it
        return msgspec.json.decode(done.kept, type=shape)

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
