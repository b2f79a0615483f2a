"""Supervise the embedded services of one data folder."""

import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from server.embedded.errors import EmbeddedError, in_words
from server.embedded.places import Say, check_room, find_places, lock
from server.embedded.ports import free_ports
from server.embedded.postgres import Postgres, Standby, new_password
from server.embedded.s3 import PORTS, S3, S3Endpoint
from server.embedded.service import Service
from server.embedded.software import Software
from server.embedded.valkey import Valkey

NAMES = ("postgres", "valkey", "s3")
# A service that ends more often than this within WITHIN_SECONDS is not restarted any more.
RESTARTS = 5
WITHIN_SECONDS = 60.0


class Secrets(msgspec.Struct):
    """Keep what must be the same at the next start: passwords, and ports of addresses handed out."""

    postgres: str = msgspec.field(default_factory=new_password)
    valkey: str = msgspec.field(default_factory=new_password)
    s3_access: str = "narthex"
    s3_secret: str = msgspec.field(default_factory=new_password)
    s3_ports: list[int] = []


class Crash(msgspec.Struct, frozen=True):
    """A service that ended without being asked; code is negative for a signal."""

    name: str
    code: int


class Embedded:
    """Run Postgres, Valkey and S3 on one data folder; a child dies with this process, whatever happens to it.

    Not for several threads at once, and not to be started again after stop(). Each method raises EmbeddedError
    with a sentence for the screen. Keep the object: the services end when it is collected.
    """

    def __init__(
        self,
        data: Path,
        say: Say,
        *,
        postgres_port: int | None = None,
        valkey_port: int | None = None,
        durable: bool = True,
    ) -> None:
        """Take the data folder; say receives one line whenever something is worth telling.

        Without ports the services listen on sockets only. durable=False turns fsync off, for tests alone.
        """
        self._say = say
        with in_words(data):
            self._places = find_places(data, say)
            self._lock: int | None = lock(self._places.data)
            try:
                check_room(self._places.data)
                self._secrets = self._read_secrets()
            except BaseException:
                self._let_go()
                raise
        self._software = Software(places=self._places, say=say)
        self._ports = (postgres_port, valkey_port)
        self._durable = durable
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedded")
        self._services: dict[str, Service] = {}
        self._restarts: dict[str, list[float]] = {}

    @property
    def data(self) -> Path:
        """Return where the data is kept, which may not be where it was asked for."""
        return self._places.data

    def start(self, services: Iterable[str] = ("postgres", "valkey")) -> Self:
        """Start those services of NAMES that do not run yet, and wait until each answers."""
        wanted = set(services)
        if unknown := wanted - set(NAMES):
            raise ValueError(f"no such service: {sorted(unknown)}")
        for name in NAMES:
            if name in wanted:
                if name not in self._services:
                    self._services[name] = self._build(name)
                self._services[name].start()
        return self

    def postgres_url(
        self, database: str = "narthex", user: str = "postgres", password: str | None = None
    ) -> str:
        """Return a DSN; without user and password the superuser's, for migrations and the first bootstrap."""
        return self._postgres.url(database, user, password)

    @property
    def valkey_url(self) -> str:
        service = self._services["valkey"]
        assert isinstance(service, Valkey)
        return service.url

    @property
    def s3(self) -> S3Endpoint:
        service = self._services["s3"]
        assert isinstance(service, S3)
        return service.endpoint

    def program(self, name: str) -> Path:
        """Return a program of the embedded Postgres, such as pg_dump."""
        return self._software.postgres(name)

    def pid(self, name: str) -> int | None:
        """Return the process number of a service, None when it was never started or was stopped."""
        return self._services[name].pid

    def poll(self) -> list[Crash]:
        """Return the services that ended without being asked."""
        return [
            Crash(name=name, code=code)
            for name, service in self._services.items()
            if (code := service.returncode) is not None
        ]

    def watch(self) -> None:
        """Restart what ended and say so; call it again and again.

        Raise EmbeddedError when a service does not start again or ends RESTARTS times within WITHIN_SECONDS.
        """
        for crash in self.poll():
            service = self._services[crash.name]
            now = time.monotonic()
            recent = [
                moment for moment in self._restarts.get(crash.name, []) if now - moment < WITHIN_SECONDS
            ]
            if len(recent) >= RESTARTS:
                raise EmbeddedError(
                    f"{service.title} keeps ending (code {crash.code}); its log is {service.log}."
                )
            self._restarts[crash.name] = [*recent, now]
            self._say(f"{service.title} ended unexpectedly (code {crash.code}); starting it again.")
            service.start()

    def restart(self, name: str) -> None:
        """Stop cleanly and start again at the same address."""
        self._services[name].stop()
        self._services[name].start()

    def kill(self, name: str) -> None:
        """End a service as a crash would, with SIGKILL."""
        self._services[name].kill()

    def standby(self, name: str = "standby") -> Standby:
        """Return a new standby of the running Postgres, not started yet; stop() stops it with the others."""
        if name in self._services:
            self._services[name].stop()
        standby = Standby(self._postgres, self._software, self._starter, name=name)
        standby.discard()
        self._services[name] = standby
        return standby

    def stop(self) -> None:
        """Stop all, the last started first, and let go of the data folder."""
        for service in reversed(self._services.values()):
            service.stop()
        self._services.clear()
        self._starter.shutdown()
        self._let_go()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _let_go(self) -> None:
        if self._lock is not None:
            self._places.leave()
            os.close(self._lock)
            self._lock = None

    @property
    def _postgres(self) -> Postgres:
        service = self._services["postgres"]
        assert isinstance(service, Postgres)
        return service

    def _build(self, name: str) -> Service:
        places, starter, software, kept = self._places, self._starter, self._software, self._secrets
        if name == "postgres":
            return Postgres(
                places, starter, software, kept.postgres, port=self._ports[0], durable=self._durable
            )
        if name == "valkey":
            return Valkey(places, starter, software, kept.valkey, port=self._ports[1], durable=self._durable)
        kept.s3_ports = free_ports(PORTS, kept.s3_ports)
        self._write_secrets(kept)
        return S3(places, starter, software, kept.s3_ports, kept.s3_access, kept.s3_secret)

    @property
    def _secrets_file(self) -> Path:
        return self._places.data / "secrets.json"

    def _read_secrets(self) -> Secrets:
        try:
            return msgspec.json.decode(self._secrets_file.read_bytes(), type=Secrets)
        except FileNotFoundError:
            fresh = Secrets()
            self._write_secrets(fresh)
            return fresh
        except msgspec.DecodeError as error:
            raise EmbeddedError(
                f"{self._secrets_file} is damaged ({error}), and with it the passwords are gone; "
                "put back a copy of it, or choose another data folder."
            ) from error

    def _write_secrets(self, kept: Secrets) -> None:
        """Write beside and rename: half a file would lock everybody out of their data."""
        partial = self._secrets_file.with_suffix(".partial")
        partial.touch(mode=0o600)
        partial.write_bytes(msgspec.json.encode(kept))
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(self._secrets_file)
