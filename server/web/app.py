"""Put the application together: routes of slices under their church, one error form, one document, one server."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import uvicorn
from litestar import Litestar, Request, Response, Router
from litestar._kwargs.extractors import scope_extractor
from litestar.di import Provide
from litestar.exceptions import LitestarDeprecationWarning
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp

from server.domains.accounts import routes as accounts
from server.domains.alarms import routes as alarms
from server.domains.asking import routes as asking
from server.domains.audit import routes as audit
from server.domains.auth import routes as auth
from server.domains.blocks import routes as blocks
from server.domains.care import routes as care
from server.domains.chat import routes as chat
from server.domains.concerns import routes as concerns
from server.domains.events import routes as events
from server.domains.factors import routes as factors
from server.domains.followups import routes as followups
from server.domains.guests import routes as guests
from server.domains.hosting import routes as hosting
from server.domains.keys import routes as keys
from server.domains.links import routes as links
from server.domains.messages import routes as messages
from server.domains.moderation import routes as moderation
from server.domains.notes import routes as notes
from server.domains.operators import routes as operators
from server.domains.phrases import routes as phrases
from server.domains.rooms import routes as rooms
from server.domains.rota import routes as rota
from server.domains.safety import routes as safety
from server.domains.sessions import routes as sessions
from server.domains.tenants import routes as tenants
from server.domains.tending import routes as tending
from server.domains.wall import routes as wall
from server.domains.widgets import routes as widgets
from server.kit import logs, strictjson
from server.kit.batch import Batcher
from server.kit.errors import Invalid
from server.kit.limits import Limit, Limiter
from server.kit.scope import Rule
from server.web import embed, errors, health, pages
from server.web.assets import Assets
from server.web.asyncapi import SocketDocument
from server.web.document import Document
from server.web.door import Again, Door, Identity, OperatorDoor
from server.web.fanout_protocol import FanoutProtocol
from server.web.gateway import Gateway, GatewayDoor, Toll, explain
from server.web.health import Health, Internal, Metrics
from server.web.http_protocol import BoundedHttpProtocol
from server.web.middleware import Edge

if TYPE_CHECKING:
    from realtime.node import Node
    from server.wiring import Wiring

LARGEST_BODY = 64 * 1024  # bytes; a route that takes more says so
LARGEST_FRAME = 64 * 1024  # bytes of one WebSocket message
COLLECT = (20_000, 20, 20)  # objects between rounds of the cycle collector, rounds between larger ones
API = "/api/v1"
IDENTITIES = (accounts, guests, factors, keys, sessions, auth, links, widgets)
CONVERSATIONS = (events, rota, rooms, messages, chat, hosting, notes, blocks, safety)
PRAYING = (asking, tending, wall, care, concerns, followups, phrases, alarms, moderation)
SLICES = (tenants, audit, *IDENTITIES, *CONVERSATIONS, *PRAYING)  # those that speak HTTP
Supply = Callable[[Any], Any]  # ASGI scope → what a handler gets


class JsonRequest(Request[Any, Any, Any]):
    """Reads a body as the type that the handler names, strictly, before Litestar looks at it."""

    async def json(self) -> Any:
        """Decode the body; raise WrongMediaType, TooLarge, Invalid."""
        kind, options = self.content_type
        if not (kind == "application/json" or kind.endswith("+json")) or (
            options.get("charset", "utf-8").lower() != "utf-8"
        ):
            raise errors.WrongMediaType()
        field = self.route_handler.parsed_fn_signature.parameters["data"]
        return strictjson.decode(await self.body(), field.annotation)

    async def body(self) -> bytes:
        """Read the body; raise TooLarge, or SlowBody when it does not arrive in time."""
        try:
            async with asyncio.timeout(errors.BODY_PATIENCE):
                return await super().body()
        except TimeoutError:
            raise errors.SlowBody() from None


class Parts(msgspec.Struct, frozen=True):
    """What the web keeps for a whole process beside its routes."""

    limiter: Limiter
    health: Health
    metrics: Metrics

    @classmethod
    def of(cls, wiring: Wiring) -> Parts:
        """Build them; nothing connects yet."""
        settings = wiring.settings
        limiter = Limiter(settings.valkey_url, wiring.keyring.current.derive("limits"), wiring.clock)
        state = Health(wiring.database, wiring.valkey, health.heads(), wiring.clock)
        return cls(limiter, state, Metrics(wiring.caches, limiter))


def create_app(
    wiring: Wiring,
    *,
    identity: Identity | None = None,
    routes: Sequence[Any] = (),
    node: Node | None = None,
    parts: Parts | None = None,
) -> Litestar:
    """Build the web application of one process; the wiring is started by whoever serves.

    With a `node` it takes sockets at /live/{church} too; without one (the API's document, most tests) it does not.
    `routes` are more routes of a church, and `identity` stands for the auth slice; both are for tests.
    """
    parts = parts or Parts.of(wiring)
    door = _door(wiring, identity or wiring.auth, parts)
    outside = OperatorDoor(wiring.operators, wiring.settings.public_url)
    supplies = _supplies(wiring, parts)
    with warnings.catch_warnings():
        # handlers name what they want as plain parameters; Litestar 3 would have each marked, and is not here yet
        warnings.simplefilter("ignore", LitestarDeprecationWarning)
        app = Litestar(
            route_handlers=[
                *health.ROUTES,
                pages.ROUTES,
                embed.ROUTES,
                Router(
                    f"{API}/operator",
                    route_handlers=operators.ROUTES,
                    middleware=[lambda app: outside(app)],
                    opt={"operator": True},
                ),
                Router(
                    f"{API}/{{church:str}}",
                    route_handlers=[*(route for slice in SLICES for route in slice.ROUTES), *routes],
                    after_request=tag,
                    middleware=[lambda app: door(app)],  # Litestar copies what it is given, and a door is one
                ),
            ],
            dependencies={
                name: Provide(_placeholder(), sync_to_thread=False) for name in supplies if name != "scope"
            },
            exception_handlers={Exception: errors.render},
            request_class=JsonRequest,
            request_max_body_size=LARGEST_BODY,
            logging_config=None,
            openapi_config=None,
        )
    check_rules(app)
    supply(app, {**supplies, "document": _constant(Document(app))})
    app.asgi_handler = _edge(wiring, _gateway(wiring, app.asgi_handler, door, node, parts), parts)
    return app


def _supplies(wiring: Wiring, parts: Parts) -> dict[str, Supply]:
    """Return what handlers may name as a parameter."""
    constants: dict[str, Any] = {
        "health": parts.health,
        "document": None,
        "sockets": SocketDocument(wiring.settings.public_url),
        "assets": Assets.of(wiring.directory),
        "tenants": wiring.tenants,
        "audit": wiring.audit,
        "auth": wiring.auth,
        "accounts": wiring.accounts,
        "sessions": wiring.sessions,
        "keys": wiring.keys,
        "factors": wiring.factors,
        "guests": wiring.guests,
        "links": wiring.links,
        "operators": wiring.operators,
        "events": wiring.events,
        "rota": wiring.rota,
        "care": wiring.care,
        "concerns": wiring.concerns,
        "wall": wiring.wall,
        "phrases": wiring.phrases,
        "alarms": wiring.alarms,
        "moderation": wiring.moderation,
        "asking": wiring.asking,
        "tending": wiring.tending,
        "followups": wiring.followups,
        "safety": wiring.safety,
        "blocks": wiring.blocks,
        "rooms": wiring.rooms,
        "messages": wiring.messages,
        "chat": wiring.chat,
        "hosting": wiring.hosting,
        "notes": wiring.notes,
        "widgets": wiring.widgets,
    }
    return {
        "scope": lambda scope: scope["state"]["scope"],
        "operator": lambda scope: scope["state"]["operator"],
        "if_version": if_version,
        **{name: _constant(part) for name, part in constants.items()},
    }


def _door(wiring: Wiring, identity: Identity, parts: Parts) -> Door:
    settings = wiring.settings
    return Door(
        directory=wiring.directory,
        identity=identity,
        limiter=parts.limiter,
        per_person=Limit("person", settings.person_per_minute),
        per_church=Limit("church", settings.church_per_minute),
        public_url=settings.public_url,
        again=Again(wiring.database),
        admission=wiring.safety,
    )


def _gateway(wiring: Wiring, app: ASGIApp, door: Door, node: Node | None, parts: Parts) -> ASGIApp:
    if node is None:
        return app
    per_address = Limit("sockets", wiring.settings.sockets_per_minute)
    return Gateway(
        app, door=door, node=node, limiter=parts.limiter, per_address=per_address, learn=wiring.learn
    )


def _edge(wiring: Wiring, app: ASGIApp, parts: Parts) -> Edge:
    settings = wiring.settings
    return Edge(
        app,
        clock=wiring.clock,
        limiter=parts.limiter,
        per_address=Limit("address", settings.address_per_minute),
        trusted_proxies=settings.trusted_proxies,
        https=settings.public_url.startswith("https:"),
        observe=parts.metrics.observe,
    )


def handlers(app: Litestar) -> Sequence[tuple[str, Any]]:
    """Return every HTTP handler with its path template, without those Litestar makes for OPTIONS."""
    return [
        (route.path_format, handler)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.http_methods != {"OPTIONS"}
    ]


def check_rules(app: Litestar) -> None:
    """Raise TypeError at the start when a handler does not say who may call it."""
    for path, handler in handlers(app):
        if not isinstance(handler.opt.get("rule"), Rule):
            raise TypeError(f"{handler} at {path} has no opt={{'rule': Rule}}")


def supply(app: Litestar, supplies: Mapping[str, Supply]) -> None:
    """Hand parameters to handlers in one step, a Scope for `scope` among them, and check bounds given by msgspec.Meta.

    Litestar would give `scope` its own ASGI scope, would start a task for each dependency of each request (about 30 µs
    apiece) though ours only lie ready, and overlooks Meta on parameters. It still checks that every name is known.
    """
    for route in app.routes:
        for handler, model in getattr(route, "route_handler_map", {}).values():
            if handler.http_methods == {"OPTIONS"}:
                continue
            names = [dependency.key for batch in model.dependency_batches for dependency in batch]
            names += [name for name in model.expected_reserved_kwargs if name == "scope"]
            model.dependency_batches = []
            model.extractors = [one for one in model.extractors if one is not scope_extractor]
            wanted, bounds = {name: supplies[name] for name in names}, bounded(handler)
            if wanted or bounds:
                model.extractors.append(_extractor(wanted, bounds))


def bounded(handler: Any) -> Mapping[str, Any]:
    """Return a handler's parameters whose type carries msgspec.Meta; its body is read apart."""
    fields = handler.parsed_fn_signature.parameters
    return {name: field.raw for name, field in fields.items() if name != "data" and _has_meta(field.raw)}


def _has_meta(kind: Any) -> bool:
    return isinstance(kind, msgspec.Meta) or any(map(_has_meta, get_args(kind)))


def _extractor(wanted: Mapping[str, Supply], bounds: Mapping[str, Any]) -> Any:
    async def extract(values: dict[str, Any], connection: Any) -> None:
        for name, make in wanted.items():
            values[name] = make(connection.scope)
        for name, kind in bounds.items():
            try:
                values[name] = msgspec.convert(values[name], kind, strict=False)
            except msgspec.ValidationError as error:
                raise strictjson.invalid(str(error), f"/{name}") from None

    return extract


async def tag(response: Response[Any]) -> Response[Any]:
    """Say the version of what is answered, where it has one, in the ETag: "v7", and what `if_version` reads."""
    version = getattr(response.content, "version", None)
    if type(version) is int:
        response.headers.setdefault("etag", f'"v{version}"')
    return response


def if_version(scope: Any) -> int | None:
    """Return the version that If-Match names, None when any will do; raise Invalid for what is no ETag of ours."""
    given = next((value for name, value in scope["headers"] if name == b"if-match"), b"*").strip()
    if given == b"*":
        return None
    version = given.strip(b'"').partition(b"-")[0].removeprefix(b"v")
    if not (version.isdigit() and len(version) <= 18):
        raise Invalid.field(
            "/If-Match", "If-Match takes the ETag that the last answer carried.", code="bad_header"
        )
    return int(version)


def _constant(value: Any) -> Supply:
    return lambda _: value


def _placeholder() -> Callable[[], None]:
    """Make what stands where Litestar wants a provider, each its own; `supply` takes its place."""

    def never() -> None:
        raise AssertionError("supply() gives this parameter")

    return never


async def serve(
    wiring: Wiring, sockets: Sequence[socket.socket], *, inside: socket.socket | None = None
) -> None:
    """Serve on sockets that listen already until SIGTERM or SIGINT, then drain; start and stop the wiring.

    `inside` takes who wants metrics. A second signal does not wait any more.
    """
    settings = wiring.settings
    logs.configure(settings.log_format)
    await wiring.start()
    try:
        parts = Parts.of(wiring)
        door = GatewayDoor(wiring.auth, wiring.safety, wiring.chat)
        toll = Toll(parts.limiter, settings.person_per_minute, settings.church_per_minute)
        node = wiring.node(door, explain, toll, wiring.channels())
        healing = await wiring.start_node(node)
        batchers: dict[str, Batcher[Any, Any]] = {
            "message.send": wiring.chat.posts,
            "reaction": wiring.chat.reacts,
            "pray": wiring.wall.prayers,
        }
        parts.metrics.watch(node, healing, batchers, wiring.broker, wiring.database)
        app = create_app(wiring, parts=parts, node=node)
        public = Server(
            app,
            patience=settings.drain_seconds + 5,
            http=BoundedHttpProtocol,
            ws=FanoutProtocol,
            ws_max_size=LARGEST_FRAME,
            ws_per_message_deflate=False,
            ws_ping_interval=None,
        )
        internal = Server(Internal(parts.metrics, parts.health), patience=1)
        _on_signals(parts.health, public)
        _collect_seldom()
        async with asyncio.TaskGroup() as tasks:
            beside = tasks.create_task(internal.serve([inside] if inside else []))
            await public.serve(list(sockets))
            internal.should_exit = True
            await beside
        await wiring.chat.posts.drain()
        await wiring.chat.reacts.drain()
        await wiring.wall.prayers.drain()
        await node.stop()
        await parts.limiter.close()
    finally:
        await wiring.stop()


def _collect_seldom() -> None:
    """Let the cycle collector leave alone what lives as long as the process, and look at the rest less often.

    By default it walks through every connection each time some thousands more have come.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)


async def serve_demo_site(sockets: Sequence[socket.socket], *, narthex: str, church: str, name: str) -> None:
    """Serve the demo church's own website, another site that holds only the pasted snippet, until told to stop."""
    server = Server(pages.DemoSite(narthex, church, name), patience=1)
    _on_signals(None, server)
    await server.serve(list(sockets))


class Server(uvicorn.Server):
    """uvicorn without its own signal handling, which would end the process before everything is let go of."""

    def __init__(self, app: Any, *, patience: float, **options: Any) -> None:
        config = uvicorn.Config(
            app,
            loop="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # the edge knows how many proxies are ours
            server_header=False,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=ceil(patience),
            **options,
        )
        super().__init__(config)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to `serve`."""
        yield


def _on_signals(state: Health | None, server: Server) -> None:
    def stop() -> None:
        server.force_exit = server.should_exit
        server.should_exit = True
        if state is not None:
            state.drain()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
