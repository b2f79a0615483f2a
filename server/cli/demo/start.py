"""Start everything the demo is made of, in order, and keep it running until Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from socket import socket
from typing import Annotated, TextIO

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number
from rich import box
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table

from server.cli.demo.logins import LOGINS, NAME, SLUG, VERSION
from server.cli.demo.state import State, digest
from server.cli.installation import known
from server.cli.options import Flag, Port
from server.cli.screen import note, progress, say
from server.cli.serve import add_web, bind_inside
from server.embedded import Embedded
from server.processes import AddressError, Processes, bind_socket
from server.settings import PREFIX, Settings, read

HOST = "127.0.0.1"
DATABASE = "narthex"
ENVIRONMENT = "demo.env"
PATIENCE = 60.0  # seconds until a web process that does not answer is told of
# what is shown without --verbose: levels of our log lines, and what the supervisor says of a process
_TELLING = re.compile(r"\[(warning|error|critical) |^\S+(?: \d)? *\| (ended|did not stop)")
_ENDED = re.compile(r"^\S+(?: \d)? *\| ended")


class Sockets(msgspec.Struct, frozen=True):
    """Everything that is listened on, bound before anything starts, so that a taken port costs no time."""

    web: socket
    site: socket
    page: socket
    smtp: socket
    inside: Sequence[socket]  # one a web process

    @classmethod
    def bind(cls, web: int, site: int, page: int, inside: Sequence[socket]) -> Sockets:
        """Raise AddressError naming the port that is taken."""
        listeners = [bind_socket(HOST, port) for port in (web, site, page, 0)]
        return cls(listeners[0], listeners[1], listeners[2], listeners[3], inside)

    def address(self, name: str) -> str:
        """Return where people find it; the church's site has another host name, so browsers see another site."""
        host = "localhost" if name == "site" else HOST
        return f"http://{host}:{getattr(self, name).getsockname()[1]}"


def demo(
    *,
    port: Port | None = None,
    site_port: Annotated[Port, Parameter(env_var="NARTHEX_SITE_PORT")] = 8001,
    mailbox_port: Annotated[Port, Parameter(env_var="NARTHEX_MAILBOX_PORT")] = 8002,
    data: Annotated[Path | None, Parameter(show_default=False)] = None,
    crowd: Annotated[int | None, Parameter(validator=Number(gte=1, lte=5000))] = None,
    minutes: Annotated[float, Parameter(validator=Number(gt=0, lte=240))] = 10.0,
    verbose: Flag = False,
) -> int:
    """Start Narthex with a demo church on this machine; Ctrl-C stops it, the data stays.

    With --crowd: send people into the gathering of a demo that runs already, to watch it breathe.

    Parameters
    ----------
    port
        Where Narthex answers, instead of NARTHEX_PORT or 8000.
    site_port
        Where the demo church's own website answers.
    mailbox_port
        Where the page with the mail answers.
    data
        The folder for the data, instead of NARTHEX_DATA_DIR or .narthex.
    crowd
        Start nothing; send so many people into the gathering of the running demo, 500 for a full hall.
    minutes
        How long the crowd stays; Ctrl-C sends it home earlier.
    verbose
        Show all log lines here, not only in the log file.
    """
    began = time.monotonic()
    wished = read(known(os.environ))
    if crowd is not None:
        from server.cli.demo.crowd import send_crowd

        return send_crowd((data or wished.data_dir) / ENVIRONMENT, crowd, minutes)
    sockets = Sockets.bind(
        wished.port if port is None else port, site_port, mailbox_port, internal_sockets(wished)
    )
    with Embedded(data or wished.data_dir, note) as embedded:
        with progress("Starting Postgres and Valkey"):
            embedded.start({"postgres", "valkey"})
        state = State.read(embedded.data)
        environment = variables(embedded, state, sockets)
        found = read({**known(os.environ), **environment})
        prepare(found, embedded, state)
        write_variables(embedded.data / ENVIRONMENT, environment)
        return _run(embedded, found, environment, sockets, verbose, began)


def internal_sockets(wished: Settings) -> Sequence[socket]:
    """Bind where metrics are answered: where it is wished, else on any port; another demo may have the usual one."""
    try:
        return bind_inside(wished, wished.workers)
    except AddressError:
        if PREFIX + "INTERNAL_PORT" in os.environ:
            raise
        return [bind_socket(wished.internal_host, 0) for _ in range(wished.workers)]


def variables(embedded: Embedded, state: State, sockets: Sockets) -> dict[str, str]:
    """Return the settings of the demo's processes."""
    return {
        PREFIX + name: value
        for name, value in {
            "DATABASE_URL": embedded.postgres_url(DATABASE, "narthex_app", state.app_password),
            "OWNER_URL": embedded.postgres_url(DATABASE, "narthex_owner", state.owner_password),
            "VALKEY_URL": embedded.valkey_url,
            "SECRET_KEY": state.secret_key,
            "SMTP_URL": f"smtp://{HOST}:{sockets.smtp.getsockname()[1]}",
            "MAIL_FROM": "Grace Community Church <no-reply@grace.example>",
            "PUBLIC_URL": sockets.address("web"),
            "HOST": HOST,
            "PORT": str(sockets.web.getsockname()[1]),
            # of the web processes, which find their sockets open; the worker looks for a free port after it
            "INTERNAL_PORT": str(sockets.inside[0].getsockname()[1] if sockets.inside else 0),
            "DATA_DIR": str(embedded.data / "files"),
            "DRAIN_SECONDS": "2",
            "LOG_FORMAT": "console",
        }.items()
    } | _bytecode(embedded.data)


def _bytecode(data: Path) -> dict[str, str]:
    """Keep compiled modules among our data where Python may not write them beside the sources.

    Without them each start would compile everything anew in each process, which takes longer than all the rest.
    """
    if not sys.dont_write_bytecode:
        return {}
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(data / "bytecode")}


def write_variables(path: Path, environment: Mapping[str, str]) -> None:
    """Write the settings as a file for a shell, so that every other command can be tried on the demo."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items()))


def prepare(found: Settings, embedded: Embedded, state: State) -> None:
    """Migrate and fill what an earlier start has not; the tools for it are loaded only then."""
    if state.migrated != (wanted := digest()):
        from server.cli import migrate

        admin = msgspec.structs.replace(found, admin_url=embedded.postgres_url(DATABASE))
        migrate.run(admin)
        state.migrated = wanted
        state.write(embedded.data)
    if state.content != VERSION:
        from server.cli.demo import content

        with progress("Creating the demo church"):
            content.fill(found)
        state.content = VERSION
        state.write(embedded.data)


def _run(
    embedded: Embedded,
    found: Settings,
    environment: Mapping[str, str],
    sockets: Sockets,
    verbose: bool,
    began: float,
) -> int:
    """Start the processes, show where everything is once they answer, and stay until told to stop."""
    with contextlib.ExitStack() as stack:
        log = stack.enter_context((embedded.data / "demo.log").open("a", buffering=1))
        processes = Processes(Lines(log, verbose), stop_seconds=found.drain_seconds + 8)
        add_web(processes, sockets.web, sockets.inside, found.workers, environment)
        waiting = _Waiting(
            sockets, embedded.data, began, lambda: _add_others(processes, embedded.data, environment, sockets)
        )
        stack.callback(waiting.close)
        processes.watch(embedded.watch)
        processes.watch(waiting)
        code = processes.run_until_signalled()
        with progress("Stopping Postgres and Valkey"):
            embedded.stop()
    if code != 0:
        note(f"Something did not run or stop as it should; the log is {embedded.data / 'demo.log'}.")
    say("Stopped. The data is kept; `narthex demo` goes on with it.")
    return code


def _add_others(processes: Processes, data: Path, environment: Mapping[str, str], sockets: Sockets) -> None:
    """Add what nobody waits for; it would only take the web processes' time while they start.

    Their sockets listen already, so whoever is quicker than they are is answered a moment later.
    """
    own = [sys.executable, "-m", "server"]
    site, mail = sockets.site.fileno(), (sockets.smtp.fileno(), sockets.page.fileno())
    web, website = sockets.address("web"), sockets.address("site")
    processes.add("worker", [*own, "worker"], env=environment, stage=1)
    processes.add("site", [*own, "site-process", str(site), web], env=environment, stage=1, pass_fds=[site])
    words = [*own, "mailbox-process", *map(str, mail), str(data / "mailbox")]
    processes.add("mailbox", words, env=environment, stage=2, pass_fds=mail)
    processes.add("content", [*own, "refresh-process", website], env=environment, restart=False)
    processes.add("volunteers", [*own, "volunteers-process"], env=environment, stage=1)


class Lines:
    """Take the processes' lines: all go to the log file, what is telling to the screen as well.

    Of a process that ended the last words are told too, for they say why.
    """

    def __init__(self, log: TextIO, verbose: bool) -> None:
        self._log = log
        self._verbose = verbose
        self._unsaid: dict[str, str] = {}  # by process, its last line if it was not shown

    def __call__(self, line: str) -> None:
        self._log.write(f"{time.strftime('%H:%M:%S')} {line}\n")
        name = line.partition("|")[0]
        if not (self._verbose or _TELLING.search(line)):
            self._unsaid[name] = line
            return
        if (words := self._unsaid.pop(name, None)) is not None and _ENDED.search(line):
            note(words)
        note(line)


class _Waiting:
    """Ask Narthex whether it is ready, from a thread; then show the panel and go on with the rest, once."""

    def __init__(self, sockets: Sockets, data: Path, began: float, go_on: Callable[[], None]) -> None:
        self._sockets = sockets
        self._data = data
        self._began = began
        self._go_on = go_on
        self._bar = contextlib.ExitStack()
        self._bar.enter_context(progress("Starting Narthex"))
        self._patient = self._waiting = True
        self._ready = threading.Event()
        threading.Thread(target=self._ask, name="readiness", daemon=True).start()

    def __call__(self) -> None:
        if not self._waiting:
            return
        waited = time.monotonic() - self._began
        if self._ready.is_set():
            self.close()
            show_panel(self._sockets, self._data, waited)
            self._go_on()
            self._waiting = False
        elif self._patient and waited > PATIENCE:
            note(f"Narthex does not answer yet; its log is {self._data / 'demo.log'}.")
            self._patient = False

    def close(self) -> None:
        """Take the bar away."""
        self._bar.close()

    def _ask(self) -> None:
        url = f"{self._sockets.address('web')}/health/ready"
        while not self._ready.wait(0.1):
            with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own address
                self._ready.set()


def show_panel(sockets: Sockets, data: Path, seconds: float) -> None:
    """Show where everything is and who can sign in."""
    web = sockets.address("web")
    places = Table.grid(padding=(0, 2))
    for title, address in (
        ("Console", f"{web}/console/{SLUG}"),
        ("Church's website", sockets.address("site")),
        ("Mailbox", sockets.address("page")),
        ("API", f"{web}/docs"),
        ("Health", f"{web}/health/ready"),
        (
            "Metrics",
            " ".join(f"http://{HOST}:{one.getsockname()[1]}/metrics" for one in sockets.inside) or "none",
        ),
        ("Data", str(data)),
        ("Other commands", f". {data / ENVIRONMENT}; narthex doctor"),
    ):
        places.add_row(title, address)
    people = Table("sign in as", "e-mail", "password", box=box.SIMPLE_HEAD, pad_edge=False)
    for login in LOGINS:
        people.add_row(login.role, login.email, login.password)
    Console(soft_wrap=True).print(
        Panel.fit(
            Group(places, "", people), title=f"{NAME} is ready ({seconds:.1f} s)", subtitle="Ctrl-C stops it"
        )
    )
