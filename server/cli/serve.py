"""`narthex serve`: bind the socket once, then keep the web processes that share it alive."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated

from server.cli.installation import settings
from server.cli.options import Hidden, Port, Workers
from server.cli.screen import say
from server.processes import AddressError, Processes, bind_socket
from server.settings import Settings


def serve(*, host: str | None = None, port: Port | None = None, workers: Workers | None = None) -> int:
    """Answer people until told to stop (Ctrl-C, SIGTERM); open connections are closed gently.

    Parameters
    ----------
    host
        The address to listen on, instead of NARTHEX_HOST.
    port
        The port, instead of NARTHEX_PORT; 0 takes a free one.
    workers
        How many web processes, instead of NARTHEX_WORKERS.
    """
    found = settings("database_url", "secret_key")
    many = workers or found.workers
    listener = bind_socket(host or found.host, found.port if port is None else port)
    inside = bind_inside(found, many)
    processes = Processes(say, stop_seconds=found.drain_seconds + 10)
    add_web(processes, listener, inside, many)
    processes.watch(_Told(f"Narthex answers on http://{_address(listener)}"))
    return processes.run_until_signalled()


class _Told:
    """Say something once, as soon as the processes run: from then on signals are heard."""

    def __init__(self, line: str) -> None:
        self._lines = [line]

    def __call__(self) -> None:
        while self._lines:
            say(self._lines.pop())


def bind_inside(found: Settings, workers: int) -> Sequence[socket.socket]:
    """Bind the internal address of each web process before any begins; port 0 means none. Raise AddressError."""
    if not found.internal_port:
        return ()
    with contextlib.ExitStack() as stack:
        ports = range(found.internal_port, found.internal_port + workers)
        try:
            sockets = [stack.enter_context(bind_socket(found.internal_host, port)) for port in ports]
        except AddressError as error:
            raise AddressError(
                f"{error} It is for metrics: NARTHEX_INTERNAL_PORT names another, and 0 means none."
            ) from error
        stack.pop_all()
    return sockets


def add_web(
    processes: Processes,
    listener: socket.socket,
    inside: Sequence[socket.socket],
    workers: int,
    env: Mapping[str, str] | None = None,
) -> None:
    """Add the web processes that accept from one listening socket; each has an internal one, or none of them."""
    for index in range(workers):
        fds = [listener.fileno(), *(own.fileno() for own in inside[index : index + 1])]
        words = [sys.executable, "-m", "server", "web-process", *map(str, fds)]
        processes.add(f"web {index + 1}", words, env=env, pass_fds=fds)


def web_process(descriptor: Annotated[int, Hidden], inside: Annotated[int | None, Hidden] = None) -> None:
    """Run one web process on inherited sockets; started by `serve`, never by people."""
    found = settings("database_url", "secret_key")
    listener = socket.socket(fileno=descriptor)
    internal = None if inside is None else socket.socket(fileno=inside)
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_web(found, listener, internal))


async def _web(found: Settings, listener: socket.socket, internal: socket.socket | None) -> None:
    """Build inside the loop: parts of the wiring belong to it."""
    from server.web.app import serve as run_web
    from server.wiring import build

    await run_web(build(found), [listener], inside=internal)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
