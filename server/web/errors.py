"""Render every error: RFC 9457 problem JSON over HTTP, an error reply on a socket. Nothing else renders one.

Litestar's own errors become AppErrors first, so that every refusal has the same form and names the field and the limit.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from math import ceil
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    InternalServerException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)

from server.kit.errors import AppError, FieldError, Invalid, NotFound, TooLarge
from server.kit.logs import Exchange
from server.kit.strictjson import invalid

MEDIA_TYPE = "application/problem+json"
CARD = "card"
BODY_PATIENCE = 30.0  # seconds for a body to arrive
_MISSING = re.compile(r"Missing required \w+ parameter '(?P<name>[^']+)'")
_log = structlog.get_logger("narthex.web")


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong (RFC 9457). Programs read `code`, people read `detail`; `errors` names each wrong field.

    `extra` holds what has changed meanwhile, as it is now, by its own name, and as `card` the need that the refused
    words speak of: show helplines of that kind at once.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] = []
    request_id: str = ""
    retry_after: int | None = None
    extra: dict[str, Any] = {}


class MethodNotAllowed(AppError):
    """This address does not take that method."""

    code = "method_not_allowed"
    status = 405


class WrongMediaType(AppError):
    """Send JSON: the header Content-Type must be application/json."""

    code = "wrong_media_type"
    status = 415


class HeadersTooLarge(AppError):
    """The request's headers are larger than allowed."""

    code = "headers_too_large"
    status = 431


class AddressTooLong(AppError):
    """The requested address is longer than allowed."""

    code = "address_too_long"
    status = 414


class SlowBody(AppError):
    """The request's body did not arrive in time: send it again."""

    code = "slow_body"
    status = 408


class ClientLeft(AppError):
    """The client went away before the request was complete."""

    code = "client_left"
    status = 400


class WrongHost(NotFound):
    """This church is not at this address."""

    code = "wrong_host"


def problem(error: AppError, request_id: str) -> Problem:
    """Build the problem document of an error."""
    return Problem(
        type=f"urn:narthex:problem:{error.code}",
        title=_title(type(error)),
        status=error.status,
        detail=error.detail,
        code=error.code,
        errors=list(error.errors),
        request_id=request_id,
        retry_after=_seconds(error),
        extra=told(error),
    )


def told(error: AppError) -> dict[str, Any]:
    """Return what of an error's extra is made to be shown: a Struct, or a card; other plain values are for headers."""
    return {
        name: value
        for name, value in error.extra.items()
        if name == CARD or isinstance(value, msgspec.Struct)
    }


def headers_of(error: AppError) -> dict[str, str]:
    """Return the headers that belong to an error."""
    headers = {"cache-control": "no-store"}
    if (seconds := _seconds(error)) is not None:
        headers["retry-after"] = str(seconds)
    if error.status == 401:
        headers["www-authenticate"] = 'Bearer realm="narthex"'  # RFC 9110 asks for it; browsers show no box
    if allow := error.extra.get("allow"):
        headers["allow"] = str(allow)
    return headers


def render(request: Request[Any, Any, Any], exception: Exception) -> Response[Problem]:
    """Answer an exception; one that nobody foresaw is logged here, once, and told without a trace."""
    exchange: Exchange = request.scope["state"]["exchange"]
    error = app_error(exception, request)
    if type(error) is AppError:
        _log.error("unforeseen error", request_id=exchange.request_id, exc_info=exception)
    exchange.code = error.code
    return Response(
        problem(error, exchange.request_id),
        status_code=error.status,
        media_type=MEDIA_TYPE,
        headers=headers_of(error),
    )


def app_error(exception: Exception, request: Request[Any, Any, Any]) -> AppError:
    """Find the AppError for any exception; AppError itself stands for what nobody foresaw."""
    match exception:
        case AppError():
            return exception
        case ValidationException():
            return _validation(exception)
        case NotFoundException():
            return NotFound("There is nothing at this address.")
        case MethodNotAllowedException():
            allow = ", ".join(_methods(request))
            return MethodNotAllowed(f"This address takes {allow}.", extra={"allow": allow})
        case HTTPException(status_code=413):
            limit = request.route_handler.resolve_request_max_body_size()
            return too_large(limit if isinstance(limit, int) else 0)
        case InternalServerException(detail="client disconnected prematurely"):
            return ClientLeft()
        case HTTPException(status_code=status) if 400 <= status < 500:
            return _other(exception)
    return AppError("Something went wrong on our side. It has been noted; try again shortly.")


def too_large(limit: int) -> TooLarge:
    """Say how large a body may be."""
    detail = f"The body may have at most {limit} bytes."
    return TooLarge(detail, errors=(FieldError("", "too_large", detail, limit),))


def _validation(exception: ValidationException) -> AppError:
    """Merge what Litestar says about parameters; bodies have been checked before it sees them."""
    entries = [entry for entry in exception.extra or [] if isinstance(entry, dict)]
    if any(
        entry.get("key") == "data" for entry in entries
    ):  # a wrong body was refused before; this is none at all
        return Invalid(
            "The request needs a body.", errors=(FieldError("", "required", "The body is missing."),)
        )
    if missing := _MISSING.search(exception.detail):
        detail = f"{missing['name']} is missing."
        return Invalid.field(f"/{missing['name']}", detail, code="required")
    wrong = [invalid(str(entry.get("message", "")), f"/{entry.get('key', '')}") for entry in entries]
    if not wrong:
        return Invalid()
    return Invalid(wrong[0].detail, errors=tuple(field for one in wrong for field in one.errors))


def _other(exception: HTTPException) -> AppError:
    error = AppError(HTTPStatus(exception.status_code).phrase + ".")
    error.status = exception.status_code  # type: ignore[misc]  # a status that none of our classes has
    error.code = HTTPStatus(exception.status_code).name.lower()  # type: ignore[misc]
    return error


def _methods(request: Request[Any, Any, Any]) -> list[str]:
    """Return the methods of an address that exists under other methods than the one asked for."""
    found = ["OPTIONS"]
    path = request.scope["path"].rstrip("/") or "/"
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        try:
            request.app.asgi_router.handle_routing(path=path, method=method)
        except HTTPException:
            continue
        found.append(method)
    return sorted([*found, "HEAD"] if "GET" in found else found)


def _seconds(error: AppError) -> int | None:
    return None if error.retry_after is None else max(1, ceil(error.retry_after))


def _title(kind: type[AppError]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]
