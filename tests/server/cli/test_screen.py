"""What people see while something takes its time."""

from __future__ import annotations

import io
import sys
import time

import pytest

from server.cli import screen


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait hardly at all before progress is shown."""
    monkeypatch.setattr(screen, "PATIENCE", 0.05)
    monkeypatch.setattr(screen, "PLAIN_INTERVAL", 0.0)


def test_what_is_quick_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """No bar and no line for what is done within two seconds."""
    with screen.progress("Working", 3) as advance:
        advance()
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("impatient")
def test_without_a_terminal_lines_tell_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """The first line comes after the patience, the next ones with what is done."""
    with screen.progress("Working", 3) as advance:
        time.sleep(0.3)
        advance(2)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["Working … 0 of 3", "Working … 2 of 3"]


@pytest.mark.usefixtures("impatient")
def test_on_a_terminal_a_bar_is_shown_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the step and how far it is."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with screen.progress("Working", 3) as advance:
        advance(2)
        time.sleep(0.5)
    assert "Working" in terminal.getvalue()
    assert "2/3" in terminal.getvalue()


def test_cells_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    """What looks like markup in a church's name is no markup, and a pipe gets whole lines."""
    screen.show(("name", "about"), [("[bold]Grace[/bold]", "x" * 150)])
    out = capsys.readouterr().out
    assert "[bold]Grace[/bold]" in out
    assert "x" * 150 in out


def test_programs_get_one_object_a_line(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """JSON in UTF-8, one line each."""
    screen.emit({"name": "Zoë\n"})
    screen.emit([1])
    assert capfdbinary.readouterr().out == '{"name":"Zoë\\n"}\n[1]\n'.encode()
