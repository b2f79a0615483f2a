"""Read the source tree as text and syntax; nothing here imports what it reads.

Every check in this folder is a function over a tree that returns findings, so that a test can hand it the house
and expect none, and a bad sample and expect some.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOMAINS = Path("server/domains")


class Finding(NamedTuple):
    """One broken rule: where, and a sentence that says what to do."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


class Source(NamedTuple):
    """One Python file: its path below the root, and its syntax tree."""

    path: Path
    tree: ast.Module

    def finding(self, node: ast.AST, text: str) -> Finding:
        return Finding(str(self.path), getattr(node, "lineno", 1), text)


def sources(root: Path, *folders: str) -> Iterator[Source]:
    """Yield every Python file below some folders of a tree, in a fixed order; a missing folder has none."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            yield Source(path.relative_to(root), _parsed(path, path.stat().st_mtime_ns))


@cache
def _parsed(path: Path, _changed: int) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def slices(root: Path) -> list[str]:
    """Return the names of the slices that exist."""
    folders = (path for path in (root / DOMAINS).glob("*") if path.name != "__pycache__" and path.is_dir())
    return sorted(folder.name for folder in folders if any(p.name != "__pycache__" for p in folder.iterdir()))


def slice_of(path: Path) -> str | None:
    """Return the slice a file lies in, or None."""
    parts = path.parts
    return parts[2] if parts[:2] == DOMAINS.parts and len(parts) > 3 else None


def docstrings(tree: ast.Module) -> set[ast.expr]:
    """Return the nodes that are documentation, not values."""
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    firsts = [node.body[0] for node in ast.walk(tree) if isinstance(node, owners) and node.body]
    return {first.value for first in firsts if isinstance(first, ast.Expr)}


def plant(root: Path, files: dict[str, str]) -> Path:
    """Write a sample tree below a folder and return that folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root
