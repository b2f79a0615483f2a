"""An entry of the history, its canonical bytes, and the chain over them; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

import msgspec

_FORM = b"narthex-audit-1\n"  # a change of the canonical bytes is a new form


class Entry(msgspec.Struct, frozen=True):
    """One thing that was done; `details` is the JSON text as it was hashed."""

    seq: int
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    actor_name: str
    action: str
    subject: str
    details: str
    request_id: str
    address: str | None
    prev_hash: bytes
    hash: bytes


class Head(msgspec.Struct, frozen=True):
    """The end of a chain: kept outside, it also proves that no newest entries were cut off."""

    seq: int
    hash: bytes


class Verdict(msgspec.Struct, frozen=True):
    """What checking the chain found: `broken_at` names the first entry that is not what was written."""

    entries: int
    head: Head
    broken_at: int | None = None
    reason: str = ""

    @property
    def intact(self) -> bool:
        """Tell whether nothing was changed, taken out or moved."""
        return self.broken_at is None


def genesis(tenant_id: str) -> Head:
    """Return what the first entry is chained to: it differs by church, so that chains cannot be swapped."""
    return Head(0, hashlib.sha256(_FORM + tenant_id.encode()).digest())


def entry_hash(entry: Entry) -> bytes:
    """Return SHA-256 over the previous hash and the entry's canonical bytes (every field but the hash itself)."""
    fields = [
        entry.seq,
        entry.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        entry.actor_kind,
        None if entry.actor_id is None else str(entry.actor_id),
        entry.actor_name,
        entry.action,
        entry.subject,
        entry.details,
        entry.request_id,
        entry.address,
    ]
    return hashlib.sha256(_FORM + entry.prev_hash + msgspec.json.encode(fields)).digest()


def fault(entry: Entry, before: Head) -> str:
    """Say what is wrong with the entry that should follow `before`; empty when nothing is."""
    if entry.seq != before.seq + 1:
        return f"entry {before.seq + 1} is missing"
    if entry.prev_hash != before.hash:
        return f"entry {entry.seq} is not chained to entry {before.seq}"
    if entry.hash != entry_hash(entry):
        return f"entry {entry.seq} was changed"
    return ""


def walk(entries: Iterable[Entry], before: Head) -> tuple[Head, str]:
    """Follow the chain from `before`; return how far it holds and, when it breaks, why."""
    for entry in entries:
        if reason := fault(entry, before):
            return before, reason
        before = Head(entry.seq, entry.hash)
    return before, ""
