"""Where archives are kept: a folder, or a prefix of the installation's bucket, written `s3:PREFIX`."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from server.cli.backup.archive import BLOCK, SUFFIX
from server.cli.errors import Stopped
from server.cli.stores import store_of
from server.domains.files.client import ObjectStore
from server.settings import Settings

S3 = "s3:"
DEFAULT = "backups"


class Place:
    """One folder or prefix; names of archives are plain file names."""

    def __init__(self, store: ObjectStore | None, folder: str) -> None:
        """Take a store and the prefix in it; store None: `folder` is a folder of this machine."""
        self._store = store
        self._folder = folder

    def __str__(self) -> str:
        return f"{S3}{self._folder}" if self._store else self._folder

    def inside(self, name: str) -> Place:
        """Return a place of its own within this one."""
        return Place(self._store, f"{self._folder}/{name}")

    async def keep(self, archive: Path, name: str) -> str:
        """Keep a finished archive under a name, and return how `narthex restore` finds it."""
        if self._store is None:
            return str(await asyncio.to_thread(_copy, archive, Path(self._folder), name))
        await self._store.put(f"{self._folder}/{name}", _blocks(archive))
        return f"{S3}{self._folder}/{name}"

    async def archives(self) -> Sequence[str]:
        """Return the names of the archives here."""
        if self._store is None:
            return await asyncio.to_thread(_archives, Path(self._folder))
        prefix = f"{self._folder}/"
        found = [entry.key.removeprefix(prefix) async for entry in self._store.under(prefix)]
        return sorted(name for name in found if "/" not in name and name.endswith(SUFFIX))

    @asynccontextmanager
    async def fetched(self, name: str) -> AsyncIterator[Path]:
        """Give an archive as a file of this machine for as long as the block runs."""
        if self._store is None:
            yield Path(self._folder) / name
            return
        with tempfile.TemporaryDirectory(prefix="narthex-restore-") as folder:
            path = Path(folder) / "archive"
            with path.open("wb") as file:
                async for chunk in self._store.read(f"{self._folder}/{name}"):
                    file.write(chunk)
            yield path


@asynccontextmanager
async def place(found: Settings, where: str | None, *, default: str = DEFAULT) -> AsyncIterator[Place]:
    """Open a place to keep archives in; None: the bucket where one is configured, else the folder for data."""
    if where is None:
        where = f"{S3}{default}" if found.s3_endpoint else str(found.data_dir / default)
    if not where.startswith(S3):
        yield Place(None, where)
        return
    if not found.s3_endpoint:
        raise Stopped(
            "There is no bucket: set NARTHEX_S3_ENDPOINT and its companions, or name a folder.", code=2
        )
    async with store_of(found) as store:
        yield Place(store, where.removeprefix(S3).strip("/") or default)


def split(source: str) -> tuple[str, str | None]:
    """Return place and archive name of what people type; name None: all archives of that place."""
    if not source.endswith(SUFFIX):
        return source, None
    if source.startswith(S3):
        head, _, name = source.removeprefix(S3).rpartition("/")
        return f"{S3}{head}", name
    path = Path(source)
    return str(path.parent), path.name


def _copy(archive: Path, folder: Path, name: str) -> Path:
    """Copy beside and rename, readable by this account only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = folder / f".{name}.partial"
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    shutil.copyfile(archive, partial)
    return partial.rename(folder / name)


def _archives(folder: Path) -> Sequence[str]:
    return sorted(path.name for path in folder.glob(f"*{SUFFIX}"))


async def _blocks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block
