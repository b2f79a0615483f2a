"""One line that says how a crowd fares: kept up to date on a terminal, written now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from server.cli.screen import PLAIN_INTERVAL, note, say


class Status:
    """The line, while the crowd is there."""

    def __init__(self, many: int) -> None:
        self._many = many
        self._console = Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._told = 0.0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._live.stop()

    def show(self, here: int, done: Mapping[str, int], left: float) -> None:
        """Say who is here, what they did, and how long they stay."""
        clock = f"{int(left // 60)}:{int(left % 60):02}"
        line = f"{here} of {self._many} here · {_deeds(done)} · {clock} left, Ctrl-C sends them home"
        now = time.monotonic()
        if self._console.is_terminal:
            self._live.update(Text(line), refresh=True)
        elif now - self._told >= PLAIN_INTERVAL:
            self._told = now
            note(line)

    def sum(self, done: Mapping[str, int], *, stopped: bool) -> None:
        """Say what became of it."""
        say(f"{'Sent' if stopped else 'Gone'} home: {_deeds(done)}.")


def _deeds(done: Mapping[str, int]) -> str:
    said, reactions = done.get("message.send", 0), done.get("reaction.add", 0)
    floats, refused = done.get("float", 0), done.get("refused", 0)
    return f"{said} messages, {reactions} reactions, {floats} floating" + (
        f", {refused} refused" if refused else ""
    )
