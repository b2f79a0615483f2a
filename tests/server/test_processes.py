"""Child processes of `narthex serve` and `narthex demo`: real ones, under a real supervisor."""

import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue

import pytest

from server.processes import AddressError, Processes, bind_socket

ROOT = Path(__file__).parents[2]
PRELUDE = """
import os, signal, socket, subprocess, sys, time
from server.processes import Processes, bind_socket
household = Processes(lambda line: print(line, flush=True), stop_seconds=3.0)
SLEEPER = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(600)"
POLITE = (
    "import os, signal, sys, time\\n"
    "def stop(number, frame):\\n"
    "    print('bye', signal.Signals(number).name, flush=True)\\n"
    "    sys.exit(0)\\n"
    "signal.signal(signal.SIGTERM, stop); signal.signal(signal.SIGINT, stop)\\n"
    "print('pid', os.getpid(), flush=True); time.sleep(600)"
)
STUBBORN = POLITE.replace("sys.exit(0)", "pass").replace("time.sleep(600)", "[time.sleep(1) for _ in range(600)]")
def python(code, *more):
    return [sys.executable, "-c", code, *more]
"""


class Run:
    """A supervisor in a process of its own, and the lines it prints."""

    def __init__(self, script: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + textwrap.dedent(script)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"},
        )
        self.lines: list[str] = []
        self._queue: Queue[str] = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(line.rstrip())

    def until(self, pattern: str, seconds: float = 20.0) -> re.Match[str]:
        """Read on to the first line that matches."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.lines.append(self._queue.get(timeout=max(0.0, deadline - time.monotonic())))
            except Empty:
                pytest.fail(f"no line like {pattern!r} within {seconds} s: {self.lines}")
            if found := re.search(pattern, self.lines[-1]):
                return found

    def pid_of(self, name: str) -> int:
        return int(self.until(rf"^{name} +\| pid (\d+)")[1])

    def ended(self, seconds: float = 20.0) -> int:
        code = self.process.wait(seconds)
        while not self._queue.empty():
            self.lines.append(self._queue.get())
        return code


@pytest.fixture
def run() -> Iterator[Callable[[str], Run]]:
    """Give a function that starts a supervisor, ended with the test."""
    started: list[Run] = []

    def start(script: str) -> Run:
        started.append(Run(script))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pids: list[int], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


TWO = """
household.add("web-1", python(SLEEPER))
household.add("worker", python(SLEEPER))
sys.exit(household.run_until_signalled())
"""


def test_a_killed_child_is_replaced_soon(run: Callable[[str], Run]) -> None:
    """kill -9 of a child brings another soon, and says so."""
    household = run(TWO)
    first = household.pid_of("worker")
    os.kill(first, signal.SIGKILL)
    killed = time.monotonic()
    household.until(r"^worker \| ended unexpectedly \(killed by SIGKILL\)")
    second = household.pid_of("worker")
    # The new Python has printed by now, on a machine that others use too.
    assert time.monotonic() - killed < 10
    assert second != first


@pytest.mark.faults
def test_a_killed_supervisor_leaves_no_orphans(run: Callable[[str], Run]) -> None:
    """kill -9 of the supervisor ends its children within three seconds."""
    household = run(TWO)
    children = [int(household.until(r"^\S+ +\| pid (\d+)")[1]) for _ in range(2)]  # in either order
    os.kill(household.process.pid, signal.SIGKILL)
    assert gone(children, 3.0)


def test_ctrl_c_stops_stage_by_stage(run: Callable[[str], Run]) -> None:
    """SIGINT reaches the children of the lowest stage first, all of them before the next stage."""
    household = run(
        """
        household.add("worker", python(POLITE), stage=1)
        household.add("web-1", python(POLITE))
        household.add("web-2", python(POLITE))
        sys.exit(household.run_until_signalled())
        """
    )
    seen = {household.until(r"^(\S+) +\| pid")[1] for _ in range(3)}
    assert seen == {"worker", "web-1", "web-2"}
    household.process.send_signal(signal.SIGINT)
    assert household.ended() == 0
    byes = [line.split()[0] for line in household.lines if "bye SIGTERM" in line]
    assert sorted(byes[:2]) == ["web-1", "web-2"]
    assert byes[2:] == ["worker"]


def test_sigterm_is_passed_on(run: Callable[[str], Run]) -> None:
    """The children get the signal that the supervisor got."""
    household = run('household.add("web", python(POLITE)); sys.exit(household.run_until_signalled())')
    household.pid_of("web")
    household.process.send_signal(signal.SIGTERM)
    assert household.ended() == 0
    assert any("bye SIGTERM" in line for line in household.lines)


def test_a_child_that_will_not_stop_is_forced(run: Callable[[str], Run]) -> None:
    """After stop_seconds a child is killed, and the exit code tells."""
    household = run('household.add("web", python(STUBBORN)); sys.exit(household.run_until_signalled())')
    child = household.pid_of("web")
    household.process.send_signal(signal.SIGTERM)
    assert household.ended(10.0) == 1
    assert any("by force" in line for line in household.lines)
    assert not alive(child)


def test_a_second_ctrl_c_does_not_wait(run: Callable[[str], Run]) -> None:
    """A second signal ends a slow stop at once."""
    household = run(
        """
        slow = Processes(lambda line: print(line, flush=True), stop_seconds=60.0)
        slow.add("web", python(STUBBORN))
        sys.exit(slow.run_until_signalled())
        """
    )
    household.pid_of("web")
    household.process.send_signal(signal.SIGINT)
    household.until("bye SIGTERM")
    time.sleep(0.7)
    household.process.send_signal(signal.SIGINT)
    assert household.ended(10.0) == 1


def test_a_child_that_keeps_ending_stops_the_household(run: Callable[[str], Run]) -> None:
    """A command that cannot run ends everything with a sentence instead of a loop."""
    household = run(
        """
        household.add("web", python(POLITE))
        household.add("worker", python("raise SystemExit(3)"))
        sys.exit(household.run_until_signalled())
        """
    )
    web = household.pid_of("web")
    assert household.ended(40.0) == 1
    assert any("ended 6 times right after its start (exit code 3)" in line for line in household.lines)
    assert not alive(web)


def test_a_child_that_has_lived_once_is_not_given_up(run: Callable[[str], Run], tmp_path: Path) -> None:
    """However often it is killed afterwards: the others, who are well, must not end with it."""
    household = run(
        f"""
        import server.processes
        server.processes.HEALTHY_SECONDS, server.processes.LONGEST_PAUSE_SECONDS = 0.5, 0.1
        LIVES = (
            "import pathlib, time; lives = pathlib.Path({str(tmp_path / "lives")!r});"
            "number = len(lives.read_text()) + 1 if lives.exists() else 1; lives.write_text('x' * number);"
            "print('life', number, flush=True); time.sleep({{1: 0.6, 10: 600}}.get(number, 0)); raise SystemExit(3)"
        )
        household.add("web", python(POLITE))
        household.add("other", python(LIVES))
        sys.exit(household.run_until_signalled())
        """
    )
    web = household.pid_of("web")
    household.until("life 10")
    assert alive(web)


def test_what_a_child_started_ends_with_it(run: Callable[[str], Run]) -> None:
    """A killed child's own children do not stay behind."""
    household = run(
        """
        family = (
            "import subprocess, sys, time\\n"
            "child = subprocess.Popen(['sleep', '600'])\\n"
            "print('pid', child.pid, flush=True)\\n"
            "import os; print('parent', os.getpid(), flush=True); time.sleep(600)"
        )
        household.add("worker", python(family))
        sys.exit(household.run_until_signalled())
        """
    )
    grandchild = household.pid_of("worker")
    parent = int(household.until(r"parent (\d+)")[1])
    os.kill(parent, signal.SIGKILL)
    household.until("ended unexpectedly")
    assert gone([grandchild], 3.0)


def test_workers_share_one_socket(run: Callable[[str], Run]) -> None:
    """While one of two workers is dead, the other still answers on the same port."""
    household = run(
        """
        listener = bind_socket("127.0.0.1", 0)
        print("port", listener.getsockname()[1], flush=True)
        answer = (
            "import os, socket, sys\\n"
            "listener = socket.socket(fileno=int(sys.argv[1]))\\n"
            "print('pid', os.getpid(), flush=True)\\n"
            "while True:\\n"
            "    client, _ = listener.accept(); client.sendall(str(os.getpid()).encode()); client.close()"
        )
        for name in ("web-1", "web-2"):
            household.add(name, python(answer, str(listener.fileno())), pass_fds=[listener.fileno()])
        sys.exit(household.run_until_signalled())
        """
    )
    port = int(household.until(r"port (\d+)")[1])
    first, second = (int(household.until(r"pid (\d+)")[1]) for _ in range(2))
    os.kill(first, signal.SIGKILL)
    assert gone([first], 3.0)
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port), timeout=5.0) as client:
            assert int(client.recv(32)) != first
    assert alive(second)


def test_what_a_watch_raises_stops_the_children(run: Callable[[str], Run]) -> None:
    """An error from a watch reaches the caller after the children were stopped."""
    household = run(
        """
        household.add("web", python(POLITE))
        began = time.monotonic()
        def look():
            if time.monotonic() - began > 5:
                raise ValueError("the database is gone")
        household.watch(look)
        try:
            household.run_until_signalled()
        except ValueError as error:
            print("caller heard:", error, flush=True)
            sys.exit(7)
        """
    )
    web = household.pid_of("web")
    household.until("caller heard: the database is gone")
    assert household.ended() == 7
    assert not alive(web)


def test_a_household_ends_when_all_its_commands_have(capfd: pytest.CaptureFixture[str]) -> None:
    """Commands that are not to be restarted may simply end; their last words arrive, even without a line end."""
    said: list[str] = []
    household = Processes(said.append)
    household.add("once", ["printf", "first\\nlast"], restart=False)
    household.add("fails", ["false"], restart=False)
    assert household.run_until_signalled() == 0
    assert {"once  | first", "once  | last", "fails | ended (exit code 1)"} == set(said)


@pytest.mark.parametrize(
    "problem", [OSError(28, "No space left on device"), OSError(5, "I/O"), SystemExit(1)]
)
def test_a_line_that_cannot_be_written_ends_nobody(problem: BaseException) -> None:
    """A full disk, a closed terminal, nobody who reads: the children go on, and are stopped in order."""

    def say(line: str) -> None:
        raise problem

    household = Processes(say)
    household.add("talks", ["printf", "one\ntwo\n"], restart=False)
    household.add("fails", ["false"], restart=False)
    assert household.run_until_signalled() == 0


def test_a_line_without_an_end_is_cut() -> None:
    """A child that writes a megabyte without a line end does not fill our memory, and no byte is lost."""
    said: list[str] = []
    household = Processes(said.append)
    household.add("x", [sys.executable, "-c", "import sys; sys.stdout.write('y' * 2**20)"], restart=False)
    assert household.run_until_signalled() == 0
    assert sum(line.count("y") for line in said) == 2**20
    assert max(map(len, said)) < 2**18


def test_a_taken_port_is_one_sentence() -> None:
    """A taken port names itself and says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            AddressError, match=rf"^Port {port} on 127.0.0.1 is taken by another program; .*\.$"
        ):
            bind_socket("127.0.0.1", port)


@pytest.mark.parametrize("host", ["203.0.113.7", "not a host"])
def test_a_foreign_address_is_one_sentence(host: str) -> None:
    """An address of another machine is refused in words."""
    with pytest.raises(AddressError, match="is not an address of this machine"):
        bind_socket(host, 0)


def test_a_number_that_is_no_port_is_one_sentence() -> None:
    """A port beyond 65535 is refused in words."""
    with pytest.raises(AddressError, match="is not a port"):
        bind_socket("127.0.0.1", 70000)
