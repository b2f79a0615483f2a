"""Who is asking, for which church, in which request: the first argument of every service method."""

from __future__ import annotations

import ipaddress
import re
from typing import Literal
from uuid import UUID

import msgspec

from server.kit.errors import Forbidden, Unauthenticated
from server.kit.ids import TENANT_ID

_SCHEMA = re.compile(r"church_[a-z0-9]{16}")

ActorKind = Literal["anonymous", "guest", "person", "api_key", "operator", "system"]


def schema_of(tenant_id: str) -> str:
    """Return the schema and role name of a church; refuse an id that is not of our own making."""
    if not TENANT_ID.fullmatch(tenant_id):
        raise ValueError(f"not a church id: {tenant_id!r}")
    return f"church_{tenant_id}"


class TenantRef(msgspec.Struct, frozen=True):
    """What every layer needs to know of a church: who it is and where its data lives."""

    id: str
    slug: str
    name: str
    shard: str = "main"
    status: str = "active"
    limits: tuple[tuple[str, int], ...] = ()  # by name; what is not here is the installation's

    @property
    def schema(self) -> str:
        """Return the schema's name, checked: it is spliced into SET LOCAL by the door and nowhere else."""
        schema = schema_of(self.id)
        assert _SCHEMA.fullmatch(schema)
        return schema


class Actor(msgspec.Struct, frozen=True):
    """Who is asking. `roles` are a person's in this church; `scopes` are what an API key was given."""

    kind: ActorKind = "anonymous"
    id: UUID | None = None
    name: str = ""
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    session: UUID | None = None  # the refresh family or console session that vouches for this request
    strong: bool = False  # a second factor was shown in this session


class Once(msgspec.Struct, eq=False):
    """An `Idempotency-Key` on its way: the first transaction that writes claims it (see server.kit.idempotency)."""

    actor: str
    key: str
    digest: bytes
    claimed: bool = False  # the row is in a transaction of this request
    taken: bool = False  # another request has it


class Origin(msgspec.Struct, frozen=True):
    """Where a request comes from: for limits, bans and the audit log; `address` may be empty on purpose."""

    request_id: str = ""
    address: str = ""
    device: str = ""
    site: str = ""  # the website that the widget token was made for
    locale: str = "en"
    once: Once | None = None

    @property
    def network(self) -> str:
        """Return what is throttled as one caller: an IPv4 address, or the /64 that one IPv6 household owns."""
        if ":" not in self.address:
            return self.address
        try:
            address = ipaddress.IPv6Address(self.address.partition("%")[0])
        except ValueError:
            return self.address
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))


class Scope(msgspec.Struct, frozen=True):
    """Tie tenant, actor and origin together; nothing reaches a church's data without one."""

    tenant: TenantRef
    actor: Actor = Actor()
    origin: Origin = Origin()

    @classmethod
    def system(cls, tenant: TenantRef, request_id: str = "") -> Scope:
        """Make the scope of background work: no person, all rights inside this one church."""
        return cls(tenant, Actor(kind="system", name="Narthex"), Origin(request_id=request_id))


class Rule(msgspec.Struct, frozen=True):
    """Say who may do one thing: any of these roles, or an API key that holds this scope."""

    roles: frozenset[str] = frozenset()
    api_scope: str | None = None
    guests: bool = False
    anyone: bool = False

    @classmethod
    def of(cls, *roles: str, api_scope: str | None = None) -> Rule:
        """Build a rule from role names."""
        return cls(frozenset(roles), api_scope)

    def allows(self, scope: Scope) -> bool:
        """Decide; the system actor may do everything inside its own church."""
        actor = scope.actor
        if self.anyone or actor.kind == "system":
            return True
        if actor.kind == "api_key":
            return self.api_scope is not None and self.api_scope in actor.scopes
        if actor.kind == "guest":
            return self.guests
        return actor.kind == "person" and not self.roles.isdisjoint(actor.roles)

    def require(self, scope: Scope) -> None:
        """Raise Unauthenticated for nobody, Forbidden for somebody who may not."""
        if self.allows(scope):
            return
        raise Unauthenticated() if scope.actor.kind == "anonymous" else Forbidden()
