"""Where a line may stand: the top level, the rooms of a slice, its front door, and how large a file may grow."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tests.architecture.house import DOMAINS, Finding, Source, slice_of, slices, sources

TOP_LEVEL = frozenset(
    {
        "Makefile",
        "README.md",
        "deploy",
        "jobs",
        "migrations",
        "pyproject.toml",
        "realtime",
        "server",
        "tests",
        "widgets",
    }
)
FRONT_DOOR = frozenset({"service", "schemas", "signals", "models", "errors"})
MODULES = FRONT_DOOR | {"__init__", "policy", "repository", "client", "listeners", "routes", "channel"}
ROOMS = frozenset({f"{module}.py" for module in MODULES} | {"queries.sql", "data"})
PURE = frozenset(("protocol.py", "policy.py"))
MOST_LINES = 450

_NOT_WRITTEN = re.compile(r"(?:^|/)(?:node_modules|generated)(?:/|\.)|\.test\.ts$")  # by us, or as source

Check = Callable[[Path], list[Finding]]


def top_level(tracked: Iterable[str]) -> list[Finding]:
    """Find what stands at the top although it has a room of its own; dot-files may."""
    names = {name.split("/")[0] for name in tracked}
    strangers = sorted(n for n in names - TOP_LEVEL if not n.startswith("."))
    return [Finding(name, 1, "the top level is fixed: put it in one of its rooms") for name in strangers]


def slice_rooms(root: Path) -> list[Finding]:
    """Find files of a slice whose name is none of the allowed ones."""
    found = []
    for name in slices(root):
        folder = root / DOMAINS / name
        for path in sorted(folder.iterdir()):
            if path.name not in ROOMS and path.name != "__pycache__":
                where = str(path.relative_to(root))
                found.append(
                    Finding(where, 1, f"a slice has no {path.name}; see architecture.md for its rooms")
                )
        if not (folder / "__init__.py").is_file():
            found.append(
                Finding(f"{DOMAINS}/{name}/__init__.py", 1, "a slice says what it is, in one paragraph")
            )
    return found


def data_rooms(root: Path) -> list[Finding]:
    """Find code in a slice's `data/`: people review what lies there, so it holds nothing that runs."""
    return [
        Finding(str(path.relative_to(root)), 1, "data/ holds data that people review, no code")
        for name in slices(root)
        for path in sorted((root / DOMAINS / name / "data").rglob("*.py"))
    ]


def introductions(root: Path) -> list[Finding]:
    """Find slices whose `__init__.py` holds more, or less, than its paragraph."""
    found = []
    for name in slices(root):
        for source in sources(root, f"{DOMAINS}/{name}"):
            if source.path.name != "__init__.py":
                continue
            if not ast.get_docstring(source.tree):
                found.append(source.finding(source.tree, "say what the slice is and what it refuses to do"))
            found += [source.finding(n, "only the paragraph stands here") for n in source.tree.body[1:]]
    return found


def front_doors(root: Path, order: list[list[str]]) -> list[Finding]:
    """Find imports from another slice that skip its front door, point upwards, or hide from this check.

    `order` lists the layers of slices from the highest to the lowest; slices of one layer ignore each other.
    """
    rank = {name: depth for depth, layer in enumerate(order) for name in layer}
    found = []
    for source in sources(root, str(DOMAINS)):
        here = slice_of(source.path)
        if here is None:
            continue
        for node, module in imports(source):
            there, _, door = module.removeprefix("server.domains.").partition(".")
            if not module.startswith("server.domains.") or there == here:
                continue
            if door.split(".")[0] not in FRONT_DOOR:
                found.append(source.finding(node, f"{module} is private: use the slice's {_doors()}"))
            elif rank.get(there, -1) <= rank.get(here, -1):
                found.append(source.finding(node, f"{here} may not know {there}: announce a signal instead"))
        found += [
            source.finding(node, "import by name, so that the checks see it") for node in hidden(source)
        ]
    return found


def _doors() -> str:
    return ", ".join(sorted(FRONT_DOOR))


def imports(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Yield every imported module as a full dotted name; `from a import b` counts as a.b."""
    package = source.path.with_suffix("").parts[:-1]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node, f"{base}.{alias.name}") for alias in node.names)


def hidden(source: Source) -> Iterator[ast.AST]:
    """Yield imports that name their module in a string."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name.rpartition(".")[2] in {"import_module", "__import__"}:
                yield node


def purity(root: Path) -> list[Finding]:
    """Find awaiting, or anything that leads to it, in the files that decide in pure code."""
    waits = (ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith)
    found = []
    for source in sources(root, "server", "realtime", "jobs"):
        if source.path.name not in PURE:
            continue
        found += [
            source.finding(n, "no await in this file") for n in ast.walk(source.tree) if isinstance(n, waits)
        ]
        found += [
            source.finding(node, "no await in this file, so no event loop either")
            for node, module in imports(source)
            if module.split(".")[0] in {"asyncio", "anyio"}
        ]
    return found


def sizes(root: Path) -> list[Finding]:
    """Find source files that grew past two nouns."""
    folders = ("server", "realtime", "jobs", "migrations", "deploy", "widgets/src")
    files = [
        p for folder in folders for kind in ("*.py", "*.ts") for p in sorted((root / folder).rglob(kind))
    ]
    return [
        Finding(
            str(path.relative_to(root)), lines, f"{lines} lines: two nouns; split the slice, not the file"
        )
        for path in files
        if not _NOT_WRITTEN.search(str(path.relative_to(root)))
        and (lines := len(path.read_text().splitlines())) > MOST_LINES
    ]


def declared_order(pyproject: Path) -> list[list[str]]:
    """Return the layers of slices from the import contracts, highest first, optional marks removed."""
    settings = tomllib.loads(pyproject.read_text())["tool"]["importlinter"]
    for contract in settings["contracts"]:
        if contract.get("containers") == ["server.domains"]:
            return [re.findall(r"\w+", layer) for layer in contract["layers"]]
    raise LookupError(f"{pyproject} has no contract that orders the slices")
