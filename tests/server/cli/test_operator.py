"""`narthex operator …`."""

from __future__ import annotations

import io

import pytest

from server.settings import Settings
from server.wiring import build
from tests.server.cli.conftest import Narthex

PASSWORD = "walnut-compass-thursday"


async def test_an_operator_can_show_the_password_that_was_piped_in(
    narthex: Narthex, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is kept in one form, the password as a hash, and neither is in the answer twice."""
    import asyncio

    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    outcome = await asyncio.to_thread(
        narthex, "operator", "create", "Ops@Example.org", "Olga Petrova", "--json"
    )
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.lines()[0]["email"] == "ops@example.org"
    assert PASSWORD not in outcome.out
    wiring = build(settings)
    await wiring.start()
    try:
        operator = await wiring.tenants.operator("ops@example.org")
        assert operator is not None
        assert await wiring.passwords.matches(PASSWORD, operator.password_hash)
    finally:
        await wiring.stop()


@pytest.mark.parametrize(
    ("email", "name", "password", "sentence"),
    [
        ("nobody", "Olga", PASSWORD, "not an e-mail address"),
        ("ops@example.org", " ", PASSWORD, "A name has"),
        ("ops@example.org", "Olga", "short", "At least 10 characters"),
        ("ops@example.org", "Olga", "", "give it as a line on stdin"),
    ],
)
def test_what_cannot_be_is_refused(
    narthex: Narthex, monkeypatch: pytest.MonkeyPatch, email: str, name: str, password: str, sentence: str
) -> None:
    """Exit code 2, and the sentence says what is wrong."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    outcome = narthex("operator", "create", email, name)
    assert outcome.code == 2
    assert sentence in outcome.err


def test_a_second_operator_of_one_address_is_refused(
    narthex: Narthex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first stays as it was."""
    for code in (0, 1):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
        assert narthex("operator", "create", "ops@example.org", "Olga").code == code


@pytest.fixture
def olga(narthex: Narthex, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the address of an operator."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert narthex("operator", "create", "olga@example.org", "Olga").code == 0
    return "olga@example.org"


def test_operators_are_listed(narthex: Narthex, olga: str) -> None:
    """People see a table, programs an object a line; neither holds a password."""
    (listed,) = narthex("operator", "list", "--json").lines()
    assert (listed["email"], listed["name"], listed["totp"], listed["disabled_at"]) == (
        olga,
        "Olga",
        False,
        None,
    )
    shown = narthex("operator", "list").out
    assert olga in shown
    assert "argon2" not in shown + str(listed)


def test_nobody_is_listed_at_first(narthex: Narthex) -> None:
    """The sentence says how the first one is added."""
    assert "narthex operator create" in narthex("operator", "list").out


def test_an_operator_is_disabled_and_enabled(narthex: Narthex, olga: str) -> None:
    """What is listed follows; any spelling of the address will do."""
    assert narthex("operator", "disable", "OLGA@example.org").code == 0
    assert narthex("operator", "list", "--json").lines()[0]["disabled_at"]
    assert narthex("operator", "enable", olga).code == 0
    assert narthex("operator", "list", "--json").lines()[0]["disabled_at"] is None


@pytest.mark.parametrize("command", ["disable", "enable", "password", "reset-totp", "sign-out"])
def test_an_unknown_operator_is_told(narthex: Narthex, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """One sentence, exit code 1."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    outcome = narthex("operator", command, "nobody@example.org")
    assert (outcome.code, outcome.err) == (1, "There is no operator with this e-mail address.\n")
