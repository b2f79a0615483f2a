"""What is said and heard when somebody signs in."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec

from server.domains.accounts.models import Person
from server.domains.sessions.models import Grant
from server.kit.scope import Actor

Email = Annotated[
    str,
    msgspec.Meta(
        min_length=3, max_length=254, description="An e-mail address.", examples=["anna@grace.example"]
    ),
]
Password = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=1024, description="A password.", examples=["a long walk by the lake"]
    ),
]
Code = Annotated[
    str,
    msgspec.Meta(
        min_length=6,
        max_length=24,
        description="Six digits of the authenticator app, or a recovery code.",
        examples=["123456"],
    ),
]
Nickname = Annotated[
    str, msgspec.Meta(min_length=1, max_length=120, description="1 to 40 characters.", examples=["Ruth"])
]
Consent = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=40,
        pattern="^[A-Za-z0-9._-]+$",
        description="The version of the terms that the guest agreed to.",
        examples=["2026-01"],
    ),
]
Site = Annotated[
    str,
    msgspec.Meta(
        max_length=253,
        description="Host name of the page that holds the widget; empty on our own pages.",
        examples=["www.grace.example"],
    ),
]
Locale = Annotated[
    str,
    msgspec.Meta(
        min_length=2,
        max_length=35,
        pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$",
        examples=["en", "es-MX"],
    ),
]


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """E-mail, password and, when the account has a second factor, its code."""

    email: Email
    password: Password
    totp: Code | None = None


class WidgetSignIn(SignIn, frozen=True, forbid_unknown_fields=True):
    """The same for a widget on a website, with the access token of the guest who turns out to be this member."""

    site: Site = ""
    guest: Annotated[str, msgspec.Meta(max_length=2_000)] = ""


class RefreshTokens(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest refresh token of a session."""

    refresh_token: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class GuestSignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A visitor's nickname, what they agreed to, and the page they are on."""

    nickname: Nickname
    consent: Consent
    site: Site = ""
    locale: Locale = "en"


class IdentityExchange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A JWT by which the church's own website says who its visitor is; it is taken once and lives five minutes."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    site: Site = ""


class SiteGone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A website that is no longer the church's."""

    site: Annotated[str, msgspec.Meta(min_length=1, max_length=253, examples=["old.grace.example"])]


class SitesEnded(msgspec.Struct, frozen=True):
    """How many sessions ended with it."""

    sessions: int


class Tokens(msgspec.Struct, frozen=True):
    """An access token for `Authorization: Bearer`, and the refresh token that brings the next one; it works once."""

    access_token: str
    refresh_token: str
    expires_in: Annotated[
        int, msgspec.Meta(description="Seconds until the access token expires.", examples=[600])
    ]
    id: Annotated[UUID, msgspec.Meta(description="Whose tokens these are.")]
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme (RFC 6750)

    @classmethod
    def of(cls, grant: Grant) -> Tokens:
        """Show a grant."""
        return cls(grant.access_token, grant.refresh_token, grant.expires_in, grant.subject)


class SocketToken(msgspec.Struct, frozen=True):
    """A token for one socket's hello; keep it in memory only."""

    token: str
    expires_in: int


class SignedIn(msgspec.Struct, frozen=True):
    """Somebody in the console."""

    id: UUID
    name: str
    roles: list[str]

    @classmethod
    def of(cls, person: Person | Actor) -> SignedIn:
        """Show a person; roles in a fixed order."""
        assert person.id is not None
        return cls(person.id, person.name, sorted(person.roles))


class ChurchShown(msgspec.Struct, frozen=True):
    """The church one is signed in to."""

    slug: str
    name: str


class ConsoleSession(msgspec.Struct, frozen=True):
    """Who is signed in to the console, and the token that each write repeats in `X-CSRF-Token`."""

    person: SignedIn
    church: ChurchShown
    csrf: str


class Me(msgspec.Struct, frozen=True):
    """Who is asking."""

    kind: str
    id: UUID | None
    name: str
    roles: list[str]
    scopes: list[str]
    second_factor: bool

    @classmethod
    def of(cls, actor: Actor) -> Me:
        """Show an actor."""
        return cls(actor.kind, actor.id, actor.name, sorted(actor.roles), sorted(actor.scopes), actor.strong)
