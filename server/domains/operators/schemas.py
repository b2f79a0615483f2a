"""What operators say and hear."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from server.domains.tenants.models import Tenant

Password = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
Code = Annotated[str, msgspec.Meta(min_length=6, max_length=10, examples=["123456"])]


class OperatorSignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """E-mail, password and, when there is a second factor, its code."""

    email: Annotated[str, msgspec.Meta(min_length=3, max_length=254, examples=["ops@example.org"])]
    password: Password
    totp: Code | None = None


class OperatorToken(msgspec.Struct, frozen=True):
    """A token for `/api/v1/operator/…`."""

    access_token: str
    expires_in: int


class OperatorShown(msgspec.Struct, frozen=True):
    """The operator who asks."""

    name: str
    email: str
    totp: bool


class OperatorTotpBegin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The present password."""

    password: Password


class OperatorTotpSecret(msgspec.Struct, frozen=True):
    """What the authenticator app needs, and what comes back with its first code."""

    secret: str
    uri: str
    sealed: str


class OperatorTotpConfirm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was begun, and a first code."""

    sealed: Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
    code: Code


class OperatorChurch(msgspec.Struct, frozen=True):
    """A church as the installation sees it."""

    id: str
    slug: str
    name: str
    shard: str
    region: str | None
    status: str
    created_at: datetime

    @classmethod
    def of(cls, tenant: Tenant) -> OperatorChurch:
        """Show a church."""
        return cls(
            tenant.id,
            tenant.slug,
            tenant.name,
            tenant.shard,
            tenant.region,
            tenant.status,
            tenant.created_at,
        )


class OperatorChurches(msgspec.Struct, frozen=True):
    """Churches in order of their short name, and where to go on."""

    items: list[OperatorChurch]
    next: str | None
