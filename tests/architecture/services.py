"""Who is asking comes first: every service method takes the scope, or the open transaction that carries it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.architecture.house import DOMAINS, Finding, Source, sources

# slice:Class or slice:Class.method → why nobody in particular is asking.
EXCEPTIONS: Mapping[str, str] = {
    "tenants:TenantsService": "stands before any church is open; operators and the command line call it",
    "operators:OperatorsService": "operators run the installation, and no church is open when they are asked for",
    "auth:AuthService.identify": "makes the scope, from what a request proves",
    "accounts:AccountsService.hash": "computes a hash in a thread and touches nobody's data",
}

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def scopes(root: Path, exceptions: Mapping[str, str] = EXCEPTIONS) -> list[Finding]:
    """Find public asynchronous methods of services that take neither `scope: Scope` nor `tx: Transaction` first."""
    found, used = list[Finding](), set[str]()
    for source in sources(root, str(DOMAINS)):
        if source.path.name != "service.py":
            continue
        name = source.path.parts[2]
        for cls, method in _methods(source):
            keys = {f"{name}:{cls.name}", f"{name}:{cls.name}.{method.name}"} & set(exceptions)
            if not _takes_scope(method):
                used |= keys
                if not keys:
                    found.append(
                        source.finding(method, f"{cls.name}.{method.name} takes `scope: Scope` first")
                    )
    for slice_name, _, what in sorted(key.partition(":") for key in set(exceptions) - used):
        path = f"{DOMAINS}/{slice_name}/service.py"
        if (root / path).is_file():
            found.append(Finding(path, 1, f"the exception for {what} is not needed; take it out"))
    return found


def _methods(source: Source) -> Iterator[tuple[ast.ClassDef, _Function]]:
    for cls in ast.walk(source.tree):
        if isinstance(cls, ast.ClassDef) and cls.name.endswith("Service"):
            for node in cls.body:
                if isinstance(node, _Function) and _is_asked(node):
                    yield cls, node


def _is_asked(method: _Function) -> bool:
    """Tell whether a method can be called by others and touches the world: it waits, or yields what waits."""
    public = not method.name.startswith("_")
    waits = isinstance(method, ast.AsyncFunctionDef) or "Async" in ast.unparse(
        method.returns or ast.Constant(0)
    )
    return public and waits


def _takes_scope(method: _Function) -> bool:
    arguments = method.args.posonlyargs + method.args.args
    if len(arguments) < 2:
        return False
    second = arguments[1]
    kind = ast.unparse(second.annotation).strip("'\"") if second.annotation else ""
    return (second.arg, kind.rpartition(".")[2]) in {("scope", "Scope"), ("tx", "Transaction")}
