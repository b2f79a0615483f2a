"""No SQL from strings: where a literal of SQL may stand, who may call the driver, and with what.

Outside `server/kit`, `migrations` and `jobs` there is no literal of SQL and no call of the driver, so there is nothing
to build SQL for. Inside, the driver is given constants of the module. What must differ is listed below with its reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.architecture.house import Finding, Source, docstrings, sources

FOLDERS = ("server", "jobs", "realtime", "migrations")
# The shard schema (outbox, leases, mails) belongs to no slice, so its statements stand with the jobs that use them.
ALLOWED = ("server/kit/", "migrations/", "jobs/")

# file:function (or *) → why SQL may stand, or be put together, there. One that is no longer needed is a finding.
EXCEPTIONS: Mapping[str, str] = {
    "server/kit/statements.py:*": "hands aiosql's own texts, read from queries.sql, to the driver",
    "server/kit/migrations.py:*": "splices schema names that passed schema_of: no identifier is a parameter",
    "server/kit/db.py:Database.transaction": "the first door: role and path from a checked schema name",
    "server/kit/db.py:Database._fixed": "the second door: `control` or `shard`, named by its two callers",
    "jobs/trim.py:shard": "takes turns with two constants of the module",
    "jobs/trim.py:_all": "repeats a constant that its callers in this file hand over",
    "jobs/mails.py:Mails._record": "writes an outcome by one of three constants of the module",
    "server/cli/migrate.py:make_database": "CREATE DATABASE takes no parameter; psycopg.sql quotes its name",
    "server/cli/bench/stage.py:Stage._make_database": "CREATE DATABASE takes no parameter; the name is a constant",
    "server/kit/carry.py:rows": "an export reads every table there is; psycopg.sql quotes names from the catalog",
    "server/kit/carry.py:_rename": "renames a schema whose name passed schema_of; psycopg.sql quotes it",
    "server/kit/carry.py:_drop": "drops a schema whose name passed schema_of; psycopg.sql quotes it",
    "server/cli/bench/bare.py:*": "the peer that we are measured beside has no house around its one query",
    "server/cli/bench/prayer.py:*": "writes an archive of 10,000 requests at once, which no service does",
    "server/cli/head.py:dumped": "writes migrations/tenant/head.sql, with a revision from our own files",
}

# Methods that no other library here has; a mention is enough, called or not.
_DRIVER = frozenset(
    {
        "add_listener",
        "copy_from_query",
        "copy_from_table",
        "copy_records_to_table",
        "copy_to_table",
        "exec_driver_sql",
        "executemany",
        "fetchall",
        "fetchmany",
        "fetchone",
        "fetchrow",
        "fetchval",
    }
)
# Methods that others have as well: the driver's when called with a statement on something that is a connection.
_SHARED = frozenset({"execute", "fetch", "cursor", "prepare"})
_CONNECTION = re.compile(
    r"(?i)conn|cursor|transaction|\btx\b|\bpool\b|database|engine|\bdb\b|acquire|\bown\b"
)
_OPENS = re.compile(r"connect|acquire|control\(|shard\(|transaction\(")
_TYPE = re.compile(r"\b(?:Connection|Cursor|Pool|Transaction)\b")

_SQL = re.compile(
    r"""^[\s;(]*(?:
        select\s(?s:.)*\bfrom\s | select\s+(?:pg_\w+|set_config|nextval|1\b) | insert\s+into\s | update\s+\S+\s+set\s
      | delete\s+from\s | merge\s+into\s | with\s+(?:recursive\s+)?\w+\s+as\s*(?:not\s+materialized\s*)?\(
      | (?:create|alter|drop)\s+(?:or\s+replace\s+|unique\s+)?(?:table|index|schema|role|view|function|type|trigger
        |extension|database|sequence|materialized)\s
      | truncate\s+(?:table\s)?\w+\s*(?:;|$) | grant\s+\w+(?s:.)*\s(?:on|to)\s | revoke\s+\w+(?s:.)*\sfrom\s
      | copy\s+\S+\s+(?:from|to)\s | lock\s+table\s | do\s+\$ | begin\s*(?:;|isolation) | set\s+local\s
      | explain\s | vacuum\s | analyze\s
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_SESSION = re.compile(
    r"""(?:^|;)\s*(?:
        set\s+(?:session\s | role\s | search_path\b | time\s+zone\s | (?:statement|lock|idle\w*)_timeout\b)
      | (?:reset|discard)\s+(?:all|role|search_path|plans|temp)\s*(?:;|$) | (?:un)?listen\s+[\w"*]+\s*(?:;|$)
      | create\s+temp(?:orary)?\s+table\s(?!(?s:.)*on\s+commit\s+drop)
    )
    | \bpg_(?:try_)?advisory_(?:lock|unlock)(?:_shared|_all)?\s*\( | \bset_config\s*\([^()]*,[^()]*,\s*false""",
    re.IGNORECASE | re.VERBOSE,
)


class Literal(NamedTuple):
    """One text in the source, holes of an f-string filled with `_`, and the function it stands in."""

    node: ast.expr
    text: str
    function: str


def sql_from_strings(root: Path, exceptions: Mapping[str, str] = EXCEPTIONS) -> list[Finding]:
    """Find SQL outside its rooms, calls of the driver outside the kit, and statements that are put together."""
    found, used = list[Finding](), set[str]()
    for source in sources(root, *FOLDERS):
        rule = _inside if str(source.path).startswith(ALLOWED) else _outside
        for function, finding in rule(source):
            keys = {f"{source.path}:{function}", f"{source.path}:*"} & set(exceptions)
            used |= keys
            if not keys:
                found.append(finding)
    for key in sorted(set(exceptions) - used):
        path, _, function = key.partition(":")
        if (root / path).is_file():
            found.append(Finding(path, 1, f"the exception for {function} is not needed; take it out"))
    return found


def session_literals(root: Path) -> list[Finding]:
    """Find SQL in Python that sets, locks or listens for a whole session."""
    return [
        source.finding(literal.node, f"“{' '.join(words[0].split())}” outlives its transaction")
        for source in sources(root, *FOLDERS)
        for literal in literals(source.tree)
        if (words := _SESSION.search(literal.text))
    ]


def literals(tree: ast.Module) -> Iterator[Literal]:
    """Yield every text that is a value: constants, and f-strings as a whole; documentation is left out."""
    skipped = docstrings(tree)
    for function, node in scoped(tree):
        if isinstance(node, ast.JoinedStr):
            skipped |= {part for part in node.values if isinstance(part, ast.Constant)}
            yield Literal(node, "".join(map(_part, node.values)), function)
        elif isinstance(node, ast.Constant) and node not in skipped:
            if isinstance(node.value, bytes):
                yield Literal(node, node.value.decode(errors="replace"), function)
            elif isinstance(node.value, str):
                yield Literal(node, node.value, function)


def _part(value: ast.expr) -> str:
    return str(value.value) if isinstance(value, ast.Constant) else "_"


def scoped(tree: ast.AST, within: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Yield every node, parents first, with the dotted name of the class and function around it."""
    for node in ast.iter_child_nodes(tree):
        yield within, node
        named = isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        inner = f"{within}.{node.name}".lstrip(".") if named else within  # type: ignore[attr-defined]
        yield from scoped(node, inner)


def _outside(source: Source) -> Iterator[tuple[str, Finding]]:
    for literal in literals(source.tree):
        if _SQL.search(literal.text):
            yield literal.function, source.finding(literal.node, "SQL stands in queries.sql, not here")
    connections = _connections(source.tree)
    for function, node in scoped(source.tree):
        if _reaches_driver(node, connections):
            yield function, source.finding(node, "only server/kit calls the driver; name a statement")


def _inside(source: Source) -> Iterator[tuple[str, Finding]]:
    fixed, connections = _constants(source.tree), _connections(source.tree)
    versions = "versions" in source.path.parts
    for function, node in scoped(source.tree):
        if not isinstance(node, ast.Call):
            continue
        if versions and ast.unparse(node.func) in {"op.execute", "op.get_bind"}:
            yield function, source.finding(node, "op.execute reads `:1` as a parameter; use run()")
        asked = _calls_driver(node, connections) or (versions and ast.unparse(node.func) == "run")
        if asked and not _is_fixed(_statement(node), fixed):
            yield (
                function,
                source.finding(node, "a statement is a constant of the module, never put together"),
            )


def _reaches_driver(node: ast.AST, connections: set[str]) -> bool:
    """Tell whether a node mentions a method of the driver, as an attribute or by getattr."""
    if isinstance(node, ast.Attribute):
        return node.attr in _DRIVER
    if not isinstance(node, ast.Call):
        return False
    if ast.unparse(node.func).rpartition(".")[2] in {"getattr", "methodcaller", "attrgetter"}:
        names = {arg.value for arg in node.args if isinstance(arg, ast.Constant)}
        return bool(names & (_DRIVER | {"execute", "fetch"}))
    return (
        isinstance(node.func, ast.Attribute)
        and node.func.attr in _SHARED
        and _calls_driver(node, connections)
    )


def _calls_driver(node: ast.Call, connections: set[str]) -> bool:
    if not isinstance(node.func, ast.Attribute) or _statement(node) is None:
        return False
    if node.func.attr in _DRIVER - {"fetchone", "fetchall", "fetchmany", "add_listener"}:
        return True
    receiver = ast.unparse(node.func.value)
    known = receiver.split(".")[0].split("(")[0] in connections or _CONNECTION.search(receiver) is not None
    return node.func.attr in _SHARED and (known or node.func.attr == "execute")


def _connections(tree: ast.Module) -> set[str]:
    """Return the names that hold a connection: annotated as one, or made from one."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and _TYPE.search(ast.unparse(node.annotation or node)):
            found.add(node.arg if isinstance(node, ast.arg) else ast.unparse(node.target))
        elif isinstance(node, ast.Assign | ast.NamedExpr) and _CONNECTION.search(ast.unparse(node.value)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {ast.unparse(target) for target in targets}
        elif isinstance(node, ast.withitem) and _OPENS.search(ast.unparse(node.context_expr)):
            found |= {ast.unparse(node.optional_vars)} if node.optional_vars else set()
    return found


def _statement(call: ast.Call) -> ast.expr | None:
    """Return what a call hands over as its statement, or None when it hands over nothing."""
    named = [k.value for k in call.keywords if k.arg in {None, "query", "sql", "statement", "statements"}]
    return (call.args + named)[0] if call.args or named else None


def _constants(tree: ast.Module) -> set[str]:
    """Return the module's names that are given a text once, and only at the top."""
    given = [
        (node.targets[0].id, node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
    ]
    assigned = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    fixed = set[str]()
    for name, value in given:
        if _is_fixed(value, fixed) and assigned.count(name) == 1:
            fixed.add(name)
    return fixed


def _is_fixed(node: ast.expr | None, fixed: set[str]) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str | bytes)
    if isinstance(node, ast.Name):
        return node.id in fixed
    if isinstance(node, ast.Dict):  # a table of statements
        return all(_is_fixed(value, fixed) for value in node.values)
    if isinstance(node, ast.Subscript):
        return _is_fixed(node.value, fixed)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _is_fixed(node.left, fixed) and _is_fixed(node.right, fixed)
    return False
