"""Run a real web process of an installation: sockets, environment, patience."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec

from server.processes import bind_socket
from server.settings import PREFIX, Settings

LIFE = 60.0  # seconds a process may take to start or stop on a busy machine


class Process(msgspec.Struct):
    """A web process and where it answers."""

    popen: subprocess.Popen[bytes]
    address: tuple[str, int]
    internal: str

    @property
    def url(self) -> str:
        return f"http://{self.address[0]}:{self.address[1]}"

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=30)


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment of a process with these settings."""
    found = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    for name in settings.__struct_fields__:
        value = getattr(settings, name)
        if name != "shards" and value != Settings.__struct_defaults__[settings.__struct_fields__.index(name)]:
            found[PREFIX + name.upper()] = str(value)
    return found


@contextmanager
def started(settings: Settings, log: Path | None = None) -> Iterator[Process]:
    """Run a web process for a while; what it says goes to `log`, or to the test's own output."""
    listener, inside = bind_socket("127.0.0.1", 0), bind_socket("127.0.0.1", 0)
    descriptors = [listener.fileno(), inside.fileno()]
    out = log.open("wb") if log else None
    popen = subprocess.Popen(
        [sys.executable, "-m", "server", "web-process", *map(str, descriptors)],
        env=environment(settings),
        pass_fds=descriptors,
        stdout=out,
        stderr=subprocess.STDOUT if out else None,
    )
    process = Process(popen, listener.getsockname(), f"http://127.0.0.1:{inside.getsockname()[1]}")
    listener.close()
    inside.close()
    try:
        wait_for(process)
        yield process
    finally:
        popen.kill()
        popen.wait()
        if out:
            out.close()


@contextmanager
def working(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """Run a background worker for a while: it carries what was announced to those who listen."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # a worker answers two ports behind its installation's internal one
    names = environment(settings) | {f"{PREFIX}INTERNAL_PORT": str(port - settings.workers)}
    popen = subprocess.Popen([sys.executable, "-m", "server", "worker"], env=names)
    try:
        yield popen
    finally:
        popen.kill()
        popen.wait()


def wait_for(process: Process) -> None:
    until = time.monotonic() + LIFE
    while True:
        try:
            if httpx.get(f"{process.url}/health/ready", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert process.popen.poll() is None, "the process has ended"
        assert time.monotonic() < until
        time.sleep(0.1)
