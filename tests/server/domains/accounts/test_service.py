"""Accounts: opened, given roles, suspended, never without an owner."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from argon2 import PasswordHasher

from server.domains.accounts.errors import (
    BadCredentials,
    EmailTaken,
    LastOwner,
    NoSuchPerson,
    NotYoursToGive,
)
from server.domains.accounts.models import Person
from server.kit.errors import Forbidden, Limited, Unauthenticated
from server.kit.scope import Actor, Scope
from server.wiring import Wiring

PASSWORD = "a long walk by the lake"


async def person(wiring: Wiring, scope: Scope, name: str, *roles: str) -> Person:
    return await wiring.accounts.create(
        scope, email=f"{name}@grace.example", name=name.title(), password=PASSWORD, roles=frozenset(roles)
    )


def acting(scope: Scope, person: Person) -> Scope:
    return Scope(scope.tenant, Actor("person", person.id, person.name, person.roles), scope.origin)


async def test_address_is_one_account(wiring: Wiring, system: Scope, other_system: Scope) -> None:
    """An address has one account in a church, whatever its spelling, and may have one in another church."""
    await person(wiring, system, "anna")
    with pytest.raises(EmailTaken):
        await wiring.accounts.create(
            system, email="ANNA@Grace.example", name="X", password=PASSWORD, roles=frozenset()
        )
    assert await person(wiring, other_system, "anna")


async def test_raced_accounts_of_one_address(wiring: Wiring, system: Scope) -> None:
    """Of five who open one address at once, one does."""
    results = await asyncio.gather(
        *(person(wiring, system, "anna") for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(result, Person) for result in results) == 1
    assert sum(isinstance(result, EmailTaken) for result in results) == 4


async def test_last_owner_stays(wiring: Wiring, system: Scope) -> None:
    """The last owner is neither demoted nor suspended, not even by background work."""
    anna = await person(wiring, system, "anna", "owner")
    for scope in (acting(system, anna), system):
        with pytest.raises(LastOwner):
            await wiring.accounts.set_roles(scope, anna.id, frozenset({"admin"}))
        with pytest.raises(LastOwner):
            await wiring.accounts.suspend(scope, anna.id)
    ben = await person(wiring, system, "ben", "owner")
    await wiring.accounts.suspend(system, ben.id)
    with pytest.raises(LastOwner):
        await wiring.accounts.set_roles(system, anna.id, frozenset())


async def test_two_owners_cannot_demote_each_other_at_once(wiring: Wiring, system: Scope) -> None:
    """However many owners demote one another at the same moment, one is left."""
    owners = [await person(wiring, system, f"owner{n}", "owner") for n in range(4)]
    await asyncio.gather(
        *(
            wiring.accounts.set_roles(acting(system, one), other.id, frozenset())
            for one, other in zip(owners, owners[1:] + owners[:1], strict=True)
        ),
        *(wiring.accounts.suspend(acting(system, one), one.id) for one in owners),
        return_exceptions=True,
    )
    left = [
        one for one in await wiring.accounts.page(system, staff=True)
        if "owner" in one.roles and one.status == "active"
    ]  # fmt: skip
    assert len(left) >= 1


async def test_admin_cannot_rise_or_touch_an_owner(wiring: Wiring, system: Scope) -> None:
    """An admin makes moderators, and nobody more; owners and pastors are out of reach."""
    owner = await person(wiring, system, "owner", "owner")
    pastor = await person(wiring, system, "pastor", "pastor")
    admin = await person(wiring, system, "admin", "admin")
    friend = await person(wiring, system, "friend")
    scope = acting(system, admin)
    changed = await wiring.accounts.set_roles(scope, friend.id, frozenset({"moderator"}))
    assert changed.roles == {"moderator", "member"}
    for target in (admin, friend):
        for role in ("owner", "pastor", "prayer_team"):
            with pytest.raises(NotYoursToGive):
                await wiring.accounts.set_roles(scope, target.id, frozenset({role}))
    for target in (owner, pastor):
        with pytest.raises(NotYoursToGive):
            await wiring.accounts.set_roles(scope, target.id, frozenset())
        with pytest.raises(NotYoursToGive):
            await wiring.accounts.suspend(scope, target.id)


@pytest.mark.parametrize("role", ["pastor", "moderator", "prayer_team", "member"])
async def test_other_roles_manage_nobody(wiring: Wiring, system: Scope, role: str) -> None:
    """Only owner and admin list, change and suspend; one's own account may be read."""
    someone = await person(wiring, system, "someone", role)
    scope = acting(system, someone)
    other = await person(wiring, system, "other")
    with pytest.raises(Forbidden):
        await wiring.accounts.page(scope)
    with pytest.raises(Forbidden):
        await wiring.accounts.get(scope, other.id)
    with pytest.raises(Forbidden):
        await wiring.accounts.set_roles(scope, someone.id, frozenset({"owner"}))
    with pytest.raises(Forbidden):
        await wiring.accounts.suspend(scope, other.id)
    with pytest.raises(Forbidden):
        await wiring.accounts.create(
            scope, email="x@grace.example", name="X", password=PASSWORD, roles=frozenset()
        )
    assert (await wiring.accounts.get(scope, someone.id)).name == "Someone"
    with pytest.raises(Unauthenticated):
        await wiring.accounts.page(Scope(system.tenant))


async def test_other_churchs_person_does_not_exist(
    wiring: Wiring, system: Scope, other_system: Scope
) -> None:
    """A person of another church is as if they were not there."""
    anna = await person(wiring, system, "anna")
    for act in (
        wiring.accounts.get(other_system, anna.id),
        wiring.accounts.suspend(other_system, anna.id),
        wiring.accounts.set_roles(other_system, anna.id, frozenset()),
        wiring.accounts.get(system, uuid4()),
    ):
        with pytest.raises(NoSuchPerson):
            await act


async def test_own_password_is_asked_for_ten_times(wiring: Wiring, system: Scope) -> None:
    """At a desk left open nobody guesses the password."""
    anna = await person(wiring, system, "anna")
    for _ in range(10):
        with pytest.raises(BadCredentials):
            await wiring.accounts.again(acting(system, anna), "wrong")
    with pytest.raises(Limited):
        await wiring.accounts.again(acting(system, anna), PASSWORD)


async def test_old_hash_is_renewed(wiring: Wiring, system: Scope) -> None:
    """A hash of weaker parameters is replaced when its password is shown."""
    anna = await person(wiring, system, "anna")
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    async with wiring.database.transaction(system) as tx:
        await wiring.accounts.set_password(tx, system, anna.id, weak)
    verified = await wiring.accounts.verify(system, "anna@grace.example", PASSWORD)
    assert not wiring.passwords.outdated(verified.proof)
    assert PASSWORD not in repr(verified)
    assert verified.proof not in repr(verified)
    async with wiring.database.transaction(system) as tx:
        assert (await wiring.accounts.still(tx, verified)).id == anna.id


async def test_profile(wiring: Wiring, system: Scope) -> None:
    """One's own name and language can be changed, each alone."""
    anna = await person(wiring, system, "anna")
    assert (
        await wiring.accounts.rename(acting(system, anna), name=" Anna  Berg", locale=None)
    ).name == "Anna Berg"
    changed = await wiring.accounts.rename(acting(system, anna), name=None, locale="es")
    assert (changed.name, changed.locale) == ("Anna Berg", "es")


async def test_pages(wiring: Wiring, system: Scope) -> None:
    """Accounts come in the order they were opened; staff alone on request."""
    people = [await person(wiring, system, f"p{n}", *(["moderator"] if n % 2 else [])) for n in range(5)]
    first = await wiring.accounts.page(system, most=2)
    rest = await wiring.accounts.page(system, after=first[-1].id)
    assert [one.id for one in [*first, *rest]] == [one.id for one in people]
    assert [one.name for one in await wiring.accounts.page(system, staff=True)] == ["P1", "P3"]
