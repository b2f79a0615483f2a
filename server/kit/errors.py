"""Every error that a person or a program may be told about.

AppError
├── Invalid            400  a value is wrong; `errors` names each field and its limit
├── Unauthenticated    401  nobody is signed in, or the proof has expired
├── Forbidden          403  somebody is signed in and may not do this
├── NotFound           404  it does not exist, or the asker may not know that it does
├── Conflict           409  today's state does not allow it
├── Gone               410  it existed and has been taken away
├── PreconditionFailed 412  If-Match names another version
├── TooLarge           413  the body or a value is over its limit
├── Limited            429  too often; `retry_after` says when again
└── Unavailable        503  a part that this needs is away; trying again may help

A slice's `errors.py` subclasses these: the docstring's first line is the message, `code` is stable for programs.
`server/web/errors.py` is the one file that renders them (RFC 9457 over HTTP, an error reply on a socket).
"""

from __future__ import annotations

from math import ceil
from typing import ClassVar

import msgspec


class FieldError(msgspec.Struct, frozen=True, omit_defaults=True):
    """Name one wrong field: a JSON pointer, a code for programs, a sentence for people, the limit broken."""

    pointer: str
    code: str
    detail: str
    limit: int | float | str | None = None


class AppError(Exception):
    """Something went wrong on our side."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: tuple[FieldError, ...] = (),
        retry_after: float | None = None,
        extra: dict[str, object] | None = None,
    ) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip().splitlines()[0]
        self.errors = errors
        self.retry_after = None if retry_after is None else ceil(round(retry_after * 10, 6)) / 10
        self.extra = extra or {}
        super().__init__(self.detail)


class Invalid(AppError):
    """A value in the request is not acceptable."""

    code = "invalid"
    status = 400

    @classmethod
    def field(
        cls, pointer: str, detail: str, *, code: str = "invalid", limit: int | str | None = None
    ) -> Invalid:
        """Build the error for one field; `pointer` is a JSON pointer such as `/email`."""
        return cls(detail, errors=(FieldError(pointer, code, detail, limit),))


class Unauthenticated(AppError):
    """Sign in first: the request carries no valid proof of who is asking."""

    code = "unauthenticated"
    status = 401


class Forbidden(AppError):
    """You are signed in, but your role does not allow this."""

    code = "forbidden"
    status = 403


class NotFound(AppError):
    """There is nothing here that you can see."""

    code = "not_found"
    status = 404


class Conflict(AppError):
    """This cannot be done in the present state."""

    code = "conflict"
    status = 409


class Gone(AppError):
    """This existed and has been taken away."""

    code = "gone"
    status = 410


class PreconditionFailed(AppError):
    """It was changed meanwhile: read it again, then try again."""

    code = "precondition_failed"
    status = 412


class TooLarge(AppError):
    """The request is larger than allowed."""

    code = "too_large"
    status = 413


class Limited(AppError):
    """Too many requests: wait a moment, then try again."""

    code = "limited"
    status = 429


class Unavailable(AppError):
    """A part that this needs is away for the moment: try again shortly."""

    code = "unavailable"
    status = 503
