"""Tokens: made by us alone, for a short time, by an algorithm and key that nobody else chooses."""

from __future__ import annotations

import base64
import hmac
import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from server.kit.crypto import Keyring, encode_bytes
from server.kit.tokens import LONGEST_LIFE, WEEK, BadToken, TokenExpired, TokenNotYetValid, Tokens

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now: datetime = NOW) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


def secret() -> str:
    return base64.b64encode(os.urandom(32)).decode()


SECRET = secret()
TOKENS = Tokens(Keyring.parse(SECRET), Clock())
CLAIMS = {"aud": "g" * 16, "sub": "anna", "use": "app"}
GOOD = TOKENS.sign(CLAIMS, at=NOW, seconds=600)
OTHER_OKP, EC, RSA = OKPKey.generate_key("Ed25519"), ECKey.generate_key("P-256"), RSAKey.generate_key(2048)


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    header, payload, signature = token.split(".")

    def read(text: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return found

    return read(header), read(payload), signature


def write(header: object, payload: object, signature: str) -> str:
    return f"{encode_bytes(json.dumps(header).encode())}.{encode_bytes(json.dumps(payload).encode())}.{signature}"


def test_token_comes_back() -> None:
    """The claims come back with the times, and the same call gives the same token."""
    assert TOKENS.verify(GOOD) == {**CLAIMS, "iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 600}
    assert TOKENS.sign(CLAIMS, at=NOW, seconds=600) == GOOD


def test_header_is_fixed() -> None:
    """The header names Ed25519 and one of our own keys, nothing else."""
    header, _, _ = parts(GOOD)
    assert set(header) == {"alg", "kid", "typ"}
    assert (header["alg"], header["typ"]) == ("Ed25519", "JWT")


@given(st.sampled_from(["none", "None", "HS256", "HS512", "RS256", "ES256", "EdDSA", "Ed448", "", "ed25519"]))
def test_other_algorithm_is_refused(algorithm: str) -> None:
    """No token chooses its algorithm, signed or not."""
    header, payload, signature = parts(GOOD)
    for end in (signature, ""):
        with pytest.raises(BadToken):
            TOKENS.verify(write({**header, "alg": algorithm}, payload, end))


def test_public_key_is_no_shared_secret() -> None:
    """The classic confusion fails: an HMAC with our public key as its secret."""
    root = Keyring.parse(SECRET).current
    public = Ed25519PrivateKey.from_private_bytes(
        root.derive(f"token:{int(NOW.timestamp()) // WEEK}")
    ).public_key()
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header, payload, _ = parts(GOOD)
    for material in (raw, pem, encode_bytes(raw).encode()):
        unsigned = write({**header, "alg": "HS256"}, payload, "").rstrip(".")
        forged = f"{unsigned}.{encode_bytes(hmac.digest(material, unsigned.encode(), 'sha256'))}"
        with pytest.raises(BadToken):
            TOKENS.verify(forged)


@pytest.mark.parametrize(
    ("algorithm", "key"), [("Ed25519", OTHER_OKP), ("EdDSA", OTHER_OKP), ("ES256", EC), ("RS256", RSA)]
)
@pytest.mark.parametrize(
    "extra", [{}, {"jwk": True}, {"jku": "https://evil.example/keys"}, {"x5u": "https://evil"}]
)
def test_other_key_is_refused(algorithm: str, key: Any, extra: dict[str, Any]) -> None:
    """A token by another key is refused, whatever kid it names and even when it brings its own key."""
    header, payload, _ = parts(GOOD)
    if extra.get("jwk"):
        extra = {"jwk": key.as_dict(private=False)}
    signing = {"alg": algorithm, "kid": header["kid"], "typ": "JWT", **extra}
    with pytest.raises(BadToken):
        TOKENS.verify(jwt.encode(signing, payload, key, algorithms=[algorithm]))


@given(st.text(max_size=40))
def test_unknown_kid_is_refused(kid: str) -> None:
    """A kid that is not one of ours leads to no key: no file, no address, no query."""
    header, payload, signature = parts(GOOD)
    if kid != header["kid"]:
        with pytest.raises(BadToken):
            TOKENS.verify(write({**header, "kid": kid}, payload, signature))


@given(st.sampled_from(["aud", "sub", "use", "exp", "iat"]), st.one_of(st.text(max_size=20), st.integers()))
def test_changed_claim_is_refused(name: str, value: object) -> None:
    """The signature covers every claim."""
    header, payload, signature = parts(GOOD)
    if payload[name] != value:
        with pytest.raises(BadToken):
            TOKENS.verify(write(header, {**payload, name: value}, signature))


@given(st.integers(0, len(GOOD) - 1), st.sampled_from("AB_-.= \x00é"))
def test_changed_character_is_refused(index: int, char: str) -> None:
    """Whatever single character is changed, the token is refused (or means the very same)."""
    changed = GOOD[:index] + char + GOOD[index + 1 :]
    try:
        claims = TOKENS.verify(changed)
    except BadToken:
        return
    assert claims == TOKENS.verify(GOOD)


@given(st.text(max_size=300))
def test_any_text_is_refused_quietly(text: str) -> None:
    """No text makes the verifier fail in another way than by refusing."""
    with pytest.raises(BadToken):
        TOKENS.verify(text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=5))
def test_signed_rubbish_is_refused(payload: object) -> None:
    """Even what our own key signed must be an object with whole numbers for its times."""
    root = Keyring.parse(SECRET).current
    key = OKPKey.import_key(
        Ed25519PrivateKey.from_private_bytes(root.derive(f"token:{int(NOW.timestamp()) // WEEK}"))
    )
    header, _, _ = parts(GOOD)
    for body in (payload, {"iat": payload, "exp": 2**40}, {"iat": int(NOW.timestamp()), "exp": payload}):
        if isinstance(payload, int) and isinstance(body, dict):
            continue
        signed = jws.serialize_compact(header, json.dumps(body), key, algorithms=["Ed25519"])
        with pytest.raises(BadToken):
            TOKENS.verify(signed)


def test_token_of_another_installation_is_refused() -> None:
    """Another secret key believes nothing of ours."""
    with pytest.raises(BadToken):
        Tokens(Keyring.parse(secret()), Clock()).verify(GOOD)


def test_processes_agree() -> None:
    """A process that was started on its own believes what another one signed."""
    assert Tokens(Keyring.parse(SECRET), Clock()).verify(GOOD)["sub"] == "anna"


@pytest.mark.parametrize("seconds", [0, 599, 659, -60])
def test_small_skew_is_forgiven(seconds: int) -> None:
    """Clocks may differ by a minute."""
    assert Tokens(Keyring.parse(SECRET), Clock(NOW + timedelta(seconds=seconds))).verify(GOOD)


@pytest.mark.parametrize(
    ("seconds", "error", "code"),
    [
        (660, TokenExpired, "token_expired"),
        (3600, TokenExpired, "token_expired"),
        (-61, TokenNotYetValid, "token_not_yet_valid"),
        (-3600, TokenNotYetValid, "token_not_yet_valid"),
    ],
)
def test_an_hour_of_skew_is_told(seconds: int, error: type[Exception], code: str) -> None:
    """A process whose clock is an hour off refuses, and its error says which way; nothing lives longer by it."""
    with pytest.raises(error) as caught:
        Tokens(Keyring.parse(SECRET), Clock(NOW + timedelta(seconds=seconds))).verify(GOOD)
    assert caught.value.code == code  # type: ignore[attr-defined]


def test_checked_token_still_expires() -> None:
    """A signature is checked once and the times each time."""
    clock = Clock()
    tokens = Tokens(Keyring.parse(SECRET), clock)
    tokens.verify(GOOD)
    clock.time = NOW + timedelta(minutes=12)
    with pytest.raises(TokenExpired):
        tokens.verify(GOOD)


def test_nothing_lives_for_ever() -> None:
    """A token that was made for a year by mistake ends after the longest life."""
    clock = Clock()
    tokens = Tokens(Keyring.parse(SECRET), clock)
    token = tokens.sign(CLAIMS, at=NOW, seconds=365 * 86_400)
    clock.time = NOW + timedelta(seconds=LONGEST_LIFE + 61)
    with pytest.raises(TokenExpired):
        tokens.verify(token)


def test_keys_rotate_by_the_week() -> None:
    """Each week has a key; around midnight of a change tokens of both weeks hold; after two weeks none does."""
    change = datetime.fromtimestamp((int(NOW.timestamp()) // WEEK + 1) * WEEK, UTC)
    clock = Clock(change)
    tokens = Tokens(Keyring.parse(SECRET), clock)
    last = tokens.sign(CLAIMS, at=change - timedelta(seconds=1), seconds=600)
    first = tokens.sign(CLAIMS, at=change, seconds=600)
    assert parts(last)[0]["kid"] != parts(first)[0]["kid"]
    assert tokens.verify(last)
    assert tokens.verify(first)
    behind = Tokens(Keyring.parse(SECRET), Clock(change - timedelta(seconds=30)))
    assert behind.verify(first)
    later = Tokens(Keyring.parse(SECRET), Clock(change + timedelta(days=15)))
    with pytest.raises(BadToken):
        later.verify(first)


def test_changed_secret_ends_tokens_unless_kept() -> None:
    """An old secret key in the list keeps its tokens good; behind a minus, or gone, it does not."""
    new = secret()
    assert Tokens(Keyring.parse(f"{new},{SECRET}"), Clock()).verify(GOOD)
    for text in (new, f"{new},-{SECRET}"):
        with pytest.raises(BadToken):
            Tokens(Keyring.parse(text), Clock()).verify(GOOD)
