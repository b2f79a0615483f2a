"""Sign in and out, over HTTP.

`stranger`: what the request shows to say who is asking is not looked at, so that an old cookie or token is never in
the way of a new one; nor are bans of a device or an address, behind which staff may sit as well. `judged`: bans are
asked all the same. `secret_answer`: the answer holds tokens and is never kept for a repeated request.
"""

from __future__ import annotations

from litestar import Response, get, post
from litestar.datastructures import Cookie

from server.domains.auth import policy
from server.domains.auth.schemas import (
    ChurchShown,
    ConsoleSession,
    GuestSignIn,
    IdentityExchange,
    Me,
    RefreshTokens,
    SignedIn,
    SignIn,
    SiteGone,
    SitesEnded,
    SocketToken,
    Tokens,
    WidgetSignIn,
)
from server.domains.auth.service import AuthService
from server.kit.scope import Scope

COOKIE = "__Host-narthex"


def cookie(value: str, seconds: int) -> Cookie:
    """Make the console's cookie; `__Host-` lets browsers take it only over TLS (or loopback) and from no subdomain."""
    return Cookie(
        key=COOKIE, value=value, path="/", max_age=seconds, secure=True, httponly=True, samesite="strict"
    )


@post(
    "/auth/sign-in",
    operation_id="sign_in",
    summary="Sign in with e-mail and password",
    tags=["auth"],
    status_code=200,
    opt={"rule": policy.PUBLIC, "stranger": True, "secret_answer": True},
)
async def sign_in(scope: Scope, auth: AuthService, data: SignIn) -> Tokens:
    """Answer 401 `totp_required` when the account has a second factor and no code was sent."""
    return Tokens.of(await auth.sign_in(scope, data.email, data.password, data.totp))


@post(
    "/auth/widget/sign-in",
    operation_id="widget_sign_in",
    summary="Sign in to a church's widgets",
    tags=["auth"],
    status_code=200,
    opt={"rule": policy.PUBLIC, "stranger": True, "secret_answer": True},
)
async def widget_sign_in(scope: Scope, auth: AuthService, data: WidgetSignIn) -> Tokens:
    """On a website nobody is more than a member. What the guest wrote is the member's; one who is gone is ignored."""
    grant = await auth.sign_in_widget(
        scope, data.email, data.password, data.totp, site=data.site, guest=data.guest
    )
    return Tokens.of(grant)


@post(
    "/auth/refresh",
    operation_id="refresh_tokens",
    summary="Exchange a refresh token for new tokens",
    tags=["auth"],
    status_code=200,
    opt={"rule": policy.PUBLIC, "stranger": True, "secret_answer": True},
)
async def refresh(scope: Scope, auth: AuthService, data: RefreshTokens) -> Tokens:
    """Two refreshes at once get the same answer for 20 s; a token used before that ends the session."""
    return Tokens.of(await auth.refresh(scope, data.refresh_token))


@post(
    "/auth/sign-out",
    operation_id="sign_out",
    summary="End this session",
    tags=["auth"],
    status_code=204,
    opt={"rule": policy.SIGNED_IN},
)
async def sign_out(scope: Scope, auth: AuthService) -> None:
    """Its tokens stop working at once."""
    await auth.sign_out(scope)


@get(
    "/auth/me",
    operation_id="me",
    summary="Who is asking",
    tags=["auth"],
    opt={"rule": policy.ME},
)
async def me(scope: Scope) -> Me:
    """Answer for people, guests and API keys."""
    policy.ME.require(scope)
    return Me.of(scope.actor)


@post(
    "/auth/guest",
    operation_id="guest_sign_in",
    summary="Begin as a guest",
    tags=["auth"],
    opt={"rule": policy.PUBLIC, "stranger": True, "judged": True, "secret_answer": True},
)
async def guest(scope: Scope, auth: AuthService, data: GuestSignIn) -> Tokens:
    """The tokens are bound to this church and to widgets, and remember the site."""
    _, grant = await auth.welcome(
        scope, nickname=data.nickname, consent=data.consent, site=data.site, locale=data.locale
    )
    return Tokens.of(grant)


@post(
    "/auth/identity",
    operation_id="exchange_identity",
    summary="Sign in a visitor for whom the church's website vouches",
    tags=["auth"],
    status_code=200,
    opt={"rule": policy.PUBLIC, "secret_answer": True},
)
async def identity(scope: Scope, auth: AuthService, data: IdentityExchange) -> Tokens:
    """With a guest's token in the header the guest becomes the member and keeps the id."""
    return Tokens.of(await auth.exchange(scope, data.token, site=data.site))


@post(
    "/auth/socket",
    operation_id="socket_token",
    summary="Get a token for a socket",
    tags=["auth"],
    status_code=200,
    opt={"rule": policy.SIGNED_IN, "secret_answer": True},
)
async def socket(scope: Scope, auth: AuthService) -> SocketToken:
    """It lives five minutes and opens sockets only."""
    token, seconds = await auth.socket(scope)
    return SocketToken(token, seconds)


@post(
    "/auth/sites/end",
    operation_id="end_site",
    summary="End all sessions begun on a website",
    tags=["auth"],
    status_code=200,
    opt={"rule": policy.END_SITE},
)
async def end_site(scope: Scope, auth: AuthService, data: SiteGone) -> SitesEnded:
    """For a website that was taken off the church's list."""
    return SitesEnded(await auth.end_site(scope, data.site))


@post(
    "/auth/console/sign-in",
    operation_id="console_sign_in",
    summary="Sign in to the console",
    tags=["auth"],
    status_code=200,
    opt={"rule": policy.PUBLIC, "stranger": True, "secret_answer": True},
)
async def console_sign_in(scope: Scope, auth: AuthService, data: SignIn) -> Response[ConsoleSession]:
    """The session is in a cookie that scripts cannot read; each write repeats `csrf` in a header."""
    person, given = await auth.sign_in_console(scope, data.email, data.password, data.totp)
    body = ConsoleSession(SignedIn.of(person), _church(scope), given.csrf)
    return Response(body, cookies=[cookie(given.value, given.seconds)])


@get(
    "/auth/console/session",
    operation_id="console_session",
    summary="Who is signed in to the console",
    tags=["auth"],
    opt={"rule": policy.PERSON},
)
async def console_session(scope: Scope, auth: AuthService) -> ConsoleSession:
    """Answer 401 when nobody is."""
    given = await auth.console(scope)
    return ConsoleSession(SignedIn.of(scope.actor), _church(scope), given.csrf)


@post(
    "/auth/console/sign-out",
    operation_id="console_sign_out",
    summary="Sign out of the console",
    tags=["auth"],
    status_code=204,
    opt={"rule": policy.PERSON},
)
async def console_sign_out(scope: Scope, auth: AuthService) -> Response[None]:
    """The cookie is taken away too."""
    await auth.sign_out(scope)
    return Response(None, cookies=[cookie("", 0)])


def _church(scope: Scope) -> ChurchShown:
    return ChurchShown(scope.tenant.slug, scope.tenant.name)


ROUTES = [
    sign_in,
    widget_sign_in,
    refresh,
    sign_out,
    me,
    guest,
    identity,
    socket,
    end_site,
    console_sign_in,
    console_session,
    console_sign_out,
]
