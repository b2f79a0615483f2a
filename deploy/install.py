"""Make a fresh clone ready to run: `.venv` from the lock, the built widgets, Chromium for the tests.

Called by deploy/setup.sh with any Python 3.11 or newer, before anything is installed, so it uses the standard
library alone. Each step is skipped while its stamp under `.venv/stamps` still matches its inputs, and each
failure that a person can mend ends with one sentence that says how.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NoReturn

LOCKS = {"demo": "deploy/demo.lock", "dev": "deploy/dev.lock"}
WIDGET_INPUTS = (
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
    "vite.chat.config.ts",
    "vite.pages.config.ts",
    "vite.loader.config.ts",
    "src",
    "public",
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FREE_BYTES_NEEDED = 1_500_000_000  # .venv and node_modules take about 0.9 GB, pip's temporary wheels the rest

Progress = Callable[[str], str]

# What a tool's log says, and what a person does about it. The first that matches is told.
CAUSES: tuple[tuple[str, str], ...] = (
    (
        r"No space left on device|ENOSPC|Disk quota exceeded",
        "The disk is full: free about 1.5 GB here and in the temporary folder, then run the command again.",
    ),
    (
        r"THESE PACKAGES DO NOT MATCH THE HASHES|EINTEGRITY",
        "A downloaded package is not the one in the lock file, so it was not installed: empty the caches "
        "(`pip cache purge`, `npm cache clean --force`), check the mirror, then run the command again.",
    ),
    (
        r"Temporary failure in name resolution|Name or service not known|nodename nor servname"
        r"|Failed to establish a new connection|Network is unreachable|Connection refused|Connection reset"
        r"|Read timed out|ConnectTimeoutError|ProxyError|Cannot connect to proxy"
        r"|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH",
        "The package registry cannot be reached, and the first start needs it: connect to the network "
        "(or set pip and npm to a mirror), then run the command again; later starts need no network.",
    ),
    (
        r"ensurepip is not available|No module named '?ensurepip",
        "This Python cannot make virtual environments: install its venv package (on Debian and Ubuntu: "
        "apt install python3-venv), then run the command again.",
    ),
    (
        r"No matching distribution found for (?P<what>\S+)",
        "{what} is not published for this machine and Python: use CPython 3.11 to 3.14 on Linux or macOS, "
        "named with PYTHON=/path/to/python3 if another one is found first.",
    ),
)


class SetupError(Exception):
    """What went wrong and what to do, in one sentence."""


def explain(log: str) -> str | None:
    """Return the sentence for the first known cause in a tool's log, or None."""
    for pattern, sentence in CAUSES:
        if found := re.search(pattern, log):
            return sentence.format(**found.groupdict())
    return None


def digest(paths: Iterable[Path]) -> str:
    """Hash names and contents of files, and of all files under folders, in a fixed order."""
    total = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                total.update(f"{file}\0{file.stat().st_size}\0".encode())
                total.update(file.read_bytes())
    return total.hexdigest()


def pip_progress(lock: Path) -> Progress:
    """Return a function that tells how far pip is through a lock file, from its log."""
    total = len(re.findall(r"^\S+==", lock.read_text(), re.MULTILINE))

    def tell(log: str) -> str:
        if "Installing collected packages" in log:
            return "unpacking"
        seen = len(re.findall(r"^(?:Collecting|Ignoring|Requirement already satisfied)", log, re.MULTILINE))
        return f"{min(seen, total)} of {total}"

    return tell


def run(
    label: str, argv: list[str], log: Path, tell: Progress = lambda _: "", cwd: Path | None = None
) -> None:
    """Run one tool with its output in `log`, showing that it moves; raise SetupError when it fails."""
    started = last = time.monotonic()
    live = sys.stdout.isatty()
    print(f"  {label} …", end="" if live else "\n", flush=True)
    with (
        log.open("wb") as out,
        subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=environment(), cwd=cwd
        ) as process,
    ):
        while process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.25)
            now = time.monotonic()
            if live or now - last > 10:
                last = now
                text = f"  {label} … {tell(read(log))} ({now - started:.0f} s)"
                print(f"\r{text:<79}" if live else text, end="" if live else "\n", flush=True)
    outcome = "failed after" if process.returncode else "done in"
    done = f"  {label}: {outcome} {time.monotonic() - started:.0f} s"
    print(f"\r{done:<79}" if live else done, flush=True)
    if process.returncode:
        fail(label, read(log), log)


def fail(label: str, text: str, log: Path) -> NoReturn:
    """Raise the sentence for a known cause; for an unknown one, the end of the log."""
    if sentence := explain(text):
        raise SetupError(sentence)
    tail = "\n".join(f"    {line}" for line in text.splitlines()[-15:])
    raise SetupError(f"{tail}\n{label} failed; the lines above are the end of {log}.")


def read(log: Path) -> str:
    """Return a log's text; what is not UTF-8 is replaced."""
    return log.read_text(errors="replace")


def environment() -> dict[str, str]:
    """Return the environment of the tools: no prompts, and no settings of another virtual environment."""
    # without compiled modules every start of every process would compile the libraries anew, for seconds
    left_out = {"VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
    kept = {k: v for k, v in os.environ.items() if k not in left_out}
    path = f"{Path('.venv/bin').resolve()}{os.pathsep}{kept.get('PATH', os.defpath)}"
    return kept | {
        "PATH": path,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "LC_ALL": "C.UTF-8",
    }


class House:
    """One clone, and the steps that make it ready; every path is below its root."""

    def __init__(self, root: Path, profile: str) -> None:
        self.root = root
        self.profile = profile
        self.venv = root / ".venv"
        self.log = root / ".narthex" / "setup.log"

    def stamp(self, name: str) -> Path:
        return self.venv / "stamps" / name

    def matches(self, name: str, *wanted: str) -> bool:
        stamp = self.stamp(name)
        return stamp.is_file() and stamp.read_text() in wanted

    def mark(self, name: str, value: str) -> None:
        self.stamp(name).parent.mkdir(exist_ok=True)
        self.stamp(name).write_text(value)

    def lock_digest(self, profile: str) -> str:
        return f"{self.root} {digest([self.root / LOCKS[profile]])}"

    def inputs(self) -> dict[str, tuple[str, ...]]:
        """Return each stamp with the values that satisfy it, the one to write first."""
        widgets = self.root / "widgets"
        profiles = (
            ("demo", "dev") if self.profile == "demo" else ("dev",)
        )  # what tests need also serves the demo
        return {
            "packages": tuple(self.lock_digest(profile) for profile in profiles),
            "narthex": (digest([self.root / "pyproject.toml"]),),
            "modules": (digest([widgets / "package-lock.json"]),),
            "widgets": (digest(widgets / name for name in WIDGET_INPUTS),),
        }

    def missing(self) -> list[str]:
        """Return the steps still to be done, in their order."""
        made = {"narthex": ".venv/bin/narthex", "modules": "widgets/node_modules", "widgets": "widgets/dist"}
        return [
            name
            for name, wanted in self.inputs().items()
            if not self.matches(name, *wanted)
            or not (self.root / made.get(name, ".venv/bin/python")).exists()
        ]

    def prepare(self) -> None:
        """Do every step that is missing, then look for the browser of the tests."""
        steps = self.missing()
        if steps:
            print("Setting up Narthex.", flush=True)
            if "packages" in steps:
                self.make_room()
                self.make_venv()
            for step in steps:
                getattr(self, f"do_{step}")()
                self.mark(step, self.inputs()[step][0])
        if self.profile == "dev" and not has_browser():
            self.install_browser()

    def make_room(self) -> None:
        """Refuse to begin what the disk cannot hold."""
        for folder in (self.root, Path(tempfile.gettempdir())):
            free = shutil.disk_usage(folder).free
            if free < FREE_BYTES_NEEDED:
                raise SetupError(
                    f"Setting up needs about {FREE_BYTES_NEEDED / 1e9:.1f} GB, and {folder} has "
                    f"{free / 1e9:.1f} GB free: make room there, then run the command again."
                )

    def make_venv(self) -> None:
        """Make `.venv`, or make it anew when it was copied here from elsewhere or its Python is gone."""
        if self.venv_works():
            return
        run("Virtual environment", [sys.executable, "-m", "venv", "--clear", str(self.venv)], self.log)

    def venv_works(self) -> bool:
        pip = self.venv / "bin" / "pip"
        if not pip.is_file() or str(self.venv) not in pip.read_text(errors="replace")[:300]:
            return False
        probe = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
        return (
            subprocess.run([self.venv / "bin" / "python", "-c", probe], capture_output=True).returncode == 0
        )

    def pip_install(self, label: str, *arguments: str, tell: Progress = lambda _: "") -> None:
        python = str(self.venv / "bin" / "python")
        run(
            label,
            [python, "-m", "pip", "install", "--no-deps", "--progress-bar=off", *arguments],
            self.log,
            tell,
        )

    def install_lock(self, label: str, lock: Path) -> None:
        # Compiling all of it would take a third of the time; Python compiles what is imported, when it is.
        self.pip_install(label, "--no-compile", "--require-hashes", "-r", str(lock), tell=pip_progress(lock))

    def do_packages(self) -> None:
        self.install_lock("Python packages", self.root / LOCKS[self.profile])

    def do_narthex(self) -> None:
        self.pip_install("Narthex itself", "--no-build-isolation", "-e", str(self.root))

    def do_modules(self) -> None:
        self.ensure_node()
        quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retry-mintimeout=1000"]
        run("Widget packages", ["npm", "ci", *quiet], self.log, cwd=self.root / "widgets")

    def do_widgets(self) -> None:
        self.ensure_node()
        run("Widgets", ["npm", "run", "build"], self.log, cwd=self.root / "widgets")

    def ensure_node(self) -> None:
        """Install Node into `.venv` when the machine has none that the widgets' tools accept."""
        if not node_works():
            self.install_lock("Node (none fit was found)", self.root / "deploy/node.lock")

    def ready(self) -> bool:
        """Tell whether there is nothing to do and nothing to say."""
        return not self.missing() and (self.profile != "dev" or has_browser())

    def install_browser(self) -> None:
        """Install Debian's Chromium where that may be done, else say that browser tests are skipped."""
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            print("  Browser tests are skipped: no Chromium is here (on Debian, as root: apt install it).")
            return
        try:
            run("Package list of Debian", ["apt-get", "update", "-q"], self.log)
            run(
                "Chromium",
                ["apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium"],
                self.log,
            )
        except SetupError as error:
            print(f"  Browser tests are skipped, Chromium could not be installed: {error}")


def has_browser() -> bool:
    """Tell whether the browser tests will find a Chromium."""
    return bool(os.environ.get("CHROMIUM")) or any(map(shutil.which, BROWSERS))


def node_works() -> bool:
    """Tell whether the first `node` on the PATH, with npm beside it, is one that Vite 8 takes."""
    path = environment()["PATH"]
    node = shutil.which("node", path=path)
    if not node or not shutil.which("npm", path=path):
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    found = re.match(r"v(\d+)\.(\d+)", answer)
    return found is not None and fits(int(found[1]), int(found[2]))


def fits(major: int, minor: int) -> bool:
    """Tell whether a Node version is 20.19 and later of 20, 22.12 and later of 22, or 24 and newer."""
    return (major == 20 and minor >= 19) or (major == 22 and minor >= 12) or major >= 24


@contextlib.contextmanager
def alone(root: Path) -> Iterator[None]:
    """Let one setup at a time work in a clone; a second one says that it waits."""
    (root / ".narthex").mkdir(exist_ok=True)
    with (root / ".narthex" / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another setup is at work in this folder; waiting for it.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def told(error: OSError) -> str | None:
    """Return the sentence for an operating system error that a person can mend, or None."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return explain("No space left on device")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return (
            f"{error.filename} cannot be written: run the command as the user who owns this folder, "
            "or hand it over with chown -R."
        )
    return None


def main(argv: list[str]) -> int:
    """Set up the clone this file lies in; return the exit code."""
    parser = argparse.ArgumentParser(description="Make this clone ready to run.")
    parser.add_argument("profile", choices=sorted(LOCKS))
    parser.add_argument("--ready", action="store_true", help="only tell by the exit code whether it is")
    arguments = parser.parse_args(argv)
    root = Path(__file__).resolve().parent.parent
    house = House(root, arguments.profile)
    if arguments.ready:
        return 0 if house.ready() else 1
    try:
        with alone(root):
            house.prepare()
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except OSError as error:
        if (sentence := told(error)) is None:
            raise
        print(f"\n{sentence}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; the same command goes on from here.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
