"""What the demo keeps in its folder from one start to the next: secrets, and what is prepared already."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from pathlib import Path
from typing import Self

import msgspec

MIGRATIONS = Path(__file__).parents[3] / "migrations"


def _password() -> str:
    return secrets.token_hex(24)


def _key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


class State(msgspec.Struct):
    """The demo's secrets, and a mark for each step that need not be done again."""

    owner_password: str = msgspec.field(default_factory=_password)
    app_password: str = msgspec.field(default_factory=_password)
    secret_key: str = msgspec.field(default_factory=_key)
    migrated: str = ""  # the digest of the migrations that the databases have seen
    content: int = 0  # the version of the demo church's content

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return what an earlier start left, else fresh secrets, written at once."""
        path = folder / "demo.json"
        if path.exists():
            return msgspec.json.decode(path.read_bytes(), type=cls)
        state = cls()
        state.write(folder)
        return state

    def write(self, folder: Path) -> None:
        """Write beside and rename, readable by this account only: half a file would lock us out of the data."""
        path, partial = folder / "demo.json", folder / "demo.json.partial"
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600)
        partial.write_bytes(msgspec.json.encode(self))
        partial.rename(path)


def digest() -> str:
    """Return what tells one set of migrations from another."""
    total = hashlib.sha256()
    for path in sorted([*MIGRATIONS.rglob("*.py"), *MIGRATIONS.rglob("*.sql")]):
        total.update(f"{path.relative_to(MIGRATIONS)}\0".encode() + path.read_bytes())
    return total.hexdigest()
