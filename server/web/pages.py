"""Pages and files: the landing page, the console, churches' frames, the API's document, the demo church's site."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from html import escape
from string import Template
from types import MappingProxyType
from typing import Any

import msgspec
from litestar import Request, Response, Router, get
from litestar.response import Redirect

from server.domains.events.schemas import GatheringShown, Now
from server.domains.events.service import EventsService
from server.domains.rooms.service import RoomsService
from server.domains.widgets.models import Widgets
from server.domains.widgets.service import WidgetsService
from server.kit.errors import NotFound
from server.kit.scope import Rule, Scope, TenantRef
from server.web.assets import KINDS, STATIC, Assets, Files, send
from server.web.asyncapi import SocketDocument
from server.web.document import Document

CONSOLE = "src/console/index.ts"  # its entry in the manifest
SPOKEN = ("en", "es")
AnyRequest = Request[Any, Any, Any]

_HASHED = re.compile(r"-[A-Za-z0-9_-]{8}\.")
_PAGE = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
_OURS = {"content-security-policy": f"{_PAGE}frame-ancestors 'none'"}
# Lit makes its templates through a policy of its own; nothing else may write markup or scripts
_CONSOLE = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "  # it shows our own chat
        "require-trusted-types-for 'script'; trusted-types lit-html"
    )
}
_APP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; require-trusted-types-for 'script'; trusted-types lit-html; "
)
# a website that isolates itself may hold the frame too; opened as a page of its own it still hears from the tab in
# which a member signs in
_FRAMED = {
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "cross-origin",
    "cross-origin-opener-policy": "same-origin-allow-popups",
}
# a page that nobody frames, and that keeps its opener: our own frame on any website, to whose origin alone it speaks
_ALONE = {
    "content-security-policy": f"{_APP}form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "unsafe-none",
}
# Swagger UI writes style attributes; its scripts are our own files all the same
_DOCS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}


class App(msgspec.Struct, frozen=True):
    """What visitors see: its entry in the manifest, where its words are by language, and whether websites hold it."""

    entry: str
    words: str
    framed: bool

    @classmethod
    def of(cls, folder: str, *, framed: bool = True) -> App:
        """Take a folder of the widgets' source."""
        return cls(f"src/{folder}/index.ts", f"src/{folder}/words/{{}}.ts", framed)


CHAT = App.of("chat")
SIGN_IN = App.of("sign-in", framed=False)
PRAYER = App.of("prayer")
LIVE_PRAYER = App.of("live-prayer")


def page(
    template: str, headers: dict[str, str], values: Mapping[str, str] | None = None, status: int = 200
) -> Response[str]:
    """Fill in one of our own pages; values are markup already, `escape` what is not."""
    text = Template((STATIC / f"{template}.html").read_text()).substitute(values or {})
    return Response(text, media_type=KINDS[".html"], headers=headers, status_code=status)


def unbuilt() -> Response[str]:
    """Say what to do when the widgets have not been built."""
    return page("unbuilt", _OURS, status=503)


def links(entry: tuple[list[str], list[str]]) -> dict[str, str]:
    """Return the tags that load a page's scripts and styles."""
    scripts, styles = entry
    return {
        "scripts": "\n".join(f'<script type="module" src="/assets/{name}"></script>' for name in scripts),
        "styles": "\n".join(f'<link rel="stylesheet" href="/assets/{name}">' for name in styles),
    }


def no_church(request: AnyRequest, exception: NotFound) -> Response[str]:
    """Say in a page what the API says in JSON: somebody has typed this address, perhaps into a television."""
    request.scope["state"]["exchange"].code = exception.code
    return page("no-church", _OURS, status=exception.status)


_NO_CHURCH: dict[type[Exception] | int, Any] = {NotFound: no_church}


@get("/")
async def landing(assets: Assets) -> Response[str]:
    """Say what this is and where to go."""
    entry = assets.built.entry(CONSOLE) or ([], [])
    return page("landing", _OURS, links(entry))


@get(["/console", "/console/{church:str}", "/console/{church:str}/{rest:path}"])
async def console(assets: Assets, request: AnyRequest) -> Response[str]:
    """Serve the staff console; it finds out by itself who is signed in."""
    if (entry := assets.built.entry(CONSOLE)) is None:
        return unbuilt()
    slug = request.path_params.get("church", "")
    tenant = await assets.directory.by_slug(slug) if slug else None
    name = tenant.name if tenant else ""
    values = {"church": escape(slug), "name": escape(name), **links(entry)}
    return page("console", _CONSOLE, values)


@get("/w/{church:str}/chat", exception_handlers=_NO_CHURCH)
async def chat(
    assets: Assets,
    widgets: WidgetsService,
    events: EventsService,
    rooms: RoomsService,
    request: AnyRequest,
    church: str,
) -> Response[str]:
    """Serve the chat to the church's own sites and nobody else's; it carries what it needs to begin, and no secret."""
    scope = Scope(await _church(assets, church))
    more = await _on(scope, events, rooms) if scope.tenant.status == "active" else {}
    return _visitors_page(CHAT, assets, request, scope, await widgets.shown(scope), more)


@get("/w/{church:str}/sign-in", exception_handlers=_NO_CHURCH)
async def sign_in(assets: Assets, widgets: WidgetsService, request: AnyRequest, church: str) -> Response[str]:
    """Serve the page on which a member signs in, in a tab of its own; it tells the page of ours that opened it."""
    scope = Scope(await _church(assets, church))
    return _visitors_page(SIGN_IN, assets, request, scope, await widgets.shown(scope))


@get(
    ["/w/{church:str}/prayer-wall", "/w/{church:str}/prayer-request", "/wall/{church:str}"],
    exception_handlers=_NO_CHURCH,
)
async def prayer(assets: Assets, widgets: WidgetsService, request: AnyRequest, church: str) -> Response[str]:
    """Serve the prayer wall, the form, and the wall for the television in the hall."""
    scope = Scope(await _church(assets, church))
    name = request.url.path.rpartition("/")[2]
    more = {"view": name if request.url.path.startswith("/w/") else "lobby"}
    return _visitors_page(PRAYER, assets, request, scope, await widgets.shown(scope), more)


@get("/w/{church:str}/live-prayer", exception_handlers=_NO_CHURCH)
async def live_prayer(
    assets: Assets, widgets: WidgetsService, request: AnyRequest, church: str
) -> Response[str]:
    """Serve the page on which somebody asks for a person to pray with."""
    scope = Scope(await _church(assets, church))
    return _visitors_page(LIVE_PRAYER, assets, request, scope, await widgets.shown(scope))


async def _church(assets: Assets, slug: str) -> TenantRef:
    tenant = await assets.directory.by_slug(slug)
    if tenant is None or tenant.status not in ("active", "suspended"):
        raise NotFound("There is no such church.")
    return tenant


def _visitors_page(
    app: App,
    assets: Assets,
    request: AnyRequest,
    scope: Scope,
    own: Widgets,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> Response[str]:
    """Fill in a page of an app with everything it needs to begin; `more` is for that app alone."""
    if (entry := assets.built.entry(app.entry)) is None:
        return unbuilt()
    tenant = scope.tenant
    data = {
        "church": {"slug": tenant.slug, "name": tenant.name, "status": tenant.status},
        "sites": own.sites,
        "theme": own.theme,
        "texts": own.texts,
        "consent": own.consent,
        **more,
    }
    wanted = f"{request.query_params.get('language', '')},{request.headers.get('accept-language', '')}"
    values = {
        "name": escape(tenant.name),
        "data": _inside_script(data),
        "words": escape(assets.built.part(app.words.format(_language(wanted))) or ""),
        **links(entry),
    }
    return page("visitors", _framed_by(own.sites) if app.framed else _ALONE, values)


async def _on(scope: Scope, events: EventsService, rooms: RoomsService) -> dict[str, Any]:
    """Say what is on and which room that has, so that the first message waits for two questions less."""
    current, following = await events.now(scope)
    shown = [None if found is None else GatheringShown.of(found) for found in (current, following)]
    data: dict[str, Any] = {"now": Now(*shown)}
    if current is not None:
        with contextlib.suppress(
            NotFound
        ):  # the room is made a moment after the gathering: then the page asks
            data["room"] = await rooms.show(scope, (await rooms.by_gathering(scope, current.id)).id)
    return data


def _language(accepted: str) -> str:
    """Return the first of these languages that we speak; the page may still choose another."""
    tags = (part.partition(";")[0].strip().lower().partition("-")[0] for part in accepted.split(","))
    return next((tag for tag in tags if tag in SPOKEN), SPOKEN[0])


def _framed_by(sites: Sequence[str]) -> dict[str, str]:
    """Return the headers of a page that only our own pages and these sites may frame."""
    ancestors = " ".join(["'self'", *sites])
    policy = f"{_APP}form-action 'none'; frame-ancestors {ancestors}"
    return {**_FRAMED, "content-security-policy": policy}


def _inside_script(data: Any) -> str:
    """Encode what stands in a script element: no text in it can end the element or begin a comment."""
    return msgspec.json.encode(data).decode().replace("<", "\\u003c")


@get("/assets/{name:str}")
async def asset(assets: Assets, name: str, request: AnyRequest) -> Response[Any]:
    """Serve what the build made; a name holds the hash of its content, so it is kept for a year."""
    hashed = _HASHED.search(name) is not None
    kept = "public, max-age=31536000, immutable" if hashed else "no-cache"
    return _file(assets.built, name, request, {"cache-control": kept})


@get("/icon.svg")
async def icon(assets: Assets, request: AnyRequest) -> Response[Any]:
    """Serve the icon."""
    return _file(assets.ours, "icon.svg", request, {"cache-control": "public, max-age=86400"})


@get("/favicon.ico")
async def favicon() -> Redirect:
    """Lead browsers that ask by habit to the icon."""
    return Redirect("/icon.svg", status_code=301)


@get("/robots.txt", media_type="text/plain")
async def robots() -> str:
    """Keep search engines out: what is public stands on the churches' own websites."""
    return "User-agent: *\nDisallow: /\n"


@get("/docs")
async def docs(assets: Assets) -> Response[str]:
    """Show the API's document with a viewer of our own, without asking anybody else."""
    if assets.built.get("docs/swagger-ui.css") is None:
        return unbuilt()
    return page("docs", _DOCS)


@get("/docs/openapi.json", media_type="application/vnd.oai.openapi+json")
async def openapi(document: Document) -> Response[bytes]:
    """Serve the API's document."""
    return Response(document.encoded, headers={"cache-control": "no-cache"})


@get("/docs/asyncapi.json", media_type="application/vnd.aai.asyncapi+json")
async def asyncapi(sockets: SocketDocument) -> Response[bytes]:
    """Serve the sockets' document."""
    return Response(sockets.encoded, headers={"cache-control": "no-cache"})


@get("/docs/{name:str}")
async def viewer(assets: Assets, name: str, request: AnyRequest) -> Response[Any]:
    """Serve the viewer's files."""
    headers = {"cache-control": "no-cache"}
    if name == "start.js":
        return _file(assets.ours, "docs.js", request, headers)
    return _file(assets.built, f"docs/{name}", request, headers)


def _file(files: Files, name: str, request: AnyRequest, headers: dict[str, str]) -> Response[Any]:
    file = files.get(name)
    if file is None:
        raise NotFound("There is nothing at this address.")
    return send(file, request.headers.get("accept-encoding", ""), headers)


ROUTES = Router(
    "/",
    route_handlers=[
        landing,
        console,
        chat,
        sign_in,
        prayer,
        live_prayer,
        asset,
        icon,
        favicon,
        robots,
        docs,
        openapi,
        asyncapi,
        viewer,
    ],
    opt={"rule": Rule(anyone=True)},
    include_in_schema=False,
)


class DemoSite:
    """The demo church's own website: another site that knows nothing of Narthex but the pasted snippet."""

    def __init__(self, narthex: str, church: str, name: str) -> None:
        values = {"origin": escape(narthex.rstrip("/")), "church": escape(church), "name": escape(name)}
        folder = STATIC / "demo"
        home = Template((folder / "index.html").read_text()).substitute(values)
        self._pages = {
            "/": (KINDS[".html"], home.encode()),
            "/site.css": (KINDS[".css"], (folder / "site.css").read_bytes()),
        }

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request, as any plain web server would."""
        if scope["type"] != "http":
            return
        kind, body = self._pages.get(scope["path"], (KINDS[".html"], b""))
        status = 200 if body else 404
        headers = [
            (b"content-type", f"{kind}; charset=utf-8".encode()),
            (b"content-length", b"%d" % len(body)),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
