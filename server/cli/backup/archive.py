"""Write and check archives; nothing here knows a database."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Literal

import msgspec

from server.cli.errors import Stopped

FORMAT = 1
SUFFIX = ".narthex"
PARTS: Mapping[str, frozenset[str]] = {
    "church": frozenset({"church.dump", "announced.jsonl", "listing.json"}),
    "installation": frozenset({"operators.json"}),
}
BLOCK = 1024 * 1024  # bytes
LARGEST_MANIFEST = 1024 * 1024  # bytes


class Part(msgspec.Struct, frozen=True):
    """What the manifest says of one part; `size` in bytes."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What an archive is."""

    kind: Literal["church", "installation"]
    made_at: datetime
    narthex: str
    postgres: int  # the major version of the pg_dump that wrote it
    parts: dict[str, Part]
    church: str = ""  # its id
    slug: str = ""
    name: str = ""
    revision: str = ""  # where it stood in the history of churches' schemas
    format: int = FORMAT


def described(folder: Path, names: Iterable[str]) -> dict[str, Part]:
    """Return size and digest of each part that lies in a folder."""
    return {name: Part((folder / name).stat().st_size, _digest(folder / name)) for name in sorted(names)}


def write(target: Path, manifest: Manifest, folder: Path) -> None:
    """Write an archive of parts that lie in a folder."""
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, "manifest.json", text)
        _add(tar, "manifest.sha256", hashlib.sha256(text).hexdigest().encode())
        for name in manifest.parts:
            tar.add(folder / name, arcname=name, filter=_plain)


def unpack(source: Path, folder: Path) -> Manifest:
    """Check every byte of an archive and lay its parts into a folder; raise Stopped when anything is not as it was."""
    if not source.is_file():
        raise Stopped(f"There is no archive {source}.")
    try:
        with tarfile.open(source, "r:") as tar:
            manifest = _manifest(source, tar)
            for name, part in manifest.parts.items():
                _take(source, tar, name, part, folder / name)
            if tar.next() is not None:
                raise _damaged(source, "it holds more than its manifest says")
    except (tarfile.TarError, EOFError) as error:
        raise _damaged(source, str(error)) from None
    return manifest


def _manifest(source: Path, tar: tarfile.TarFile) -> Manifest:
    text = _small(source, tar, "manifest.json")
    if hashlib.sha256(text).hexdigest().encode() != _small(source, tar, "manifest.sha256"):
        raise _damaged(source, "its manifest was changed")
    try:
        version = msgspec.json.decode(text, type=dict).get("format")
        if version != FORMAT:
            raise Stopped(
                f"{source} is of format {version}, made by a newer Narthex: restore it with that one."
            )
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.DecodeError as error:
        raise _damaged(source, f"its manifest cannot be read ({error})") from None
    if set(manifest.parts) != PARTS[manifest.kind]:
        raise _damaged(source, "its manifest does not name the parts of such an archive")
    return manifest


def _small(source: Path, tar: tarfile.TarFile, name: str) -> bytes:
    member = tar.next()
    if member is None or member.name != name or not member.isreg() or member.size > LARGEST_MANIFEST:
        raise _damaged(source, f"{name} is not where it should be")
    content = tar.extractfile(member)
    assert content is not None
    return content.read()


def _take(source: Path, tar: tarfile.TarFile, name: str, part: Part, target: Path) -> None:
    """Copy one part out while checking it."""
    member = tar.next()
    if member is None or member.name != name or not member.isreg() or member.size != part.size:
        raise _damaged(source, f"{name} is not as its manifest says")
    content = tar.extractfile(member)
    assert content is not None
    total = hashlib.sha256()
    with target.open("wb") as file:
        while block := content.read(BLOCK):
            total.update(block)
            file.write(block)
    if total.hexdigest() != part.sha256:
        raise _damaged(source, f"{name} is not what was backed up")


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o600
    tar.addfile(member, io.BytesIO(content))


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out whose file it was on this machine."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return _digest_of(file)


def _digest_of(file: IO[bytes]) -> str:
    total = hashlib.sha256()
    while block := file.read(BLOCK):
        total.update(block)
    return total.hexdigest()


def _damaged(source: Path, why: str) -> Stopped:
    return Stopped(f"{source} is damaged: {why}. Nothing was changed; take another backup.")
