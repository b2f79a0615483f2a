"""Run an S3 server: SeaweedFS's `weed mini`."""

import contextlib
import http.client
import signal
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from server.embedded.places import Places, check_room
from server.embedded.service import ENVIRONMENT, Service
from server.embedded.software import Software

# Each component listens twice: HTTP, and gRPC.
COMPONENTS = ("s3", "master", "filer", "volume", "admin")
PORTS = 2 * len(COMPONENTS)
BUCKET = "narthex"


class S3Endpoint(msgspec.Struct, frozen=True):
    """All that a client needs to reach a bucket."""

    url: str
    access_key: str
    secret_key: str
    bucket: str = BUCKET
    region: str = "us-east-1"


class S3(Service):
    """One SeaweedFS with every port on 127.0.0.1, one identity and one bucket."""

    name = "s3"
    title = "The S3 server"
    stop_signal = signal.SIGINT

    def __init__(
        self,
        places: Places,
        starter: ThreadPoolExecutor,
        software: Software,
        ports: Sequence[int],
        access_key: str,
        secret_key: str,
    ) -> None:
        super().__init__(places, starter)
        self._software = software
        self._ports = tuple(ports)
        self.endpoint = S3Endpoint(
            url=f"http://127.0.0.1:{ports[0]}", access_key=access_key, secret_key=secret_key
        )

    def prepare(self) -> None:
        check_room(self.places.data)
        self.places.own(self.home)
        for leftover in self._leftover_sockets():
            leftover.unlink(missing_ok=True)

    @property
    def home(self) -> Path:
        """Keep everything in the working directory: -dir takes a list and knows no quoting."""
        return self.places.data / self.name

    def argv(self) -> list[str | Path]:
        words: list[str | Path] = [self._software.s3(), "-logtostderr=true", "mini"]
        words += [
            "-dir=.",
            "-volume.preStopSeconds=0",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-bucket={BUCKET}",
            "-master.telemetry=false",
        ]
        words += ["-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0"]
        words += [
            f"-s3.localSocket={self.places.sockets}/s3.sock",
            f"-filer.localSocket={self.places.sockets}/filer.sock",
        ]
        for component, web, grpc in zip(COMPONENTS, self._ports[::2], self._ports[1::2], strict=True):
            words += [f"-{component}.port={web}", f"-{component}.port.grpc={grpc}"]
        return words

    def environment(self) -> Mapping[str, str]:
        keys = {
            "AWS_ACCESS_KEY_ID": self.endpoint.access_key,
            "AWS_SECRET_ACCESS_KEY": self.endpoint.secret_key,
        }
        return {**ENVIRONMENT, **keys, "HOME": str(self.home)}

    def ready(self) -> bool:
        """Wait until it says that every component runs, and answers; the bucket is made before that."""
        return b"components are running" in self._said() and self._answers()

    def stop(self) -> None:
        super().stop()
        for leftover in self._leftover_sockets():
            leftover.unlink(missing_ok=True)

    def _said(self) -> bytes:
        return self.log.read_bytes().rpartition(b"Starting SeaweedFS Mini")[2]

    def _answers(self) -> bool:
        client = http.client.HTTPConnection("127.0.0.1", self._ports[0], timeout=1.0)
        with contextlib.closing(client), contextlib.suppress(OSError, http.client.HTTPException):
            client.request("GET", "/")
            return client.getresponse().status < 500
        return False

    def _leftover_sockets(self) -> list[Path]:
        """Name the sockets that it makes in /tmp and leaves there when killed."""
        names = [
            f"seaweedfs-{kind}-grpc-{port}.sock"
            for kind, port in zip(COMPONENTS, self._ports[1::2], strict=True)
        ]
        return [Path("/tmp") / name for name in names]  # noqa: S108
