"""Find a place for data, sockets and binaries that the account of the services can reach."""

import errno
import fcntl
import hashlib
import os
import pwd
import re
import shutil
import socket
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from server.embedded.errors import DataFolderInUseError, DiskFullError, EmbeddedError
from server.processes import Account

Say = Callable[[str], None]

# sun_path holds 108 bytes with its final zero; the longest socket name of ours is a Postgres's.
SOCKET_PATH_BYTES = 107
LONGEST_SOCKET_NAME = "postgres/.s.PGSQL.65535"
# Postgres splits its list of socket folders at commas, Valkey its configuration at blanks.
PLAIN_PATH = re.compile(r"[\w./-]+", re.ASCII)
# Preferred accounts when started as root; initdb refuses root and wants an account with a name.
ACCOUNTS = ("narthex", "nobody")
REACHABLE_PARENTS = (Path("/var/lib"), Path("/tmp"))  # noqa: S108 - claimed with an owner check
NEEDED_BYTES = 256 * 1024 * 1024


class Places(msgspec.Struct, frozen=True):
    """Say where everything of one data folder is, and which account the services run as (None: our own)."""

    data: Path
    sockets: Path
    account: Account | None

    @property
    def log(self) -> Path:
        return self.data / "log"

    def leave(self) -> None:
        """Remove the folder of sockets when it is not inside the data."""
        if self.data not in self.sockets.parents:
            shutil.rmtree(self.sockets, ignore_errors=True)

    def own(self, folder: Path) -> Path:
        """Make a folder that only the account of the services (and root) can enter."""
        folder.mkdir(mode=0o700, exist_ok=True)
        self.give(folder)
        return folder

    def give(self, path: Path) -> None:
        """Hand a file or folder to the account of the services."""
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)


def find_places(data: Path, say: Say) -> Places:
    """Choose and make the folders; say on screen when they are not where they were asked for."""
    data = data.absolute()
    account = _account(data) if os.geteuid() == 0 else None
    asked = data
    _make(data)
    if account is not None:
        data.chmod(data.stat().st_mode | stat.S_IXOTH)
        if not reachable(data, account):
            data = _elsewhere(asked)
            account = _account(data)
            say(f"The account {account.name} cannot reach {asked}; the data is kept in {data}.")
    elif not os.access(data, os.W_OK | os.X_OK):
        raise EmbeddedError(
            f"{data} belongs to another account ({_name(data.stat().st_uid)}); start as that account, "
            "or choose another data folder."
        )
    (data / "log").mkdir(mode=0o700, exist_ok=True)
    return Places(data=data, sockets=_sockets(data, account), account=account)


def lock(data: Path) -> int:
    """Take the data folder for this process and return the descriptor that holds it.

    Raise DataFolderInUseError when another process has it.
    The kernel lets go when the holder dies, so a lock is never stale.
    """
    descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        raise DataFolderInUseError(
            f"Another Narthex (process {holder}) already uses {data}; "
            "stop that one first, or choose another data folder."
        ) from None
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def check_room(data: Path, needed: int = NEEDED_BYTES) -> None:
    """Raise DiskFullError when fewer than needed bytes are free for the data folder."""
    free = shutil.disk_usage(data).free
    if free < needed:
        raise DiskFullError(
            f"The disk that holds {data} is full ({free >> 20} MB free, {needed >> 20} MB are needed); "
            "free some space, or choose another data folder."
        )


def reachable(path: Path, account: Account) -> bool:
    """Tell by the mode bits whether the account may enter every parent of path and read path itself."""
    path = path.resolve()
    if not path.exists():
        return False
    wanted = 1 if path.is_dir() else 4
    return _allows(path, account, wanted) and all(_allows(parent, account, 1) for parent in path.parents)


def _allows(path: Path, account: Account, wanted: int) -> bool:
    status = path.stat()
    shift = 6 if status.st_uid == account.uid else 3 if status.st_gid == account.gid else 0
    return (stat.S_IMODE(status.st_mode) >> shift) & wanted == wanted


def _account(data: Path) -> Account:
    """Return the account that owns earlier data, else the first of ACCOUNTS that this system has."""
    for name in ("postgres", "valkey", "s3"):
        if (data / name).exists() and (owner := (data / name).stat().st_uid) != 0:
            return Account(name=_name(owner), uid=owner, gid=(data / name).stat().st_gid)
    for candidate in ACCOUNTS:
        try:
            entry = pwd.getpwnam(candidate)
        except KeyError:
            continue
        return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise EmbeddedError(
        "Postgres refuses to run as root and this system has no account 'nobody'; "
        "create one with: useradd --system narthex"
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise EmbeddedError(f"{folder} is a file, not a folder; choose another data folder.") from None
    except OSError as error:
        raise EmbeddedError(
            f"The data folder {folder} cannot be made ({error.strerror}); choose another data folder."
        ) from error


def _elsewhere(asked: Path) -> Path:
    """Claim a folder of our own, named after the one asked for, where every account can go."""
    for parent in REACHABLE_PARENTS:
        if os.access(parent, os.W_OK):
            return _claim(parent / f"narthex-{_mark(asked)}", 0o711)
    raise EmbeddedError(
        "Neither /var/lib nor /tmp can be written to; choose a data folder outside closed folders."
    )


def _mark(path: Path) -> str:
    return hashlib.sha256(f"{os.geteuid()}:{path}".encode()).hexdigest()[:10]


def _claim(folder: Path, mode: int, owners: Iterable[int] = ()) -> Path:
    """Make a folder in a place where others may write too; refuse one that somebody else put there."""
    folder.mkdir(mode=mode, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {os.geteuid(), *owners}:
        raise EmbeddedError(
            f"{folder} was made by somebody else ({_name(status.st_uid)}); remove it and start again."
        )
    folder.chmod(mode)
    return folder


def _sockets(data: Path, account: Account | None) -> Path:
    """Return a folder for sockets: in the data where the path is short and sockets work, else in /tmp."""
    folder = data / "run"
    short = len(os.fsencode(folder / LONGEST_SOCKET_NAME)) <= SOCKET_PATH_BYTES
    if not (short and PLAIN_PATH.fullmatch(str(folder)) and _carries_sockets(folder)):
        folder = Path("/tmp") / f"narthex-run-{_mark(data)}"  # noqa: S108 - claimed with an owner check
    owners = () if account is None else (account.uid,)
    _claim(folder, 0o700, owners)
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    return folder


def _carries_sockets(folder: Path) -> bool:
    """Tell whether a socket can be made here; shared folders of virtual machines often cannot hold one."""
    folder.mkdir(mode=0o700, exist_ok=True)
    probe = folder / ".probe"
    probe.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(str(probe))
        except OSError:
            return False
    probe.unlink()
    return True
