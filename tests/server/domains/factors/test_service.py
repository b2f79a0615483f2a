"""Second factors: set up, asked for, never taken twice."""

from __future__ import annotations

import asyncio

import psycopg
import pyotp
import pytest

from server.domains.accounts.errors import BadCredentials
from server.domains.accounts.models import Person
from server.domains.auth.models import Proof
from server.domains.factors import policy
from server.domains.factors.errors import BadTotp, NoTotp, TotpExists, TotpRequired
from server.kit.crypto import CannotOpen
from server.kit.errors import Forbidden, Limited, Unauthenticated
from server.kit.scope import Actor, Origin, Scope
from server.settings import Settings
from server.wiring import Wiring

PASSWORD = "a long walk by the lake"


def stranger(scope: Scope) -> Scope:
    return Scope(scope.tenant, origin=Origin(address="192.0.2.1", device="Firefox"))


@pytest.fixture
async def anna(wiring: Wiring, system: Scope) -> Person:
    return await wiring.accounts.create(
        system, email="anna@grace.example", name="Anna", password=PASSWORD, roles=frozenset({"owner"})
    )


def acting(scope: Scope, person: Person) -> Scope:
    return Scope(scope.tenant, Actor("person", person.id, person.name, person.roles), scope.origin)


class Phone:
    """An authenticator app whose clock can be moved on."""

    def __init__(self, wiring: Wiring, settings: Settings, scope: Scope, secret: str) -> None:
        self.totp = pyotp.TOTP(secret)
        self.wiring = wiring
        self.owner = settings.owner_url
        self.schema = scope.tenant.schema

    async def code(self) -> str:
        """Return the present code, by the database's clock, which decides."""
        with psycopg.connect(self.owner) as owner:
            row = owner.execute("select extract(epoch from clock_timestamp())::bigint").fetchone()
        assert row
        return self.totp.generate_otp(row[0] // 30)

    async def wait(self) -> None:
        """Let a minute pass: the last accepted step moves into the past."""
        with psycopg.connect(self.owner, autocommit=True) as owner:
            owner.execute(f"update {self.schema}.factors_totp set last_step = last_step - 2".encode())


async def enrolled(
    wiring: Wiring, settings: Settings, scope: Scope, person: Person
) -> tuple[Phone, list[str]]:
    begun = await wiring.factors.enrol(acting(scope, person), PASSWORD)
    phone = Phone(wiring, settings, scope, begun.secret)
    codes = await wiring.factors.confirm(acting(scope, person), await phone.code())
    await phone.wait()
    return phone, codes


async def test_confirmed_factor_is_asked_for(
    wiring: Wiring, settings: Settings, system: Scope, anna: Person
) -> None:
    """After a first code signing in needs the password and a code, and the session says so."""
    begun = await wiring.factors.enrol(acting(system, anna), PASSWORD)
    assert await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    phone = Phone(wiring, settings, system, begun.secret)
    codes = await wiring.factors.confirm(acting(system, anna), await phone.code())
    assert len(set(codes)) == policy.RECOVERY_CODES
    await phone.wait()
    with pytest.raises(TotpRequired):
        await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    with pytest.raises(BadTotp):
        await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD, "000000")
    grant = await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD, await phone.code())
    scope = await wiring.auth.identify(system.tenant, Proof(bearer=grant.access_token), Origin())
    assert scope.actor.strong


async def test_wrong_password_learns_nothing_of_the_factor(
    wiring: Wiring, settings: Settings, system: Scope, anna: Person
) -> None:
    """Whether an account has a second factor is told to the right password alone."""
    await enrolled(wiring, settings, system, anna)
    with pytest.raises(BadCredentials):
        await wiring.auth.sign_in(stranger(system), "anna@grace.example", "another password")


async def test_code_is_not_taken_twice(
    wiring: Wiring, settings: Settings, system: Scope, anna: Person
) -> None:
    """Of nine sign-ins at once with one code, one succeeds."""
    phone, _ = await enrolled(wiring, settings, system, anna)
    code = await phone.code()
    results = await asyncio.gather(
        *(wiring.factors.check(system, anna.id, code) for _ in range(9)), return_exceptions=True
    )
    assert sum(result is True for result in results) == 1
    assert sum(isinstance(result, BadTotp) for result in results) == 8


async def test_recovery_code_works_once(
    wiring: Wiring, settings: Settings, system: Scope, anna: Person
) -> None:
    """A recovery code stands for the phone, once, however it is typed."""
    _, codes = await enrolled(wiring, settings, system, anna)
    typed = f" {codes[0].upper().replace('-', ' ')}"
    assert await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD, typed)
    with pytest.raises(BadTotp):
        await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD, codes[0])
    assert (await wiring.factors.status(acting(system, anna))).recovery_codes == 9


async def test_renewed_codes_end_the_old_ones(
    wiring: Wiring, settings: Settings, system: Scope, anna: Person
) -> None:
    """New recovery codes take the place of all old ones."""
    phone, old = await enrolled(wiring, settings, system, anna)
    new = await wiring.factors.renew_codes(acting(system, anna), await phone.code())
    assert not set(new) & set(old)
    with pytest.raises(BadTotp):
        await wiring.factors.check(system, anna.id, old[0])
    assert await wiring.factors.check(system, anna.id, new[0])


async def test_codes_cannot_be_guessed(
    wiring: Wiring, settings: Settings, system: Scope, anna: Person
) -> None:
    """After ten tries within a quarter of an hour the next has to wait, right or wrong."""
    phone, _ = await enrolled(wiring, settings, system, anna)
    for number in range(9):  # the confirmation was the first
        with pytest.raises(BadTotp):
            await wiring.factors.check(system, anna.id, f"{number:06}")
    with pytest.raises(Limited):
        await wiring.factors.check(system, anna.id, await phone.code())


async def test_set_up_needs_password_and_is_not_replaced(
    wiring: Wiring, settings: Settings, system: Scope, anna: Person
) -> None:
    """Nobody sets up a factor at a desk left open, or over one that is confirmed; an unfinished one is replaced."""
    with pytest.raises(BadCredentials):
        await wiring.factors.enrol(acting(system, anna), "another password")
    first = await wiring.factors.enrol(acting(system, anna), PASSWORD)
    second = await wiring.factors.enrol(acting(system, anna), PASSWORD)
    with pytest.raises(BadTotp):
        await wiring.factors.confirm(
            acting(system, anna), await Phone(wiring, settings, system, first.secret).code()
        )
    phone = Phone(wiring, settings, system, second.secret)
    await wiring.factors.confirm(acting(system, anna), await phone.code())
    with pytest.raises(TotpExists):
        await wiring.factors.enrol(acting(system, anna), PASSWORD)
    with pytest.raises(TotpExists):
        await wiring.factors.confirm(acting(system, anna), await phone.code())


async def test_removing_needs_password_and_code(
    wiring: Wiring, settings: Settings, system: Scope, anna: Person
) -> None:
    """One's own factor is removed by password and code together."""
    phone, _ = await enrolled(wiring, settings, system, anna)
    with pytest.raises(BadCredentials):
        await wiring.factors.disable(acting(system, anna), "another password", await phone.code())
    with pytest.raises(BadTotp):
        await wiring.factors.disable(acting(system, anna), PASSWORD, "000000")
    await wiring.factors.disable(acting(system, anna), PASSWORD, await phone.code())
    assert await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    with pytest.raises(NoTotp):
        await wiring.factors.confirm(acting(system, anna), "000000")


@pytest.mark.parametrize("role", ["admin", "pastor", "moderator", "prayer_team", "member"])
async def test_only_an_owner_removes_anothers(
    wiring: Wiring, settings: Settings, system: Scope, anna: Person, role: str
) -> None:
    """An owner vouches for somebody who lost the phone; nobody else does."""
    await enrolled(wiring, settings, system, anna)
    other = Scope(system.tenant, Actor("person", anna.id, "X", frozenset({role, "member"})))
    with pytest.raises(Forbidden):
        await wiring.factors.remove(other, anna.id)
    with pytest.raises(Unauthenticated):
        await wiring.factors.remove(Scope(system.tenant), anna.id)
    await wiring.factors.remove(acting(system, anna), anna.id)
    assert not await wiring.factors.check(system, anna.id, None)


async def test_secret_is_sealed_for_its_person_and_church(
    wiring: Wiring, settings: Settings, system: Scope, anna: Person
) -> None:
    """The table shows no secret or recovery code, and a row copied to somebody else does not open."""
    begun = await wiring.factors.enrol(acting(system, anna), PASSWORD)
    phone = Phone(wiring, settings, system, begun.secret)
    codes = await wiring.factors.confirm(acting(system, anna), await phone.code())
    ben = await wiring.accounts.create(
        system, email="ben@grace.example", name="Ben", password=PASSWORD, roles=frozenset({"admin"})
    )
    schema = system.tenant.schema
    with psycopg.connect(settings.owner_url, autocommit=True) as owner:
        rows = owner.execute(f"select t::text from {schema}.factors_totp t".encode()).fetchall()
        rows += owner.execute(f"select r::text from {schema}.factors_recovery r".encode()).fetchall()
        owner.execute(
            f"insert into {schema}.factors_totp select %s, secret_sealed, now(), 0, now()"
            f" from {schema}.factors_totp".encode(),
            (ben.id,),
        )
    shown = str(rows)
    assert begun.secret not in shown
    assert begun.secret.encode().hex() not in shown
    assert all(code not in shown for code in codes)
    with pytest.raises(CannotOpen):
        await wiring.factors.check(system, ben.id, await phone.code())


async def test_members_have_no_factor(wiring: Wiring, system: Scope) -> None:
    """Second factors are for staff."""
    ben = await wiring.accounts.create(
        system, email="ben@grace.example", name="Ben", password=PASSWORD, roles=frozenset()
    )
    with pytest.raises(Forbidden):
        await wiring.factors.enrol(acting(system, ben), PASSWORD)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("abcde-fghjk-mnpqr", "abcde-fghjk-mnpqr"),
        ("ABCDEFGHJKMNPQR", "abcde-fghjk-mnpqr"),
        (" abcde fghjk  mnpqr ", "abcde-fghjk-mnpqr"),
        ("123456", None),
        ("abcde-fghjk-mnpq", None),
        ("abcde-fghjk-mnpq1", None),
        ("", None),
    ],
)
def test_recovery_codes_are_read_kindly(typed: str, found: str | None) -> None:
    """Case, spaces and hyphens do not matter; what is no recovery code is none."""
    assert policy.recovery_code(typed) == found


def test_recovery_codes_have_their_form() -> None:
    """Each code is read back as itself."""
    codes = {policy.new_recovery_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(policy.recovery_code(code) == code for code in codes)
