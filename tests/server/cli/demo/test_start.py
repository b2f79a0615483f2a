"""`narthex demo`, started as its user starts it."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.cli.demo.logins import LOGINS, NAME
from server.cli.demo.start import Lines
from server.processes import AddressError, bind_socket
from server.settings import Settings
from tests.server.cli.conftest import Narthex

ROOT = Path(__file__).parents[4]


class Demo:
    """One data folder and three ports, with a demo on them or not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listeners = [bind_socket("127.0.0.1", 0) for _ in range(3)]
        self.ports = [listener.getsockname()[1] for listener in listeners]
        for listener in listeners:
            listener.close()
        self.process: subprocess.Popen[bytes] | None = None
        self.data = folder
        self.python = sys.executable
        self.choices: dict[str, Any] = {}  # of the process: another account, another folder

    def words(self) -> list[str]:
        web, site, page = map(str, self.ports)
        return [
            "demo",
            "--data",
            str(self.data),
            "--port",
            web,
            "--site-port",
            site,
            "--mailbox-port",
            page,
        ]

    def start(self) -> float:
        """Start and wait until it is ready; return the seconds that took."""
        began = time.monotonic()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("NARTHEX_")}
        environment |= self.choices.pop("env", {})
        with (self.folder / "screen.txt").open("wb") as screen:
            self.process = subprocess.Popen(
                [self.python, "-m", "server", *self.words()],
                stdout=screen,
                stderr=subprocess.STDOUT,
                env=environment,
                **self.choices,
            )
        while "is ready" not in self.screen():
            assert self.process.poll() is None, self.screen()
            assert time.monotonic() - began < 250, self.screen()
            time.sleep(0.05)
        return time.monotonic() - began

    def screen(self) -> str:
        return (self.folder / "screen.txt").read_text()

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def kill(self) -> None:
        """End it as a crash would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def left(self) -> list[str]:
        """Return the processes that still speak of our folder."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:  # it ended while we looked
                continue
            if str(self.folder) in line and "pytest" not in line:
                found.append(line)
        return found

    def get(self, path: str, port: int = 0) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.ports[port]}{path}", timeout=20)


@pytest.fixture
def demo() -> Iterator[Demo]:
    """Give a demo that was never started."""
    folder = Path(tempfile.mkdtemp(prefix="narthex-test-", dir="/tmp"))
    folder.chmod(0o711)
    demo = Demo(folder)
    yield demo
    if demo.process is not None and demo.process.poll() is None:
        demo.kill()
    deadline = time.monotonic() + 10
    while demo.left() and time.monotonic() < deadline:
        time.sleep(0.1)
    shutil.rmtree(folder, ignore_errors=True)


def sign_in(demo: Demo, number: int) -> httpx.Response:
    login = LOGINS[number]
    url = f"http://127.0.0.1:{demo.ports[0]}/api/v1/grace/auth/console/sign-in"
    return httpx.post(url, json={"email": login.email, "password": login.password}, timeout=20)


@pytest.fixture
def usual_metrics_taken() -> Iterator[None]:
    """Let another program have the port that metrics are usually answered on, as another demo would."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(AddressError):  # some other program has it already
            stack.enter_context(bind_socket("127.0.0.1", Settings().internal_port))
        yield


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("usual_metrics_taken")
def test_a_demo_is_started_stopped_killed_and_started_again(demo: Demo) -> None:
    """It is ready with its church, ends cleanly on Ctrl-C, survives kill -9, and keeps data and secrets."""
    demo.start()
    screen = demo.screen()
    assert NAME in screen
    for login in LOGINS:
        assert login.email in screen
        assert login.password in screen
    assert demo.get("/health/live").status_code == 200
    assert demo.get("/health/ready").status_code == 200
    assert f"127.0.0.1:{demo.ports[0]}" in demo.get("/", 1).text
    assert "Nothing has been mailed yet" in demo.get("/", 2).text
    inside = re.findall(r"http://127\.0\.0\.1:\d+/metrics", screen)
    assert ["narthex_" in httpx.get(address, timeout=30).text for address in inside] == [True, True]
    assert [sign_in(demo, number).status_code for number in range(3)] == [200, 200, 200]
    secrets = (demo.folder / "demo.json").read_bytes()
    assert (demo.folder / "demo.json").stat().st_mode & 0o777 == 0o600

    command = f". {demo.folder}/demo.env; exec {sys.executable} -m server doctor"
    doctor = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert doctor.returncode == 0, doctor.stdout
    assert "All is well." in doctor.stdout

    assert demo.interrupt() == 0
    assert demo.left() == []
    assert "Stopped." in demo.screen()
    assert "ended unexpectedly" not in demo.screen()

    demo.start()
    assert (demo.folder / "demo.json").read_bytes() == secrets
    assert sign_in(demo, 0).status_code == 200
    demo.kill()

    demo.start()
    assert sign_in(demo, 0).status_code == 200
    assert demo.interrupt() == 0
    assert demo.left() == []


NOBODY = 65_534


def python_for_everybody() -> str | None:
    """Return a Python of our version that any account may run; None when there is none on this machine."""
    asked = "import sys, uuid; print(sys.version_info[:2])"
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            answer = subprocess.run(
                [python, "-c", asked], user=NOBODY, group=NOBODY, extra_groups=[], cwd="/", capture_output=True,
                text=True, timeout=60,
            )  # fmt: skip
            if answer.stdout.strip() == str(sys.version_info[:2]):
                return python
    return None


@pytest.mark.faults
@pytest.mark.timeout(400)
@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become somebody else; an ordinary account runs the rest"
)
def test_an_ordinary_account_starts_it_from_a_fresh_clone(demo: Demo) -> None:
    """Code and data are the account's own; it needs no rights beyond them, and what it made is its own."""
    python = python_for_everybody()
    if python is None:
        pytest.skip("no Python of this version is there for other accounts")
    clone = demo.folder / "clone"
    for part in ("server", "jobs", "realtime", "migrations"):
        shutil.copytree(ROOT / part, clone / part, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (clone, *clone.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    libraries = {"PYTHONPATH": sysconfig.get_path("purelib"), "HOME": "/nonexistent"}
    demo.python, demo.data = python, clone / ".narthex"
    demo.choices = {"cwd": clone, "user": NOBODY, "group": NOBODY, "extra_groups": [], "env": libraries}
    demo.start()
    assert [sign_in(demo, number).status_code for number in range(3)] == [200, 200, 200]
    assert {path.stat().st_uid for path in demo.data.iterdir()} == {NOBODY}
    assert demo.interrupt() == 0
    assert demo.left() == []


@pytest.mark.faults
@pytest.mark.timeout(400)
@pytest.mark.skipif(os.geteuid() != 0, reason="only root owns folders that its services cannot reach")
def test_root_under_a_closed_folder_is_told_where_the_data_is(demo: Demo) -> None:
    """What the services' account cannot reach is put where it can, said on screen; the next start finds it there."""
    closed = demo.folder / "closed"
    closed.mkdir(mode=0o700)
    demo.data = closed / "data"
    demo.start()
    assert sign_in(demo, 0).status_code == 200
    (place,) = set(re.findall(r"cannot reach \S+; the data is kept in (\S+)\.", demo.screen()))
    try:
        assert demo.interrupt() == 0
        demo.start()
        assert "Creating the demo church" not in demo.screen()
        assert sign_in(demo, 0).status_code == 200
        assert demo.interrupt() == 0
    finally:
        shutil.rmtree(place)


def test_a_taken_port_is_told_before_anything_starts(bare: Narthex, demo: Demo) -> None:
    """The sentence names the port, and no database is made."""
    with bind_socket("127.0.0.1", demo.ports[1]):
        outcome = bare(*demo.words())
    assert outcome.code == 1
    assert f"Port {demo.ports[1]} on 127.0.0.1 is taken" in outcome.err
    assert list(demo.folder.iterdir()) == []


def test_what_ends_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    """Of a process that ended the screen shows the last line, though it shows no other that is only information."""
    lines = Lines(io.StringIO(), verbose=False)
    for line in ("web 1 | something usual", "web 1 | The disk is full.", "web 2 | all is well"):
        lines(line)
    lines("web 1 | ended unexpectedly (exit code 1); starting it again now")
    lines("web 1 | ended unexpectedly (exit code 1); starting it again now")
    shown = capsys.readouterr().err.splitlines()
    assert [line.partition("(")[0] for line in shown] == [
        "web 1 | The disk is full.", "web 1 | ended unexpectedly ", "web 1 | ended unexpectedly "
    ]  # fmt: skip


def test_a_taken_metrics_port_that_was_asked_for_is_told(
    bare: Narthex, demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the usual one gives way by itself."""
    with bind_socket("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        monkeypatch.setenv("NARTHEX_INTERNAL_PORT", str(port))
        outcome = bare(*demo.words())
    assert outcome.code == 1
    assert f"Port {port} on 127.0.0.1 is taken" in outcome.err
    assert list(demo.folder.iterdir()) == []


def test_a_file_in_place_of_the_folder_is_told(bare: Narthex, demo: Demo) -> None:
    """A data folder that cannot be one is named."""
    (demo.folder / "file").write_text("")
    outcome = bare(*demo.words()[:1], "--data", str(demo.folder / "file"), *demo.words()[3:])
    assert outcome.code == 1
    assert "is a file, not a folder" in outcome.err


@pytest.mark.parametrize("port", ["eighty", "70000", "-1"])
def test_a_port_that_is_none_is_told(bare: Narthex, demo: Demo, port: str) -> None:
    """Exit code 2, and the option is named."""
    outcome = bare("demo", "--data", str(demo.folder), "--port", port)
    assert outcome.code == 2
    assert "port" in outcome.err
    assert outcome.err.count("\n") == 1
