"""Run one service: start it, know when it is ready, notice its end, stop it."""

import contextlib
import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from server.embedded.errors import DiskFullError, EmbeddedError, in_words
from server.embedded.places import Places
from server.processes import spawn

# How long a server of an earlier run may take to notice that its parent died.
STALE_SECONDS = 3.0
LOG_BYTES = 5 * 1024 * 1024
# Nothing of our environment reaches a service: PGPORT, AWS_* or LC_ALL of a shell would change what it does.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}


class Service(ABC):
    """Own one server process and its files; subclasses say how it is made, started and asked."""

    name: str
    title: str
    stop_signal = signal.SIGTERM
    ready_seconds = 30.0
    stop_seconds = 10.0

    def __init__(self, places: Places, starter: ThreadPoolExecutor) -> None:
        """Take a starter of one thread: children get their death signal when that thread ends."""
        self.places = places
        self._starter = starter
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0  # what stands before it was said by an earlier process

    @abstractmethod
    def prepare(self) -> None:
        """Make what the first start needs; called before every start."""

    @abstractmethod
    def argv(self) -> list[str | Path]:
        """Return the command that runs in the foreground."""

    @abstractmethod
    def ready(self) -> bool:
        """Tell whether the server answers."""

    def environment(self) -> Mapping[str, str]:
        """Return what the server sees of an environment."""
        return ENVIRONMENT

    @property
    def home(self) -> Path:
        """Return the working directory of the server, which its account must reach."""
        return self.places.sockets

    @property
    def log(self) -> Path:
        return self.places.log / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def returncode(self) -> int | None:
        """Return how a started server ended (negative: the signal), None while it runs."""
        return None if self._process is None else self._process.poll()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start and wait until the server answers; raise EmbeddedError with the reason from its log."""
        if self.running:
            return
        self._end_orphan()
        with in_words(self.places.data):
            self.prepare()
            self._start_patiently()

    def _start_patiently(self) -> None:
        """Try again for STALE_SECONDS while what is in the way is going away."""
        deadline = time.monotonic() + STALE_SECONDS
        while not self._start_once():
            if time.monotonic() >= deadline or not self.worth_retrying(self._tail()):
                raise explain(f"{self.title} did not start", self._tail(), self.log)
            time.sleep(0.1)

    def worth_retrying(self, tail: str) -> bool:
        """Tell from the log whether a failed start may succeed a moment later."""
        return False

    def stop(self) -> None:
        """Stop cleanly within stop_seconds, by force after that."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(self.stop_signal)
            try:
                self._process.wait(self.stop_seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._forget()

    def kill(self) -> None:
        """End the server as a crash would, with SIGKILL; poll notices it as it notices any crash."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def run(self, argv: list[str | Path], *, env: Mapping[str, str] = ENVIRONMENT) -> None:
        """Run a program of the service to its end, its words in the log; raise EmbeddedError when it fails."""
        self._turn_log()
        with self.log.open("ab") as log:
            process = self._starter.submit(
                spawn, argv, output=log, env=env, cwd=self.places.sockets, account=self.places.account
            ).result()
        if process.wait() != 0:
            raise explain(f"{self.title}: {Path(argv[0]).name} failed", self._tail(), self.log)

    def _start_once(self) -> bool:
        """Start and wait for an answer; False when the process ended instead."""
        self._turn_log()
        with self.log.open("ab") as log:
            self._process = self._starter.submit(
                spawn,
                self.argv(),
                output=log,
                env=self.environment(),
                cwd=self.home,
                account=self.places.account,
                death_signal=signal.SIGINT,
            ).result()
        self._record.write_text(f"{self._process.pid} {_started(self._process.pid)}")
        deadline = time.monotonic() + self.ready_seconds
        while self._process.poll() is None:
            if self.ready():
                return True
            if time.monotonic() >= deadline:
                self.stop()
                raise EmbeddedError(
                    f"{self.title} did not answer within {self.ready_seconds:.0f} s; its log is {self.log}."
                )
            time.sleep(0.01)
        return False

    @property
    def _record(self) -> Path:
        return self.places.data / f"{self.name}.pid"

    def _forget(self) -> None:
        self._process = None
        self._record.unlink(missing_ok=True)

    def _end_orphan(self) -> None:
        """Wait for the server of an earlier run, which is dying with its parent; end it by force after that.

        The data folder's lock is ours, so whoever else uses the data has lost its owner.
        """
        try:
            pid, started = self._record.read_text().split()
        except (FileNotFoundError, ValueError):
            return
        orphan = int(pid)
        for wait, number in (
            (STALE_SECONDS, self.stop_signal),
            (STALE_SECONDS, signal.SIGKILL),
            (STALE_SECONDS, None),
        ):
            if _wait(lambda: _started(orphan) != started, wait):
                break
            if number is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(orphan, number)
        self._record.unlink(missing_ok=True)

    def _turn_log(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._log_start = self.log.stat().st_size
            if self._log_start > LOG_BYTES:
                self.log.replace(self.log.with_suffix(".log.1"))
                self._log_start = 0

    def _tail(self) -> str:
        try:
            with self.log.open("rb") as log:
                log.seek(max(self._log_start, log.seek(0, os.SEEK_END) - 4096))
                return log.read().decode(errors="replace")
        except FileNotFoundError:
            return ""


def explain(what: str, tail: str, log: Path) -> EmbeddedError:
    """Add to what happened the reason that the end of the log gives."""
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    if any("No space left on device" in line for line in lines[-20:]):
        return DiskFullError(
            f"{what} because the disk is full; free some space, or choose another data folder."
        )
    telling = [
        line for line in lines if any(word in line.lower() for word in ("fatal", "error", "panic", "can't"))
    ]
    reason = (telling or lines or ["it wrote nothing"])[-1]
    return EmbeddedError(f"{what}: {reason} (log: {log})")


def _wait(done: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)
    return True


def _started(pid: int) -> str:
    """Return when a process began, which tells it from a later one with the same number; "" when it is gone.

    Field 22 of /proc/[pid]/stat, see proc(5). Without /proc every number counts as gone.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]
