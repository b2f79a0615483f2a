"""What stands around every request, from the outside in: the edge (id, bounds, headers, log), then a church's door.

The edge wraps the whole application, so that addresses which do not exist get the same headers and the same line in the
log. The door runs once a route is found: church, site, limits, who is asking, may they; only then the body is read.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec
from litestar.types import ASGIApp, Message, Receive, Send

from server.kit import logs
from server.kit.clock import Clock
from server.kit.errors import AppError, FieldError, Invalid, NotFound
from server.kit.limits import Limit, Limiter, Standing
from server.kit.logs import Exchange
from server.web.errors import (
    MEDIA_TYPE,
    AddressTooLong,
    HeadersTooLarge,
    headers_of,
    problem,
)

LARGEST_HEADERS = 16 * 1024  # bytes of names and values together
MOST_HEADERS = 100
LONGEST_ADDRESS = 4 * 1024  # bytes of path and query

COSTLY = ("/api/", "/w/", "/wall/", "/console/")  # paths that ask the database; files are cheap

_REQUEST_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")

# What an answer carries unless its route says otherwise. Nothing of the API may be shown, framed or run.
SECURITY_HEADERS: Mapping[bytes, bytes] = {
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"permissions-policy": b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}
HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")


class Edge:
    """The outermost layer: gives the request an id and bounds, the answer its headers, the log its line."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        clock: Clock,
        limiter: Limiter,
        per_address: Limit,
        trusted_proxies: int,
        https: bool,
        observe: Callable[[Exchange, float], None],
    ) -> None:
        self._app = app
        self._clock = clock
        self._limiter = limiter
        self._per_address = per_address
        self._proxies = trusted_proxies
        self._base = [*SECURITY_HEADERS.items(), *([HSTS] if https else [])]
        self._observe = observe

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request; a WebSocket only gets its id and address."""
        exchange = Exchange(_request_id(scope), client_address(scope, self._proxies))
        scope["state"]["exchange"] = exchange
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange.method = scope["method"]
        if exchange.method == "HEAD":  # the server drops the body by its own copy of the scope
            scope = {**scope, "method": "GET"}
        started = self._clock.monotonic()
        answer = _Answer(send, exchange, self._base, scope)
        try:
            check_bounds(scope)
            if scope["path"].startswith(COSTLY):
                standing = await self._limiter.take(self._per_address, network(exchange.address))
                exchange.standings = [standing]
            await self._app(scope, receive, answer)
        except AppError as error:
            await refuse(error, exchange, answer)
        finally:
            self._finish(scope, exchange, self._clock.monotonic() - started)

    def _finish(self, scope: Any, exchange: Exchange, seconds: float) -> None:
        exchange.route = scope.get("path_template") or exchange.route
        self._observe(exchange, seconds)
        if not (exchange.route.startswith("/health/") and exchange.status < 400):
            logs.request(exchange, seconds)


class _Answer:
    """The `send` of one request: adds headers, and an ETag where the whole of an answer to GET is at hand."""

    __slots__ = ("_base", "_etags", "_exchange", "_held", "_scope", "_send")

    def __init__(self, send: Send, exchange: Exchange, base: list[tuple[bytes, bytes]], scope: Any) -> None:
        self._send = send
        self._exchange = exchange
        self._base = base
        self._scope = scope
        self._held: Any = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._exchange.status = message["status"]
            headers = message["headers"] = list(message["headers"])
            names = {name for name, _ in headers}
            headers.extend(pair for pair in self._base if pair[0] not in names)
            headers.append((b"x-request-id", self._exchange.request_id.encode()))
            if self._exchange.standings:
                headers.extend(standing_headers(self._exchange.standings))
            if message["status"] == 200 and self._scope["method"] == "GET":
                self._held = message
                return
        elif self._held is not None and message["type"] == "http.response.body":
            await self._release(message)
        await self._send(message)

    async def _release(self, message: Any) -> None:
        """Send the start that was held back: 304 when the client has this very answer already."""
        start, self._held = self._held, None
        if not message.get("more_body"):
            tag = etag(start["headers"], message.get("body", b""))
            if _matches(self._scope, tag):
                kept = (b"content-type", b"content-length")
                start["headers"] = [pair for pair in start["headers"] if pair[0] not in kept]
                start["status"] = self._exchange.status = 304
                message["body"] = b""
        await self._send(start)


def etag(headers: list[tuple[bytes, bytes]], body: bytes) -> bytes:
    """Return the strong ETag of an answer, setting it in its headers: a version given by the route stays in front."""
    own = next((value for name, value in headers if name == b"etag"), b'""')
    hashed = blake2b(body, digest_size=9).hexdigest().encode()
    tag = b'"' + (own.strip(b'"') + b"-" + hashed).lstrip(b"-") + b'"'
    headers[:] = [pair for pair in headers if pair[0] != b"etag"]
    headers.append((b"etag", tag))
    return tag


def _matches(scope: Any, tag: bytes) -> bool:
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            given = {one.strip().removeprefix(b"W/") for one in value.split(b",")}
            return tag in given or b"*" in given
    return False


async def refuse(error: AppError, exchange: Exchange, send: Send) -> None:
    """Answer with a problem where there is no Litestar around us."""
    exchange.code = error.code
    body = msgspec.json.encode(problem(error, exchange.request_id))
    headers = {**headers_of(error), "content-type": MEDIA_TYPE, "content-length": str(len(body))}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": error.status, "headers": raw})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def check_bounds(scope: Any) -> None:
    """Refuse headers or an address beyond our bounds, and characters that no field may hold.

    A path with an empty segment is refused too: the router would read it as another one than we and proxies test.
    """
    headers = scope["headers"]
    if len(headers) > MOST_HEADERS or sum(len(n) + len(v) for n, v in headers) > LARGEST_HEADERS:
        detail = f"At most {MOST_HEADERS} headers of {LARGEST_HEADERS} bytes together."
        raise HeadersTooLarge(detail, errors=(FieldError("", "headers_too_large", detail, LARGEST_HEADERS),))
    query = scope["query_string"]
    if len(scope["raw_path"] or b"") + len(query) > LONGEST_ADDRESS:
        detail = f"Path and query have at most {LONGEST_ADDRESS} bytes."
        raise AddressTooLong(detail, errors=(FieldError("", "address_too_long", detail, LONGEST_ADDRESS),))
    path = scope["path"]
    if not path.startswith("/") or any(bad in path for bad in ("//", "\x00", "\ufffd")):
        raise NotFound("There is nothing at this address.")
    if b"%" in query:
        _check_query(query)


def _check_query(query: bytes) -> None:
    """Refuse U+0000 and what is not UTF-8, naming the parameter."""
    plain = unquote_to_bytes(query)
    try:
        if "\x00" not in plain.decode():
            return
    except UnicodeDecodeError:
        pass
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True, errors="replace"):
        if any(bad in name + value for bad in "\x00\ufffd"):
            detail = "The text holds a character that cannot be stored, or is not UTF-8."
            raise Invalid.field(f"/{name[:100]}", detail, code="bad_character")


def client_address(scope: Any, proxies: int) -> str:
    """Return the caller's address: the entry that the outermost of our own proxies added to X-Forwarded-For.

    Entries further left are the caller's own words. A request that passed fewer proxies is not believed at all. IPv4
    written as IPv6 (::ffff:…) is given as IPv4: within one /64 all of it would count as a single caller.
    """
    peer: str = (scope.get("client") or ("",))[0]
    peer = _plain(peer) or peer
    if not proxies:
        return peer
    given = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
    entries = [entry.strip().decode("latin-1") for entry in given.split(b",")]
    if len(entries) < proxies:
        return peer
    entry = entries[-proxies]
    if entry.startswith("["):  # some proxies add brackets and the port
        entry = entry[1:].partition("]")[0]
    elif entry.count(":") == 1:
        entry = entry.partition(":")[0]
    return _plain(entry) or peer


def _plain(address: str) -> str | None:
    """Return the one way to write an address, IPv4 for what is mapped into IPv6; None for what is no address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def network(address: str) -> str:
    """Return what is counted as one caller: an IPv4 address, or the /64 that one IPv6 household owns."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network(f"{address.partition('%')[0]}/64", strict=False))
    except ValueError:
        return address


def _request_id(scope: Any) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return str(value, "ascii")
    return secrets.token_hex(12)


def standing_headers(standings: list[Standing]) -> list[tuple[bytes, bytes]]:
    """Render draft-ietf-httpapi-ratelimit-headers: all policies, and where the caller stands in the tightest."""
    tightest = min(standings, key=lambda standing: standing.left / standing.limit.amount)
    policies = ", ".join(f'"{s.limit.name}";q={s.limit.amount};w={s.limit.seconds}' for s in standings)
    now = f'"{tightest.limit.name}";r={tightest.left};t={tightest.reset}'
    return [(b"ratelimit-policy", policies.encode()), (b"ratelimit", now.encode())]
