"""`make setup` does what is missing, once, and says in one sentence what a person can mend."""

from __future__ import annotations

import errno
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "http://127.0.0.1:9/simple"  # the discard port: nothing listens there


def load() -> ModuleType:
    """Load deploy/install.py, which is a script and no package."""
    spec = importlib.util.spec_from_file_location("install", ROOT / "deploy" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


install = load()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with one small package in its lock and the smallest widgets."""
    for name in ("setup.sh", "install.py"):
        (tmp_path / "deploy").mkdir(exist_ok=True)
        shutil.copy(ROOT / "deploy" / name, tmp_path / "deploy")
    for lock in ("demo", "dev"):
        (tmp_path / "deploy" / f"{lock}.lock").write_text(
            f"iniconfig==2.3.1 \\\n    --hash=sha256:{'0' * 64}\n"
        )
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'narthex'\nversion = '0'\n")
    (tmp_path / "widgets" / "src").mkdir(parents=True)
    (tmp_path / "widgets" / "package-lock.json").write_text("{}")
    return tmp_path


def run(clone: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run deploy/setup.sh in a clone, with no registry to reach and one retry."""
    env = {
        "PATH": os.environ["PATH"],
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": NOWHERE,
        "PIP_RETRIES": "1",
    }
    return subprocess.run(
        [clone / "deploy" / "setup.sh", *arguments],
        env=env | environment,
        capture_output=True,
        text=True,
        timeout=100,
    )


def fill(clone: Path, profile: str = "demo") -> object:
    """Stamp every step of a clone as done, as a finished setup leaves it."""
    house = install.House(clone, profile)
    for made in (".venv/bin", ".venv/stamps", "widgets/node_modules", "widgets/dist"):
        (clone / made).mkdir(parents=True, exist_ok=True)
    for made in (".venv/bin/python", ".venv/bin/narthex"):
        (clone / made).touch()
    for step, values in house.inputs().items():
        house.mark(step, values[0])
    return house


def test_without_a_network_the_first_start_says_what_to_do(clone: Path) -> None:
    """One sentence names the registry and the cure; no traceback, no half-told log."""
    done = run(clone, "demo")
    assert done.returncode == 1
    assert done.stderr.strip().startswith("The package registry cannot be reached")
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("python", ["/nowhere/python3", "true"])
def test_a_python_that_cannot_run_narthex_is_named(clone: Path, python: str) -> None:
    """PYTHON that does not exist, or is none, ends with a sentence that quotes it."""
    done = run(clone, "demo", PYTHON=python)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"PYTHON={python} is not one" in done.stderr


def test_a_machine_without_python_is_told_what_to_install(clone: Path, tmp_path: Path) -> None:
    """With no Python on the PATH the sentence names the packages of Debian."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("sh", "dirname"):
        (tools / tool).symlink_to(shutil.which(tool) or f"/bin/{tool}")
    done = run(clone, "demo", PATH=str(tools))
    assert done.returncode == 1
    assert "apt install python3 python3-venv" in done.stderr


def test_what_stands_already_is_not_done_again(clone: Path) -> None:
    """With every stamp in place there is nothing to do, whichever profile made it."""
    fill(clone, "dev")
    assert install.House(clone, "demo").missing() == []
    assert install.House(clone, "dev").missing() == []


def test_the_demos_packages_do_not_serve_the_tests(clone: Path) -> None:
    """An environment made for the demo lacks what the tests need."""
    (clone / "deploy" / "dev.lock").write_text("pytest==9\n")
    fill(clone, "demo")
    assert install.House(clone, "dev").missing() == ["packages"]


@pytest.mark.parametrize(
    ("change", "steps"),
    [
        ("deploy/demo.lock", ["packages"]),
        ("pyproject.toml", ["narthex"]),
        ("widgets/package-lock.json", ["modules", "widgets"]),
        ("widgets/src/new.ts", ["widgets"]),
    ],
)
def test_a_change_is_followed_by_its_own_steps_alone(clone: Path, change: str, steps: list[str]) -> None:
    """A lock, the project file, the widgets' lock and their sources each have their steps."""
    (clone / "deploy" / "dev.lock").write_text("pytest==9\n")
    fill(clone)
    (clone / change).write_text("changed")
    assert install.House(clone, "demo").missing() == steps


def test_a_folder_that_was_moved_is_set_up_anew(clone: Path, tmp_path: Path) -> None:
    """Scripts in `.venv` hold its path, so the packages' stamp does not hold elsewhere."""
    fill(clone)
    moved = shutil.copytree(clone, tmp_path / "elsewhere", ignore=shutil.ignore_patterns("elsewhere"))
    assert install.House(moved, "demo").missing()[0] == "packages"


def test_what_was_deleted_is_made_again(clone: Path) -> None:
    """A stamp alone does not count: the built widgets must be there."""
    fill(clone)
    (clone / "widgets" / "dist").rmdir()
    assert install.House(clone, "demo").missing() == ["widgets"]


def test_a_disk_without_room_is_refused_before_the_work(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says how much is needed and how much is free, and nothing is made."""
    usage = shutil.disk_usage(clone)._replace(free=200_000_000)
    monkeypatch.setattr(install.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(install.SetupError, match=r"needs about 1\.5 GB, and .* has 0\.2 GB free"):
        install.House(clone, "demo").make_room()


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "disk is full",
        ),
        ("npm error code ENOSPC", "disk is full"),
        (
            "Failed to establish a new connection: [Errno -3] Temporary failure in name resolution",
            "cannot be reached",
        ),
        ("npm error code EAI_AGAIN", "cannot be reached"),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE",
            "not the one in the lock file",
        ),
        ("npm error code EINTEGRITY", "not the one in the lock file"),
        ("ERROR: No matching distribution found for uvloop==0.23.0", "uvloop==0.23.0 is not published"),
        ("The virtual environment was not created because ensurepip is not available.", "python3-venv"),
    ],
)
def test_a_known_cause_becomes_one_sentence(log: str, told: str) -> None:
    """What pip, npm and venv say in many lines is said in one, with what to do."""
    sentence = install.explain(f"some lines\n{log}\nmore lines")
    assert told in sentence
    assert len(sentence.splitlines()) == 1


def test_an_unknown_failure_shows_the_end_of_its_log(tmp_path: Path) -> None:
    """What we do not know is shown, not hidden behind a sentence of ours."""
    log = tmp_path / "setup.log"
    with pytest.raises(install.SetupError, match=r"(?s)the real reason.*setup\.log"):
        install.run("Widgets", [sys.executable, "-c", "raise SystemExit('the real reason')"], log)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_what_the_system_refuses_is_told_in_a_sentence(number: int) -> None:
    """A full disk and a folder of another user are explained; other errors are not ours to explain."""
    assert install.told(OSError(number, "no", "/srv/narthex/.venv")) is not None
    assert install.told(OSError(errno.EIO, "no")) is None


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ((18, 20), False),
        ((20, 18), False),
        ((20, 19), True),
        ((21, 9), False),
        ((22, 11), False),
        ((22, 12), True),
        ((23, 0), False),
        ((24, 0), True),
        ((26, 1), True),
    ],
)
def test_node_is_taken_when_vite_takes_it(version: tuple[int, int], fits: bool) -> None:
    """Vite 8 and Vitest 4 want Node 20.19, 22.12 or 24 and newer."""
    assert install.fits(*version) is fits


def test_progress_counts_the_packages_of_the_lock(tmp_path: Path) -> None:
    """Each package pip has looked at counts once; then it says that it unpacks."""
    lock = tmp_path / "demo.lock"
    lock.write_text("a==1 \\\n    --hash=x\nb==2\nc==3 ; sys_platform == 'win32'\n")
    tell = install.pip_progress(lock)
    assert tell("") == "0 of 3"
    assert tell("Collecting a==1\n  Downloading a\nIgnoring c: markers\n") == "2 of 3"
    assert tell("Collecting a\nInstalling collected packages: a\n") == "unpacking"


@pytest.mark.faults
@pytest.mark.timeout(300)
def test_a_machine_without_node_gets_one_of_its_own(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Node and npm of deploy/node.lock, by their hashes, into `.venv`; what is found then is what the widgets take."""
    shutil.copy(ROOT / "deploy" / "node.lock", clone / "deploy" / "node.lock")
    tools = clone / "tools"
    tools.mkdir()
    for tool in ("sh", "env", "dirname", "uname"):
        (tools / tool).symlink_to(shutil.which(tool) or f"/bin/{tool}")
    monkeypatch.chdir(clone)
    monkeypatch.setenv("PATH", str(tools))
    subprocess.run([sys.executable, "-m", "venv", clone / ".venv"], check=True, timeout=100)
    (clone / ".narthex").mkdir()
    assert not install.node_works()
    house = install.House(clone, "demo")
    try:
        house.ensure_node()
    except install.SetupError as error:
        if "cannot be reached" in str(error):
            pytest.skip("the package registry cannot be reached from here")
        raise
    assert install.node_works()
    said = subprocess.run(
        ["npm", "--version"], env=install.environment(), capture_output=True, text=True, timeout=100
    )
    assert said.returncode == 0, said.stderr
    before = (clone / ".venv" / "bin" / "node").stat().st_mtime_ns
    house.ensure_node()  # a second time nothing is installed
    assert (clone / ".venv" / "bin" / "node").stat().st_mtime_ns == before
