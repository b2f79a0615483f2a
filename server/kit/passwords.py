"""Hash and check passwords with argon2id (RFC 9106), in threads, a few at a time."""

from __future__ import annotations

import asyncio
import os
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from server.kit.errors import Unavailable

MEMORY_KIB, ROUNDS, LANES = 19_456, 2, 1  # OWASP's argon2id floor: about 20 ms and 19 MiB each
MOST_WAITING = 64  # beyond it a flood of sign-ins is told to come back instead of piling up

T = TypeVar("T")


class Passwords:
    """Turn passwords into hashes and check them. `slots` threads bound the memory: 19 MiB each."""

    def __init__(self, *, slots: int | None = None) -> None:
        slots = slots or min(4, os.cpu_count() or 1)
        self._argon = PasswordHasher(ROUNDS, MEMORY_KIB, LANES, type=Type.ID)
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="argon2")
        self._waiting = 0
        # what an unknown account is checked against, so that it takes as long as a known one
        self._nobody = self._argon.hash(os.urandom(16).hex())

    async def hash(self, password: str) -> str:
        """Return the encoded hash; raise Unavailable when too many wait."""
        return await self._run(lambda: self._argon.hash(_normal(password)))

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Tell whether this is the password; None stands for an account that is unknown or has none.

        Both take the same time. Raise Unavailable when too many wait.
        """
        found = await self._run(lambda: self._check(hashed or self._nobody, _normal(password)))
        return found and hashed is not None

    def outdated(self, hashed: str) -> bool:
        """Tell whether a hash was made with other parameters than today's."""
        return self._argon.check_needs_rehash(hashed)

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _check(self, hashed: str, password: str) -> bool:
        try:
            return self._argon.verify(hashed, password)
        except VerifyMismatchError:
            return False
        except (VerificationError, InvalidHashError) as error:
            raise RuntimeError("a stored password hash cannot be read") from error

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= MOST_WAITING:
            raise Unavailable(
                "Too many people sign in at this very moment: try again shortly.", retry_after=3
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def _normal(password: str) -> str:
    """Return NFKC, so that the same characters typed on another keyboard match (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
