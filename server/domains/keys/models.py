"""Keys as values."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

Algorithm = Literal["EdDSA", "ES256"]
Stopped = Literal["maker_suspended", "maker_lost_role"]  # why a key does nothing, though it was not revoked


class ApiKey(msgspec.Struct, frozen=True):
    """A program's key, without the key: `hint` is its last four characters."""

    id: UUID
    name: str
    hint: str
    scopes: frozenset[str]
    created_by: UUID | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    read_at: datetime
    stopped: Stopped | None = None

    @property
    def over(self) -> bool:
        """Tell whether the key may not be used any more."""
        expired = self.expires_at is not None and self.read_at >= self.expires_at
        return expired or self.revoked_at is not None


class HostKey(msgspec.Struct, frozen=True):
    """A public key with which a church's website signs who its visitor is. `issuer` outlives a change of keys."""

    id: UUID
    name: str
    kid: str
    issuer: str
    algorithm: Algorithm
    public_key: str
    created_at: datetime
    revoked_at: datetime | None
