"""What is said and heard about keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from server.domains.keys.models import ApiKey, HostKey, Stopped

Name = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=100, description="What the key is for.", examples=["Sunday screen"]
    ),
]
ScopeName = Annotated[
    str, msgspec.Meta(max_length=60, pattern="^[a-z_]+:(read|write|moderate)$", examples=["events:read"])
]
Coordinate = Annotated[str, msgspec.Meta(min_length=40, max_length=50, pattern="^[A-Za-z0-9_-]+$")]


class NewApiKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key to be made."""

    name: Name
    scopes: Annotated[list[ScopeName], msgspec.Meta(min_length=1, max_length=40)]
    expires_at: datetime | None = None


class ApiKeyShown(msgspec.Struct, frozen=True):
    """An API key without the key itself; `hint` is its last four characters.

    `stopped` says why it does nothing: whoever made it is suspended, or lost the role to make it.
    """

    id: UUID
    name: str
    hint: str
    scopes: list[str]
    created_by: UUID | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    stopped: Stopped | None

    @classmethod
    def of(cls, key: ApiKey) -> ApiKeyShown:
        """Show a key."""
        return cls(
            key.id,
            key.name,
            key.hint,
            sorted(key.scopes),
            key.created_by,
            key.created_at,
            key.expires_at,
            key.last_used_at,
            key.revoked_at,
            key.stopped,
        )


class ApiKeyMade(msgspec.Struct, frozen=True):
    """A new key with its text, shown this once."""

    key: ApiKeyShown
    text: str


class ApiKeysPage(msgspec.Struct, frozen=True):
    """API keys in the order they were made, and where to go on."""

    items: list[ApiKeyShown]
    next: str | None


class PublicKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A public JWK (RFC 7517): `OKP`/`Ed25519`, or `EC`/`P-256`. A private part is refused."""

    kty: Annotated[str, msgspec.Meta(pattern="^(OKP|EC)$", examples=["OKP"])]
    crv: Annotated[str, msgspec.Meta(pattern="^(Ed25519|P-256)$", examples=["Ed25519"])]
    x: Coordinate
    y: Coordinate | None = None


class NewHostKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A public key by which the church's website vouches for its visitors.

    Keys of one `issuer` speak of the same people, so a new key can take the place of an old one.
    """

    name: Name
    kid: Annotated[
        str, msgspec.Meta(min_length=1, max_length=100, pattern="^[A-Za-z0-9._:-]+$", examples=["2026"])
    ]
    issuer: Annotated[str, msgspec.Meta(min_length=1, max_length=200, examples=["www.grace.example"])]
    public_key: PublicKey


class HostKeyShown(msgspec.Struct, frozen=True):
    """A public key of the church's website."""

    id: UUID
    name: str
    kid: str
    issuer: str
    algorithm: str
    created_at: datetime
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: HostKey) -> HostKeyShown:
        """Show a key."""
        return cls(key.id, key.name, key.kid, key.issuer, key.algorithm, key.created_at, key.revoked_at)


class HostKeysPage(msgspec.Struct, frozen=True):
    """Public keys in the order they were added, and where to go on."""

    items: list[HostKeyShown]
    next: str | None
