"""Hashing passwords."""

from __future__ import annotations

import asyncio

import pytest
from argon2 import PasswordHasher

from server.kit.errors import Unavailable
from server.kit.passwords import MOST_WAITING, Passwords

PASSWORDS = Passwords(slots=1)


async def test_password_matches_its_hash() -> None:
    """A hash is argon2id, salted, and matches its password alone."""
    one, two = await PASSWORDS.hash("a long walk"), await PASSWORDS.hash("a long walk")
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert one != two
    assert await PASSWORDS.matches("a long walk", one)
    assert not await PASSWORDS.matches("a long walk ", one)


async def test_nobody_never_matches() -> None:
    """An account that is unknown or has no password is checked and refused."""
    assert not await PASSWORDS.matches("", None)
    assert not await PASSWORDS.matches("anything", None)


async def test_same_characters_match() -> None:
    """A composed and a decomposed letter are the same password."""
    assert await PASSWORDS.matches("cafe\u0301 con leche", await PASSWORDS.hash("caf\u00e9 con leche"))


async def test_old_parameters_are_noticed() -> None:
    """A hash of weaker parameters still matches and is known as outdated."""
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("a long walk")
    assert await PASSWORDS.matches("a long walk", weak)
    assert PASSWORDS.outdated(weak)
    assert not PASSWORDS.outdated(await PASSWORDS.hash("a long walk"))


async def test_unreadable_hash_is_our_fault() -> None:
    """A broken row is an error, not a wrong password."""
    with pytest.raises(RuntimeError):
        await PASSWORDS.matches("x", "not a hash")


async def test_flood_is_told_to_wait() -> None:
    """Beyond the bound of waiting sign-ins the next is refused at once, and the event loop stays free."""
    results = await asyncio.gather(
        *(PASSWORDS.matches("x", None) for _ in range(MOST_WAITING + 5)), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, Unavailable)]
    assert len(refused) == 5
    assert refused[0].retry_after
