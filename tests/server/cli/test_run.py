"""Words typed wrongly, and the sentences they get."""

from __future__ import annotations

import base64
import os
import subprocess
import sys

import pytest

from tests.server.cli.conftest import Narthex


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["tenat"], "Unknown command"),
        (["tenant", "creat"], 'Did you mean "create"'),
        (["tenant", "create", "grace"], "name"),
        (["tenant", "create", "grace", "Grace", "--colour", "red"], "--colour"),
        (["serve", "--port", "http"], "--port"),
        (["migrate", "--threads", "none"], "--threads"),
    ],
)
def test_a_word_typed_wrongly_is_named(bare: Narthex, words: list[str], sentence: str) -> None:
    """Exit code 2, one line on stderr that names the word, nothing on stdout."""
    outcome = bare(*words)
    assert outcome.code == 2
    assert sentence in outcome.err
    assert outcome.err.count("\n") == 1
    assert outcome.out == ""


@pytest.mark.parametrize("words", [["migrate"], ["tenant", "list"], ["serve"]])
def test_a_missing_setting_is_named_with_what_to_give(bare: Narthex, words: list[str]) -> None:
    """Without settings every command that needs a database says which variable to set."""
    outcome = bare(*words)
    assert outcome.code == 2
    assert "NARTHEX_DATABASE_URL is not set" in outcome.err


def test_a_wrong_setting_is_named(bare: Narthex, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value of the wrong kind is refused with the variable's name."""
    monkeypatch.setenv("NARTHEX_PORT", "eighty")
    outcome = bare("tenant", "list")
    assert outcome.code == 2
    assert "NARTHEX_PORT" in outcome.err


@pytest.mark.parametrize("words", [["migrate"], ["tenant", "list"]])
def test_a_database_that_is_away_is_named_without_its_password(
    bare: Narthex, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """A wrong port gets one sentence with the address, and no secret."""
    for name, user in (("NARTHEX_DATABASE_URL", "narthex_app"), ("NARTHEX_OWNER_URL", "narthex_owner")):
        monkeypatch.setenv(name, f"postgresql://{user}:geheim@127.0.0.1:1/narthex")
    monkeypatch.setenv("NARTHEX_SECRET_KEY", base64.b64encode(os.urandom(32)).decode())
    outcome = bare(*words)
    assert outcome.code == 1
    assert "127.0.0.1" in outcome.err
    assert "geheim" not in outcome.err
    assert outcome.err.count("\n") == 1


def test_help_needs_no_settings(bare: Narthex) -> None:
    """Without words the commands are listed, and that is no error."""
    outcome = bare()
    assert outcome.code == 0
    assert all(name in outcome.out for name in ("serve", "migrate", "tenant"))


def test_a_closed_pipe_is_no_error() -> None:
    """`narthex tenant --help | true` ends without a word."""
    with subprocess.Popen(
        [sys.executable, "-m", "server", "tenant", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) in (0, 1)  # rich leaves with 1
