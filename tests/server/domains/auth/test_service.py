"""Signing in, being recognised, signing out."""

from __future__ import annotations

import asyncio
import time

import psycopg
import pytest

from server.domains.accounts.errors import BadCredentials, Suspended
from server.domains.accounts.models import Person
from server.domains.auth.errors import NotStaff, TwoProofs
from server.domains.auth.models import Proof
from server.domains.sessions.errors import CsrfMissing, SessionEnded
from server.kit.errors import Limited, NotFound, Unauthenticated
from server.kit.scope import Origin, Scope
from server.kit.tokens import BadToken
from server.settings import Settings
from server.wiring import Wiring

PASSWORD = "a long walk by the lake"
HOME = Origin(request_id="r", address="192.0.2.1", device="Firefox")


async def person(wiring: Wiring, scope: Scope, *roles: str, email: str = "anna@grace.example") -> Person:
    return await wiring.accounts.create(
        scope, email=email, name="Anna", password=PASSWORD, roles=frozenset(roles)
    )


def stranger(scope: Scope, origin: Origin = HOME) -> Scope:
    return Scope(scope.tenant, origin=origin)


async def recognise(wiring: Wiring, scope: Scope, proof: Proof, origin: Origin = HOME) -> Scope:
    return await wiring.auth.identify(scope.tenant, proof, origin)


async def test_password_opens_a_session(wiring: Wiring, system: Scope) -> None:
    """An access token says who is asking, with the roles of this church."""
    anna = await person(wiring, system, "moderator")
    grant = await wiring.auth.sign_in(stranger(system), " Anna@GRACE.example ", PASSWORD)
    scope = await recognise(wiring, system, Proof(bearer=grant.access_token))
    assert (scope.actor.kind, scope.actor.id, scope.actor.name) == ("person", anna.id, "Anna")
    assert scope.actor.roles == {"moderator", "member"}
    assert scope.actor.session == grant.session
    assert not scope.actor.strong


async def test_no_proof_is_nobody(wiring: Wiring, system: Scope) -> None:
    """A request that shows nothing is nobody's."""
    assert (await recognise(wiring, system, Proof())).actor.kind == "anonymous"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("anna@grace.example", "another password"),
        ("nobody@grace.example", PASSWORD),
        ("not an address", PASSWORD),
        ("", ""),
        ("anna@grace.example", PASSWORD + "\x00"),
        ("anna@grace.example\x00", PASSWORD),
    ],
)
async def test_wrong_credentials_are_all_alike(
    wiring: Wiring, system: Scope, email: str, password: str
) -> None:
    """A wrong password and an unknown address give the same answer."""
    await person(wiring, system)
    with pytest.raises(BadCredentials) as caught:
        await wiring.auth.sign_in(stranger(system), email, password)
    assert str(caught.value) == "E-mail address and password do not match."


async def test_unknown_account_takes_as_long(wiring: Wiring, system: Scope) -> None:
    """Whether an address has an account cannot be told by the clock: the faster half of the tries differ little."""
    await person(wiring, system)

    async def seconds(email: str, number: int) -> float:
        origin = Origin(address=f"198.51.100.{number}")
        begun = time.perf_counter()
        with pytest.raises(BadCredentials):
            await wiring.auth.sign_in(stranger(system, origin), email, "another password")
        return time.perf_counter() - begun

    known, unknown = [], []
    for number in range(20):
        known.append(await seconds("anna@grace.example", number))
        unknown.append(await seconds(f"nobody{number}@grace.example", number))
    fast_known, fast_unknown = sorted(known)[:5], sorted(unknown)[:5]
    assert sum(fast_unknown) > 0.6 * sum(fast_known)
    assert sum(fast_known) > 0.6 * sum(fast_unknown)


async def test_other_church_is_not_found(wiring: Wiring, system: Scope, other_system: Scope) -> None:
    """A valid token of another church is answered as if there were nothing here; its account opens nothing here."""
    await person(wiring, system)
    grant = await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    with pytest.raises(NotFound):
        await recognise(wiring, other_system, Proof(bearer=grant.access_token))
    with pytest.raises(BadToken):
        await wiring.auth.refresh(stranger(other_system), grant.refresh_token)
    with pytest.raises(BadCredentials):
        await wiring.auth.sign_in(stranger(other_system), "anna@grace.example", PASSWORD)


async def test_console_cookie_needs_csrf_to_write(wiring: Wiring, system: Scope) -> None:
    """A cookie reads by itself and writes only with the session's own CSRF token."""
    await person(wiring, system, "owner")
    await person(wiring, system, "admin", email="ben@grace.example")
    _, given = await wiring.auth.sign_in_console(stranger(system), "anna@grace.example", PASSWORD)
    _, other = await wiring.auth.sign_in_console(stranger(system), "ben@grace.example", PASSWORD)
    read = await recognise(wiring, system, Proof(console=given.value, unsafe=False))
    assert read.actor.roles == {"owner", "member"}
    assert (
        await recognise(wiring, system, Proof(console=given.value, csrf=given.csrf))
    ).actor.id == read.actor.id
    for wrong in (None, "", other.csrf, given.csrf[:-1], given.csrf + "A", "é"):
        with pytest.raises(CsrfMissing):
            await recognise(wiring, system, Proof(console=given.value, csrf=wrong))


async def test_foreign_or_forged_cookie_is_nobody(wiring: Wiring, system: Scope, other_system: Scope) -> None:
    """Cookies come by themselves, so one of another church or a broken one is nobody's instead of an error."""
    await person(wiring, system, "owner")
    _, given = await wiring.auth.sign_in_console(stranger(system), "anna@grace.example", PASSWORD)
    church, _, rest = given.value.partition(".")
    forged = [
        f"{other_system.tenant.id}.{rest}",
        f"{church}.{rest[:-4]}AAAA",
        f"{church}.{rest[::-1]}",
        f"{church}.",
        "x",
        "é.é",
        given.value + "=",
    ]
    for value in forged:
        for scope in (system, other_system):
            found = await recognise(wiring, scope, Proof(console=value, unsafe=False))
            assert found.actor.kind == "anonymous", value
    assert (await recognise(wiring, other_system, Proof(console=given.value))).actor.kind == "anonymous"


async def test_cookie_opens_no_socket(wiring: Wiring, system: Scope) -> None:
    """Sockets look at no cookie; the console asks for a socket token, which is good for sockets alone."""
    await person(wiring, system, "owner")
    _, given = await wiring.auth.sign_in_console(stranger(system), "anna@grace.example", PASSWORD)
    proof = Proof(console=given.value, csrf=given.csrf)
    assert (await wiring.auth.identify(system.tenant, proof, HOME, socket=True)).actor.kind == "anonymous"
    scope = await recognise(wiring, system, proof)
    token, seconds = await wiring.auth.socket(scope)
    assert 0 < seconds <= 300
    on_socket = await wiring.auth.identify(system.tenant, Proof(bearer=token), HOME, socket=True)
    assert on_socket.actor.id == scope.actor.id
    with pytest.raises(BadToken):
        await recognise(wiring, system, Proof(bearer=token))


async def test_console_is_for_staff(wiring: Wiring, system: Scope) -> None:
    """Somebody who is only a member signs in to the app, not to the console."""
    await person(wiring, system)
    with pytest.raises(NotStaff):
        await wiring.auth.sign_in_console(stranger(system), "anna@grace.example", PASSWORD)
    assert await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)


async def test_sign_out_ends_tokens_at_once(wiring: Wiring, system: Scope) -> None:
    """After signing out neither the access token nor the refresh token does anything."""
    await person(wiring, system)
    grant = await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    scope = await recognise(wiring, system, Proof(bearer=grant.access_token))
    await wiring.auth.sign_out(scope)
    with pytest.raises(SessionEnded):
        await recognise(wiring, system, Proof(bearer=grant.access_token))
    with pytest.raises(SessionEnded):
        await wiring.auth.refresh(stranger(system), grant.refresh_token)


async def test_sign_out_everywhere(wiring: Wiring, system: Scope) -> None:
    """All sessions of a person end at once, the console too; another person's go on."""
    await person(wiring, system, "owner")
    await person(wiring, system, email="ben@grace.example")
    one = await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    _, desk = await wiring.auth.sign_in_console(stranger(system), "anna@grace.example", PASSWORD)
    ben = await wiring.auth.sign_in(stranger(system), "ben@grace.example", PASSWORD)
    scope = await recognise(wiring, system, Proof(bearer=one.access_token))
    assert len(await wiring.sessions.mine(scope)) == 2
    await wiring.sessions.end_everywhere(scope)
    with pytest.raises(SessionEnded):
        await recognise(wiring, system, Proof(bearer=one.access_token))
    assert (
        await recognise(wiring, system, Proof(console=desk.value, unsafe=False))
    ).actor.kind == "anonymous"
    assert (await recognise(wiring, system, Proof(bearer=ben.access_token))).actor.kind == "person"


async def test_suspended_is_kept_out(wiring: Wiring, system: Scope) -> None:
    """A suspended person's tokens stop working, and only the right password learns why."""
    anna = await person(wiring, system)
    grant = await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    await wiring.accounts.suspend(system, anna.id)
    wiring.sessions.forget(system.tenant)
    with pytest.raises(Suspended):
        await recognise(wiring, system, Proof(bearer=grant.access_token))
    with pytest.raises(Suspended):
        await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    with pytest.raises(BadCredentials):
        await wiring.auth.sign_in(stranger(system), "anna@grace.example", "another password")
    await wiring.accounts.resume(system, anna.id)
    assert await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)


async def test_two_proofs_are_refused(wiring: Wiring, system: Scope) -> None:
    """A request proves who is asking in one way."""
    with pytest.raises(TwoProofs):
        await recognise(wiring, system, Proof(bearer="x", api_key="nx_y"))


async def test_tries_are_limited_by_account_and_address(wiring: Wiring, system: Scope) -> None:
    """The eleventh try of one account from one address within a quarter of an hour has to wait."""
    await person(wiring, system)
    results = await asyncio.gather(
        *(wiring.auth.sign_in(stranger(system), "anna@grace.example", f"wrong {n}") for n in range(14)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, BadCredentials) for result in results) == 10
    limited = [result for result in results if isinstance(result, Limited)]
    assert len(limited) == 4
    assert all(result.retry_after for result in limited)
    elsewhere = stranger(system, Origin(address="203.0.113.9"))
    assert await wiring.auth.sign_in(elsewhere, "anna@grace.example", PASSWORD)


async def test_owner_is_not_locked_out_by_strangers(
    wiring: Wiring, settings: Settings, system: Scope
) -> None:
    """When many addresses try one account, a place it signed in from before still may."""
    await person(wiring, system, "owner")
    await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    for number in range(110):
        with pytest.raises((BadCredentials, Limited)):
            origin = Origin(address=f"198.51.100.{number}")
            await wiring.auth.sign_in(stranger(system, origin), "anna@grace.example", "wrong wrong")
    with pytest.raises(Limited):
        origin = Origin(address="203.0.113.9")
        await wiring.auth.sign_in(stranger(system, origin), "anna@grace.example", PASSWORD)
    assert await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)


async def test_acts_are_in_the_history(wiring: Wiring, system: Scope) -> None:
    """Signing in and out stand in the church's history with the person's name."""
    await person(wiring, system)
    grant = await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    await wiring.auth.sign_out(await recognise(wiring, system, Proof(bearer=grant.access_token)))
    entries = await wiring.audit.page(system)
    assert [entry.action for entry in entries] == ["sessions.ended", "auth.signed_in", "accounts.opened"]
    assert entries[1].actor_name == "Anna"
    assert entries[1].address == "192.0.2.1"


async def test_nothing_secret_is_stored(wiring: Wiring, settings: Settings, system: Scope) -> None:
    """No token, cookie or password stands anywhere in the church's tables."""
    await person(wiring, system, "owner")
    grant = await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    _, given = await wiring.auth.sign_in_console(stranger(system), "anna@grace.example", PASSWORD)
    with psycopg.connect(settings.owner_url) as owner:
        tables = owner.execute(
            "select tablename from pg_tables where schemaname = %s", (system.tenant.schema,)
        ).fetchall()
        dump = ""
        for (table,) in tables:
            rows = owner.execute(f"select t::text from {system.tenant.schema}.{table} t".encode())
            dump += "\n".join(row[0] for row in rows)
    secrets = [PASSWORD, grant.access_token, grant.refresh_token, given.value, given.csrf]
    for secret in secrets:
        assert secret not in dump
        assert secret.encode().hex() not in dump


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "nx_", "é", "." * 40, "x" * 5000])
async def test_garbage_is_no_token(wiring: Wiring, system: Scope, token: str) -> None:
    """Whatever stands where a token should stand is refused, never an error of ours."""
    if token:
        with pytest.raises(Unauthenticated):
            await recognise(wiring, system, Proof(bearer=token))
        with pytest.raises(Unauthenticated):
            await recognise(wiring, system, Proof(api_key=token))
    with pytest.raises(Unauthenticated):
        await wiring.auth.refresh(stranger(system), token)
