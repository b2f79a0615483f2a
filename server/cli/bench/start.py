"""P11: from a fresh clone to the first page, downloads told apart; and the second start."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from server.cli.bench.report import Report, middle
from server.cli.errors import Stopped
from server.cli.screen import progress
from server.processes import bind_socket
from server.settings import PREFIX

ROOT = Path(__file__).parents[3]
TARGETS = {"P11_cold_s": "≤ 180 without downloads", "P11_warm_s": "≤ 8"}
NOT_COPIED = (".venv", ".narthex", "node_modules", "dist", ".git", "__pycache__", ".*_cache")


def start(*, setup: bool = True, warm: int = 3) -> Report:
    """Set a copy up twice, the second time from full caches; start the demo in it once cold, then warm.

    `setup` False: measure the starts of this installation only.
    """
    with tempfile.TemporaryDirectory(prefix="narthex-start-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        figures: dict[str, float] = {}
        python = sys.executable
        if setup:
            copy = folder / "clone"
            _copy(copy)
            first, second = _set_up(copy), _set_up(copy)
            figures["P11_downloads_s"], figures["P11_setup_s"] = max(0.0, first - second), second
            python = str(copy / ".venv" / "bin" / "python")
        clone = folder / "clone" if setup else ROOT
        cold = _begin(python, clone, folder / "data")
        times = [_begin(python, clone, folder / "data") for _ in range(warm)]
    figures["P11_cold_start_s"] = cold
    figures["P11_cold_s"] = figures.get("P11_setup_s", 0.0) + cold
    figures["P11_warm_s"] = middle(times)
    notes = ["Pip's and npm's caches were full when setting up was timed; filling them is P11_downloads_s."]
    return Report(
        "start", {"setup": setup, "warm": warm}, figures, targets=TARGETS, notes=notes if setup else []
    )


def _copy(target: Path) -> None:
    if not (ROOT / "deploy" / "setup.sh").is_file():
        raise Stopped("This is not a clone, so setting up cannot be measured: add --quick.")
    shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(*NOT_COPIED))


def _set_up(clone: Path) -> float:
    """Set a clone up from nothing and return the seconds it took."""
    for made in (clone / ".venv", clone / "widgets" / "node_modules", clone / "widgets" / "dist"):
        shutil.rmtree(made, ignore_errors=True)
    began = time.perf_counter()
    with progress("Setting up a fresh copy"):
        done = subprocess.run(
            [clone / "deploy" / "setup.sh", "demo"],
            cwd=clone,
            env=_environment(),
            capture_output=True,
            check=False,
        )
    if done.returncode:
        raise Stopped(f"Setting up failed: {done.stderr.decode(errors='replace').strip()[-500:]}")
    return time.perf_counter() - began


def _begin(python: str, cwd: Path, data: Path) -> float:
    """Start the demo and stop it again; return the seconds from its first moment until it said that it is ready."""
    listeners = [bind_socket("127.0.0.1", 0) for _ in range(3)]
    ports = [str(listener.getsockname()[1]) for listener in listeners]
    for listener in listeners:
        listener.close()
    words = [python, "-m", "server", "demo", "--data", str(data), "--port", ports[0]]
    words += ["--site-port", ports[1], "--mailbox-port", ports[2]]
    began = time.perf_counter()
    with subprocess.Popen(words, cwd=cwd, env=_environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if "is ready" in line:
                    return time.perf_counter() - began
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate()
    raise Stopped("The demo did not start; run `narthex demo` to see why.")


def _environment() -> dict[str, str]:
    """Return our environment without settings, and without what keeps Python from remembering what it compiled."""
    left_out = {"PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "PYTHONPATH"}
    return {k: v for k, v in os.environ.items() if not k.startswith(PREFIX) and k not in left_out}
