"""`narthex outbox …`, on dead letters that lie in the shard's own table."""

from __future__ import annotations

import psycopg
import pytest

from server.kit.scope import schema_of
from server.settings import Settings
from tests.server.cli.conftest import Narthex

GRACE = schema_of("g" * 16)
LETTER = """
insert into shard.dead_letters (id, church, key, kind, data, at, attempts, error)
values (%s, %s, 'somebody', 'accounts.opened', '{}', now(), 5, %s)
"""


@pytest.fixture
def letters(settings: Settings) -> None:
    """Let three letters die, one with a reason of several lines."""
    with psycopg.connect(settings.owner_url) as connection:
        for number in (7, 8, 9):
            connection.execute(LETTER, (number, GRACE, "no [red] answer\nsecond line"))


def waiting(settings: Settings) -> list[int]:
    with psycopg.connect(settings.owner_url) as connection:
        rows = connection.execute(
            "select id from shard.outbox where church = %s order by id", (GRACE,)
        ).fetchall()
    return [row[0] for row in rows]


def test_without_dead_letters_that_is_said(narthex: Narthex) -> None:
    """Nothing to list and nothing to replay are no errors."""
    assert narthex("outbox", "dead").out == "Nothing failed: there is no dead letter.\n"
    assert narthex("outbox", "dead", "--json").out == ""
    assert narthex("outbox", "replay", "--all").out == "There is no dead letter.\n"


@pytest.mark.usefixtures("letters")
def test_dead_letters_are_listed_with_their_reason(narthex: Narthex) -> None:
    """People see the first line of the reason as it is; programs see all of it."""
    assert [line["id"] for line in narthex("outbox", "dead", "--json").lines()] == [7, 8, 9]
    table = narthex("outbox", "dead").out
    assert "no [red] answer" in table
    assert "second line" not in table
    assert "accounts.opened" in table


@pytest.mark.usefixtures("letters")
def test_one_letter_is_put_back_in_line(narthex: Narthex, settings: Settings) -> None:
    """It keeps its number; a second time there is nothing to put back."""
    assert narthex("outbox", "replay", "8").code == 0
    assert waiting(settings) == [8]
    again = narthex("outbox", "replay", "8")
    assert (again.code, again.err) == (1, "There is no dead letter with this number.\n")


@pytest.mark.usefixtures("letters")
def test_all_letters_are_put_back_in_line(narthex: Narthex, settings: Settings) -> None:
    """How many is said."""
    assert narthex("outbox", "replay", "--all").out == "3 announcements are in line again.\n"
    assert waiting(settings) == [7, 8, 9]


@pytest.mark.parametrize("words", [[], ["7", "--all"], ["seven"], ["7", "--shard", "moon"]])
def test_what_to_replay_must_be_clear(narthex: Narthex, words: list[str]) -> None:
    """Nothing, both, no number or no such shard: exit code 2 and one sentence."""
    outcome = narthex("outbox", "replay", *words)
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
