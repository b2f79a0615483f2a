"""The loader that websites run: at an address that never changes, and at one whose content never changes.

The second is for websites that pin what they run: `<script src=… integrity=… crossorigin>`. What a release has offered
there stays in `widgets/pinned` (`npm run pin`), so that a pinned website goes on after an update.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import msgspec
from litestar import Request, Response, Router, get

from server.kit.errors import NotFound
from server.kit.scope import Rule
from server.web.assets import Assets, File, send

LOADER = "embed.js"
AnyRequest = Request[Any, Any, Any]

_NAME = re.compile(r"([0-9a-f]{16})\.js")
_SCRIPT = {  # a script is no document: the shortest policies say as much
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "permissions-policy": "camera=()",
    "cross-origin-resource-policy": "cross-origin",
}
_NEWEST = {**_SCRIPT, "cache-control": "public, max-age=300, stale-while-revalidate=86400"}
_FOR_EVER = {
    **_SCRIPT,
    "cache-control": "public, max-age=31536000, immutable",
    "access-control-allow-origin": "*",  # a browser checks the integrity of another site's file only with this
}


class Loader(msgspec.Struct, frozen=True):
    """What a website needs to pin the newest loader."""

    version: str
    src: str  # a path; the installation's address stands in front
    integrity: str

    @classmethod
    def of(cls, file: File) -> Loader:
        """Name a file after its content."""
        version = version_of(file.body)
        digest = base64.b64encode(hashlib.sha384(file.body).digest()).decode()
        return cls(version, f"/embed/{version}.js", f"sha384-{digest}")


def version_of(body: bytes) -> str:
    """Return the name of one content; `npm run pin` names the files it keeps in the same way."""
    return hashlib.sha256(body).hexdigest()[:16]


@get("/embed.js")
async def newest(assets: Assets, request: AnyRequest) -> Response[bytes]:
    """Serve the loader to any website; its name never changes, so browsers ask again after 5 min."""
    return _sent(_newest(assets), request, _NEWEST)


@get("/embed.json")
async def described(assets: Assets) -> Response[Loader]:
    """Say which loader is the newest, and by which digest a website may pin it."""
    return Response(Loader.of(_newest(assets)), headers={"cache-control": "no-cache"})


@get("/embed/{name:str}")
async def pinned(assets: Assets, name: str, request: AnyRequest) -> Response[bytes]:
    """Serve one version of the loader for ever."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise NotFound("There is nothing at this address.")
    file = assets.built.get(LOADER)
    if file is None or version_of(file.body) != found[1]:
        file = assets.pinned.get(name)
    if file is None:
        raise NotFound("There is no such version of the loader; /embed.json names the newest.")
    return _sent(file, request, _FOR_EVER)


def _newest(assets: Assets) -> File:
    file = assets.built.get(LOADER)
    if file is None:
        raise NotFound("The widgets are not built: `make setup` builds them.")
    return file


def _sent(file: File, request: AnyRequest, headers: dict[str, str]) -> Response[bytes]:
    return send(file, request.headers.get("accept-encoding", ""), headers)


ROUTES = Router(
    "/",
    route_handlers=[newest, described, pinned],
    opt={"rule": Rule(anyone=True)},
    include_in_schema=False,
)
