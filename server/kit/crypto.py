"""Seal, sign and hash with keys that stand outside the database.

`settings.secret_key` is one base64 key of at least 32 bytes, or several parted by commas: the first seals and signs,
the others still open and verify what they made. A `-` before an old key after it leaked: it only opens what
it sealed, and no token made by it is believed. Every purpose has a key of its own (HKDF, RFC 5869).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

LEAST_KEY_BYTES = 32
_VERSION = b"\x01"
_ID, _NONCE, _TAG = 4, 12, 16  # bytes


class WrongSecretKey(ValueError):
    """NARTHEX_SECRET_KEY must be at least 32 random bytes in base64 (or several such keys, parted by commas)."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


class CannotOpen(Exception):
    """A sealed value was made with another key or for another place, or was changed."""


class RootKey:
    """One secret of the installation, from which every other key is derived."""

    __slots__ = ("_derive", "id", "retired")

    def __init__(self, secret: bytes, *, retired: bool = False) -> None:
        if len(secret) < LEAST_KEY_BYTES:
            raise WrongSecretKey()
        self.id = hashlib.sha256(b"narthex key id" + secret).digest()[:_ID]
        self.retired = retired

        @lru_cache(maxsize=256)  # closed over, so that no attribute shows the secret
        def derive(purpose: str) -> bytes:
            return HKDF(SHA256(), 32, b"narthex", purpose.encode()).derive(secret)

        self._derive = derive

    def derive(self, purpose: str) -> bytes:
        """Return the 32 bytes of one purpose; different purposes tell nothing of one another."""
        return self._derive(purpose)


class Keyring:
    """The installation's root keys, the current one first."""

    def __init__(self, roots: tuple[RootKey, ...]) -> None:
        if not roots or roots[0].retired:
            raise WrongSecretKey()
        self._roots = {root.id: root for root in roots}
        self.current = roots[0]

    @classmethod
    def parse(cls, text: str) -> Keyring:
        """Read the setting; raise WrongSecretKey, which never repeats the value."""
        try:
            return cls(tuple(_root(part.strip()) for part in text.split(",")))
        except (binascii.Error, ValueError):
            raise WrongSecretKey() from None

    @property
    def believed(self) -> tuple[RootKey, ...]:
        """Return the keys whose signatures count."""
        return tuple(root for root in self._roots.values() if not root.retired)

    def seal(self, plain: bytes, context: str) -> bytes:
        """Encrypt with AES-256-GCM; it opens again only with the same context, such as `factors.totp:<church>:<id>`.

        The nonce is random: fewer than 2^32 seals a purpose and key (NIST SP 800-38D, 8.3).
        """
        nonce = os.urandom(_NONCE)
        head = _VERSION + self.current.id
        return head + nonce + _cipher(self.current, context).encrypt(nonce, plain, head + context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Decrypt; raise CannotOpen for a foreign key, another context or a changed byte."""
        head, nonce, rest = sealed[: 1 + _ID], sealed[1 + _ID : 1 + _ID + _NONCE], sealed[1 + _ID + _NONCE :]
        root = self._roots.get(head[1:])
        if root is None or head[:1] != _VERSION or len(rest) < _TAG:
            raise CannotOpen()
        try:
            return _cipher(root, context).decrypt(nonce, rest, head + context.encode())
        except InvalidTag:
            raise CannotOpen() from None

    def mac(self, purpose: str, *parts: bytes) -> bytes:
        """Return HMAC-SHA256 by the current key; parts are framed by length, so their borders count."""
        return _mac(self.current, purpose, parts)

    def macs(self, purpose: str, *parts: bytes) -> list[bytes]:
        """Return the HMACs by every believed key, the current first: to look up what an older key made."""
        return [_mac(root, purpose, parts) for root in self.believed]

    def verify_mac(self, mac: bytes, purpose: str, *parts: bytes) -> bool:
        """Compare in constant time with what any believed key gives."""
        matches = [hmac.compare_digest(mac, _mac(root, purpose, parts)) for root in self.believed]
        return any(matches)


def digest(token: str) -> bytes:
    """Hash a random token of at least 128 bits for storing; never a password."""
    return hashlib.sha256(token.encode()).digest()


def random_token(size: int = 32) -> str:
    """Make an unguessable token of `size` random bytes, safe in addresses."""
    return secrets.token_urlsafe(size)


def encode_bytes(data: bytes) -> str:
    """Return base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_bytes(text: str) -> bytes:
    """Read base64url without padding; raise ValueError for anything that `encode_bytes` does not write."""
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("not base64url") from None
    if encode_bytes(data) != text:
        raise ValueError("not base64url in its only form")
    return data


def _root(text: str) -> RootKey:
    retired = text.startswith("-")
    return RootKey(base64.b64decode(text.removeprefix("-"), validate=True), retired=retired)


def _cipher(root: RootKey, context: str) -> AESGCM:
    return AESGCM(root.derive(f"seal:{context.partition(':')[0]}"))


def _mac(root: RootKey, purpose: str, parts: tuple[bytes, ...]) -> bytes:
    framed = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.digest(root.derive(f"mac:{purpose}"), framed, "sha256")
