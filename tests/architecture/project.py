"""What the project files promise: reasons, contracts, and lock files without addresses."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.architecture.house import Finding

_REQUIREMENT = re.compile(r"""^\s*"(?P<name>[A-Za-z0-9._-]+)[^"]*",?\s*(?:\#\s*(?P<reason>.*))?$""")
_ARRAY = re.compile(r"^(?:dependencies|requires|[\w-]+)\s*=\s*\[\s*$")
_TABLES = ("project", "project.optional-dependencies", "dependency-groups")
_ADDRESS = re.compile(r"(?:https?|ssh|git|file)(?:\+\w+)?://|--(?:extra-)?index-url|--find-links|@ /")

FLOORS = [
    {"server.__main__"},
    {"server.cli"},
    {"server.web"},
    {"jobs"},
    {"server.wiring", "server.embedded"},
    {"server.domains"},
    {"server.kit"},
    {"realtime"},
]
SLICES = [
    {"webhooks", "analytics", "search", "assistant", "notifications"},
    {"moderation"},
    {"care"},
    {"chat", "prayer"},
    {"events"},
    {"safety"},
    {"files"},
    {"members"},
    {"auth"},
    {"audit"},
    {"tenants"},
]
INSIDE = [
    {"routes", "channel", "listeners"},
    {"service"},
    {"repository", "policy", "client"},
    {"schemas", "signals"},
    {"models", "errors"},
]
# Who may not import what, whatever the contract that says so is called.
FORBIDDEN: Mapping[str, set[str]] = {
    "realtime": {"server", "jobs", "litestar", "asyncpg", "taskiq", "openai", "aiobotocore"},
    "server.kit": {"litestar", "openai"},
    "jobs": {"litestar", "server.domains.*.repository", "aiosql"},
    "server.web": {"server.domains.*.repository", "aiosql", "openai", "aiobotocore"},
    "server.domains.*.service": {"litestar", "aiosql", "openai", "aiobotocore"},
    "server.domains.*.policy": {"litestar", "aiosql", "openai", "aiobotocore"},
    "server.domains.*.routes": {"server.domains.*.repository", "aiosql", "openai", "aiobotocore"},
    "server.domains.*.channel": {
        "litestar",
        "server.domains.*.repository",
        "aiosql",
        "openai",
        "aiobotocore",
    },
    "server.domains.*.listeners": {
        "litestar",
        "server.domains.*.repository",
        "aiosql",
        "openai",
        "aiobotocore",
    },
    "server.domains.*.repository": {"litestar", "openai", "aiobotocore"},
}


def reasons(pyproject: Path) -> list[Finding]:
    """Find dependencies that do not say why they are there, on their own line."""
    found, table, inside = [], "", False
    for number, line in enumerate(pyproject.read_text().splitlines(), 1):
        if header := re.match(r"^\[+(?P<table>[^\]]+)\]+", line):
            table, inside = header["table"], False
        elif table in _TABLES and _ARRAY.match(line):
            inside = True
        elif line.startswith("]"):
            inside = False
        elif table in _TABLES and (inside or '["' in line) and '"' in line and "include-group" not in line:
            entry = _REQUIREMENT.match(line)
            if not inside or entry is None:
                if inside or re.match(r"^[\w-]+\s*=\s*\[\"", line):
                    found.append(Finding(pyproject.name, number, "one dependency a line, with its reason"))
            elif not (entry["reason"] or "").strip():
                found.append(
                    Finding(pyproject.name, number, f"{entry['name']} needs its reason: # why it is here")
                )
    return found


def contracts(pyproject: Path) -> list[Finding]:
    """Find import contracts of the design that are missing, weaker, or in another order."""
    settings = tomllib.loads(pyproject.read_text()).get("tool", {}).get("importlinter", {})
    rules: list[dict[str, Any]] = settings.get("contracts", [])
    missing = [
        what
        for what, kept in {
            "root_packages realtime, server and jobs": set(settings.get("root_packages", []))
            >= {"realtime", "server", "jobs"},
            "external packages included": settings.get("include_external_packages") is True,
            "the floors in their order": _has_layers(rules, None, FLOORS),
            "the slices in their order, exhaustive": _has_layers(rules, "server.domains", SLICES),
            "the rooms inside a slice": _has_layers(rules, "server.domains.*", INSIDE),
            "server.settings read only where things are built": _protects(
                rules,
                "server.settings",
                {"server.__main__", "server.cli", "server.wiring", "server.embedded"}
                | {"jobs.context", "jobs.worker"},
            ),
        }.items()
        if not kept
    ]
    for source, modules in FORBIDDEN.items():
        lacking = sorted(modules - _forbidden(rules, source))
        if lacking:
            missing.append(f"{source} may not import {', '.join(lacking)}")
    missing += [
        f"{c['name']} ignores {', '.join(c['ignore_imports'])}" for c in rules if c.get("ignore_imports")
    ]
    return [Finding(pyproject.name, 1, f"import contracts: {what}") for what in missing]


def _has_layers(rules: list[dict[str, Any]], container: str | None, wanted: list[set[str]]) -> bool:
    wanted_containers = [container] if container else []
    for contract in rules:
        if contract["type"] == "layers" and contract.get("containers", []) == wanted_containers:
            # A slice that was split off, or a tool, adds names; those of the design keep their order and company.
            known = set[str]().union(*wanted)
            layers = [set(re.findall(r"[\w.]+", layer)) & known for layer in contract["layers"]]
            return [layer for layer in layers if layer] == wanted and (
                container != "server.domains" or contract.get("exhaustive") is True
            )
    return False


def _protects(rules: list[dict[str, Any]], module: str, importers: set[str]) -> bool:
    return any(
        contract["type"] == "protected"
        and module in contract["protected_modules"]
        and set(contract["allowed_importers"]) <= importers
        for contract in rules
    )


def _forbidden(rules: list[dict[str, Any]], source: str) -> set[str]:
    """Return what a module may not import by any contract; a protected module is forbidden to all but its few."""
    found = set[str]()
    for contract in rules:
        if contract["type"] == "forbidden" and source in contract["source_modules"]:
            found |= set(contract["forbidden_modules"])
    return found


def addresses(root: Path) -> list[Finding]:
    """Find lock files that name a place to download from: names and hashes are enough, wherever they come from."""
    locks = ((root / "deploy").glob("*.lock"), (root / "widgets").glob("*lock*.json"))
    files = sorted(path for found in (*locks, (root / "server").rglob("package-lock.json")) for path in found)
    return [
        Finding(str(path.relative_to(root)), number, "a lock file names no address; run `make lock`")
        for path in files
        if "node_modules" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if _ADDRESS.search(line)
    ]


def unhashed(root: Path) -> list[Finding]:
    """Find locked packages without a hash."""
    found = []
    for path in sorted((root / "deploy").glob("*.lock")):
        for entry in re.finditer(r"^(?P<name>\S+)==[^\n]*\n(?P<next>[^\n]*)", path.read_text(), re.MULTILINE):
            if "--hash=sha256:" not in entry[0]:
                found.append(Finding(str(path.relative_to(root)), 1, f"{entry['name']} has no hash"))
    return found
