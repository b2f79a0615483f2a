"""Facts about churches, announced in the church's own outbox."""

from __future__ import annotations

from server.kit.outbox import Signal


class ChurchOpened(Signal, frozen=True, kw_only=True, tag="tenants.opened"):
    """A church was made; other slices put their first rows in place."""

    tenant_id: str
    slug: str
    name: str

    @property
    def key(self) -> str:
        """Order by church."""
        return self.tenant_id


class ChurchRenamed(Signal, frozen=True, kw_only=True, tag="tenants.renamed"):
    """A church goes by another name or short name; the old short name still finds it."""

    tenant_id: str
    slug: str
    name: str

    @property
    def key(self) -> str:
        """Order by church."""
        return self.tenant_id


class ChurchSuspended(Signal, frozen=True, kw_only=True, tag="tenants.suspended"):
    """A church was paused: sessions end."""

    tenant_id: str

    @property
    def key(self) -> str:
        """Order by church."""
        return self.tenant_id


class ChurchResumed(Signal, frozen=True, kw_only=True, tag="tenants.resumed"):
    """A paused church is open again."""

    tenant_id: str

    @property
    def key(self) -> str:
        """Order by church."""
        return self.tenant_id
