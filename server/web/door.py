"""A church's door: which church, from which site, who is asking, may they, how often, and was it asked before.

It stands behind the routing and before the body: nobody's body is read who may not send it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
import structlog
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Send

from server.domains.auth.models import Proof
from server.domains.tenants.errors import NoSuchChurch, Suspended
from server.kit import idempotency
from server.kit.cache import Directory
from server.kit.db import Database, followed
from server.kit.errors import Forbidden, Invalid, Unauthenticated, Unavailable
from server.kit.idempotency import Answer, InProgress
from server.kit.limits import Limit, Limiter
from server.kit.logs import Exchange
from server.kit.scope import Actor, Once, Origin, Rule, Scope, TenantRef
from server.web.errors import BODY_PATIENCE, ClientLeft, SlowBody, WrongHost, too_large

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
COOKIE = "__Host-narthex"
LONGEST_LANGUAGE = 35  # characters of a language tag (RFC 5646 recommends room for 35)
KEPT_HEADERS = frozenset({b"content-type", b"location", b"etag", b"cache-control"})
WAIT_STEPS, WAIT = 40, 0.05  # how often, and in seconds, we look whether the other one has finished

_log = structlog.get_logger(source="narthex.web")


class BadOrigin(Forbidden):
    """This request comes from another website. Use the church's own pages, or an API key without a browser."""

    code = "bad_origin"


class Identity(Protocol):
    """Tell who is asking: the auth slice."""

    async def identify(self, tenant: TenantRef, proof: Proof, origin: Origin) -> Scope: ...


class Admission(Protocol):
    """Say who may be here at all: the safety slice's bans."""

    async def admit(self, scope: Scope) -> None:
        """Raise Forbidden for who is banned, by account, device or address."""
        ...


class Door(ASGIMiddleware):
    """Let a request into its church, or say why not; what is inside finds its Scope in the state."""

    scopes = (ScopeType.HTTP,)

    def __init__(
        self,
        *,
        directory: Directory,
        identity: Identity,
        limiter: Limiter,
        per_person: Limit,
        per_church: Limit,
        public_url: str,
        again: Again,
        admission: Admission,
    ) -> None:
        self._directory = directory
        self._identity = identity
        self._limiter = limiter
        self._per_person = per_person
        self._per_church = per_church
        self._host = urlsplit(public_url).netloc.lower()
        self.scheme = urlsplit(public_url).scheme
        self._again = again
        self._admission = admission

    async def handle(self, scope: Any, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Check in this order, so that an outsider learns as little as possible."""
        if scope["method"] == "OPTIONS":
            await next_app(scope, receive, send)
            return
        exchange: Exchange = scope["state"]["exchange"]
        opt: Mapping[str, Any] = scope["route_handler"].opt
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        tenant = await self.church(scope["path_params"]["church"], headers.get("host", ""))
        exchange.church = tenant.id
        if tenant.status != "active" and not opt.get("while_suspended"):
            raise Suspended()
        check_origin(headers.get("origin"), headers.get("host", ""), self.scheme)
        origin = origin_of(headers, exchange)
        if opt.get("stranger"):  # an old cookie or token must not stand in the way of signing in
            who = Scope(tenant, Actor(), origin)
        else:
            who = await self._identity.identify(tenant, proof_of(headers, scope["method"]), origin)
        exchange.actor = who.actor.kind
        await self._limit(who, exchange)
        rule: Rule = opt["rule"]
        # The rule comes before bans: who is nobody yet is told to sign in, from a banned address too. Whoever signs in
        # is judged as themselves, at the next request: staff may sit behind the address of somebody banned.
        rule.require(who)
        if opt.get("judged", not opt.get("stranger")):
            await self._admission.admit(who)
        scope["state"]["scope"] = who
        next_app = _tried_again(next_app)
        key = headers.get("idempotency-key")
        if key is None or scope["method"] not in UNSAFE or opt.get("secret_answer"):
            await next_app(scope, receive, send)
        else:
            await self._again.answer(key, scope, receive, send, next_app)

    async def church(self, slug: str, host: str) -> TenantRef:
        """Find the church of an address; one church's own domain never shows another. Raise NoSuchChurch."""
        tenant = await self._directory.by_slug(slug)
        if tenant is None or tenant.status not in ("active", "suspended"):
            raise NoSuchChurch()
        if host.lower() != self._host and (name := _domain(host)):
            owner = await self._directory.by_host(name)
            if owner is not None and owner.id != tenant.id:
                raise WrongHost()
        return tenant

    async def _limit(self, who: Scope, exchange: Exchange) -> None:
        """Count for the person and the church; somebody without a name was counted by address at the edge."""
        own = dict(who.tenant.limits)
        if who.actor.id is not None:
            caller = f"{who.tenant.id}:{who.actor.id}"
            limit = _own(self._per_person, own.get("person_per_minute"))
            exchange.standings.append(await self._limiter.take(limit, caller))
        limit = _own(self._per_church, own.get("church_per_minute"))
        exchange.standings.append(await self._limiter.take(limit, who.tenant.id))


def _own(limit: Limit, amount: int | None) -> Limit:
    """Return the limit with the church's own amount, where it has one."""
    return limit if amount is None else msgspec.structs.replace(limit, amount=amount)


class OperatorIdentity(Protocol):
    """Tell which operator is asking: the operators slice."""

    async def identify(self, authorization: str) -> object: ...


class OperatorDoor(ASGIMiddleware):
    """Let operators of the installation in, to what stands outside every church."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, identity: OperatorIdentity, public_url: str) -> None:
        self._identity = identity
        self._scheme = urlsplit(public_url).scheme

    async def handle(self, scope: Any, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Recognise the operator before the body is read."""
        if scope["method"] != "OPTIONS":
            headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
            check_origin(headers.get("origin"), headers.get("host", ""), self._scheme)
            if not scope["route_handler"].opt.get("stranger"):
                scope["state"]["operator"] = await self._identity.identify(headers.get("authorization", ""))
                scope["state"]["exchange"].actor = "operator"
        await next_app(scope, receive, send)


def proof_of(headers: Mapping[str, str], method: str) -> Proof:
    """Collect what a request shows: a bearer token or API key, the console's cookie, the CSRF token."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme and (scheme.lower() != "bearer" or not token):
        raise Unauthenticated("The Authorization header must read: Bearer, a space, the token.")
    is_key = token.startswith("nx_")
    return Proof(
        bearer=token if token and not is_key else None,
        api_key=token if is_key else None,
        console=_cookie(headers.get("cookie", "")),
        csrf=headers.get("x-csrf-token"),
        unsafe=method in UNSAFE,
    )


def origin_of(headers: Mapping[str, str], exchange: Exchange) -> Origin:
    """Say where a request comes from; the first language is all that is kept of Accept-Language."""
    language = headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip()
    plain = language.replace("-", "").isalnum() and language.isascii() and len(language) <= LONGEST_LANGUAGE
    return Origin(
        request_id=exchange.request_id,
        address=exchange.address,
        device=headers.get("user-agent", "")[:200],
        locale=language if plain else "en",
    )


def check_origin(origin: str | None, host: str, scheme: str) -> bool:
    """Return whether a browser names its page, which must be at the address that was asked; raise BadOrigin.

    No Origin is a program, or a read from our own page; `null` is a page that hides where it comes from. Another port,
    a longer name or another scheme than people reach us by is another site: anybody on the way can serve plain http.
    """
    if origin is None:
        return False
    try:
        site = urlsplit(origin)
    except ValueError:
        raise BadOrigin() from None
    if site.scheme != scheme or not host or site.netloc.lower() != host.lower():
        raise BadOrigin()
    return True


def _cookie(header: str) -> str | None:
    for pair in header.split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE and value:
            return value
    return None


def _domain(host: str) -> str:
    """Return a Host header's name without the port; nothing for addresses, which no church owns."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    name = name.lower().rstrip(".")
    return "" if name.startswith("[") or name.replace(".", "").isdigit() or len(name) > 253 else name


def _tried_again(next_app: ASGIApp) -> ASGIApp:
    """Call what is inside once more when a migration changed a table under its first statements.

    Its transaction was rolled back, so nothing was done; a request that has committed something before is told to
    come again. The framework remembers a body that it has read.
    """

    async def twice(scope: Any, receive: Receive, send: Send) -> None:
        held: list[Message] = []

        async def hold(message: Message) -> None:
            if held or (message["type"] == "http.response.start" and message["status"] == 503):
                held.append(message)
            else:
                await send(message)

        with followed() as course:
            await next_app(scope, receive, hold)
        if held and course.stale and not course.commits:
            await next_app(scope, receive, send)
            return
        for message in held:
            await send(message)

    return twice


class Again:
    """Give a request that was made before its first answer (Idempotency-Key)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def answer(self, key: str, scope: Any, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Answer from memory, or do the work and remember; raise Mismatch, InProgress, AnswerLost."""
        _check_key(key)
        try:
            async with asyncio.timeout(BODY_PATIENCE):
                body = await _read(scope, receive)
        except TimeoutError:
            raise SlowBody() from None
        who: Scope = scope["state"]["scope"]
        digest = idempotency.digest(scope["method"], scope["path"], scope["query_string"], body)
        once = Once(_label(who.actor), key, digest)
        if (before := await self._find(who, once)) is not None:
            await _send(before, send)
            return
        origin = msgspec.structs.replace(who.origin, once=once)
        scope["state"]["scope"] = msgspec.structs.replace(who, origin=origin)
        caught = _Caught()
        await next_app(scope, _again(body, receive), caught)
        if once.taken:
            await _send(await self._wait(who, once), send)
            return
        if once.claimed and caught.answer.status < 500:
            await self._keep(who, once, caught.answer)
        for message in caught.messages:
            await send(message)

    async def _find(self, who: Scope, once: Once) -> Answer | None:
        async with self._database.transaction(who, readonly=True) as tx:
            return await idempotency.find(tx.connection, once)

    async def _wait(self, who: Scope, once: Once) -> Answer:
        """Wait for the other request's answer, 2 s at most; raise InProgress."""
        for _ in range(WAIT_STEPS):
            try:
                if (answer := await self._find(who, once)) is not None:
                    return answer
            except InProgress:
                await asyncio.sleep(WAIT)
            else:
                break  # the other one has failed and taken its row back
        raise InProgress(retry_after=1)

    async def _keep(self, who: Scope, once: Once, answer: Answer) -> None:
        """Keep the answer; when that fails the work is done all the same, and the key will say so."""
        if len(answer.body) > idempotency.LARGEST_ANSWER:
            return
        try:
            async with self._database.transaction(who) as tx:
                await idempotency.keep(tx.connection, once, answer)
        except Unavailable as error:
            _log.warning("an answer could not be kept", code=error.code)


class _Caught:
    """Hold an answer back until it has been kept."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def answer(self) -> Answer:
        start: Any = self.messages[0]
        body = b"".join(message.get("body", b"") for message in self.messages[1:])  # type: ignore[misc]
        kept = [(n.decode(), v.decode("latin-1")) for n, v in start["headers"] if n.lower() in KEPT_HEADERS]
        return Answer(start["status"], kept, body)


async def _send(answer: Answer, send: Send) -> None:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in answer.headers]
    headers += [(b"content-length", b"%d" % len(answer.body)), (b"idempotency-replayed", b"true")]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


async def _read(scope: Any, receive: Receive) -> bytes:
    most = scope["route_handler"].resolve_request_max_body_size()
    parts, size, more = [], 0, True
    while more:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if most and size > most:
            raise too_large(most)
        more = message.get("more_body", False)
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """Make a `receive` that gives the body once more, then goes on with the real one."""
    first = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Any:
        return first.pop() if first else await receive()

    return replay


def _check_key(key: str) -> None:
    if not (1 <= len(key) <= idempotency.LONGEST_KEY and key.isascii() and key.isprintable()):
        detail = f"Idempotency-Key has 1 to {idempotency.LONGEST_KEY} printable ASCII characters."
        raise Invalid.field("/Idempotency-Key", detail, code="bad_header", limit=idempotency.LONGEST_KEY)


def _label(actor: Actor) -> str:
    return f"{actor.kind}:{actor.id}" if actor.id else actor.kind
