"""What a look at one part found."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["ok", "note", "wrong"]


class Finding(msgspec.Struct, frozen=True):
    """One sentence about one part; `do` says what to do about it. Only `wrong` makes the exit code 1."""

    part: str
    state: State
    says: str
    do: str = ""


def ok(part: str, says: str) -> Finding:
    """Return that a part is as it should be."""
    return Finding(part, "ok", says)


def note(part: str, says: str, do: str = "") -> Finding:
    """Return what is worth knowing and may be meant so."""
    return Finding(part, "note", says, do)


def wrong(part: str, says: str, do: str) -> Finding:
    """Return what keeps the installation from working or from being safe."""
    return Finding(part, "wrong", says, do)


def few(names: list[str] | tuple[str, ...], most: int = 5) -> str:
    """Return a list as words, cut where nobody would read on."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
