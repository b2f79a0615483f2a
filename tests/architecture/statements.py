"""What may stand in a `queries.sql`: named statements with their sentence, on the slice's own tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tests.architecture.house import DOMAINS, Finding, slices

_NAME = re.compile(r"^--\s*name:\s*(?P<name>[^\s(]+)")
_COMMENT = re.compile(r"^--\s?(?P<text>.*)$")
_SENTENCE = re.compile(r"[A-Z].*[^\W_]\W?\.$", re.DOTALL)
_PARAMETER = re.compile(r"(?<![:\w]):[a-z_]\w*", re.IGNORECASE)  # aiosql's :name, which may be a word of SQL

# What outlives its transaction, and so leaks to the next church behind a pool. Tried on each statement's beginning.
_SESSION = re.compile(
    r"""^\s*(?:
        set\s+(?!local\b|constraints\b|transaction\b)(?:session\b|role\b|time\s+zone\b|[\w.]+\s*(?:=|\bto\b))
      | reset\b | discard\b | listen\b | unlisten\b | load\s+' | prepare\s+\w+ | deallocate\b
      | declare\b.*\bwith\s+hold\b
      | create\s+(?:(?:local|global)\s+)?temp(?:orary)?\b(?!.*\bon\s+commit\s+drop\b)
    )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
# The same, anywhere in a statement.
_SESSION_CALL = re.compile(
    r"\bpg_(?:try_)?advisory_(?:lock|unlock)(?:_shared|_all)?\s*\("
    r"|\bset_config\s*\([^()]*,[^()]*,\s*(?:false|'f|'off|'no|0)",
    re.IGNORECASE,
)


class Statement(NamedTuple):
    """One named statement: its first line in the file, its comment lines joined, and its text."""

    name: str
    line: int
    comment: str
    text: str


def statements(sql: str) -> Iterator[Statement]:
    """Split the text of a `queries.sql`; what stands before the first name is a statement without one."""
    name, start, comment, body = "", 1, list[str](), list[str]()
    for number, line in enumerate(sql.splitlines(), 1):
        if found := _NAME.match(line):
            if name or "".join(body).strip():
                yield Statement(name, start, " ".join(comment), "\n".join(body))
            name, start, comment, body = found["name"], number, [], []
        elif (said := _COMMENT.match(line)) and not body and name:
            comment.append(said["text"].strip())
        elif not line.lstrip().startswith("--"):
            body.append(line)
    if name or "".join(body).strip():
        yield Statement(name, start, " ".join(comment), "\n".join(body))


def owns(slice_name: str, table: str) -> bool:
    """Tell whether a table's name begins with its slice's, in the plural or the singular."""
    stems = {slice_name, slice_name.removesuffix("s")}
    return table in stems or any(table.startswith(f"{stem}_") for stem in stems)


def tables(text: str) -> set[tuple[str, str]]:
    """Return (schema, table) for every table a statement names; raise SqlglotError for what cannot be read."""
    found = set()
    for tree in sqlglot.parse(_PARAMETER.sub("$1", text), dialect="postgres"):
        if tree is None:
            continue
        if isinstance(tree, exp.Command):
            raise SqlglotError(f"only select, insert, update, delete and merge stand here, not {tree.name}")
        withs = {cte.alias for cte in tree.find_all(exp.CTE)}
        for table in tree.find_all(exp.Table):
            if isinstance(table.this, exp.Identifier) and not (table.name in withs and not table.db):
                found.add((table.db, table.name))
    return found


def session_state(text: str) -> str | None:
    """Return the words of a text of SQL that outlive their transaction, or None."""
    bare = without_comments(text)
    for part in re.split(r";", bare):
        if found := _SESSION.search(part) or _SESSION_CALL.search(part):
            return " ".join(found[0].split())
    return None


def without_comments(text: str) -> str:
    """Return SQL with its comments blanked."""
    return re.sub(r"--[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)


def table_owners(root: Path) -> list[Finding]:
    """Find statements that name a table of another slice, or that cannot be read."""
    found = []
    for name, path, statement in _all(root):
        try:
            named = tables(statement.text)
        except SqlglotError as error:
            reason = str(error).splitlines()[0]
            found.append(Finding(path, statement.line, f"{statement.name} cannot be read ({reason})"))
            continue
        for schema, table in sorted(named):
            if schema or not owns(name, table):
                full = f"{schema}.{table}" if schema else table
                found.append(
                    Finding(path, statement.line, f"{full} is not a table of {name}; ask its service")
                )
    return found


def sentences(root: Path) -> list[Finding]:
    """Find statements without a name, or without one sentence that says what they are for."""
    found = []
    for _, path, statement in _all(root):
        if not statement.name:
            found.append(Finding(path, statement.line, "begin with `-- name: …`; nothing can call this"))
        elif not _SENTENCE.fullmatch(statement.comment):
            found.append(Finding(path, statement.line, f"{statement.name} needs its sentence: -- Do this."))
    return found


def unused(root: Path) -> list[Finding]:
    """Find statements that the repository beside them never calls."""
    found = []
    for name, path, statement in _all(root):
        repository = root / DOMAINS / name / "repository.py"
        called = re.sub(r"\W+$", "", statement.name)
        text = repository.read_text() if repository.is_file() else ""
        if called and not re.search(rf"\.{re.escape(called)}\b", text):
            found.append(Finding(path, statement.line, f"{called} is called by nobody; delete it"))
    return found


def sessions(root: Path) -> list[Finding]:
    """Find SQL files that set, lock or listen for a whole session."""
    found = []
    for folder in ("server", "migrations", "jobs"):
        for path in sorted((root / folder).rglob("*.sql")):
            if words := session_state(path.read_text()):
                where = str(path.relative_to(root))
                found.append(
                    Finding(where, 1, f"“{words}” outlives its transaction; use its LOCAL form or a row")
                )
    return found


def _all(root: Path) -> Iterator[tuple[str, str, Statement]]:
    for name in slices(root):
        path = root / DOMAINS / name / "queries.sql"
        if path.is_file():
            for statement in statements(path.read_text()):
                yield name, str(path.relative_to(root)), statement
