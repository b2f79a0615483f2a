"""The servers we are measured beside, from npm, started on the same core as ours."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from server.cli.bench.stage import SERVER_CORE, CrowdProcess, cpu_of, pss_of
from server.cli.bench.wire import Place
from server.cli.errors import Stopped
from server.cli.screen import progress
from server.processes import bind_socket

FOLDER = Path(__file__).with_name("peer_servers")
PATHS = {"socketio": "/socket.io/?EIO=4&transport=websocket", "ws": "/"}
NAMES = {"socketio": "socket.io", "ws": "ws"}


class Peer:
    """One running peer and the crowd in front of it."""

    def __init__(self, dialect: str, process: subprocess.Popen[bytes], crowd: CrowdProcess) -> None:
        self.dialect = dialect
        self.crowd = crowd
        self._process = process

    def cpu(self) -> float:
        """Return the CPU seconds it has used."""
        return cpu_of(self._process.pid)

    def pss(self) -> int:
        """Return its proportional memory in bytes."""
        return pss_of(self._process.pid)

    def frame(self, size: int) -> str:
        """Return a message of which a delivered payload has `size` bytes; the hashes stand for its number."""
        inner = '{"type":"event","n":"########","pad":"'
        wrap = ('42["event",', "]") if self.dialect == "socketio" else ("", "")
        return wrap[0] + inner + "x" * (size - len(inner) - 2 - len(wrap[0]) - len(wrap[1])) + '"}' + wrap[1]


def peer(dialect: str, **options: Any) -> contextlib.AbstractContextManager[Peer]:
    """Start a peer; raise Stopped when there is no Node.js to run it."""
    return _started([install(), str(FOLDER / f"{dialect}.mjs")], dialect, options)


def floor() -> contextlib.AbstractContextManager[Peer]:
    """Start what does nothing but write to every socket (see `floor`); it speaks as ws does."""
    return _started([sys.executable, "-m", "server.cli.bench.floor"], "ws", {})


@contextlib.contextmanager
def _started(command: list[str], dialect: str, options: dict[str, Any]) -> Iterator[Peer]:
    with contextlib.closing(bind_socket("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen([*command, str(port)], stdout=subprocess.PIPE)
    os.sched_setaffinity(process.pid, {SERVER_CORE})
    try:
        assert process.stdout is not None
        if process.stdout.readline() != b"ready\n":
            raise Stopped(f"{command[-1]} did not start; a peer from npm may want `npm ci` in {FOLDER}.")
        crowd = CrowdProcess(dialect, "127.0.0.1", port, [Place(PATHS[dialect])], **options)
        try:
            yield Peer(dialect, process, crowd)
        finally:
            crowd.close()
    finally:
        process.kill()
        process.wait()


def install() -> str:
    """Install the peers from their lock file once; return the path of Node.js."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise Stopped(
            "Node.js is not on this machine, so there is no peer to measure beside: install Node.js 20."
        )
    if not (FOLDER / "node_modules" / ".package-lock.json").exists():
        with progress("Installing Socket.IO and ws"):
            done = subprocess.run([npm, "ci", "--silent"], cwd=FOLDER, capture_output=True, check=False)
        if done.returncode:
            raise Stopped(
                f"The peers could not be installed: {done.stderr.decode().strip().splitlines()[-1]}"
            )
    return node


def versions() -> dict[str, str]:
    """Return the peers' versions from their lock file."""
    lock = msgspec.json.decode((FOLDER / "package-lock.json").read_bytes())
    return {name: lock["packages"][f"node_modules/{name}"]["version"] for name in NAMES.values()}
