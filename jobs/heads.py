"""Check each church's history against what was seen of it before; the seen head is kept outside the church.

A chain alone proves that nothing in it was changed. Only a head kept elsewhere proves that its newest entries were not
cut off.
"""

from __future__ import annotations

from server.domains.audit.models import Head, Verdict
from server.domains.audit.service import AuditService
from server.kit.db import Database
from server.kit.scope import Scope


async def verify(database: Database, audit: AuditService, scope: Scope) -> Verdict:
    """Follow a church's chain; while it holds, remember its head for the next time."""
    verdict = await audit.verify(scope, await known(database, scope))
    if verdict.intact:
        async with database.shard(scope.tenant.shard) as connection:
            await connection.execute(_KEEP, scope.tenant.schema, verdict.head.seq, verdict.head.hash)
    return verdict


async def known(database: Database, scope: Scope) -> Head | None:
    """Return the head that was seen last; None when none was."""
    async with database.shard(scope.tenant.shard) as connection:
        row = await connection.fetchrow(_KNOWN, scope.tenant.schema)
    return None if row is None else Head(row["seq"], row["hash"])


_KNOWN = "select seq, hash from audit_heads where church = $1"
# of two checks at once the one that saw more counts
_KEEP = """
    insert into audit_heads (church, seq, hash) values ($1, $2, $3)
    on conflict (church) do update set seq = excluded.seq, hash = excluded.hash, at = now()
    where audit_heads.seq <= excluded.seq
"""
