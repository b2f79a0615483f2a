"""Add to the history, read it, prove it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from uuid import UUID

from server.domains.audit import policy, repository
from server.domains.audit.models import Entry, Head, Verdict, entry_hash, genesis, walk
from server.kit.db import Database, Transaction
from server.kit.scope import Scope

MOST_A_PAGE = 201  # a page of the API, and the entry that says there is more
STRIDE = 1_000  # entries read at a time when all are read
_END = 2**63 - 1


class AuditService:
    """Keep the history of each church."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(
        self,
        tx: Transaction,
        scope: Scope,
        action: str,
        subject: str = "",
        details: Mapping[str, object] | None = None,
    ) -> Entry:
        """Add an entry inside the caller's transaction: it stands if and only if the act itself does.

        Call it last: until COMMIT nobody else in this church can record. `details` hold ids, numbers and names of
        fields, never secrets or addresses of people.
        """
        text = policy.canonical(details or {})
        policy.check_action(action)
        await repository.lock(tx.connection)
        head, at = await repository.last(tx.connection, genesis(scope.tenant.id))
        entry = Entry(
            head.seq + 1,
            at,
            scope.actor.kind,
            scope.actor.id,
            policy.plain(scope.actor.name, 200),
            action,
            policy.plain(subject, 200),
            text,
            policy.plain(scope.origin.request_id, 200),
            policy.plain(scope.origin.address, 64) or None,
            head.hash,
            b"",
        )
        entry = _hashed(entry)
        await repository.insert(tx.connection, entry)
        return entry

    async def page(
        self,
        scope: Scope,
        *,
        before: int | None = None,
        most: int = 50,
        actor_id: UUID | None = None,
        subject: str | None = None,
        action: str | None = None,
    ) -> Sequence[Entry]:
        """Return entries with seq < `before`, newest first."""
        policy.READ.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await repository.newest(
                tx.connection,
                before=_END if before is None else before,
                most=min(most, MOST_A_PAGE),
                actor_id=actor_id,
                subject=subject,
                action=action,
            )

    async def verify(self, scope: Scope, known: Head | None = None) -> Verdict:
        """Follow the whole chain; `known` is a head kept outside, which proves that nothing newer was cut off."""
        policy.READ.require(scope)
        head, count, reason, found = genesis(scope.tenant.id), 0, "", known is None
        async for page in self._pages(scope):
            end, reason = walk(page, head)
            count += end.seq - head.seq
            found = found or any(
                entry.seq == known.seq and entry.hash == known.hash for entry in page if known
            )
            head = end
            if reason:
                return Verdict(count, head, head.seq + 1, reason)
        if not found and known is not None and known != genesis(scope.tenant.id):
            missing = min(known.seq, head.seq + 1)
            return Verdict(count, head, missing, f"entry {known.seq} is not the one that was known")
        return Verdict(count, head)

    async def export(self, scope: Scope) -> AsyncIterator[Entry]:
        """Yield every entry in the order of the chain."""
        policy.READ.require(scope)
        async for page in self._pages(scope):
            for entry in page:
                yield entry

    async def _pages(self, scope: Scope) -> AsyncIterator[Sequence[Entry]]:
        after = 0
        while True:
            async with self._database.transaction(scope, readonly=True) as tx:
                page = await repository.oldest(tx.connection, after=after, most=STRIDE)
            if not page:
                return
            yield page
            after = page[-1].seq


def _hashed(entry: Entry) -> Entry:
    values = {name: getattr(entry, name) for name in Entry.__struct_fields__}
    return Entry(**{**values, "hash": entry_hash(entry)})
