"""Write logs: one JSON object a line for machines, or coloured lines for people.

A line never holds a token, a body, an e-mail address, a client's address or anything a client wrote, beyond what
Python's own errors quote: those of the database are hushed first. Control characters leave escaped in both forms. The
standard library's loggers (uvicorn, realtime, taskiq) go the same way.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, WrappedLogger

from server.kit.hush import hush, without_detail
from server.kit.limits import Standing

LONGEST_VALUE = 8_000  # characters; a longer value, such as a deep traceback, keeps its end


def configure(form: str, *, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Set up logging of this process; `form` is 'json' or 'console'. Call it once, at the start."""
    out = stream or sys.stdout
    _requests.write = out.write if form == "json" else None
    _requests.flush = out.flush
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _hushed,
        structlog.processors.format_exc_info,
        _bounded,
    ]
    last = _json if form == "json" else structlog.dev.ConsoleRenderer(colors=out.isatty())
    structlog.configure(
        processors=[*shared, last] if form == "json" else [*shared, _printable, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,  # who logs on each request binds its logger once
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *([last] if form == "json" else [_printable, last]),
            ],
            foreign_pre_chain=[_source, *shared],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).setLevel(logging.NOTSET)  # the root decides, whatever was there before
        logging.getLogger(name).propagate = name != "uvicorn.access"  # we write our own line for each request


class Exchange(msgspec.Struct):
    """What is known of one HTTP request while it is answered: the fields of its one log line, and its caller."""

    request_id: str
    address: str  # for limits and bans; never in the log
    method: str = "GET"
    route: str = "unmatched"  # the template, not what was asked for
    status: int = 0
    code: str = ""  # of the error that was told
    church: str = ""
    actor: str = ""
    standings: list[Standing] = []  # where the caller stands in each limit

    def fields(self, seconds: float) -> dict[str, Any]:
        """Return what is logged."""
        found: dict[str, Any] = {
            "method": self.method,
            "route": self.route,
            "status": self.status,
            "ms": round(seconds * 1000, 2),
            "request_id": self.request_id,
        }
        for name in ("church", "actor", "code"):
            if value := getattr(self, name):
                found[name] = value
        return found


class _Requests(msgspec.Struct):
    """Where lines of requests go: straight out as JSON, or through structlog for people."""

    write: Callable[[str], object] | None = None
    flush: Callable[[], object] | None = None


_requests = _Requests()


def request(exchange: Exchange, seconds: float) -> None:
    """Write the line of one request. In JSON it skips structlog's steps, which cost 50 µs of each request."""
    fields = exchange.fields(seconds)
    level = "error" if exchange.status >= 500 else "info"
    if _requests.write is None or _requests.flush is None:
        structlog.get_logger(source="narthex.request").log(
            getattr(logging, level.upper()), "request", **fields
        )
        return
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    _requests.write(_json(None, "", {"event": "request", **fields, "level": level, "timestamp": now}) + "\n")
    _requests.flush()


def _source(logger: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Name a line of the standard library's loggers as ours are named."""
    event["source"] = event["_record"].name
    return event


def _hushed(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Let no driver's error quote a row, neither in a traceback nor in a field."""
    given = event.get("exc_info")
    error = given[1] if isinstance(given, tuple) else given if given is not True else sys.exc_info()[1]
    if isinstance(error, BaseException):
        hush(error)
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = without_detail(value)
    return event


def _bounded(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for name, value in event.items():
        if isinstance(value, str) and len(value) > LONGEST_VALUE:
            event[name] = "…" + value[-LONGEST_VALUE:]
    return event


def _printable(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Escape what could move a terminal's cursor or fake a line; a traceback keeps its line ends."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = "".join(
                char if char.isprintable() or (char == "\n" and name == "exception") else ascii(char)[1:-1]
                for char in value
            )
    return event


def _json(_: WrappedLogger, __: str, event: EventDict) -> str:
    try:
        line = msgspec.json.encode(event, enc_hook=repr)
    except UnicodeEncodeError:  # half a surrogate pair, from a file name or a broken client
        return json.dumps(event, default=repr)
    # outside ASCII stand line ends and marks that turn the reading direction; json escapes them all
    return line.decode() if line.isascii() else json.dumps(event, default=repr)
