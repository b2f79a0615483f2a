"""Turn what stops a command into one sentence that says what to do."""

from __future__ import annotations

import errno

import msgspec

from server.embedded import EmbeddedError
from server.kit.errors import AppError
from server.processes import AddressError
from server.settings import WrongSettings

NOT_PREPARED = "This database is not prepared: run `narthex migrate`."


class Stopped(Exception):
    """A command ends here; the message is a sentence for the screen."""

    def __init__(self, sentence: str, *, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code


class Ending(msgspec.Struct, frozen=True):
    """How a command ends: what is said on stderr, and the exit code."""

    sentence: str
    code: int = 1


def explain(error: BaseException) -> Ending | None:
    """Return the sentence for an error that a person can do something about, None for a fault of ours."""
    match error:
        case Stopped():
            return Ending(str(error), error.code)
        case WrongSettings():
            return Ending(str(error), 2)
        case AppError():
            return Ending(_app_error(error), 2 if error.status == 400 else 1)
        case EmbeddedError() | AddressError():
            return Ending(str(error))
        case OSError():
            return _system(error)
    return _database(error)


def _app_error(error: AppError) -> str:
    """Join the sentence and what it says about fields, unless it says the same."""
    more = [e.detail for e in error.errors if e.detail not in error.detail]
    return " ".join([error.detail, *(f"({detail})" for detail in more)])


def _database(error: BaseException) -> Ending | None:
    """Explain a driver's error; the drivers are loaded here, not at every start of every command."""
    import asyncpg
    import psycopg
    from sqlalchemy.exc import DBAPIError

    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        return Ending(f"The database cannot be reached: {connection_reason(str(error))}. Is the URL right?")
    if isinstance(error, psycopg.ProgrammingError) and error.sqlstate is None:
        return Ending(f"A database URL cannot be read: {_first_line(error)}.", 2)
    if isinstance(error, psycopg.Error | asyncpg.PostgresError):
        return _by_state(error, error.sqlstate)
    return None


def _by_state(error: BaseException, state: str | None) -> Ending | None:
    """Explain by SQLSTATE (Postgres, appendix A)."""
    match state:
        case "28P01" | "28000":
            return Ending(f"The database refuses the login: {_first_line(error)}. Is the password right?")
        case "3D000":
            return Ending(f"{_first_line(error).capitalize()}: create it, or run `narthex migrate`.")
        case "3F000" | "42P01" | "42704" | "22023":
            return Ending(NOT_PREPARED)
        case "42501":
            return Ending(
                f"{_first_line(error).capitalize()}: `narthex doctor` tells which right is missing."
            )
        case "53100":
            return Ending("The database's disk is full: make room there, then run the command again.")
        case "53300":
            return Ending(
                "The database has no connection left: raise max_connections or close other programs."
            )
    return None


def connection_reason(message: str) -> str:
    """Return why libpq could not connect, without its list of tried addresses."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    telling = [line for line in lines if "failed" in line or "FATAL" in line] or lines or ["no reason given"]
    return telling[0].removeprefix("connection failed: ").rstrip(".")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or ["unknown"])[0].rstrip(".")


def _system(error: OSError) -> Ending | None:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Ending("The disk is full: make room, then run the command again.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) and error.filename:
        return Ending(f"{error.filename} may not be used by this account ({error.strerror}).")
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR) and error.filename:
        return Ending(f"{error.filename}: {error.strerror}.")
    return None
