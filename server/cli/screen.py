"""What people see: words on stderr, results on stdout, a bar for what takes longer than two seconds."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import msgspec
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

PATIENCE = 2.0  # seconds; what is done sooner needs no bar
PLAIN_INTERVAL = 10.0  # seconds between lines of progress where there is no terminal


class Advance(Protocol):
    """Count things done; may be called from any thread."""

    def __call__(self, count: int = 1) -> None: ...


def say(text: str) -> None:
    """Write a line for people on stdout, unwrapped: it may be copied from there."""
    Console().print(text, soft_wrap=True, markup=False, highlight=False)


def note(text: str) -> None:
    """Write a line about the run on stderr, out of the way of results."""
    Console(stderr=True).print(text, soft_wrap=True, markup=False, highlight=False)


def complain(sentence: str) -> None:
    """Write why a command ends."""
    Console(stderr=True).print(sentence, soft_wrap=True, markup=False, highlight=False, style="red")


def emit(result: object) -> None:
    """Write one JSON object on a line of stdout, for programs."""
    sys.stdout.buffer.write(msgspec.json.encode(result, enc_hook=str) + b"\n")
    sys.stdout.flush()


def show(columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str | None = None) -> None:
    """Write a table for people."""
    table = Table(*columns, box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # a name may hold what rich takes for markup
    console = Console()
    if not console.is_terminal:  # a pipe has no width: do not cut what a script may look for
        console.width = 240
    console.print(table)


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator[Advance]:
    """Show how far a step is once it takes longer than two seconds; `total` None: nobody can know."""
    console = Console(stderr=True)
    shown = _Bar(console, title, total) if console.is_terminal else _Lines(title, total)
    watcher = threading.Timer(PATIENCE, shown.begin)
    watcher.daemon = True
    watcher.start()
    try:
        yield shown.advance
    finally:
        watcher.cancel()
        shown.end()


class _Bar:
    """A bar on a terminal, gone when the step is done."""

    def __init__(self, console: Console, title: str, total: int | None) -> None:
        columns = [TextColumn("{task.description}"), BarColumn()]
        columns += [MofNCompleteColumn(), TimeRemainingColumn()] if total else []
        self._bar = Progress(*columns, console=console, transient=True)
        self._task = self._bar.add_task(title, total=total)
        self._lock = threading.Lock()
        self._ended = False

    def begin(self) -> None:
        with self._lock:
            if not self._ended:
                self._bar.start()

    def advance(self, count: int = 1) -> None:
        self._bar.advance(self._task, count)

    def end(self) -> None:
        with self._lock:
            self._ended = True
            self._bar.stop()


class _Lines:
    """A line now and then where there is no terminal."""

    def __init__(self, title: str, total: int | None) -> None:
        self._title = title
        self._total = total
        self._done = 0
        self._told = 0.0
        self._begun = False
        self._lock = threading.Lock()

    def begin(self) -> None:
        with self._lock:
            self._begun = True
            self._tell()

    def advance(self, count: int = 1) -> None:
        with self._lock:
            self._done += count
            if self._begun and time.monotonic() - self._told >= PLAIN_INTERVAL:
                self._tell()

    def end(self) -> None:
        """Say nothing: the command's result does."""

    def _tell(self) -> None:
        self._told = time.monotonic()
        note(f"{self._title} … {self._done} of {self._total}" if self._total else f"{self._title} …")
