"""What the history looks like from outside."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from server.domains.audit.models import Entry, Verdict


class AuditActor(msgspec.Struct, frozen=True):
    """Who did it."""

    kind: str
    id: UUID | None
    name: str


class AuditEntry(msgspec.Struct, frozen=True):
    """One thing that was done."""

    seq: int
    at: datetime
    actor: AuditActor
    action: str
    subject: str
    details: dict[str, Any]
    request_id: str
    address: str | None
    prev_hash: str
    hash: str

    @classmethod
    def of(cls, entry: Entry) -> AuditEntry:
        """Show an entry; hashes are hexadecimal."""
        return cls(
            entry.seq,
            entry.at,
            AuditActor(entry.actor_kind, entry.actor_id, entry.actor_name),
            entry.action,
            entry.subject,
            msgspec.json.decode(entry.details),
            entry.request_id,
            entry.address,
            entry.prev_hash.hex(),
            entry.hash.hex(),
        )


class AuditPage(msgspec.Struct, frozen=True):
    """Entries newest first, and where to go on."""

    items: list[AuditEntry]
    next: str | None


class AuditVerdict(msgspec.Struct, frozen=True):
    """Whether the history is what was written; keep seq and hash of the head to prove later that none was cut off."""

    intact: bool
    entries: int
    head_seq: int
    head_hash: str
    broken_at: int | None
    reason: str

    @classmethod
    def of(cls, verdict: Verdict) -> AuditVerdict:
        """Show a verdict."""
        return cls(
            verdict.intact,
            verdict.entries,
            verdict.head.seq,
            verdict.head.hash.hex(),
            verdict.broken_at,
            verdict.reason,
        )
