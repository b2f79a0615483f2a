"""Time-based one-time codes (RFC 6238): six digits, SHA-1, thirty seconds, as authenticator apps expect."""

from __future__ import annotations

import hmac
import re
from datetime import datetime

import pyotp

STEP = 30  # seconds
DRIFT = 1  # steps by which a phone's clock may differ
_CODE = re.compile(r"[0-9]{6}")


def new_secret() -> str:
    """Make a secret of 160 random bits in base32."""
    return pyotp.random_base32()


def uri(secret: str, account: str, issuer: str) -> str:
    """Return the address that an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def step_of(secret: str, code: str, at: datetime, *, after: int) -> int | None:
    """Return the time step whose code this is, None when it is wrong or its step is not later than `after`.

    Store the step and hand it in as `after` next time: so no code is accepted twice (RFC 6238, 5.2).
    """
    plain = code.replace(" ", "")
    now = int(at.timestamp()) // STEP
    found = None
    for step in range(now - DRIFT, now + DRIFT + 1):
        right = pyotp.TOTP(secret).generate_otp(step)
        if hmac.compare_digest(right, plain if _CODE.fullmatch(plain) else "------") and step > after:
            found = step
    return found
