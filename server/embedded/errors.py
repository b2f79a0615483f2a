"""Name what can go wrong with an embedded service; each message is a sentence that says what to do."""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path


class EmbeddedError(Exception):
    """An embedded service cannot run; the message is fit for a screen and says what to do."""


class DataFolderInUseError(EmbeddedError):
    """Another process holds the data folder."""


class PortTakenError(EmbeddedError):
    """Another program listens on a port that was asked for."""


class DiskFullError(EmbeddedError):
    """The disk that holds the data has no room."""


@contextlib.contextmanager
def in_words(data: Path) -> Iterator[None]:
    """Turn what the operating system refuses while the data folder is prepared into an EmbeddedError."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(
                f"The disk that holds {data} is full; free some space, or choose another data folder."
            ) from error
        raise EmbeddedError(
            f"{error.filename or data} cannot be used ({error.strerror}); "
            "check that this account may use it, or choose another data folder."
        ) from error
