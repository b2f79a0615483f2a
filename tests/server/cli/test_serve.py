"""`narthex serve` and `narthex worker`, as real processes on real signals."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import httpx
import pytest

from server.processes import AddressError, bind_socket
from server.settings import PREFIX, Settings
from tests.server.cli.conftest import Narthex, environment

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(settings: Settings) -> Iterator[Start]:
    """Give a function that starts `narthex` in the test's installation."""
    started: list[subprocess.Popen[str]] = []
    bare = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}

    def start(*words: str, **more: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "server", *words],
            env={**bare, **environment(settings), **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def until(output: IO[str] | None, pattern: str) -> re.Match[str]:
    """Read lines until one matches; the test's own time limit bounds it."""
    assert output is not None
    seen = []
    for line in output:
        seen.append(line)
        if found := re.search(pattern, line):
            return found
    raise AssertionError("".join(seen))


def children(process: subprocess.Popen[str]) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def two_free_ports() -> int:
    """Return the first of two neighbours that are free now."""
    for port in range(20_000, 32_000, 2):
        with contextlib.suppress(AddressError):
            for listener in (bind_socket("127.0.0.1", port), bind_socket("127.0.0.1", port + 1)):
                listener.close()
            return port
    raise AssertionError("no two free ports")


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.faults
def test_web_processes_share_a_port_and_are_replaced_when_killed(start: Start) -> None:
    """Port 0 takes a free one and says which; a killed process is replaced; SIGTERM ends all with code 0."""
    process = start("serve", "--port", "0", "--workers", "2")
    url = until(process.stdout, r"answers on (http://\S+)")[1]
    wait_for(lambda: answers(url))
    before = children(process)
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    wait_for(lambda: len(children(process)) == 2 and children(process) != before)
    wait_for(lambda: answers(url))
    process.send_signal(signal.SIGTERM)
    assert process.wait(40) == 0


def test_a_taken_port_is_told(narthex: Narthex) -> None:
    """One sentence, exit code 1, no process started."""
    with bind_socket("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        outcome = narthex("serve", "--port", str(port))
    assert outcome.code == 1
    assert f"Port {port} on 127.0.0.1 is taken" in outcome.err


def test_a_taken_internal_port_is_told(narthex: Narthex, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is known before any web process begins, and the sentence names the setting."""
    with bind_socket("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        monkeypatch.setenv("NARTHEX_INTERNAL_PORT", str(port))
        outcome = narthex("serve", "--port", "0", "--workers", "1")
    assert outcome.code == 1
    assert f"Port {port} on 127.0.0.1 is taken" in outcome.err
    assert "NARTHEX_INTERNAL_PORT" in outcome.err


@pytest.mark.faults
def test_each_web_process_answers_on_an_internal_address_of_its_own(start: Start) -> None:
    """One after the other from NARTHEX_INTERNAL_PORT, and a process that replaces another has its address."""
    port = two_free_ports()
    process = start("serve", "--port", "0", "--workers", "2", NARTHEX_INTERNAL_PORT=str(port))
    until(process.stdout, r"answers on (http://\S+)")
    inside = [f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"]
    wait_for(lambda: all(map(answers, inside)))
    for pid in children(process):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: all(map(answers, inside)))


@pytest.mark.faults
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_worker_ends_when_told(start: Start, number: signal.Signals) -> None:
    """It works until the signal and ends with code 0."""
    process = start("worker")
    until(process.stdout, "the worker works")
    process.send_signal(number)
    assert process.wait(40) == 0


@pytest.mark.faults
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("delay", [0.0, 0.7, 1.4, 2.5])
def test_web_processes_end_while_they_are_still_starting(
    start: Start, delay: float, number: signal.Signals
) -> None:
    """Whoever changes their mind at once is not kept waiting, and sees no traceback."""
    process = start("serve", "--port", "0", "--workers", "1")
    until(process.stdout, r"answers on (http://\S+)")
    time.sleep(delay)
    began = time.monotonic()
    process.send_signal(number)
    assert process.stdout is not None
    said = process.stdout.read()
    assert process.wait(40) == 0, said
    assert time.monotonic() - began < 20, said  # so long a process drains that has somebody to wait for
    assert "Traceback" not in said
