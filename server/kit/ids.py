"""Identifiers: ordered ones for rows, random ones for what must not tell its time, short ones for churches."""

from __future__ import annotations

import os
import re
import secrets
import time
from uuid import UUID, uuid4

TENANT_ID = re.compile(r"[a-z0-9]{16}")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case: no i, l, o, u


def new_id() -> UUID:
    """Make a UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, then 74 random bits."""
    value = int.from_bytes(os.urandom(16), "big")
    value = (time.time_ns() // 1_000_000) << 80 | value & ((1 << 80) - 1)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def random_id() -> UUID:
    """Make a UUID version 4: for anything public that belongs to an anonymous person."""
    return uuid4()


def new_tenant_id() -> str:
    """Make a church's id: 16 characters, 80 random bits; schema, role and key prefix are derived from it."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))
