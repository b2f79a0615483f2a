"""What compose.yaml promises: it refers only to what it has, holds no secret, and sets only what we read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.architecture.house import Finding

# The parts of the Compose specification that are used here; a mistyped key is one that is not in the list.
TOP = {"name", "services", "networks", "volumes", "secrets"}
SERVICE = {
    "build",
    "cap_drop",
    "command",
    "depends_on",
    "environment",
    "healthcheck",
    "image",
    "networks",
    "ports",
    "profiles",
    "read_only",
    "restart",
    "secrets",
    "security_opt",
    "shm_size",
    "stop_grace_period",
    "tmpfs",
    "volumes",
}
HEALTHCHECK = {"test", "interval", "timeout", "retries", "start_period", "disable"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}

_SECRET_NAME = re.compile(r"(?i)password|secret|token|_key$|_url$|^narthex_\w*_key")
_PASSWORD_IN_URL = re.compile(r"://[^/\s:@]*:[^/\s@$]+@")
_IMAGE = re.compile(r"^[\w./-]+:(?!latest)[\w.-]*\d[\w.-]*$|^narthex:local$")
_LOOPBACK = re.compile(r"^127\.0\.0\.1:")


def compose(path: Path, settings: Path) -> list[Finding]:
    """Find what Compose would refuse, what would be open to the world, and what Narthex would not read."""
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    services: dict[str, dict[str, Any]] = document.get("services") or {}
    known = settings_of(settings)
    problems = [
        f"{key} is no part of Compose" for key in document if key not in TOP and not key.startswith("x-")
    ]
    problems += [] if services else ["there are no services"]
    for name, service in services.items():
        problems += [f"{name}: {problem}" for problem in _service(service, services, document, known)]
    problems += [
        f"secret {name} is a file under ./secrets/"
        for name, secret in (document.get("secrets") or {}).items()
        if not str((secret or {}).get("file", "")).startswith("./secrets/")
    ]
    if _PASSWORD_IN_URL.search(path.read_text()):
        problems.append("a URL holds a password")
    return [Finding(path.name, 1, problem) for problem in problems]


def _service(
    service: dict[str, Any], services: dict[str, Any], document: dict[str, Any], known: set[str]
) -> Iterator[str]:
    yield from (f"{key} is no key of a service" for key in sorted(set(service) - SERVICE))
    if not _IMAGE.match(str(service.get("image", ""))):
        yield "the image names its version"
    yield from (
        f"{port} is open to the world" for port in service.get("ports", []) if not _LOOPBACK.match(port)
    )
    yield from _references(service, services, document)
    check = service.get("healthcheck") or {}
    yield from (f"{key} is no key of a healthcheck" for key in sorted(set(check) - HEALTHCHECK))
    for variable, value in (service.get("environment") or {}).items():
        name = variable.removesuffix("_FILE")
        if variable.startswith("NARTHEX_") and name not in known:
            yield f"{variable} is no setting"
        if _SECRET_NAME.search(name) and not variable.endswith("_FILE") and name != "NARTHEX_PUBLIC_URL":
            yield f"{variable} is a secret: give it by {variable}_FILE"
        if variable.endswith("_FILE") and str(value).removeprefix("/run/secrets/") not in service.get(
            "secrets", []
        ):
            yield f"{variable} names a secret the service is not given"


def _references(service: dict[str, Any], services: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
    for kind in ("networks", "secrets"):
        unknown = set(service.get(kind, [])) - set(document.get(kind) or {})
        yield from (f"{kind[:-1]} {name} is not declared" for name in sorted(unknown))
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source not in (document.get("volumes") or {}):
            yield f"volume {source} is not declared"
    for name, wish in (service.get("depends_on") or {}).items():
        other = services.get(name)
        condition = wish.get("condition")
        if other is None:
            yield f"depends on {name}, which does not exist"
        elif condition not in CONDITIONS:
            yield f"{condition} is no condition"
        elif condition == "service_healthy" and "test" not in (other.get("healthcheck") or {}):
            yield f"waits for the health of {name}, which has no check"


def settings_of(path: Path) -> set[str]:
    """Return the variables that server/settings.py reads."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef) and node.name == "Settings":
            fields = [
                n.target.id
                for n in node.body
                if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)
            ]
            return {f"NARTHEX_{field.upper()}" for field in fields}
    raise LookupError(f"{path} has no class Settings")
