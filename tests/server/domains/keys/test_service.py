"""Keys of programs and of a church's website."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from server.domains.auth.models import Proof
from server.domains.keys import policy
from server.domains.keys.errors import (
    BadApiKey,
    BadExpiry,
    BadPublicKey,
    KidTaken,
    MakerLostRole,
    MakerSuspended,
    NoSuchKey,
    NotYourScope,
    UnknownScope,
)
from server.kit.errors import Forbidden, NotFound, Unauthenticated
from server.kit.scope import Actor, Origin, Scope
from server.settings import Settings
from server.wiring import Wiring

ED = OKPKey.generate_key("Ed25519")
PASSWORD = "harbor-lantern-seven"


def acting(scope: Scope, *roles: str) -> Scope:
    return Scope(scope.tenant, Actor("person", None, "X", frozenset(roles)), scope.origin)


async def identify(wiring: Wiring, scope: Scope, text: str) -> Scope:
    return await wiring.auth.identify(scope.tenant, Proof(api_key=text), Origin())


async def test_key_says_what_it_may(wiring: Wiring, system: Scope) -> None:
    """A key acts with its scopes, no role and no session."""
    key, text = await wiring.keys.create(system, name=" Sunday  screen ", scopes=frozenset({"events:read"}))
    assert text.startswith("nx_gggggggggggggggg_")
    assert key.hint == text[-4:]
    scope = await identify(wiring, system, text)
    assert (scope.actor.kind, scope.actor.id, scope.actor.name) == ("api_key", key.id, "Sunday screen")
    assert (scope.actor.scopes, scope.actor.roles) == ({"events:read"}, frozenset())
    (listed,) = await wiring.keys.page(system)
    assert listed.last_used_at is not None


async def test_key_is_stored_hashed(wiring: Wiring, settings: Settings, system: Scope) -> None:
    """The table does not show the key."""
    _, text = await wiring.keys.create(system, name="X", scopes=frozenset({"events:read"}))
    with psycopg.connect(settings.owner_url) as owner:
        rows = owner.execute(f"select k::text from {system.tenant.schema}.keys_api k".encode()).fetchall()
    secret = text.removeprefix(f"nx_{system.tenant.id}_")
    assert len(secret) == 43
    assert secret[:-4] not in str(rows)  # the last four are its hint


async def test_revoked_key_is_dead_at_once(wiring: Wiring, system: Scope) -> None:
    """A revoked key is refused from the next request on, and on an open socket."""
    key, text = await wiring.keys.create(system, name="X", scopes=frozenset({"events:read"}))
    scope = await identify(wiring, system, text)
    await wiring.keys.revoke(system, key.id)
    with pytest.raises(BadApiKey):
        await identify(wiring, system, text)
    with pytest.raises(BadApiKey):
        await wiring.auth.again(scope)
    with pytest.raises(NoSuchKey):
        await wiring.keys.revoke(system, key.id)


async def test_expired_key_is_refused(wiring: Wiring, settings: Settings, system: Scope) -> None:
    """A key ends with its time."""
    soon = datetime.now(UTC) + timedelta(days=1)
    _, text = await wiring.keys.create(system, name="X", scopes=frozenset({"events:read"}), expires_at=soon)
    with psycopg.connect(settings.owner_url, autocommit=True) as owner:
        owner.execute(f"update {system.tenant.schema}.keys_api set expires_at = now()".encode())
    with pytest.raises(BadApiKey):
        await identify(wiring, system, text)


async def test_key_of_another_church_is_not_found(wiring: Wiring, system: Scope, other_system: Scope) -> None:
    """A key opens its own church; written for another it opens neither."""
    _, text = await wiring.keys.create(system, name="X", scopes=frozenset({"events:read"}))
    with pytest.raises(NotFound):
        await identify(wiring, other_system, text)
    with pytest.raises(BadApiKey):
        await identify(wiring, other_system, text.replace("g" * 16, "h" * 16))


@pytest.mark.parametrize("role", ["pastor", "moderator", "prayer_team", "member"])
async def test_only_owner_and_admin_make_keys(wiring: Wiring, system: Scope, role: str) -> None:
    """Nobody else makes, lists or revokes keys; nor does a key, whatever its scopes."""
    every = Actor("api_key", uuid4(), "X", scopes=policy.SCOPES)
    for scope in (acting(system, role), Scope(system.tenant, every)):
        with pytest.raises(Forbidden):
            await wiring.keys.create(scope, name="X", scopes=frozenset({"events:read"}))
        with pytest.raises(Forbidden):
            await wiring.keys.page(scope)
        with pytest.raises(Forbidden):
            await wiring.keys.hosts(scope)
    with pytest.raises(Unauthenticated):
        await wiring.keys.page(Scope(system.tenant))


@pytest.mark.parametrize("name", ["prayer:read", "care:write"])
async def test_admin_makes_no_pastoral_key(wiring: Wiring, system: Scope, name: str) -> None:
    """A key may not read what its maker does not."""
    with pytest.raises(NotYourScope):
        await wiring.keys.create(acting(system, "admin"), name="X", scopes=frozenset({name}))
    assert await wiring.keys.create(acting(system, "owner"), name="X", scopes=frozenset({name}))


@pytest.mark.parametrize("scopes", [set(), {"events"}, {"events:delete"}, {"everything:read"}, {"*"}])
async def test_unknown_scope_is_refused(wiring: Wiring, system: Scope, scopes: set[str]) -> None:
    """A key has at least one scope, and each exists."""
    with pytest.raises(UnknownScope) as caught:
        await wiring.keys.create(system, name="X", scopes=frozenset(scopes))
    assert caught.value.errors[0].pointer == "/scopes"


@pytest.mark.parametrize(
    "expires_at",
    [datetime(2020, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC), datetime(2026, 12, 24)],
)
async def test_bad_expiry_is_refused(wiring: Wiring, system: Scope, expires_at: datetime) -> None:
    """An expiry lies in the future, within five years, and names its offset."""
    with pytest.raises(BadExpiry):
        await wiring.keys.create(system, name="X", scopes=frozenset({"events:read"}), expires_at=expires_at)


@given(st.text(max_size=80))
def test_other_text_is_no_key(text: str) -> None:
    """Only the whole form of a key names a church."""
    assert policy.church_of(text) is None
    assert policy.church_of("nx_" + text) is None or len(text) == 60


async def test_host_key_follows_from_the_key(wiring: Wiring, system: Scope) -> None:
    """The algorithm is that of the key; a kid is used once."""
    ec = ECKey.generate_key("P-256").as_dict(private=False)
    one = await wiring.keys.add_host(
        system, name="Site", kid="1", issuer="www.grace.example", public_key=ED.as_dict(private=False)
    )
    two = await wiring.keys.add_host(
        system, name="Site", kid="2", issuer="www.grace.example", public_key={**ec, "alg": "none"}
    )
    assert (one.algorithm, two.algorithm) == ("EdDSA", "ES256")
    assert "alg" not in two.public_key
    with pytest.raises(KidTaken):
        await wiring.keys.add_host(system, name="Site", kid="1", issuer="x", public_key=ec)


@pytest.mark.parametrize(
    "jwk",
    [
        ED.as_dict(private=True),
        ECKey.generate_key("P-256").as_dict(private=True),
        ECKey.generate_key("P-384").as_dict(private=False),
        OKPKey.generate_key("X25519").as_dict(private=False),
        RSAKey.generate_key(2048).as_dict(private=False),
        OctKey.generate_key(256).as_dict(private=True),
        {"kty": "OKP", "crv": "Ed25519"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
        {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
        {"kty": "OKP", "crv": "Ed25519", "x": ["a"]},
        {},
    ],
)
async def test_other_keys_are_refused(wiring: Wiring, system: Scope, jwk: Any) -> None:
    """Private keys, other kinds, and points that are not on the curve are refused."""
    with pytest.raises(BadPublicKey):
        await wiring.keys.add_host(system, name="Site", kid="1", issuer="x", public_key=jwk)


async def test_keys_are_in_the_history(wiring: Wiring, system: Scope) -> None:
    """Making and revoking keys stands in the history."""
    key, _ = await wiring.keys.create(system, name="X", scopes=frozenset({"events:read"}))
    await wiring.keys.revoke(system, key.id)
    host = await wiring.keys.add_host(
        system, name="Site", kid="1", issuer="x", public_key=ED.as_dict(private=False)
    )
    await wiring.keys.revoke_host(system, host.id)
    with pytest.raises(NoSuchKey):
        await wiring.keys.revoke_host(system, host.id)
    assert [entry.action for entry in await wiring.audit.page(system)] == [
        "keys.host_key_revoked",
        "keys.host_key_added",
        "keys.api_key_revoked",
        "keys.api_key_made",
    ]


async def made_by(
    wiring: Wiring, system: Scope, role: str, *scopes: str, name: str = "X"
) -> tuple[UUID, UUID, str]:
    """Let somebody with an account make a key; return their id, the key's id and its text."""
    maker = await wiring.accounts.create(
        system, email=f"{uuid4().hex}@grace.example", name="Adam", password=PASSWORD, roles=frozenset({role})
    )
    scope = Scope(system.tenant, Actor("person", maker.id, maker.name, maker.roles))
    key, text = await wiring.keys.create(scope, name=name, scopes=frozenset(scopes))
    return maker.id, key.id, text


async def shown(wiring: Wiring, system: Scope) -> list[tuple[str | None, bool]]:
    """Return what the list says of each key: why it does nothing, and whether it was revoked."""
    return [(key.stopped, key.revoked_at is not None) for key in await wiring.keys.page(system)]


async def test_key_of_a_suspended_maker_is_dead_at_once(wiring: Wiring, system: Scope) -> None:
    """A key does nothing from the moment its maker is suspended, on open sockets too, and the answer says why."""
    maker, _, text = await made_by(wiring, system, "admin", "accounts:write", "moderation:write")
    scope = await identify(wiring, system, text)
    assert await shown(wiring, system) == [(None, False)]
    await wiring.accounts.suspend(system, maker)
    with pytest.raises(MakerSuspended) as refused:
        await identify(wiring, system, text)
    assert (refused.value.status, refused.value.code) == (401, "api_key_maker_suspended")
    with pytest.raises(MakerSuspended):
        await wiring.auth.again(scope)
    assert await shown(wiring, system) == [("maker_suspended", False)]


async def test_key_says_when_its_maker_lost_a_role(wiring: Wiring, system: Scope) -> None:
    """A key does no more than its maker may give today; it is not revoked, and says what is wrong."""
    maker, _, text = await made_by(wiring, system, "owner", "prayer:read")
    await made_by(wiring, system, "owner", "events:read")  # else nobody would be left to own the church
    for role, stopped in (("owner", None), ("admin", "maker_lost_role"), ("pastor", "maker_lost_role")):
        await wiring.accounts.set_roles(system, maker, frozenset({role}))
        assert await shown(wiring, system) == [(stopped, False), (None, False)]
        if stopped is None:
            assert (await identify(wiring, system, text)).actor.scopes == {"prayer:read"}
            continue
        with pytest.raises(MakerLostRole) as refused:
            await identify(wiring, system, text)
        assert (refused.value.status, refused.value.code) == (401, "api_key_maker_lost_role")
    await wiring.accounts.set_roles(system, maker, frozenset({"owner"}))
    assert (await identify(wiring, system, text)).actor.scopes == {"prayer:read"}


async def test_key_lasts_while_its_maker_may_give_its_scopes(wiring: Wiring, system: Scope) -> None:
    """Another role that may make such a key is enough; below admin none is."""
    maker, _, text = await made_by(wiring, system, "owner", "events:read")
    await made_by(wiring, system, "owner", "events:read")
    await wiring.accounts.set_roles(system, maker, frozenset({"admin"}))
    assert (await identify(wiring, system, text)).actor.scopes == {"events:read"}
    for role in ("pastor", "moderator", "prayer_team", "member"):
        await wiring.accounts.set_roles(system, maker, frozenset({role}))
        with pytest.raises(MakerLostRole):
            await identify(wiring, system, text)


async def test_key_of_the_command_line_hangs_on_nobody(wiring: Wiring, system: Scope) -> None:
    """A key that was made by nobody with an account goes on; one whose maker cannot be found does nothing."""
    ours, text = await wiring.keys.create(system, name="X", scopes=frozenset({"care:read"}))
    assert (await identify(wiring, system, text)).actor.scopes == {"care:read"}
    assert policy.stopped(ours, None) is None
    assert policy.stopped(msgspec.structs.replace(ours, created_by=uuid4()), None) == "maker_suspended"
