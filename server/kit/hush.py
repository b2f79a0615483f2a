"""Take out of the database driver's errors what quotes a row or a value: it may be a password's hash or a prayer.

Postgres says in DETAIL which row failed, word for word, and names the value that it could not read; asyncpg says which
argument it could not send. What is kept is what went wrong and where.
"""

from __future__ import annotations

from collections.abc import Iterator

import asyncpg

LONGEST = 500  # characters of a message for operators
_DETAIL = "\nDETAIL:"


def hush(error: BaseException) -> None:
    """Take the quotes out of an error and of all that led to it, for good."""
    for one in _chain(error, set()):
        if isinstance(one, asyncpg.PostgresError | asyncpg.InterfaceError):
            one.detail = one.hint = None
        if isinstance(one, asyncpg.DataError) and one.args:  # Postgres's class 22, and the driver's own
            one.args = (_before_value(str(one.args[0])), *one.args[1:])


def words(error: BaseException) -> str:
    """Return what an error says, without quotes, for a line that operators read."""
    hush(error)
    return without_detail(str(error))[:LONGEST]


def without_detail(text: str) -> str:
    """Cut off what a driver's message says beyond its first line."""
    return text.partition(_DETAIL)[0]


def _before_value(message: str) -> str:
    """Cut a message where it begins to quote."""
    cuts = [at for mark in ('"', ": ") if (at := message.find(mark)) > 0]
    return message[: min(cuts)].rstrip(" :") if cuts else message


def _chain(error: BaseException | None, seen: set[int]) -> Iterator[BaseException]:
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    yield error
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _chain(one, seen)
    yield from _chain(error.__cause__, seen)
    yield from _chain(error.__context__, seen)
