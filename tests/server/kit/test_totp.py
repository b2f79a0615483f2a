"""One-time codes."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kit import totp

# RFC 6238, appendix B: the secret is the ASCII text; its codes have eight digits, ours are their last six
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
]


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_vectors_of_the_rfc(seconds: int, code: str) -> None:
    """The codes of RFC 6238 are right at their time, also with a space in the middle."""
    at = datetime.fromtimestamp(seconds, UTC)
    assert totp.step_of(SECRET, code, at, after=0) == seconds // 30
    assert totp.step_of(SECRET, f"{code[:3]} {code[3:]}", at, after=0) == seconds // 30


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_code_is_not_taken_twice(seconds: int, code: str) -> None:
    """A code whose step was used, or is older than a used one, is wrong."""
    at = datetime.fromtimestamp(seconds, UTC)
    assert totp.step_of(SECRET, code, at, after=seconds // 30) is None
    assert totp.step_of(SECRET, code, at, after=seconds // 30 + 1) is None


def test_clock_of_the_phone_may_differ_by_a_step() -> None:
    """Thirty seconds early or late is right, a minute and a half is wrong."""
    for drift, right in ((-30, True), (30, True), (-90, False), (90, False)):
        at = datetime.fromtimestamp(1111111111 + drift, UTC)
        assert (totp.step_of(SECRET, "050471", at, after=0) is not None) is right


@given(st.text(max_size=12))
def test_other_text_is_wrong(text: str) -> None:
    """Nothing but the code is taken, and no text makes the check fail."""
    if text.replace(" ", "") not in {"050471"}:
        at = datetime.fromtimestamp(1111111111, UTC)
        found = totp.step_of(SECRET, text, at, after=0)
        assert found is None or len(text.replace(" ", "")) == 6


def test_secret_and_address() -> None:
    """A secret has 160 bits; the app is given church and account."""
    secret = totp.new_secret()
    assert len(base64.b32decode(secret)) == 20
    assert totp.uri(secret, "anna@grace.example", "Grace Church").startswith(
        "otpauth://totp/Grace%20Church:anna"
    )
