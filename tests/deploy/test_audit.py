"""What is locked is audited where the advisories can be reached, and nothing fails where they cannot."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
FINE = json.dumps({"auditReportVersion": 2, "vulnerabilities": {}})
BAD = json.dumps({"auditReportVersion": 2, "vulnerabilities": {"left-pad": {"severity": "high"}}})


def load() -> ModuleType:
    """Load deploy/audit.py, which is a script and no package."""
    spec = importlib.util.spec_from_file_location("audit", ROOT / "deploy" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


audit = load()


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder whose programs are found before all others."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def tool(tools: Path, name: str, said: str, code: int) -> None:
    """Let a program say something and end with a code."""
    (tools / f"{name}.txt").write_text(said)
    (tools / name).write_text(f"#!/bin/sh\ncat {tools}/{name}.txt\nexit {code}\n")
    (tools / name).chmod(0o755)


@pytest.mark.parametrize(
    ("uv", "npm", "code", "told"),
    [
        (("Found no known vulnerabilities", 0), (FINE, 0), 0, ["no advisory", "no advisory"]),
        (("Found 1 known vulnerability in litestar", 1), (FINE, 0), 1, ["litestar"]),
        (("Found no known vulnerabilities", 0), (BAD, 1), 1, ["widgets: left-pad (high)"]),
        (("error sending request: dns error", 2), (FINE, 0), 0, ["skipped: requirements.lock", "OSV"]),
        (("ok", 0), ("npm error audit endpoint returned an error", 1), 0, ["skipped: widgets", "npm's"]),
        (
            ("dns error", 2),
            ('{"message": "405", "error": {}}', 1),
            0,
            ["skipped: requirements", "skipped: widgets"],
        ),
        (("dns error", 2), (BAD, 1), 1, ["left-pad", "skipped"]),
    ],
)
def test_what_is_found_and_what_cannot_be_asked(
    tools: Path,
    capsys: pytest.CaptureFixture[str],
    uv: tuple[str, int],
    npm: tuple[str, int],
    code: int,
    told: list[str],
) -> None:
    """An advisory fails the check; a service that is away is named and does not."""
    tool(tools, "uv", *uv)
    tool(tools, "npm", *npm)
    assert audit.main() == code
    said = capsys.readouterr().out
    assert all(part in said for part in told), said


def test_every_locked_package_is_asked_about() -> None:
    """Names, extras, versions and markers are read from the lock; hashes and reasons are not."""
    lock = (
        "a==1 \\\n    --hash=sha256:00\nb[x]==2.0 ; sys_platform == 'win32' \\\n    --hash=x\n    # via a\n"
    )
    assert audit.pins(lock) == ["a==1", "b[x]==2.0 ; sys_platform == 'win32'"]
    assert len(audit.pins((ROOT / "deploy" / "requirements.lock").read_text())) > 50
