"""The history over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get

from server.domains.audit import policy
from server.domains.audit.models import Entry, Head
from server.domains.audit.schemas import AuditEntry, AuditPage, AuditVerdict
from server.domains.audit.service import AuditService
from server.kit import paging
from server.kit.scope import Scope

Seq = Annotated[int, msgspec.Meta(ge=0, le=2**53, description="Number of an entry.")]
Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", description="SHA-256 in hexadecimal.")]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


@get(
    "/audit",
    operation_id="audit",
    summary="What was done, newest first",
    tags=["audit"],
    opt={"rule": policy.READ},
)
async def page(
    scope: Scope,
    audit: AuditService,
    after: paging.Cursor | None = None,
    limit: paging.Limit = 50,
    actor: UUID | None = None,
    subject: Text | None = None,
    action: Text | None = None,
) -> AuditPage:
    """Entries may be chosen by who did it, to what, and what was done."""
    start = paging.decode(after, tuple[Seq])
    found = await audit.page(
        scope,
        before=start[0] if start else None,
        most=limit + 1,
        actor_id=actor,
        subject=subject,
        action=action,
    )
    shown = paging.page(found, limit, AuditEntry.of, _key)
    return AuditPage(shown.items, shown.next)


@get(
    "/audit/verify",
    operation_id="verify_audit",
    summary="Check that nothing was changed or taken out",
    tags=["audit"],
    opt={"rule": policy.READ},
)
async def verify(
    scope: Scope, audit: AuditService, head_seq: Seq | None = None, head_hash: Hash | None = None
) -> AuditVerdict:
    """With seq and hash of a head kept from an earlier check it also shows that no newest entries were cut off."""
    known = None
    if head_seq is not None and head_hash is not None:
        known = Head(head_seq, bytes.fromhex(head_hash))
    return AuditVerdict.of(await audit.verify(scope, known))


def _key(entry: Entry) -> tuple[int]:
    return (entry.seq,)


ROUTES = [page, verify]
