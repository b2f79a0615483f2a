"""Set what stands on a church's websites, and tell everybody who asks."""

from __future__ import annotations

from server.domains.audit.service import AuditService
from server.domains.sessions.service import SessionsService
from server.domains.widgets import policy, repository
from server.domains.widgets.models import Widgets
from server.domains.widgets.schemas import WidgetsChange
from server.kit.cache import Cache, Caches
from server.kit.clock import Clock
from server.kit.db import Database
from server.kit.scope import Scope


class WidgetsService:
    """Keep each church's sites, look and texts."""

    def __init__(
        self,
        database: Database,
        audit: AuditService,
        sessions: SessionsService,
        clock: Clock,
        caches: Caches,
    ) -> None:
        self._database = database
        self._audit = audit
        self._sessions = sessions
        self._clock = clock
        self._caches = caches
        self._widgets: Cache[Widgets] = caches.make("widgets", seconds=60.0, most=2_000)

    async def shown(self, scope: Scope) -> Widgets:
        """Return what the church has set, at most a minute old; each opened widget asks."""
        policy.READ.require(scope)

        async def load() -> Widgets:
            async with self._database.transaction(Scope.system(scope.tenant), readonly=True) as tx:
                return await repository.read(tx.connection)

        return await self._widgets.get(scope.tenant.id, "", load)

    async def put(self, scope: Scope, change: WidgetsChange) -> Widgets:
        """Replace everything; raise BadSites, Invalid, TooManyTexts. Sessions begun on a gone site end at once."""
        policy.SET.require(scope)
        sites = policy.check_sites(change.sites)
        policy.check_look(change.theme, change.consent)
        policy.check_texts(change.texts)
        widgets = Widgets(sites, change.theme, change.texts, change.consent)
        async with self._database.transaction(scope) as tx:
            before = await repository.lock(tx.connection)
            await repository.put(tx.connection, widgets, self._clock.now())
            for host in policy.gone(before.sites, widgets.sites):
                await self._sessions.end_of_site(tx, scope, host)
            await self._audit.record(tx, scope, "widgets.set", "widgets", {"sites": list(widgets.sites)})
        self._caches.tell("widgets", scope.tenant.id)
        self._sessions.forget(scope.tenant)
        return widgets
