"""Accounts over HTTP."""

from __future__ import annotations

from uuid import UUID

from litestar import get, patch, post, put

from server.domains.accounts import policy
from server.domains.accounts.models import Person
from server.domains.accounts.schemas import (
    PasswordChange,
    PeoplePage,
    PersonShown,
    ProfileChange,
    RolesChange,
)
from server.domains.accounts.service import NOBODY, AccountsService
from server.kit import paging
from server.kit.scope import Scope


@get(
    "/accounts/me",
    operation_id="my_account",
    summary="One's own account",
    tags=["accounts"],
    opt={"rule": policy.ME},
)
async def my_account(scope: Scope, accounts: AccountsService) -> PersonShown:
    """Name, address, roles."""
    return PersonShown.of(await accounts.get(scope, scope.actor.id or NOBODY))


@patch(
    "/accounts/me",
    operation_id="change_my_account",
    summary="Change one's own name or language",
    tags=["accounts"],
    opt={"rule": policy.ME},
)
async def change_my_account(scope: Scope, accounts: AccountsService, data: ProfileChange) -> PersonShown:
    """What is left out stays as it is."""
    return PersonShown.of(await accounts.rename(scope, name=data.name, locale=data.locale))


@post(
    "/accounts/me/password",
    operation_id="change_my_password",
    summary="Change one's own password",
    tags=["accounts"],
    status_code=204,
    opt={"rule": policy.ME, "secret_answer": True},
)
async def change_my_password(scope: Scope, accounts: AccountsService, data: PasswordChange) -> None:
    """This session goes on; all others end."""
    await accounts.change_password(scope, data.old, data.new)


@get(
    "/accounts",
    operation_id="accounts",
    summary="Accounts in this church",
    tags=["accounts"],
    opt={"rule": policy.LIST},
)
async def people(
    scope: Scope,
    accounts: AccountsService,
    after: paging.Cursor | None = None,
    limit: paging.Limit = 50,
    staff: bool = False,
) -> PeoplePage:
    """In the order they were opened; `staff` leaves out who is only a member."""
    start = paging.decode(after, tuple[UUID])
    found = await accounts.page(scope, after=start[0] if start else None, most=limit + 1, staff=staff)
    page = paging.page(found, limit, PersonShown.of, _key)
    return PeoplePage(page.items, page.next)


@get(
    "/accounts/{person_id:uuid}",
    operation_id="account",
    summary="One account",
    tags=["accounts"],
    opt={"rule": policy.LIST},
)
async def one(scope: Scope, accounts: AccountsService, person_id: UUID) -> PersonShown:
    """Name, address, roles, status."""
    return PersonShown.of(await accounts.get(scope, person_id))


@put(
    "/accounts/{person_id:uuid}/roles",
    operation_id="set_roles",
    summary="Give and take roles",
    tags=["accounts"],
    opt={"rule": policy.CHANGE_ROLES},
)
async def set_roles(
    scope: Scope, accounts: AccountsService, person_id: UUID, data: RolesChange
) -> PersonShown:
    """Nobody gives or takes a role that their own roles do not cover, and a church keeps an owner."""
    return PersonShown.of(await accounts.set_roles(scope, person_id, frozenset(data.roles)))


@post(
    "/accounts/{person_id:uuid}/suspend",
    operation_id="suspend_account",
    summary="Keep somebody out",
    tags=["accounts"],
    status_code=200,
    opt={"rule": policy.SUSPEND},
)
async def suspend(scope: Scope, accounts: AccountsService, person_id: UUID) -> PersonShown:
    """Their sessions and sockets end at once."""
    return PersonShown.of(await accounts.suspend(scope, person_id))


@post(
    "/accounts/{person_id:uuid}/resume",
    operation_id="resume_account",
    summary="Let somebody in again",
    tags=["accounts"],
    status_code=200,
    opt={"rule": policy.SUSPEND},
)
async def resume(scope: Scope, accounts: AccountsService, person_id: UUID) -> PersonShown:
    """They sign in again."""
    return PersonShown.of(await accounts.resume(scope, person_id))


def _key(person: Person) -> tuple[UUID]:
    return (person.id,)


ROUTES = [my_account, change_my_account, change_my_password, people, one, set_roles, suspend, resume]
