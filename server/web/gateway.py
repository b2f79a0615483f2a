"""GET /live/{church}: check the handshake, then hand the socket to the engine for good.

Cross-site rules of HTTP frameworks skip WebSockets, so origin, church and limits are checked here, before the accept.
The token comes later, in the first frame: `GatewayDoor` tells the engine who that is.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
import structlog
from litestar.types import ASGIApp, Receive, Send

from realtime import closes
from realtime.channel import Who
from realtime.errors import Dismissed
from realtime.frames import SUBPROTOCOL, Problem
from realtime.node import Node
from server.domains.auth.models import Proof
from server.domains.tenants.errors import Suspended
from server.kit.errors import AppError, Forbidden, Invalid, NotFound, Unauthenticated, Unavailable
from server.kit.limits import Limit, Limiter
from server.kit.scope import Actor, Origin, Scope, TenantRef
from server.web.door import Admission, Door, check_origin
from server.web.errors import MEDIA_TYPE, headers_of, problem, told
from server.web.fanout_protocol import EXTENSION, FanoutProtocol
from server.web.middleware import network

PATH = "/live/"
CROWD = (
    20  # times as often as it asks over HTTP may a church push: a full hall reads, types and throws hearts
)
NOBODY = msgspec.Raw(b"{}")  # what others see of a viewer without a name
_FETCH_ANOTHER = frozenset(
    {"token_expired", "token_not_yet_valid"}
)  # the client asks for a new token and comes back

_log = structlog.get_logger("narthex.gateway")


class Upgrade(Invalid):
    """This address speaks WebSocket with the subprotocol narthex.v1; see /docs for how."""

    code = "not_a_socket"
    status = 426


class Peer(msgspec.Struct, frozen=True):
    """What is known of a connection before its first frame."""

    tenant: TenantRef
    origin: Origin
    browser: bool  # it named an Origin, and it was ours


class Gateway:
    """Takes WebSockets at /live/{church}; everything else goes to the application."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        door: Door,
        node: Node,
        limiter: Limiter,
        per_address: Limit,
        learn: Callable[[TenantRef], None],
    ) -> None:
        self._app = app
        self._door = door
        self._node = node
        self._limiter = limiter
        self._per_address = per_address
        self._learn = learn  # where the church's log is to be read

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request or take one socket."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        try:
            peer = await self._check(scope)
            transport = scope["extensions"].get(EXTENSION)
            if transport is None:
                raise Unavailable("This server was started without its own WebSocket protocol.")
            await receive()
            await self._accept(peer, transport, send)
        except AppError as error:
            await _refuse(error, scope, send)

    async def _accept(self, peer: Peer, transport: FanoutProtocol, send: Send) -> None:
        try:
            receiver = self._node.connect(peer.tenant.id, transport, peer)
        except Dismissed as error:
            raise Unavailable("This server is about to restart: try again.", retry_after=1) from error
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL, "headers": []})
        transport.hand_over(receiver)

    async def _check(self, scope: Any) -> Peer:
        """Refuse in this order: path, rate, church, site, subprotocol; whoever is refused has been counted."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        exchange = scope["state"]["exchange"]
        path: str = scope["path"]
        if not path.startswith(PATH):
            raise NotFound()
        await self._limiter.take(self._per_address, network(exchange.address))
        tenant = await self._door.church(path.removeprefix(PATH), headers.get("host", ""))
        if tenant.status != "active":
            raise Suspended()
        browser = check_origin(headers.get("origin"), headers.get("host", ""), self._door.scheme)
        if SUBPROTOCOL not in scope["subprotocols"]:
            raise Upgrade()
        self._learn(tenant)
        agent = headers.get("user-agent", "")[:200]
        return Peer(tenant, Origin(exchange.request_id, exchange.address, agent), browser)


class SocketIdentity(Protocol):
    """Tell who is asking on a socket, now and again later: the auth slice."""

    async def identify(
        self, tenant: TenantRef, proof: Proof, origin: Origin, *, socket: bool = False
    ) -> Scope: ...

    async def again(self, scope: Scope) -> Scope: ...


class Naming(Protocol):
    """Tell how somebody is called where others see them; nobody goes by another's name (the chat slice)."""

    async def name_of(self, scope: Scope) -> str: ...


class GatewayDoor:
    """Tells the engine who a hello's token is (`realtime.channel.Door`)."""

    def __init__(self, identity: SocketIdentity, admission: Admission, naming: Naming) -> None:
        self._identity = identity
        self._admission = admission
        self._naming = naming

    async def admit(self, tenant: str, token: str | None, peer: Any) -> Who:
        """Read the token; a person who is banned here, by account, device or address, is told so."""
        assert isinstance(peer, Peer)
        assert peer.tenant.id == tenant
        api_key = token if token is not None and token.startswith("nx_") else None
        if not peer.browser and api_key is None:
            _log.info("socket without a site and without an API key", church=tenant)
            raise Dismissed(closes.NOT_ALLOWED)
        proof = Proof(bearer=None if api_key else token, api_key=api_key)
        try:
            scope = await self._identity.identify(peer.tenant, proof, peer.origin, socket=True)
        except Unauthenticated as error:
            raise Dismissed(
                closes.TOKEN_EXPIRED if error.code in _FETCH_ANOTHER else closes.NOT_ALLOWED
            ) from error
        except (NotFound, Forbidden) as error:
            raise Dismissed(closes.NOT_ALLOWED) from error
        return await self._who(scope, expiry(token) if proof.bearer else None)

    async def again(self, who: Who) -> Who:
        """Look again at somebody whose role, membership or ban may have changed."""
        scope: Scope = who.scope
        if scope.actor.kind == "anonymous":
            return await self._who(scope, None, who.id)
        try:
            fresh = await self._identity.again(scope)
        except (Unauthenticated, NotFound, Forbidden) as error:
            raise Dismissed(closes.NOT_ALLOWED) from error
        return await self._who(fresh, who.expires_at, who.id)

    async def _who(self, scope: Scope, expires_at: float | None, id: str | None = None) -> Who:
        try:
            await self._admission.admit(scope)
        except Forbidden as error:
            raise Dismissed(closes.BANNED) from error
        actor = scope.actor
        public = _public(actor, await self._naming.name_of(scope)) if actor.id is not None else NOBODY
        return Who(id or id_of(actor), public, actor.kind in ("person", "guest"), expires_at, scope)


class Toll:
    """Counts pushes over all processes: by person, however many sockets they have open, and by church."""

    def __init__(self, limiter: Limiter, per_person: int, per_church: int) -> None:
        self._limiter = limiter
        self._per_person = per_person
        self._per_church = per_church

    async def __call__(self, who: Who) -> None:
        """Take one from the person's and from the church's minute; raise Limited."""
        scope: Scope = who.scope
        own = dict(scope.tenant.limits)
        if scope.actor.id is not None:
            amount = own.get("person_per_minute", self._per_person)
            await self._limiter.take(Limit("pushes", amount), f"{scope.tenant.id}:{scope.actor.id}")
        amount = own.get("church_per_minute", self._per_church) * CROWD
        await self._limiter.take(Limit("church_pushes", amount), scope.tenant.id)


def id_of(actor: Actor) -> str:
    """Return what the engine knows a person by; each anonymous connection is somebody of its own."""
    return str(actor.id) if actor.id is not None else f"anonymous-{secrets.token_urlsafe(9)}"


def expiry(token: str | None) -> float | None:
    """Return a verified token's `exp` in seconds since 1970 (RFC 7519, 4.1.4)."""
    if token is None:
        return None
    body = token.split(".")[1]
    claims = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return float(claims["exp"])


def explain(error: Exception) -> Problem | None:
    """Turn an error of ours into what a socket is told."""
    if not isinstance(error, AppError):
        return None
    if error.status >= 500 and error.status != 503:
        return None
    extra = told(error)
    raw = msgspec.Raw(msgspec.json.encode(extra)) if extra else msgspec.UNSET
    return Problem(error.code, error.detail, error.retry_after, raw)


def _public(actor: Actor, name: str) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode({"id": str(actor.id), "name": name}))


async def _refuse(error: AppError, scope: Any, send: Send) -> None:
    """Answer the handshake with a status and problem JSON (ASGI's WebSocket denial response)."""
    request_id: str = scope["state"]["exchange"].request_id
    headers = {**headers_of(error), "content-type": MEDIA_TYPE, "x-request-id": request_id}
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    body = msgspec.json.encode(problem(error, request_id))
    await send({"type": "websocket.http.response.start", "status": error.status, "headers": pairs})
    await send({"type": "websocket.http.response.body", "body": body, "more_body": False})
