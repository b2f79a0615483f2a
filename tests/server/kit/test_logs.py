"""server.kit.logs."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from server.kit import logs


def lines(out: io.StringIO, *sources: str) -> list[dict[str, object]]:
    """Return what these loggers have said (or all): another test's leavings may speak up meanwhile."""
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    return [line for line in found if not sources or line.get("source") in sources]


def test_json_lines() -> None:
    """Each event is one JSON object on one line, with time, level and source, whoever logs it."""
    out = io.StringIO()
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # as a server of another test has left it
    logs.configure("json", stream=out)
    structlog.get_logger(source="narthex.test").warning("ours", number=5)
    logging.getLogger("uvicorn.error").info("theirs %s", "too")
    ours, theirs = lines(out, "narthex.test", "uvicorn.error")
    assert (ours["event"], ours["number"], ours["level"], ours["source"]) == (
        "ours",
        5,
        "warning",
        "narthex.test",
    )
    assert (theirs["event"], theirs["level"], theirs["source"]) == ("theirs too", "info", "uvicorn.error")
    assert str(ours["timestamp"]).endswith("Z")


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("hostile", ["a\nfake line", "\x1b[2J", "\r", "\u2028", "\x07", "\ud800", "\u202e"])
def test_nothing_moves_the_cursor(form: str, hostile: str) -> None:
    """Control characters in a value come out escaped, so nobody fakes a line or moves a cursor."""
    out = io.StringIO()
    logs.configure(form, stream=out)
    structlog.get_logger().info("event", value=hostile)
    logging.getLogger("x").warning("%s", hostile)
    text = out.getvalue()
    assert text.count("\n") == 2
    out_of_place = set(hostile) - set("afke lin[2J")
    assert not out_of_place & set(text.replace("\n", "")), ascii(text)


def test_traceback_is_kept() -> None:
    """An exception is logged with its traceback, in one JSON line or in many for people."""
    for form, count in (("json", 1), ("console", 4)):
        out = io.StringIO()
        logs.configure(form, stream=out)
        try:
            raise ValueError("wrong\x1b[31m")
        except ValueError as error:
            structlog.get_logger().error("failed", exc_info=error)
        assert "Traceback" in out.getvalue()
        assert "\x1b[31m" not in out.getvalue()
        assert out.getvalue().count("\n") >= count


def test_long_values_are_cut() -> None:
    """A value is cut to what a line may hold, and keeps its end."""
    out = io.StringIO()
    logs.configure("json", stream=out)
    structlog.get_logger().info("event", value="x" * 100_000 + "end")
    value = str(lines(out)[0]["value"])
    assert value.endswith("end")
    assert len(value) <= logs.LONGEST_VALUE + 1
