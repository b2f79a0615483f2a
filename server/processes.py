"""Run child processes that cannot outlive us: one by one with spawn, a household of them with Processes."""

import contextlib
import ctypes
import errno
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, Any

import msgspec

PR_SET_PDEATHSIG = 1
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# A child that lives this long was healthy: it is replaced at once, however often it ends.
HEALTHY_SECONDS = 5.0
# One that ends sooner is tried again after growing pauses: for ever if it was healthy once, since the others are well;
# otherwise this many times, for it cannot run here: then everything stops and says why.
QUICK_DEATHS = 6
LONGEST_PAUSE_SECONDS = 5.0
TICK_SECONDS = 0.2
SAME_SIGNAL_SECONDS = 0.5
# A longer line is cut in two, so that a child without line ends cannot fill our memory.
LINE_BYTES = 64 * 1024

# Resolved here and not after the fork, where loading a library could deadlock. Only Linux has it.
_prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None


class Account(msgspec.Struct, frozen=True):
    """The operating system account a child runs as."""

    name: str
    uid: int
    gid: int


def spawn(
    argv: Sequence[str | Path],
    *,
    output: int | IO[bytes] = subprocess.DEVNULL,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    account: Account | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a child in its own process group that gets death_signal when the calling THREAD ends.

    Call it from a thread that lives as long as the child should; prctl(2) ties the signal to the thread,
    not to the process. On systems without prctl the child outlives a kill -9 of its parent.
    """
    change: dict[str, Any] = {}
    if account is not None and os.geteuid() == 0:
        change = {"user": account.uid, "group": account.gid, "extra_groups": []}
    return subprocess.Popen(
        [str(word) for word in argv],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=None if env is None else dict(env),
        cwd=cwd,
        process_group=0,
        pass_fds=pass_fds,
        preexec_fn=_die_with(os.getpid(), death_signal),
        **change,
    )


def _die_with(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    """Return what the child runs between fork and exec; a change of account clears the setting, so it comes after."""

    def before_exec() -> None:
        # A shell starts `command &` with SIGINT ignored, and ignored signals survive exec.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if _prctl is not None:
            _prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # it died before the line above
            os._exit(127)

    return before_exec


class AddressError(Exception):
    """An address cannot be listened on; the message is fit for a screen and says what to do."""


def bind_socket(host: str, port: int, *, backlog: int = 2048) -> socket.socket:
    """Return a listening socket whose descriptor the workers share; port 0 takes a free one.

    Raise AddressError with a sentence that says what to do.
    """
    if not 0 <= port <= 65535:
        raise AddressError(f"{port} is not a port; choose one from 1 to 65535.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise AddressError(f"{host} is not an address of this machine ({error.strerror}).") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise AddressError(_why_not(host, port, error)) from error
    return listener


def _why_not(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"Port {port} on {host} is taken by another program; stop that program or choose another port."
        case errno.EACCES:
            return f"Port {port} on {host} needs more rights than this account has; choose a port above 1023."
        case errno.EADDRNOTAVAIL:
            return f"{host} is not an address of this machine; listen on 127.0.0.1 or 0.0.0.0."
    return f"Port {port} on {host} cannot be listened on: {error.strerror}."


class _Child:
    """One command, the process that runs it now, and the line it is in the middle of."""

    def __init__(self, name: str, argv: Sequence[str | Path], choices: Mapping[str, Any]) -> None:
        self.name = name
        self.restart: bool = choices["restart"]
        self.stage: int = choices["stage"]
        self._argv = argv
        self._choices = {key: choices[key] for key in ("env", "pass_fds", "death_signal")}
        self.process: subprocess.Popen[bytes] | None = None
        self.line = b""
        self.quick_deaths = 0
        self.was_healthy = False
        self.started = 0.0
        self.due: float | None = 0.0  # when to start (again); None: not wanted

    def start(self) -> IO[bytes]:
        """Start the process and return the pipe that carries its words."""
        self.process = spawn(self._argv, output=subprocess.PIPE, **self._choices)
        self.started, self.due, self.line = time.monotonic(), None, b""
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        return self.process.stdout

    def reap(self) -> int | None:
        """Return how the process ended, None while it runs; whatever it left in its group is ended first.

        Only a process that is not reaped yet keeps the group's number from being used anew.
        """
        assert self.process is not None
        if self.process.returncode is None and sys.platform != "darwin":  # which has no waitid
            seen = os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if seen is not None:
                self.signal_group(signal.SIGKILL)
        return self.process.poll()

    def signal_group(self, number: int) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def pause(self) -> float | None:
        """Return the seconds to wait before the next start, None when there shall be none."""
        if time.monotonic() - self.started >= HEALTHY_SECONDS:
            self.quick_deaths, self.was_healthy = 0, True
            return 0.0
        self.quick_deaths += 1
        if self.quick_deaths >= QUICK_DEATHS and not self.was_healthy:
            return None
        if self.quick_deaths == 1:
            return 0.0
        return min(0.125 * 2.0 ** min(self.quick_deaths, QUICK_DEATHS), LONGEST_PAUSE_SECONDS)


class Processes:
    """Run commands side by side, replace those that end, and stop all of them when told to.

    A killed child is replaced within a second; a kill -9 of this process ends the children with it. What the
    children themselves start is ended with them, except after that kill -9, when nobody is left to do it.
    """

    def __init__(self, say: Callable[[str], None], *, stop_seconds: float = 10.0) -> None:
        """Take where lines go, and how long a stage may take to stop before it is ended by force."""
        self._say = say
        self._stop_seconds = stop_seconds
        self._children: list[_Child] = []
        self._watches: list[Callable[[], None]] = []
        self._selector = selectors.DefaultSelector()
        self._received: list[int] = []
        self._failed = False
        self._last_signal = -SAME_SIGNAL_SECONDS

    def add(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        restart: bool = True,
        stage: int = 0,
        pass_fds: Sequence[int] = (),
        death_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        """Add a command; env is laid over our own. Stages stop one after the other, the lowest first."""
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})}
        choices = {
            "env": environment,
            "restart": restart,
            "stage": stage,
            "pass_fds": pass_fds,
            "death_signal": death_signal,
        }
        self._children.append(_Child(name, argv, choices))

    def watch(self, look: Callable[[], None]) -> None:
        """Call look several times a second; what it raises stops everything and goes on to the caller."""
        self._watches.append(look)

    def run_until_signalled(self) -> int:
        """Run until SIGINT, SIGTERM or SIGHUP, and return the exit code.

        0: stopped when told, or every command came to its end. 1: one kept ending, or had to be forced.
        A second signal ends the stop by force. To be called in the main thread.
        """
        with self._signals():
            try:
                while not self._received and not self._failed and self._wanted():
                    self._start_due()
                    self._turn()
                    self._notice_ends()
                    for look in self._watches:
                        look()
            finally:
                self._stop()
        return 1 if self._failed else 0

    def _wanted(self) -> bool:
        return any(child.process is not None or child.due is not None for child in self._children)

    def _start_due(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.due is not None and child.due <= now:
                self._selector.register(child.start(), selectors.EVENT_READ, child)

    def _turn(self) -> None:
        """Pass on what the children wrote; return after a tick, or as soon as a signal came in."""
        for key, _ in self._selector.select(TICK_SECONDS):
            if isinstance(key.data, _Child):
                self._pass_on(key.data)
            else:
                key.data.recv(4096)

    def _pass_on(self, child: _Child) -> None:
        assert child.process is not None
        assert child.process.stdout is not None
        try:
            words = os.read(child.process.stdout.fileno(), LINE_BYTES)
        except BlockingIOError:
            return
        if not words:  # it closed its output, and may well live on
            self._selector.unregister(child.process.stdout)
        *lines, child.line = (child.line + words).split(b"\n")
        if len(child.line) >= LINE_BYTES:
            lines, child.line = [*lines, child.line], b""
        for line in lines:
            self._tell(child, line.decode(errors="replace").rstrip())

    def _tell(self, child: _Child, line: str) -> None:
        width = max(len(other.name) for other in self._children)
        # A full disk, a closed terminal, nobody who reads (rich leaves then): the children are cared for all the same.
        with contextlib.suppress(OSError, SystemExit):
            self._say(f"{child.name:<{width}} | {line}")

    def _notice_ends(self) -> None:
        for child in self._children:
            if child.process is not None and (code := child.reap()) is not None:
                self._close(child)
                if child.restart:
                    self._replace(child, code)
                elif code != 0:
                    self._tell(child, f"ended ({_ending(code)})")

    def _replace(self, child: _Child, code: int) -> None:
        pause = child.pause()
        if pause is None:
            self._failed = True
            self._tell(child, f"ended {QUICK_DEATHS} times right after its start ({_ending(code)}); stopping")
            return
        child.due = time.monotonic() + pause
        when = "now" if pause == 0 else f"in {pause:g} s"
        self._tell(child, f"ended unexpectedly ({_ending(code)}); starting it again {when}")

    def _close(self, child: _Child) -> None:
        """Tell the last words of a process that ended and let go of it."""
        assert child.process is not None
        output = child.process.stdout
        assert output is not None
        if output in self._selector.get_map():
            self._pass_on(child)
            if output in self._selector.get_map():
                self._selector.unregister(output)
        if child.line:
            self._tell(child, child.line.decode(errors="replace").rstrip())
        output.close()
        child.process = None

    def _stop(self) -> None:
        """Stop stage by stage, with SIGTERM: before a child's own handler stands, SIGINT would make Python complain."""
        asked = len(self._received)
        for stage in sorted({child.stage for child in self._children}):
            members = [
                child for child in self._children if child.stage == stage and child.process is not None
            ]
            for child in members:
                assert child.process is not None
                child.process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + self._stop_seconds
            while members := self._living(members):
                if time.monotonic() >= deadline or len(self._received) > asked:
                    self._force(members)
                else:
                    self._turn()

    def _living(self, members: list[_Child]) -> list[_Child]:
        for child in members:
            if child.reap() is not None:
                self._close(child)
        return [child for child in members if child.process is not None]

    def _force(self, members: list[_Child]) -> None:
        self._failed = True
        for child in members:
            self._tell(child, "did not stop in time; ending it by force")
            child.signal_group(signal.SIGKILL)
            assert child.process is not None
            child.process.wait()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Collect signals, and wake the selector when one arrives or a child ends."""
        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        self._selector.register(reader, selectors.EVENT_READ, reader)
        before = {number: signal.signal(number, self._receive) for number in STOP_SIGNALS}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _ignore)
        wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.close()
            reader.close()
            writer.close()

    def _receive(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        # A terminal and a wrapper such as make may both pass on one Ctrl-C.
        if now - self._last_signal > SAME_SIGNAL_SECONDS:
            self._received.append(number)
        self._last_signal = now


def _ignore(number: int, frame: FrameType | None) -> None:
    """Take SIGCHLD, which interrupts the selector only when it has a handler."""


def _ending(code: int) -> str:
    """Say how a process ended."""
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
