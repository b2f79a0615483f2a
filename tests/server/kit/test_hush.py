"""What Postgres says of a row stays out of logs and of what is kept of a failure."""

from __future__ import annotations

import io
import logging
from collections.abc import AsyncIterator

import asyncpg
import pytest
import structlog

from server.kit import hush, logs

SECRET = "a_hash_and_a_prayer"
STATEMENTS = {
    "not null": f"insert into kept values ('{SECRET}', null)",
    "check": f"insert into kept values ('{SECRET}', -1)",
    "unique": f"insert into kept values ('{SECRET}', 1), ('{SECRET}', 2)",
    "unreadable": f"select '{SECRET}'::uuid",
    "no number": f"select '{SECRET}'::int",
    "no json": f"""select '{{"a": {SECRET}}}'::jsonb""",
    "no time": f"select '{SECRET}'::timestamptz",
}


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(database_url)
    await connection.execute("create table kept (secret text unique, number int not null check (number > 0))")
    yield connection
    await connection.close()


async def failure(
    connection: asyncpg.Connection[asyncpg.Record], statement: str, *values: object
) -> Exception:
    with pytest.raises(asyncpg.PostgresError) as caught:
        await connection.execute(statement, *values)
    return caught.value


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
@pytest.mark.parametrize("form", ["json", "console"])
async def test_a_traceback_quotes_no_row(
    connection: asyncpg.Connection[asyncpg.Record], statement: str, form: str
) -> None:
    """Neither our loggers nor the library's say it, though the error is the cause of another, in a group."""
    error = await failure(connection, statement)
    assert SECRET in str(error)
    out = io.StringIO()
    logs.configure(form, stream=out)
    try:
        try:
            raise error
        except asyncpg.PostgresError as cause:
            raise ExceptionGroup("tasks", [RuntimeError("later")]) from cause
    except ExceptionGroup as group:
        structlog.get_logger().error("ours", exc_info=group, error=str(group))
        logging.getLogger("x").exception("theirs")
    said = out.getvalue()
    assert type(error).__name__ in said
    assert SECRET not in said


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
async def test_a_field_quotes_no_row(connection: asyncpg.Connection[asyncpg.Record], statement: str) -> None:
    """What is written down of a failure says what went wrong, and nothing of the row."""
    error = await failure(connection, statement)
    assert SECRET not in hush.words(error)
    assert len(hush.words(error)) > 10


async def test_the_drivers_own_refusal_quotes_nothing(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """A value that does not fit its column is refused before it is sent, and named in the message."""
    error = await failure(connection, "insert into kept values ('x', $1)", SECRET)
    assert SECRET in str(error)
    assert "$1" in hush.words(error)
    assert SECRET not in hush.words(error)


def test_words_of_others_are_kept() -> None:
    """Only the driver's errors are cut; what has no end in itself ends somewhere."""
    assert hush.words(ValueError('a "quoted": word')) == 'a "quoted": word'
    assert len(hush.words(ValueError("x" * 10_000))) == hush.LONGEST
