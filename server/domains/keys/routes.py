"""Keys over HTTP."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import delete, get, post

from server.domains.keys import policy
from server.domains.keys.models import ApiKey, HostKey
from server.domains.keys.schemas import (
    ApiKeyMade,
    ApiKeyShown,
    ApiKeysPage,
    HostKeyShown,
    HostKeysPage,
    NewApiKey,
    NewHostKey,
)
from server.domains.keys.service import KeysService
from server.kit import paging
from server.kit.scope import Scope


@post(
    "/keys/api",
    operation_id="make_api_key",
    summary="Make an API key",
    tags=["keys"],
    opt={"rule": policy.MANAGE, "secret_answer": True},
)
async def make(scope: Scope, keys: KeysService, data: NewApiKey) -> ApiKeyMade:
    """Its text is shown this once; a key may not do more than its maker."""
    key, text = await keys.create(
        scope, name=data.name, scopes=frozenset(data.scopes), expires_at=data.expires_at
    )
    return ApiKeyMade(ApiKeyShown.of(key), text)


@get(
    "/keys/api",
    operation_id="api_keys",
    summary="API keys",
    tags=["keys"],
    opt={"rule": policy.MANAGE},
)
async def api_keys(
    scope: Scope,
    keys: KeysService,
    after: paging.Cursor | None = None,
    limit: paging.Limit = 50,
) -> ApiKeysPage:
    """In the order they were made, revoked ones too."""
    start = paging.decode(after, tuple[UUID])
    found = await keys.page(scope, after=start[0] if start else None, most=limit + 1)
    page = paging.page(found, limit, ApiKeyShown.of, _key)
    return ApiKeysPage(page.items, page.next)


@delete(
    "/keys/api/{key_id:uuid}",
    operation_id="revoke_api_key",
    summary="Revoke an API key",
    tags=["keys"],
    opt={"rule": policy.MANAGE},
)
async def revoke(scope: Scope, keys: KeysService, key_id: UUID) -> None:
    """It stops working at once."""
    await keys.revoke(scope, key_id)


@post(
    "/keys/host",
    operation_id="add_host_key",
    summary="Trust a public key of the church's website",
    tags=["keys"],
    opt={"rule": policy.MANAGE},
)
async def add_host(scope: Scope, keys: KeysService, data: NewHostKey) -> HostKeyShown:
    """Whoever holds its private half says who a visitor is."""
    jwk = {name: value for name, value in msgspec.structs.asdict(data.public_key).items() if value}
    key = await keys.add_host(scope, name=data.name, kid=data.kid, issuer=data.issuer, public_key=jwk)
    return HostKeyShown.of(key)


@get(
    "/keys/host",
    operation_id="host_keys",
    summary="Public keys of the church's website",
    tags=["keys"],
    opt={"rule": policy.MANAGE},
)
async def host_keys(
    scope: Scope,
    keys: KeysService,
    after: paging.Cursor | None = None,
    limit: paging.Limit = 50,
) -> HostKeysPage:
    """In the order they were added, revoked ones too."""
    start = paging.decode(after, tuple[UUID])
    found = await keys.hosts(scope, after=start[0] if start else None, most=limit + 1)
    page = paging.page(found, limit, HostKeyShown.of, _key)
    return HostKeysPage(page.items, page.next)


@delete(
    "/keys/host/{key_id:uuid}",
    operation_id="revoke_host_key",
    summary="Trust a public key no more",
    tags=["keys"],
    opt={"rule": policy.MANAGE},
)
async def revoke_host(scope: Scope, keys: KeysService, key_id: UUID) -> None:
    """Sessions that were begun by it go on; tokens signed by it are refused."""
    await keys.revoke_host(scope, key_id)


def _key(key: ApiKey | HostKey) -> tuple[UUID]:
    return (key.id,)


ROUTES = [make, api_keys, revoke, add_host, host_keys, revoke_host]
