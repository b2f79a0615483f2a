"""Make, recognise and revoke keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from realtime.closes import FORBIDDEN
from server.domains.accounts.service import AccountsService
from server.domains.audit.service import AuditService
from server.domains.keys import policy, repository
from server.domains.keys.errors import BadApiKey, NoSuchKey
from server.domains.keys.models import ApiKey, HostKey
from server.kit.cache import Caches
from server.kit.clock import Clock
from server.kit.crypto import digest, random_token
from server.kit.db import Database, Transaction
from server.kit.errors import NotFound
from server.kit.scope import Actor, Scope

NONE = UUID(int=0)
# a key is read again after this, with its maker; revoking it, or a change of an account, tells every process at once
SECONDS = 5.0
TOUCH = timedelta(minutes=1)


class KeysService:
    """Keep the keys of each church."""

    def __init__(
        self, database: Database, accounts: AccountsService, audit: AuditService, caches: Caches, clock: Clock
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._audit = audit
        self._caches = caches
        self._clock = clock
        self._known = caches.make("api_keys", seconds=SECONDS, most=5_000)

    async def create(
        self, scope: Scope, *, name: str, scopes: frozenset[str], expires_at: datetime | None = None
    ) -> tuple[ApiKey, str]:
        """Make an API key and return it with its text, which nobody can read again."""
        policy.MANAGE.require(scope)
        text = policy.write_key(scope.tenant.id, random_token())
        async with self._database.transaction(scope) as tx:
            key = await repository.insert_api(
                tx.connection,
                name=policy.check_name(name),
                secret_hash=digest(text),
                hint=text[-4:],
                scopes=policy.check_scopes(scope, scopes),
                created_by=_person(scope),
                expires_at=policy.check_expiry(expires_at, self._clock.now()),
            )
            details = {"scopes": sorted(scopes), "expires_at": expires_at}
            await self._audit.record(tx, scope, "keys.api_key_made", str(key.id), details)
        return key, text

    async def page(self, scope: Scope, *, after: UUID | None = None, most: int = 50) -> Sequence[ApiKey]:
        """Return API keys in the order they were made, and which of them do nothing."""
        policy.MANAGE.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await self._judged(
                tx, await repository.api_page(tx.connection, after=after or NONE, most=most)
            )

    async def revoke(self, scope: Scope, key_id: UUID) -> None:
        """End an API key at once; raise NoSuchKey."""
        policy.MANAGE.require(scope)
        async with self._database.transaction(scope) as tx:
            if not await repository.revoke_api(tx.connection, key_id):
                raise NoSuchKey()
            tx.send_away(key_id, close=FORBIDDEN)
            await self._audit.record(tx, scope, "keys.api_key_revoked", str(key_id))
        self._caches.tell("api_keys", scope.tenant.id)

    async def revoke_of(self, tx: Transaction, maker: UUID) -> None:
        """End every API key of somebody whose account was suspended, for good: it does not come back with them."""
        for key_id in await repository.revoke_api_of(tx.connection, maker):
            tx.send_away(key_id, close=FORBIDDEN)
            details = {"why": "maker_suspended", "maker": maker}
            await self._audit.record(tx, tx.scope, "keys.api_key_revoked", str(key_id), details)

    async def look_again(self, tx: Transaction, maker: UUID) -> None:
        """Let policy ask again about the sockets of somebody's keys, when their roles have changed."""
        for key_id in await repository.api_of(tx.connection, maker):
            tx.look_again(key_id)

    async def identify(self, scope: Scope, text: str) -> Actor:
        """Recognise an API key that acts. Raise BadApiKey; NotFound for a key that names another church."""
        church = policy.church_of(text)
        if church is None:
            raise BadApiKey()
        if church != scope.tenant.id:
            raise NotFound()
        secret_hash = digest(text)
        key: ApiKey = await self._known.get(
            scope.tenant.id, secret_hash, lambda: self._load(scope, secret_hash)
        )
        if key.last_used_at is None or key.read_at - key.last_used_at > TOUCH:
            await self._touch(scope, key)
        return Actor("api_key", key.id, key.name, scopes=key.scopes)

    async def again(self, scope: Scope) -> Actor:
        """Return what the key that opened a socket may do now; raise BadApiKey when it is over."""
        async with self._database.transaction(scope, readonly=True) as tx:
            found = await repository.api_by_id(tx.connection, scope.actor.id or NONE)
            key = await self._acting(tx, found)
        return Actor("api_key", key.id, key.name, scopes=key.scopes)

    async def add_host(
        self, scope: Scope, *, name: str, kid: str, issuer: str, public_key: dict[str, str]
    ) -> HostKey:
        """Trust a public key of the church's website; raise BadPublicKey, KidTaken."""
        policy.MANAGE.require(scope)
        algorithm, jwk = policy.read_public_key(public_key)
        async with self._database.transaction(scope) as tx:
            key = await repository.insert_host(
                tx.connection,
                name=policy.check_name(name),
                kid=policy.check_kid(kid),
                issuer=policy.check_issuer(issuer),
                algorithm=algorithm,
                public_key=jwk,
                created_by=_person(scope),
            )
            await self._audit.record(
                tx, scope, "keys.host_key_added", str(key.id), {"kid": kid, "issuer": issuer}
            )
        return key

    async def hosts(self, scope: Scope, *, after: UUID | None = None, most: int = 50) -> Sequence[HostKey]:
        """Return the website's public keys in the order they were added."""
        policy.MANAGE.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await repository.host_page(tx.connection, after=after or NONE, most=most)

    async def revoke_host(self, scope: Scope, key_id: UUID) -> None:
        """Trust a public key no more; raise NoSuchKey."""
        policy.MANAGE.require(scope)
        async with self._database.transaction(scope) as tx:
            if not await repository.revoke_host(tx.connection, key_id):
                raise NoSuchKey()
            await self._audit.record(tx, scope, "keys.host_key_revoked", str(key_id))

    async def host(self, tx: Transaction, kid: str) -> HostKey | None:
        """Read the public key that a token's kid names."""
        return await repository.host_by_kid(tx.connection, kid)

    async def _load(self, scope: Scope, secret_hash: bytes) -> ApiKey:
        async with self._database.transaction(scope, readonly=True) as tx:
            return await self._acting(tx, await repository.api_by_hash(tx.connection, secret_hash))

    async def _acting(self, tx: Transaction, key: ApiKey | None) -> ApiKey:
        """Return a key whose maker still stands behind it; raise BadApiKey."""
        judged = await self._judged(tx, [] if key is None else [key])
        return policy.check_acts(judged[0] if judged else None)

    async def _judged(self, tx: Transaction, keys: Sequence[ApiKey]) -> Sequence[ApiKey]:
        """Write into keys why they do nothing, asking about all their makers at once."""
        makers = {key.created_by for key in keys if key.created_by is not None}
        standings = await self._accounts.standings(tx, sorted(makers))
        return [
            msgspec.structs.replace(
                key, stopped=policy.stopped(key, standings.get(key.created_by) if key.created_by else None)
            )
            for key in keys
        ]

    async def _touch(self, scope: Scope, key: ApiKey) -> None:
        async with self._database.transaction(scope) as tx:
            await repository.touch_api(tx.connection, key.id)
        self._known.forget(scope.tenant.id)


def _person(scope: Scope) -> UUID | None:
    return scope.actor.id if scope.actor.kind == "person" else None
