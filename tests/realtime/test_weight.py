"""What a connection weighs can be told file by file, and is not much."""

from __future__ import annotations

from tests.realtime.weight import weigh

MOST = 6.0  # KiB of this library, of the 28 that a connection may have


async def test_a_connection_weighs_what_the_package_says() -> None:
    """The command that the package's docstring names works, and finds no file that has grown out of it."""
    found = await weigh(20, 220)
    assert found["session.py"] > 0
    assert sum(found.values()) < MOST
