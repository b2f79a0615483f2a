"""A stage for measurements: an installation of our own on this machine, its load, and the CPU each part has used.

Postgres runs with fsync on, on a disk. The web processes share one core and the crowd has the other, so that neither
takes the other's time; what Postgres and Valkey use is told apart.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Self
from uuid import uuid4

import msgspec

from server.cli.bench.wire import Place
from server.domains.safety.models import Rules
from server.domains.tenants.models import Tenant
from server.embedded import Embedded
from server.kit import catalog, migrations
from server.kit.scope import Actor, Scope
from server.processes import bind_socket, spawn
from server.settings import PREFIX, Settings
from server.wiring import Wiring, build

TICK = os.sysconf("SC_CLK_TCK")
SERVER_CORE, CROWD_CORE = 0, 1
DATABASE = "narthex"
TOLD = (
    "server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_level", "shared_buffers",
    "min_wal_size", "max_connections",
)  # fmt: skip
UNBOUND = {
    "sockets_per_minute": 1_000_000,
    "socket_frames": 10_000.0,
    "person_per_minute": 10_000_000,
    "church_per_minute": 10_000_000,
}
LAST = 19  # the niceness of what must not disturb what is measured
OLD_FILES = 24  # of the write-ahead log, of 16 MiB each
PATIENCE = 90.0  # seconds for a process to begin on a busy machine


class Room(msgspec.Struct, frozen=True):
    """A room of a church that is open now, and tokens of its guests."""

    church: str
    topic: str
    tokens: tuple[str, ...]

    @property
    def place(self) -> Place:
        """Return where a crowd goes for it."""
        return Place(f"/live/{self.church}", (self.topic,), self.tokens)


class Stage(contextlib.ExitStack):
    """An installation that is started, measured and taken away again; use it in a `with`."""

    postgres: ClassVar[dict[str, str]] = {}  # the settings that figures depend on, of the stage built last

    def __init__(self, *, workers: int = 1, settings: dict[str, Any] | None = None) -> None:
        super().__init__()
        self._workers = workers
        self._more = settings or {}
        self.web: list[subprocess.Popen[bytes]] = []
        self.jobs: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        super().__enter__()
        folder = Path(tempfile.mkdtemp(prefix="narthex-bench-", dir=_disk()))
        self.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o711)
        self.embedded = self.enter_context(Embedded(folder / "data", lambda _: None))
        self.embedded.start({"postgres", "valkey"})
        owner, app = secrets.token_urlsafe(18), secrets.token_urlsafe(18)
        self._make_database(owner, app)
        self.listener = self.enter_context(contextlib.closing(bind_socket("127.0.0.1", 0)))
        self.host, self.port = self.listener.getsockname()[:2]
        self.settings = Settings(
            database_url=self.embedded.postgres_url(DATABASE, "narthex_app", app),
            owner_url=self.embedded.postgres_url(DATABASE, "narthex_owner", owner),
            valkey_url=self.embedded.valkey_url,
            secret_key=base64.b64encode(os.urandom(32)).decode(),
            public_url=f"http://{self.host}:{self.port}",
            internal_port=0,
            data_dir=folder / "files",
            **{**UNBOUND, **self._more},
        )
        self.callback(self._end)
        return self

    def start(self) -> None:
        """Start the web processes and the background worker, and wait until they answer."""
        for _ in range(self._workers):
            self.start_web()
        self.jobs = spawn(
            [sys.executable, "-m", "server", "worker"], env=self.environment(), output=self._log()
        )
        try:
            _wait_for(self.host, self.port)
        except OSError as error:
            told = (self.embedded.data.parent / "server.log").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"the installation does not answer: {error}\n{told}") from error

    def start_web(self) -> subprocess.Popen[bytes]:
        """Start one web process on the server's core."""
        descriptor = self.listener.fileno()
        process = spawn(
            [sys.executable, "-m", "server", "web-process", str(descriptor)],
            env=self.environment(),
            pass_fds=[descriptor],
            output=self._log(),
        )
        os.sched_setaffinity(process.pid, {SERVER_CORE})
        self.web.append(process)
        return process

    def until_accepts(self, pid: int) -> None:
        """Wait until a web process has begun to accept beside the others."""
        end = time.monotonic() + PATIENCE
        while not polls_the_listener(pid, self.port):
            if time.monotonic() > end:
                raise RuntimeError(f"web process {pid} does not accept")
            time.sleep(0.05)

    def environment(self) -> dict[str, str]:
        """Return the environment of this installation's processes."""
        found = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        found["PYTHONDONTWRITEBYTECODE"] = ""  # a start is no part of what is measured here
        defaults = Settings()
        for name in self.settings.__struct_fields__:
            value = getattr(self.settings, name)
            if value != getattr(defaults, name):
                found[PREFIX + name.upper()] = str(value)
        return found

    # ---- content

    def rooms(self, *, churches: int = 1, rooms: int = 1, guests: int = 256) -> list[Room]:
        """Make churches with rooms that are open now and guests with tokens; flood rules are off."""
        return asyncio.run(self._fill(churches, rooms, guests))

    async def _fill(self, churches: int, rooms: int, guests: int) -> list[Room]:
        wiring = build(self.settings)
        await wiring.start()
        try:
            found: list[Room] = []
            for _ in range(churches):
                church = await wiring.tenants.create(f"bench-{secrets.token_hex(4)}", "Bench Church")
                found += await self._open(wiring, church, rooms, guests)
            return found
        finally:
            await wiring.stop()

    async def _open(self, wiring: Wiring, church: Tenant, rooms: int, guests: int) -> list[Room]:
        system = Scope.system(church.ref)
        owner = Scope(church.ref, Actor("person", uuid4(), "Owner", frozenset({"owner"})))
        await wiring.safety.set_rules(owner, Rules(flood_messages=0, duplicate_seconds=0))
        now = datetime.now(UTC)
        window = (now - timedelta(hours=1), now + timedelta(hours=4))
        found = []
        for number in range(rooms):
            async with wiring.database.transaction(system) as tx:
                room = await wiring.rooms.put_gathering(tx, uuid4(), f"Gathering {number}", window)
            tokens = await self._tokens(wiring, system, guests)
            found.append(Room(church.slug, f"chat:{room.id}", tuple(tokens)))
        return found

    async def _tokens(self, wiring: Wiring, scope: Scope, count: int) -> list[str]:
        tokens: list[str] = []
        while len(tokens) < count:
            async with wiring.database.transaction(scope) as tx:
                for number in range(len(tokens), min(count, len(tokens) + 200)):
                    guest = await wiring.guests.welcome(
                        tx, nickname=f"Guest {number}", consent="bench", site="", locale="en"
                    )
                    session = await wiring.sessions.begin(tx, scope, "widget", guest_id=guest.id)
                    tokens.append(wiring.sessions.grant(scope.tenant, session).access_token)
        return tokens

    # ---- measuring

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds that each part has used until now."""
        ours = [process.pid for process in self.web] + ([self.jobs.pid] if self.jobs else [])
        return {
            "narthex": sum(cpu_of(pid) for pid in ours),
            "postgres": _family(self.embedded.pid("postgres") or 0),
            "valkey": cpu_of(self.embedded.pid("valkey") or 0),
        }

    def pss(self) -> int:
        """Return the web processes' proportional memory in bytes."""
        return sum(pss_of(process.pid) for process in self.web)

    def crowd(self, places: Sequence[Place], **options: Any) -> CrowdProcess:
        """Start a crowd against this installation."""
        crowd = CrowdProcess("narthex", self.host, self.port, places, **options)
        self.callback(crowd.close)
        return crowd

    # ---- inside

    def _make_database(self, owner: str, app: str) -> None:
        import psycopg

        with psycopg.connect(self.embedded.postgres_url("postgres"), autocommit=True) as connection:
            connection.execute(f"create database {DATABASE}".encode())
            catalog.age(connection, files=OLD_FILES)
            Stage.postgres.update(catalog.configured(connection, TOLD))
        admin = self.embedded.postgres_url(DATABASE)
        migrations.bootstrap(admin, owner_password=owner, app_password=app)
        for history in ("control", "shard"):
            migrations.upgrade_fixed(self.embedded.postgres_url(DATABASE, "narthex_owner", owner), history)

    def _log(self) -> int:
        log = (self.embedded.data.parent / "server.log").open("ab")
        self.callback(log.close)
        return log.fileno()

    def _end(self) -> None:
        everyone = [*self.web, *([self.jobs] if self.jobs else [])]
        for process in everyone:
            process.send_signal(signal.SIGTERM)
        for process in everyone:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class CrowdProcess:
    """The load generator's process: `ask` an order, get figures."""

    def __init__(self, dialect: str, host: str, port: int, places: Sequence[Place], **options: Any) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "server.cli.bench.crowd"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        os.sched_setaffinity(self._process.pid, {CROWD_CORE} if (os.cpu_count() or 1) > CROWD_CORE else {0})
        self._write({"dialect": dialect, "host": host, "port": port, "places": list(places), **options})

    def ask(self, do: str, **order: Any) -> dict[str, Any]:
        """Give an order and wait for its answer; raise RuntimeError when the crowd is gone."""
        self._write({"do": do, **order})
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the load generator ended during {do!r}")
        answer: dict[str, Any] = msgspec.json.decode(line)
        return answer

    def step_back(self) -> None:
        """Let other processes on this core go first."""
        os.setpriority(os.PRIO_PROCESS, self._process.pid, LAST)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def _write(self, order: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        self._process.stdin.flush()


def cpu_of(pid: int) -> float:
    """Return user and system seconds of a process (proc(5), stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def pss_of(pid: int) -> int:
    """Return a process's proportional set size in bytes (proc(5), smaps_rollup)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"/proc/{pid}/smaps_rollup has no Pss")


def polls_the_listener(pid: int, port: int) -> bool:
    """Tell whether a process has a listening socket of this port in an epoll of its own."""
    try:
        inodes = {
            fields[9]
            for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
            if (fields := line.split())[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port
        }
        held: set[str] = set()
        watched: set[str] = set()
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            try:
                where = str(fd.readlink())
            except FileNotFoundError:  # closed since the folder was read
                continue
            if where.startswith("socket:[") and where[8:-1] in inodes:
                held.add(fd.name)
            elif "eventpoll" in where:
                text = Path(f"/proc/{pid}/fdinfo/{fd.name}").read_text()
                watched |= {line.split()[1] for line in text.splitlines() if line.startswith("tfd:")}
        return bool(held & watched)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False


def _family(pid: int) -> float:
    """Sum a process and its children, the ended ones included; back-ends come and go."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(int(field) for field in fields[11:15]) / TICK
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(cpu_of(int(child)) for child in children)


def _wait_for(host: str, port: int) -> None:
    import urllib.request

    end = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(f"http://{host}:{port}/health/ready", timeout=2):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def _disk() -> str:
    """Return a temporary folder that is no memory file system: fsync must mean something."""
    return "/var/tmp" if Path("/var/tmp").is_dir() else tempfile.gettempdir()  # noqa: S108  (mkdtemp goes below)
