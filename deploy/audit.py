"""Ask the advisory services about every package that is locked: OSV by uv, npm's own by npm.

Exit code 1 when there is an advisory. A service that cannot be reached is named in a line and fails nothing: whoever
has no network can still check the rest.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("deploy/requirements.lock",)  # what is hosted; the others hold tools of this machine alone
MODULES = ("widgets",)
SECONDS = 90
PIN = re.compile(r"^[A-Za-z0-9][\w.-]*(?:\[[^\]]*\])?==[^\s;\\]+(?:\s*;[^\\]*)?")
AWAY = re.compile(
    r"request failed|error sending request|dns error|timed out|http status (?:client|server) error", re.I
)

Outcome = tuple[int, str]  # 0 or 1, and what to say


def pins(lock: str) -> list[str]:
    """Return the packages of a lock file as requirements, with their markers."""
    return [found[0].strip() for line in lock.splitlines() if (found := PIN.match(line))]


def audit_python(lock: Path) -> Outcome:
    """Ask about one lock file."""
    project = {
        "name": "locked",
        "version": "0",
        "requires-python": ">=3.11",
        "dependencies": pins(lock.read_text()),
    }
    with tempfile.TemporaryDirectory() as folder:
        text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in project.items())
        (Path(folder) / "pyproject.toml").write_text(f"[project]\n{text}")
        code, said = _run(["uv", "audit", "--preview-features", "audit-command", "--no-dev"], Path(folder))
    if code and AWAY.search(said):
        return 0, f"skipped: {lock.name}, because the advisories of OSV cannot be reached from here"
    return (1, said) if code else (0, f"{lock.name}: no advisory")


def audit_modules(folder: Path) -> Outcome:
    """Ask about one package-lock.json."""
    code, said = _run(["npm", "audit", "--json"], folder)
    try:
        report = json.loads(said[said.index("{") :])
    except ValueError:
        report = {}
    if "vulnerabilities" not in report:
        return 0, f"skipped: {folder.name}, because npm's advisories cannot be reached from here"
    if code:
        return 1, "\n".join(
            f"{folder.name}: {name} ({one['severity']})" for name, one in report["vulnerabilities"].items()
        )
    return 0, f"{folder.name}: no advisory"


def _run(words: list[str], folder: Path) -> tuple[int, str]:
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return 1, "timed out"
    return done.returncode, done.stdout + done.stderr


def main() -> int:
    """Ask about everything, and say what was found."""
    found = [audit_python(ROOT / lock) for lock in LOCKS] + [
        audit_modules(ROOT / folder) for folder in MODULES
    ]
    for _, sentence in sorted(found, key=lambda one: not one[1].startswith("skipped")):
        print(sentence)
    return max(code for code, _ in found)


if __name__ == "__main__":
    sys.exit(main())
