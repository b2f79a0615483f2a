"""Links over HTTP. A token comes in a body, never in an address, which logs and proxies keep."""

from __future__ import annotations

from uuid import UUID

from litestar import delete, get, post

from server.domains.accounts.schemas import PersonShown
from server.domains.links import policy
from server.domains.links.models import Link
from server.domains.links.schemas import (
    EmailConfirmed,
    Forgotten,
    Invitation,
    InvitationAccepted,
    InvitationShown,
    InvitationsPage,
    LinkLook,
    LinkTold,
    NewEmail,
    PasswordReset,
    Registration,
    RegistrationConfirmed,
)
from server.domains.links.service import LinksService
from server.kit import paging
from server.kit.scope import Scope


@post(
    "/links/register",
    operation_id="register",
    summary="Ask for an account",
    tags=["links"],
    status_code=202,
    opt={"rule": policy.PUBLIC, "stranger": True},
)
async def register(scope: Scope, links: LinksService, data: Registration) -> None:
    """A letter with a link follows; the answer is the same for addresses that have an account."""
    await links.register(scope, email=data.email, locale=data.locale)


@post(
    "/links/register/confirm",
    operation_id="confirm_registration",
    summary="Open the account whose address is confirmed",
    tags=["links"],
    opt={"rule": policy.PUBLIC, "stranger": True, "secret_answer": True},
)
async def confirm_registration(scope: Scope, links: LinksService, data: RegistrationConfirmed) -> PersonShown:
    """Name and password are chosen by whoever reads the letter."""
    return PersonShown.of(
        await links.confirm_registration(scope, data.token, name=data.name, password=data.password)
    )


@post(
    "/links/forgot",
    operation_id="forgot_password",
    summary="Ask for a new password",
    tags=["links"],
    status_code=202,
    opt={"rule": policy.PUBLIC, "stranger": True},
)
async def forgot(scope: Scope, links: LinksService, data: Forgotten) -> None:
    """A letter with a link follows if the address has an account; the answer is always the same."""
    await links.forgot(scope, email=data.email)


@post(
    "/links/reset",
    operation_id="reset_password",
    summary="Set a new password",
    tags=["links"],
    status_code=204,
    opt={"rule": policy.PUBLIC, "stranger": True, "secret_answer": True},
)
async def reset(scope: Scope, links: LinksService, data: PasswordReset) -> None:
    """All sessions end; a second factor is asked for as before."""
    await links.reset(scope, data.token, password=data.password)


@post(
    "/links/email",
    operation_id="change_email",
    summary="Ask for another address",
    tags=["links"],
    status_code=202,
    opt={"rule": policy.PERSON, "secret_answer": True},
)
async def change_email(scope: Scope, links: LinksService, data: NewEmail) -> None:
    """The new address is sent a link; until it is opened nothing changes."""
    await links.change_email(scope, email=data.email, password=data.password)


@post(
    "/links/email/confirm",
    operation_id="confirm_email",
    summary="Confirm another address",
    tags=["links"],
    status_code=200,
    opt={"rule": policy.PUBLIC, "stranger": True, "secret_answer": True},
)
async def confirm_email(scope: Scope, links: LinksService, data: EmailConfirmed) -> PersonShown:
    """The old address is told."""
    return PersonShown.of(await links.confirm_email(scope, data.token))


@post(
    "/links/look",
    operation_id="look_at_link",
    summary="What a link is for",
    tags=["links"],
    status_code=200,
    opt={"rule": policy.PUBLIC, "stranger": True, "secret_answer": True},
)
async def look(scope: Scope, links: LinksService, data: LinkLook) -> LinkTold:
    """The link is not used up by it."""
    return LinkTold.of(await links.look(scope, data.kind, data.token))


@post(
    "/links/invitations",
    operation_id="invite",
    summary="Invite somebody",
    tags=["links"],
    opt={"rule": policy.INVITE},
)
async def invite(scope: Scope, links: LinksService, data: Invitation) -> InvitationShown:
    """With roles that the inviter's own cover; a new invitation replaces the one before."""
    link = await links.invite(scope, email=data.email, roles=frozenset(data.roles), locale=data.locale)
    return InvitationShown.of(link)


@get(
    "/links/invitations",
    operation_id="invitations",
    summary="Open invitations",
    tags=["links"],
    opt={"rule": policy.SEE_INVITATIONS},
)
async def invitations(
    scope: Scope,
    links: LinksService,
    after: paging.Cursor | None = None,
    limit: paging.Limit = 50,
) -> InvitationsPage:
    """In the order they were sent."""
    start = paging.decode(after, tuple[UUID])
    found = await links.invitations(scope, after=start[0] if start else None, most=limit + 1)
    page = paging.page(found, limit, InvitationShown.of, _key)
    return InvitationsPage(page.items, page.next)


@delete(
    "/links/invitations/{link_id:uuid}",
    operation_id="take_back_invitation",
    summary="Take an invitation back",
    tags=["links"],
    opt={"rule": policy.INVITE},
)
async def take_back(scope: Scope, links: LinksService, link_id: UUID) -> None:
    """Its link works no more."""
    await links.take_back(scope, link_id)


@post(
    "/links/invitations/accept",
    operation_id="accept_invitation",
    summary="Accept an invitation",
    tags=["links"],
    status_code=200,
    opt={"rule": policy.PUBLIC, "stranger": True, "secret_answer": True},
)
async def accept(scope: Scope, links: LinksService, data: InvitationAccepted) -> PersonShown:
    """Opens an account, or adds the roles to the one the address has."""
    return PersonShown.of(await links.accept(scope, data.token, name=data.name, password=data.password))


def _key(link: Link) -> tuple[UUID]:
    return (link.id,)


ROUTES = [
    register,
    confirm_registration,
    forgot,
    reset,
    change_email,
    confirm_email,
    look,
    invite,
    invitations,
    take_back,
    accept,
]
