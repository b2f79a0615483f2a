"""Guests, and visitors for whom a church's own website vouches."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey

from server.domains.accounts.errors import BadCredentials, Suspended
from server.domains.accounts.models import Person
from server.domains.auth import policy
from server.domains.auth.errors import BadIdentity, IdentityUsed
from server.domains.auth.models import Proof
from server.domains.guests.errors import BadNickname, BadSite, ConsentMissing
from server.domains.keys.models import HostKey
from server.domains.sessions.errors import SessionEnded
from server.domains.sessions.models import Grant
from server.kit.crypto import decode_bytes, encode_bytes
from server.kit.errors import Forbidden, Limited, NotFound, Unauthenticated
from server.kit.scope import Origin, Rule, Scope, TenantRef
from server.settings import Settings
from server.wiring import Wiring

ED, EC = OKPKey.generate_key("Ed25519"), ECKey.generate_key("P-256")
PASSWORD = "a long walk by the lake"
PHONE = Origin(address="192.0.2.1", device="Phone")


def stranger(scope: Scope) -> Scope:
    return Scope(scope.tenant, origin=PHONE)


async def guest(wiring: Wiring, scope: Scope, nickname: str = "Ruth") -> tuple[Scope, Grant]:
    _, grant = await wiring.auth.welcome(
        stranger(scope), nickname=nickname, consent="2026-01", site="www.grace.example", locale="en"
    )
    found = await wiring.auth.identify(scope.tenant, Proof(bearer=grant.access_token), PHONE)
    return found, grant


@pytest.fixture
async def keys(wiring: Wiring, system: Scope) -> None:
    for kid, key in (("ed", ED), ("ec", EC)):
        await wiring.keys.add_host(
            system,
            name=kid,
            kid=kid,
            issuer="www.grace.example",
            public_key=key.as_dict(private=False),  # type: ignore[arg-type]
        )


def token(key: Any = ED, kid: str | None = "ed", algorithm: str = "EdDSA", **claims: object) -> str:
    body: dict[str, Any] = {
        "sub": "42", "aud": "narthex:grace", "exp": int(time.time()) + 120, "name": "Ruth B.", **claims
    }  # fmt: skip
    body = {name: value for name, value in body.items() if value is not None}
    header = {"alg": algorithm, **({"kid": kid} if kid else {})}
    return jwt.encode(header, body, key, algorithms=[algorithm])


async def test_guest_is_recognised(wiring: Wiring, system: Scope) -> None:
    """A guest has a nickname, no role, a random id, and the site the session was begun on."""
    scope, grant = await guest(wiring, system)
    assert (scope.actor.kind, scope.actor.name, scope.actor.roles) == ("guest", "Ruth", frozenset())
    assert scope.actor.id == grant.subject
    assert grant.subject.version == 4
    assert scope.origin.site == "www.grace.example"
    with pytest.raises(Forbidden):
        Rule.of("member", "owner").require(scope)


async def test_guest_token_is_bound_to_its_church(wiring: Wiring, system: Scope, other_system: Scope) -> None:
    """Replayed in another church a guest's token is answered as if there were nothing here."""
    _, grant = await guest(wiring, system)
    with pytest.raises(NotFound):
        await wiring.auth.identify(other_system.tenant, Proof(bearer=grant.access_token), PHONE)


async def test_guest_signs_out_and_is_renamed(wiring: Wiring, system: Scope) -> None:
    """A guest may go by another nickname, and leave."""
    scope, grant = await guest(wiring, system)
    await wiring.guests.rename(scope, "Naomi")
    wiring.sessions.forget(system.tenant)
    again = await wiring.auth.identify(system.tenant, Proof(bearer=grant.access_token), PHONE)
    assert again.actor.name == "Naomi"
    await wiring.auth.sign_out(scope)
    with pytest.raises(SessionEnded):
        await wiring.auth.identify(system.tenant, Proof(bearer=grant.access_token), PHONE)


async def test_site_taken_off_ends_its_tokens(wiring: Wiring, system: Scope) -> None:
    """Sessions begun on a site end when it is no longer the church's; others go on."""
    _, here = await guest(wiring, system)
    _, there = await wiring.auth.welcome(
        stranger(system), nickname="Boaz", consent="1", site="other.example", locale="en"
    )
    assert await wiring.auth.end_site(system, "www.grace.example") == 1
    with pytest.raises(SessionEnded):
        await wiring.auth.identify(system.tenant, Proof(bearer=here.access_token), PHONE)
    with pytest.raises(SessionEnded):
        await wiring.auth.refresh(stranger(system), here.refresh_token)
    assert (await wiring.auth.identify(system.tenant, Proof(bearer=there.access_token), PHONE)).actor.id
    with pytest.raises(Unauthenticated):
        await wiring.auth.end_site(stranger(system), "other.example")


async def test_one_site_is_written_one_way(wiring: Wiring, system: Scope, keys: None) -> None:
    """However a client and an office spell a site, what was begun on it ends with it; what is none is refused."""
    await member(wiring, system)
    vouched = await wiring.auth.exchange(stranger(system), token(), site="WWW.Grace.Example.")
    signed_in = await sign_in(wiring, system, site=" www.GRACE.example ")
    for grant in (vouched, signed_in):
        found = await wiring.auth.identify(system.tenant, Proof(bearer=grant.access_token), PHONE)
        assert found.origin.site == "www.grace.example"
    assert await wiring.auth.end_site(system, "www.grace.EXAMPLE.") == 2
    for bad in ("https://www.grace.example/", "a..b", "x y"):
        with pytest.raises(BadSite):
            await wiring.auth.exchange(stranger(system), token(sub="43"), site=bad)
        with pytest.raises(BadSite):
            await sign_in(wiring, system, site=bad)
        with pytest.raises(BadSite):
            await wiring.auth.end_site(system, bad)


async def test_a_guest_brings_their_site(wiring: Wiring, system: Scope, keys: None) -> None:
    """Who becomes a member there was on the site their own session says, whatever the client claims."""
    scope, _ = await guest(wiring, system)
    _, other = await guest(wiring, system)
    await member(wiring, system)
    vouched = await wiring.auth.exchange(scope, token(), site="elsewhere.example")
    signed_in = await sign_in(wiring, system, other.access_token, site="elsewhere.example")
    for grant in (vouched, signed_in):
        found = await wiring.auth.identify(system.tenant, Proof(bearer=grant.access_token), PHONE)
        assert found.origin.site == "www.grace.example"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"nickname": ""}, BadNickname),
        ({"nickname": "x" * 41}, BadNickname),
        ({"nickname": "a\u202eb"}, BadNickname),
        ({"nickname": "a\x00b"}, BadNickname),
        ({"nickname": " [Moderator] "}, BadNickname),
        ({"nickname": "\uff21\uff44\uff4d\uff49\uff4e"}, BadNickname),
        ({"consent": ""}, ConsentMissing),
        ({"consent": "yes please"}, ConsentMissing),
        ({"site": "https://www.grace.example/"}, BadSite),
        ({"site": "a..b"}, BadSite),
    ],
)
async def test_bad_guests(
    wiring: Wiring, system: Scope, changed: dict[str, str], error: type[Exception]
) -> None:
    """What a guest may be called, and that they agreed, is checked."""
    values = {"nickname": "Ruth", "consent": "1", "site": "", "locale": "en", **changed}
    with pytest.raises(error):
        await wiring.auth.welcome(stranger(system), **values)


async def test_guest_becomes_member_and_keeps_the_id(
    wiring: Wiring, settings: Settings, system: Scope, keys: None
) -> None:
    """The website vouches: the guest is the member from now on, under the same id; the guest's tokens end."""
    scope, before = await guest(wiring, system)
    grant = await wiring.auth.exchange(scope, token())
    member = await wiring.auth.identify(system.tenant, Proof(bearer=grant.access_token), PHONE)
    assert (member.actor.kind, member.actor.id, member.actor.name) == ("person", before.subject, "Ruth B.")
    assert member.actor.roles == {"member"}
    assert member.origin.site == "www.grace.example"
    with pytest.raises(SessionEnded):
        await wiring.auth.refresh(stranger(system), before.refresh_token)
    with psycopg.connect(settings.owner_url) as owner:
        kinds = owner.execute("select kind from shard.outbox order by id").fetchall()
    assert ("guests.became_member",) in kinds


async def member(wiring: Wiring, system: Scope, *roles: str) -> Person:
    return await wiring.accounts.create(
        system, email="ruth@grace.example", name="Ruth A.", password=PASSWORD, roles=frozenset(roles)
    )


async def sign_in(wiring: Wiring, system: Scope, guest: str = "", **more: Any) -> Grant:
    return await wiring.auth.sign_in_widget(
        stranger(system), "ruth@grace.example", PASSWORD, guest=guest, **more
    )


async def test_guest_signs_in_as_a_member(wiring: Wiring, settings: Settings, system: Scope) -> None:
    """Who proves both is one: it is told once, the history names the guest, and the guest's tokens end."""
    ruth = await member(wiring, system)
    _, before = await guest(wiring, system)
    grant = await sign_in(wiring, system, before.access_token)
    scope = await wiring.auth.identify(system.tenant, Proof(bearer=grant.access_token), PHONE)
    assert (scope.actor.kind, scope.actor.id, scope.actor.name) == ("person", ruth.id, "Ruth A.")
    assert scope.origin.site == "www.grace.example"
    with pytest.raises(SessionEnded):
        await wiring.auth.identify(system.tenant, Proof(bearer=before.access_token), PHONE)
    with pytest.raises(SessionEnded):
        await wiring.auth.refresh(stranger(system), before.refresh_token)
    with psycopg.connect(settings.owner_url) as owner:
        told = owner.execute("select data from shard.outbox where kind = 'guests.became_member'").fetchall()
    assert len(told) == 1
    assert str(before.subject).encode() in bytes(told[0][0])
    [entry] = [one for one in await wiring.audit.page(system) if one.action == "auth.signed_in"]
    assert str(before.subject) in entry.details


async def test_member_signs_in_on_a_website_as_a_member_only(wiring: Wiring, system: Scope) -> None:
    """Roles stay in the console; the session is the website's and ends with it."""
    await member(wiring, system, "moderator")
    grant = await sign_in(wiring, system, site="www.grace.example")
    scope = await wiring.auth.identify(system.tenant, Proof(bearer=grant.access_token), PHONE)
    assert scope.actor.roles == {"member"}
    assert await wiring.auth.end_site(system, "www.grace.example") == 1


async def test_a_guest_who_is_gone_is_not_in_the_way(
    wiring: Wiring, system: Scope, other_system: Scope
) -> None:
    """A token that is ended, another church's, a member's, or none at all changes nothing about signing in."""
    ruth = await member(wiring, system)
    scope, ended = await guest(wiring, system)
    await wiring.auth.sign_out(scope)
    _, elsewhere = await guest(wiring, other_system)
    mine = await sign_in(wiring, system)
    for token in (ended.access_token, elsewhere.access_token, mine.access_token, "x.y.z", "\x00"):
        assert (await sign_in(wiring, system, token)).subject == ruth.id
    assert (await wiring.auth.identify(system.tenant, Proof(bearer=mine.access_token), PHONE)).actor.id


async def test_a_wrong_password_leaves_the_guest_alone(wiring: Wiring, system: Scope) -> None:
    """Nobody becomes anybody before the password is right."""
    await member(wiring, system)
    _, before = await guest(wiring, system)
    with pytest.raises(BadCredentials):
        await wiring.auth.sign_in_widget(
            stranger(system), "ruth@grace.example", "wrong", guest=before.access_token
        )
    found = await wiring.auth.identify(system.tenant, Proof(bearer=before.access_token), PHONE)
    assert found.actor.kind == "guest"


async def test_a_guest_becomes_one_person_only(wiring: Wiring, settings: Settings, system: Scope) -> None:
    """Of several at once who sign in with one guest's token, one takes over what the guest wrote."""
    await member(wiring, system)
    _, before = await guest(wiring, system)
    await asyncio.gather(*(sign_in(wiring, system, before.access_token) for _ in range(6)))
    with psycopg.connect(settings.owner_url) as owner:
        query = "select count(*) from shard.outbox where kind = 'guests.became_member'"
        assert owner.execute(query).fetchone() == (1,)


async def test_known_visitor_is_the_same_person(wiring: Wiring, system: Scope, keys: None) -> None:
    """The same subject is the same person on every device, by every key of the website, whatever its name now."""
    first = await wiring.auth.exchange(stranger(system), token())
    scope, before = await guest(wiring, system)
    second = await wiring.auth.exchange(scope, token(EC, "ec", "ES256", name="Somebody else"))
    other = await wiring.auth.exchange(stranger(system), token(sub="43"))
    assert first.subject == second.subject != before.subject
    assert other.subject != first.subject


async def test_raced_first_visits_make_one_person(wiring: Wiring, system: Scope, keys: None) -> None:
    """Eight first visits of one person at once open one account."""
    grants = await asyncio.gather(
        *(wiring.auth.exchange(stranger(system), token(jti=str(n))) for n in range(8))
    )
    assert len({grant.subject for grant in grants}) == 1
    assert len(await wiring.accounts.page(system)) == 1


async def test_identity_works_once(wiring: Wiring, system: Scope, keys: None) -> None:
    """A token that was exchanged is refused, also when its signature is written another way."""
    good = token(EC, "ec", "ES256")
    await wiring.auth.exchange(stranger(system), good)
    with pytest.raises(IdentityUsed):
        await wiring.auth.exchange(stranger(system), good)
    results = await asyncio.gather(
        *(wiring.auth.exchange(stranger(system), one) for one in [token(jti="x")] * 5), return_exceptions=True
    )
    assert sum(isinstance(result, Grant) for result in results) == 1
    # ECDSA: (r, n - s) signs the same message as (r, s), so the bytes of a signature are no name of a token
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    again = token(EC, "ec", "ES256", jti="y")
    await wiring.auth.exchange(stranger(system), again)
    signed, _, signature = again.rpartition(".")
    raw = decode_bytes(signature)
    flipped = raw[:32] + (order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    with pytest.raises(IdentityUsed):
        await wiring.auth.exchange(stranger(system), f"{signed}.{encode_bytes(flipped)}")


async def test_widget_session_is_no_staff_session(wiring: Wiring, system: Scope, keys: None) -> None:
    """A member who was given a role has it in the console, not in a widget on a website."""
    grant = await wiring.auth.exchange(stranger(system), token())
    await wiring.accounts.set_roles(system, grant.subject, frozenset({"moderator"}))
    scope = await wiring.auth.identify(system.tenant, Proof(bearer=grant.access_token), PHONE)
    assert scope.actor.roles == {"member"}


async def test_suspended_visitor_is_kept_out(wiring: Wiring, system: Scope, keys: None) -> None:
    """The website's word does not open a suspended account."""
    grant = await wiring.auth.exchange(stranger(system), token())
    await wiring.accounts.suspend(system, grant.subject)
    with pytest.raises(Suspended):
        await wiring.auth.exchange(stranger(system), token(jti="2"))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "narthex:hope"},
        {"aud": "grace"},
        {"aud": None},
        {"aud": ["a", "b"]},
        {"aud": 5},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": "a\x00b"},
        {"sub": None},
        {"sub": 42},
        {"exp": None},
        {"exp": "soon"},
        {"iss": "evil.example"},
        {"name": ["x"]},
    ],
)
async def test_bad_claims(wiring: Wiring, system: Scope, keys: None, claims: dict[str, object]) -> None:
    """A token for another church, of another issuer, without a subject or an end is refused with its reason."""
    with pytest.raises(BadIdentity) as caught:
        await wiring.auth.exchange(stranger(system), token(**claims))
    assert "identity token" in str(caught.value)


@pytest.mark.parametrize(("claim", "seconds"), [("exp", -120), ("exp", 3600), ("iat", 600), ("nbf", 600)])
async def test_bad_times(wiring: Wiring, system: Scope, keys: None, claim: str, seconds: int) -> None:
    """A token that is too old, lives too long or comes from the future is refused with its reason."""
    with pytest.raises(BadIdentity) as caught:
        await wiring.auth.exchange(stranger(system), token(**{claim: int(time.time()) + seconds}))
    assert "identity token" in str(caught.value)


async def test_confused_keys(wiring: Wiring, system: Scope, keys: None) -> None:
    """The key's own algorithm counts: neither none, nor an HMAC by the public key, nor the other key's algorithm."""
    stranger_key = OKPKey.generate_key("Ed25519")
    wrong = [
        token(stranger_key),
        token(ED, "ec", "EdDSA"),
        token(EC, "ed", "ES256"),
        token(ED, "unknown"),
        token(ED, None),
        token(OctKey.import_key("x" * 40), "ed", "HS256"),
        token().rpartition(".")[0] + ".",
        "a.b.c",
        "",
        "x" * 5000,
        token(name="x" * 5000),
    ]
    for one in wrong:
        with pytest.raises(BadIdentity):
            await wiring.auth.exchange(stranger(system), one)


async def test_key_of_another_church_vouches_for_nobody(
    wiring: Wiring, other_system: Scope, keys: None
) -> None:
    """A website vouches in its own church alone."""
    with pytest.raises(BadIdentity):
        await wiring.auth.exchange(stranger(other_system), token(aud="narthex:hope"))


async def test_revoked_key_vouches_for_nobody(wiring: Wiring, system: Scope, keys: None) -> None:
    """After a key is revoked its tokens are refused."""
    for key in await wiring.keys.hosts(system):
        await wiring.keys.revoke_host(system, key.id)
    with pytest.raises(BadIdentity):
        await wiring.auth.exchange(stranger(system), token())


async def test_fresh_guests_are_limited_by_address(wiring: Wiring, system: Scope) -> None:
    """One address makes at most 600 guests in ten minutes, so a hall full of phones gets in and a flood does not."""
    await asyncio.gather(*(guest(wiring, system) for _ in range(20)))
    for _ in range(580):
        await wiring.throttle.take(policy.GUESTS_BY_ADDRESS, f"{system.tenant.id}:{PHONE.address}")
    with pytest.raises(Limited):
        await guest(wiring, system)


@given(st.text(max_size=200), st.text(max_size=60))
def test_any_text_is_refused_quietly(text: str, payload: str) -> None:
    """No text makes reading an identity token fail in another way than by refusing."""
    key = HostKey(
        uuid4(), "x", "ed", "i", "EdDSA",
        '{"kty":"OKP","crv":"Ed25519","x":"' + str(ED.as_dict(private=False)["x"]) + '"}',
        None, None,  # type: ignore[arg-type]
    )  # fmt: skip
    tenant = TenantRef("g" * 16, "grace", "Grace")
    for one in (text, f"{encode_bytes(payload.encode())}.{text}", f"{text}.{text}.{text}"):
        with pytest.raises(BadIdentity):
            policy.kid_of(one)
            policy.read_identity(one, key, tenant, datetime.now(UTC))


@given(st.text(max_size=300), st.text(min_size=1, max_size=20))
def test_display_names_are_names(claimed: str, fallback: str) -> None:
    """What the website calls its visitor becomes a name that may be shown, or the fallback."""
    name = policy.display_name(claimed, fallback)
    assert name == fallback or (1 <= len(name) <= 100 and name.isprintable())
