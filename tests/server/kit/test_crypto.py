"""Sealing, deriving and comparing."""

from __future__ import annotations

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kit.crypto import (
    CannotOpen,
    Keyring,
    WrongSecretKey,
    decode_bytes,
    digest,
    encode_bytes,
    random_token,
)


def key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


RING = Keyring.parse(key())


@given(st.binary(max_size=2000), st.text(max_size=60))
def test_sealed_value_opens(plain: bytes, context: str) -> None:
    """What was sealed opens with the same context."""
    assert RING.open(RING.seal(plain, context), context) == plain


@given(st.binary(max_size=200), st.data())
def test_changed_byte_is_noticed(plain: bytes, data: st.DataObject) -> None:
    """A sealed value in which any bit was changed, or that was cut, does not open."""
    sealed = RING.seal(plain, "place:1")
    index = data.draw(st.integers(0, len(sealed) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = bytearray(sealed)
    changed[index] ^= 1 << bit
    for wrong in (bytes(changed), sealed[:index], sealed + b"\x00"):
        with pytest.raises(CannotOpen):
            RING.open(wrong, "place:1")


@given(st.text(max_size=40), st.text(max_size=40))
def test_other_context_does_not_open(one: str, other: str) -> None:
    """A value that was moved to another row or church does not open there."""
    if one != other:
        with pytest.raises(CannotOpen):
            RING.open(RING.seal(b"x", one), other)


def test_nonces_differ() -> None:
    """Sealing twice gives two values."""
    assert RING.seal(b"x", "a") != RING.seal(b"x", "a")


def test_old_key_opens_and_verifies() -> None:
    """After a change of keys the old one still opens and verifies, and the new one makes."""
    old, new = key(), key()
    before, after = Keyring.parse(old), Keyring.parse(f"{new}, {old}")
    assert after.open(before.seal(b"x", "a"), "a") == b"x"
    assert after.verify_mac(before.mac("m", b"x"), "m", b"x")
    assert not before.verify_mac(after.mac("m", b"x"), "m", b"x")
    with pytest.raises(CannotOpen):
        before.open(after.seal(b"x", "a"), "a")


def test_leaked_key_only_opens() -> None:
    """A key behind a minus opens what it sealed and makes nothing that is believed."""
    old, new = key(), key()
    before, after = Keyring.parse(old), Keyring.parse(f"{new},-{old}")
    assert after.open(before.seal(b"x", "a"), "a") == b"x"
    assert not after.verify_mac(before.mac("m", b"x"), "m", b"x")
    assert [root.id for root in after.believed] == [after.current.id]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ",",
        "short",
        base64.b64encode(b"x" * 31).decode(),
        "é" * 44,
        "-" + "a" * 43 + "=",  # the first key may not be an old one
        "a" * 43 + "=,",
        "*" * 44,
    ],
)
def test_wrong_setting_is_not_repeated(text: str) -> None:
    """A wrong secret key is refused by a sentence that does not show it."""
    with pytest.raises(WrongSecretKey) as caught:
        Keyring.parse(text)
    assert len(text) < 5 or text not in str(caught.value)


@given(st.lists(st.binary(max_size=20), max_size=4), st.lists(st.binary(max_size=20), max_size=4))
def test_mac_counts_borders(one: list[bytes], other: list[bytes]) -> None:
    """Moving bytes from one part to the next gives another MAC, and so does another purpose."""
    assert (RING.mac("m", *one) == RING.mac("m", *other)) == (one == other)
    assert RING.mac("m", *one) != RING.mac("n", *one)


def test_purposes_have_keys_of_their_own() -> None:
    """Derived keys differ by purpose and root."""
    derived = {RING.current.derive(purpose) for purpose in ("a", "b", "seal:a", "mac:a")}
    assert len(derived) == 4
    assert Keyring.parse(key()).current.derive("a") not in derived


def test_secret_is_in_no_repr() -> None:
    """Printing a key or ring shows nothing of it."""
    text = key()
    ring = Keyring.parse(text)
    shown = f"{ring!r}{ring.current!r}{vars(ring)}"
    assert text not in shown
    assert repr(base64.b64decode(text)) not in shown


@given(st.binary(max_size=100))
def test_base64url_goes_both_ways(data: bytes) -> None:
    """Bytes come back, and each has one spelling."""
    assert decode_bytes(encode_bytes(data)) == data


@given(st.text(max_size=30))
def test_other_spellings_are_refused(text: str) -> None:
    """What decodes is exactly what would be written."""
    try:
        data = decode_bytes(text)
    except ValueError:
        return
    assert encode_bytes(data) == text


def test_tokens_are_long_and_differ() -> None:
    """A token has 256 random bits; its hash has 32 bytes."""
    tokens = {random_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 43 for token in tokens)
    assert len(digest(tokens.pop())) == 32
