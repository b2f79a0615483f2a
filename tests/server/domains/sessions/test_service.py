"""Sessions: refreshed once each time, raced without harm, ended by reuse."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domains.accounts.models import Person
from server.domains.auth.models import Proof
from server.domains.sessions import policy
from server.domains.sessions.errors import NoSuchSession, RefreshReused, SessionEnded
from server.domains.sessions.models import Grant, Session
from server.kit.crypto import encode_bytes
from server.kit.scope import Actor, Origin, Scope
from server.kit.tokens import BadToken
from server.settings import Settings
from server.wiring import Wiring

PASSWORD = "a long walk by the lake"
HOME = Origin(address="192.0.2.1", device="Firefox on Linux")


def stranger(scope: Scope, origin: Origin = HOME) -> Scope:
    return Scope(scope.tenant, origin=origin)


@pytest.fixture
async def anna(wiring: Wiring, system: Scope) -> Person:
    return await wiring.accounts.create(
        system, email="anna@grace.example", name="Anna", password=PASSWORD, roles=frozenset({"owner"})
    )


@pytest.fixture
async def grant(wiring: Wiring, system: Scope, anna: Person) -> Grant:
    return await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)


def later(settings: Settings, scope: Scope, **ago: float) -> None:
    """Let time pass for every session: all its times move into the past."""
    with psycopg.connect(settings.owner_url, autocommit=True) as owner:
        owner.execute(
            f"update {scope.tenant.schema}.sessions set rotated_at = rotated_at - %(d)s, used_at = used_at - %(d)s,"
            " created_at = created_at - %(d)s, expires_at = expires_at - %(d)s".encode(),
            {"d": timedelta(**ago)},
        )


async def alive(wiring: Wiring, scope: Scope, grant: Grant) -> bool:
    wiring.sessions.forget(scope.tenant)
    try:
        await wiring.auth.identify(scope.tenant, Proof(bearer=grant.access_token), HOME)
    except SessionEnded:
        return False
    return True


async def test_refresh_rotates(wiring: Wiring, settings: Settings, system: Scope, grant: Grant) -> None:
    """Each refresh gives another refresh token for the same session, and the newest one goes on."""
    tokens = {grant.refresh_token}
    for _ in range(5):
        later(settings, system, seconds=60)
        grant = await wiring.auth.refresh(stranger(system), grant.refresh_token)
        tokens.add(grant.refresh_token)
    assert len(tokens) == 6
    assert await alive(wiring, system, grant)


async def test_raced_refresh_gets_one_answer(wiring: Wiring, system: Scope, grant: Grant) -> None:
    """Twenty tabs that refresh at once get the very same tokens, and the session goes on."""
    results = await asyncio.gather(
        *(wiring.auth.refresh(stranger(system), grant.refresh_token) for _ in range(20))
    )
    assert len({(one.access_token, one.refresh_token) for one in results}) == 1
    assert results[0].refresh_token != grant.refresh_token
    assert await wiring.auth.refresh(stranger(system), results[0].refresh_token)


async def test_old_token_ends_the_session(
    wiring: Wiring, settings: Settings, system: Scope, grant: Grant
) -> None:
    """A token shown again after the grace ends the whole family: neither thief nor owner goes on."""
    second = await wiring.auth.refresh(stranger(system), grant.refresh_token)
    later(settings, system, seconds=21)
    with pytest.raises(RefreshReused):
        await wiring.auth.refresh(stranger(system), grant.refresh_token)
    assert not await alive(wiring, system, second)
    with pytest.raises(SessionEnded):
        await wiring.auth.refresh(stranger(system), second.refresh_token)
    entries = await wiring.audit.page(system)
    assert entries[0].action == "sessions.refresh_reused"
    assert entries[0].actor_name == "Anna"


async def test_grace_is_for_the_same_client(wiring: Wiring, system: Scope, grant: Grant) -> None:
    """Within the grace another client with the same token is a thief all the same."""
    await wiring.auth.refresh(stranger(system), grant.refresh_token)
    with pytest.raises(RefreshReused):
        await wiring.auth.refresh(
            stranger(system, Origin(address="192.0.2.1", device="curl")), grant.refresh_token
        )


async def test_second_last_token_has_no_grace(wiring: Wiring, system: Scope, grant: Grant) -> None:
    """The grace is for one step back, not for two."""
    second = await wiring.auth.refresh(stranger(system), grant.refresh_token)
    await wiring.auth.refresh(stranger(system), second.refresh_token)
    with pytest.raises(RefreshReused):
        await wiring.auth.refresh(stranger(system), grant.refresh_token)


async def test_forged_refresh_ends_nothing(wiring: Wiring, system: Scope, grant: Grant) -> None:
    """Who knows a session's id but not its token is refused and cannot end it either."""
    data = grant.session.bytes
    for generation in (0, 1, 2**32 - 1):
        forged = "nr_" + encode_bytes(data + generation.to_bytes(4, "big") + b"\x00" * 32)
        with pytest.raises(BadToken):
            await wiring.auth.refresh(stranger(system), forged)
    for text in (
        grant.access_token,
        grant.refresh_token[3:],
        grant.refresh_token + "A",
        "nr_",
        "nr_" + "A" * 69,
    ):
        with pytest.raises(BadToken):
            await wiring.auth.refresh(stranger(system), text)
    assert await alive(wiring, system, grant)
    assert await wiring.auth.refresh(stranger(system), grant.refresh_token)


async def test_raced_reuse_and_refresh(
    wiring: Wiring, settings: Settings, system: Scope, grant: Grant
) -> None:
    """When thief and owner come at the same moment the session is over in every order."""
    second = await wiring.auth.refresh(stranger(system), grant.refresh_token)
    later(settings, system, seconds=30)
    await asyncio.gather(
        wiring.auth.refresh(stranger(system), second.refresh_token),
        wiring.auth.refresh(stranger(system), grant.refresh_token),
        return_exceptions=True,
    )
    assert not await alive(wiring, system, second)


@pytest.mark.parametrize(("days", "lives"), [(29, True), (31, False)])
async def test_unused_session_ends(
    wiring: Wiring, settings: Settings, system: Scope, grant: Grant, days: int, lives: bool
) -> None:
    """A session that lay unused for a month is over."""
    later(settings, system, days=days)
    if lives:
        assert await wiring.auth.refresh(stranger(system), grant.refresh_token)
    else:
        with pytest.raises(SessionEnded):
            await wiring.auth.refresh(stranger(system), grant.refresh_token)


async def test_console_is_kept_in_use(
    wiring: Wiring, settings: Settings, system: Scope, anna: Person
) -> None:
    """A console session in use lives on beyond its idle time, and not beyond a week in all."""
    _, given = await wiring.auth.sign_in_console(stranger(system), "anna@grace.example", PASSWORD)
    for hours, kind in ((11, "person"), (11, "person"), (13, "anonymous")):
        later(settings, system, hours=hours)
        wiring.sessions.forget(system.tenant)
        found = await wiring.auth.identify(system.tenant, Proof(console=given.value, unsafe=False), HOME)
        assert found.actor.kind == kind
    _, given = await wiring.auth.sign_in_console(stranger(system), "anna@grace.example", PASSWORD)
    for _ in range(16):
        later(settings, system, hours=11)
        wiring.sessions.forget(system.tenant)
        found = await wiring.auth.identify(system.tenant, Proof(console=given.value, unsafe=False), HOME)
    assert found.actor.kind == "anonymous"


async def test_demotion_counts_at_once(wiring: Wiring, system: Scope, anna: Person, grant: Grant) -> None:
    """A role that was taken is gone from the next request, though the token was made before."""
    await wiring.accounts.create(
        system, email="ben@grace.example", name="Ben", password=PASSWORD, roles=frozenset({"owner"})
    )
    scope = await wiring.auth.identify(system.tenant, Proof(bearer=grant.access_token), HOME)
    assert "owner" in scope.actor.roles
    await wiring.accounts.set_roles(system, anna.id, frozenset({"moderator"}))
    scope = await wiring.auth.identify(system.tenant, Proof(bearer=grant.access_token), HOME)
    assert scope.actor.roles == {"moderator", "member"}


async def test_own_sessions_only(wiring: Wiring, system: Scope, grant: Grant) -> None:
    """Somebody else's session cannot be ended; it is as if it were not there."""
    other = Scope(system.tenant, Actor("person", uuid4(), "X", frozenset({"owner"})))
    for session in (grant.session, uuid4()):
        with pytest.raises(NoSuchSession):
            await wiring.sessions.end(other, session)
    assert await alive(wiring, system, grant)


async def test_list_of_sessions(wiring: Wiring, system: Scope, anna: Person, grant: Grant) -> None:
    """One's own sessions are listed with their devices, and one of them can be ended."""
    phone = stranger(system, Origin(address="192.0.2.9", device="Phone"))
    other = await wiring.auth.sign_in(phone, "anna@grace.example", PASSWORD)
    scope = await wiring.auth.identify(system.tenant, Proof(bearer=grant.access_token), HOME)
    found = await wiring.sessions.mine(scope)
    assert {session.device for session in found} == {"Firefox on Linux", "Phone"}
    await wiring.sessions.end(scope, other.session)
    assert [session.id for session in await wiring.sessions.mine(scope)] == [grant.session]
    assert not await alive(wiring, system, other)


async def test_old_password_in_flight_opens_nothing(wiring: Wiring, system: Scope, anna: Person) -> None:
    """A sign-in whose password was right when it was checked, and changed before its session began, fails or ends."""
    verified = await wiring.accounts.verify(system, "anna@grace.example", PASSWORD)
    hashed = await wiring.accounts.hash("another walk, in the woods")
    async with wiring.database.transaction(system) as tx:
        await wiring.accounts.set_password(tx, system, anna.id, hashed)
    with pytest.raises(Exception, match="do not match"):
        async with wiring.database.transaction(system) as tx:
            await wiring.accounts.still(tx, verified)


async def test_trim(wiring: Wiring, settings: Settings, system: Scope, grant: Grant) -> None:
    """Sessions that expired a quarter of a year ago are forgotten."""
    assert await wiring.sessions.trim(system) == 0
    later(settings, system, days=300)
    assert await wiring.sessions.trim(system) == 1


def session(generation: int, age: float, device: str = "Firefox") -> Session:
    """Make a session whose token was rotated `age` seconds ago."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    then = now - timedelta(seconds=age)
    return Session(
        UUID(int=1), "app", None, UUID(int=2), b"s" * 32, generation, then, device, "", False, then, then,
        now + timedelta(days=1), None, now,
    )  # fmt: skip


@given(st.integers(0, 50), st.integers(0, 50), st.floats(0, 100), st.booleans())
def test_verdict_table(newest: int, shown: int, age: float, same: bool) -> None:
    """Only the newest token rotates; only the one before, in time and by the same client, gets the same answer."""
    one = session(newest, age)
    verdict = policy.judge(one, shown, "Firefox" if same else "curl", one.read_at)
    if shown == newest:
        assert verdict == "next"
    elif shown == newest - 1 and same and age <= 20:
        assert verdict == "same"
    else:
        assert verdict == "reuse"


@given(st.binary(max_size=80), st.text(max_size=100))
def test_garbage_is_taken_apart_quietly(data: bytes, text: str) -> None:
    """No text makes reading a token or a cookie fail in another way than by refusing."""
    for value in (text, "nr_" + text, "nr_" + encode_bytes(data)):
        try:
            policy.read_refresh(value)
        except BadToken:
            continue
        assert len(data) == 52
    for value in (text, f"church.{text}", f"church.{encode_bytes(data)}"):
        assert policy.read_cookie(value, "church") is None or len(data) == 48


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("nonsense", "nonsense", True),
    ],
)
def test_network_of_an_address(one: str, other: str, same: bool) -> None:
    """A home is one IPv4 address or one IPv6 /64."""
    assert (policy.network(one) == policy.network(other)) is same


@pytest.mark.parametrize("kind", ["app", "console", "widget"])
def test_widgets_carry_no_staff_roles(kind: str) -> None:
    """On a church's website nobody acts as more than a member."""
    roles = policy.roles_in(kind, frozenset({"owner", "pastor", "member"}))  # type: ignore[arg-type]
    assert roles == ({"member"} if kind == "widget" else {"owner", "pastor", "member"})


async def test_those_who_come_together_are_read_together(
    wiring: Wiring, system: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred that are recognised at once take a read or two; each gets their own answer, or their own refusal."""
    tokens: list[str] = []
    async with wiring.database.transaction(system) as tx:
        for number in range(100):
            guest = await wiring.guests.welcome(
                tx, nickname=f"Guest {number}", consent="here", site="", locale="en"
            )
            session = await wiring.sessions.begin(tx, system, "widget", guest_id=guest.id)
            if number == 50:
                await wiring.sessions.end_of_guest(tx, guest.id)
            tokens.append(wiring.sessions.grant(system.tenant, session).access_token)
    wiring.sessions.forget(system.tenant)
    opened: list[Scope] = []
    transaction = wiring.database.transaction

    def counted(scope: Scope, *, readonly: bool = False) -> Any:
        opened.append(scope)
        return transaction(scope, readonly=readonly)

    monkeypatch.setattr(wiring.database, "transaction", counted)
    seats = await asyncio.gather(
        *(wiring.sessions.by_token(stranger(system), token) for token in tokens), return_exceptions=True
    )
    assert len(opened) <= 2
    assert isinstance(seats[50], SessionEnded)
    names = [one.actor.name for one in seats if not isinstance(one, BaseException)]
    assert names == [f"Guest {number}" for number in range(100) if number != 50]
