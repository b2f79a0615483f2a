"""Run the command line as its user does: words in, exit code and words out."""

from __future__ import annotations

import os
from collections.abc import Callable

import msgspec
import pytest

from server.cli import run, screen
from server.settings import PREFIX, Settings


class Outcome(msgspec.Struct, frozen=True):
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    def lines(self) -> list[dict[str, object]]:
        """Return what a program reads: one JSON object a line."""
        return [msgspec.json.decode(line) for line in self.out.splitlines()]


Narthex = Callable[..., Outcome]


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables that make these settings."""
    default = Settings()
    return {
        PREFIX + name.upper(): str(value)
        for name in Settings.__struct_fields__
        if (value := getattr(settings, name)) != getattr(default, name) and name != "shards"
    }


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Narthex:
    """Give `narthex` on a machine where nothing is set."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(
        screen, "PATIENCE", 600.0
    )  # a slow machine shall not tell of progress among the errors

    def narthex(*words: str) -> Outcome:
        capfdbinary.readouterr()
        code = run(words)
        out, err = capfdbinary.readouterr()
        return Outcome(code, out.decode(), err.decode())

    return narthex


@pytest.fixture
def narthex(bare: Narthex, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Narthex:
    """Give `narthex` with the settings of the test's own installation."""
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    return bare
