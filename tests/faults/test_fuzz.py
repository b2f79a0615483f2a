"""Frames made at random, into sessions of a running node; `make faults` sends 100,000."""

from __future__ import annotations

import random

import pytest

from tests.faults import fuzz


@pytest.mark.faults
def test_no_frame_is_too_much() -> None:
    """Each is answered or closes its connection with a listed code; nothing is logged; others are served as ever."""
    seed = random.randrange(2**31)
    print(f"seed {seed}")
    found = fuzz.many(seed, 15_000)
    assert found.crashes == []
    assert found.frames >= 15_000
    assert {"bad_frame", "reply", "not_joined", "hello_first", "close 4510", "pong"} <= set(found.answers)


def test_the_same_seed_makes_the_same_frames() -> None:
    """What a run has found can be found again."""
    one, two = random.Random(5), random.Random(5)
    assert [fuzz.text(one, 0.5) for _ in range(200)] == [fuzz.text(two, 0.5) for _ in range(200)]
