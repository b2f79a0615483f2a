"""Rows of the control schema as values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from server.kit.scope import TenantRef

Status = Literal["creating", "active", "suspended", "deleting"]


class Tenant(msgspec.Struct, frozen=True):
    """A church: where it lives and whether it is open. `limits` overrides the installation's, by name."""

    id: str
    slug: str
    name: str
    shard: str
    region: str | None
    status: Status
    limits: dict[str, Any]
    created_at: datetime
    changed_at: datetime

    @property
    def ref(self) -> TenantRef:
        """Return what the other layers need to know of it."""
        limits = tuple((name, value) for name, value in self.limits.items() if type(value) is int)
        return TenantRef(self.id, self.slug, self.name, self.shard, self.status, limits)


class Operator(msgspec.Struct, frozen=True):
    """Somebody who runs the installation."""

    id: UUID
    email: str
    name: str
    password_hash: str
    totp_sealed: bytes | None
    disabled_at: datetime | None
    totp_step: int = 0
    generation: int = 0  # every token names it: counting on ends them all


class Addresses(msgspec.Struct, frozen=True):
    """Where a church is found: every short name it has or had, and its own domains."""

    slugs: Sequence[str]
    hosts: Sequence[str]
