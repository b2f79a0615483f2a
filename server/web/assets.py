"""What pages are made of: the files of the build and our own, packed, and what the build's manifest calls them."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from litestar import Response

from server.kit.cache import Directory

STATIC = Path(__file__).with_name("static")
DIST = Path(__file__).parents[2] / "widgets" / "dist"
PINNED = DIST.with_name("pinned")
KINDS = {  # Litestar adds the charset
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".html": "text/html",
}
WORTH_PACKING = 1024  # bytes; below it gzip's own header eats what it saves
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class File(msgspec.Struct, frozen=True):
    """A file as it is sent, also packed where that is worth it: with gzip, and tighter by the build itself."""

    body: bytes
    packed: bytes | None
    tight: bytes | None
    kind: str
    changed: float


class Files:
    """Files of one folder, read once and again when they change; nothing outside the folder has a name here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, File] = {}

    def get(self, name: str) -> File | None:
        """Return a file, None when there is none of that name or its kind is not served."""
        kind = KINDS.get(Path(name).suffix)
        if kind is None or not all(_NAME.fullmatch(part) for part in name.split("/")):
            return None
        path = self._folder / name
        try:
            changed = path.stat().st_mtime
            known = self._files.get(name)
            if known is None or known.changed != changed:
                body = path.read_bytes()
                packed = gzip.compress(body, 9, mtime=0) if len(body) > WORTH_PACKING else None
                known = self._files[name] = File(body, packed, _tight(path, changed), kind, changed)
        except OSError:
            return None
        return known

    def entry(self, source: str) -> tuple[list[str], list[str]] | None:
        """Return the scripts and styles of a page by the build's manifest; None when nothing was built.

        What several pages share comes first: named in the page, it loads beside the rest instead of after it.
        """
        manifest = self._manifest()
        try:
            parts = [manifest[name] for name in _with_imports(manifest, source, {})]
        except KeyError:
            return None
        return [part["file"] for part in parts], [style for part in parts for style in part.get("css", [])]

    def part(self, source: str) -> str | None:
        """Return the name of what the build made of one source; None when it made nothing."""
        name = self._manifest().get(source, {}).get("file")
        return str(name) if name else None

    def _manifest(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = msgspec.json.decode((self._folder / "manifest.json").read_bytes())
        except (OSError, msgspec.DecodeError):
            return {}
        return found


def _tight(path: Path, changed: float) -> bytes | None:
    """Return what the build packed with brotli; None where it did not, or the file has changed since."""
    packed = path.with_name(f"{path.name}.br")
    try:
        return packed.read_bytes() if packed.stat().st_mtime >= changed else None
    except FileNotFoundError:
        return None


def _with_imports(manifest: Mapping[str, Any], name: str, found: dict[str, None]) -> dict[str, None]:
    """Return a part of the manifest behind all that it imports, each once."""
    for needed in manifest[name].get("imports", []):
        if needed not in found:
            _with_imports(manifest, needed, found)
    found[name] = None
    return found


class Assets(msgspec.Struct, frozen=True):
    """What pages are made of."""

    built: Files  # what `npm run build` made
    pinned: Files  # loaders that earlier releases have offered
    ours: Files
    directory: Directory

    @classmethod
    def of(cls, directory: Directory, built: Path = DIST) -> Assets:
        """Take the build's folder and our own."""
        return cls(Files(built), Files(PINNED), Files(STATIC), directory)


def send(file: File, accepts: str, headers: dict[str, str]) -> Response[bytes]:
    """Answer with a file, packed for those who take it."""
    headers = {**headers, "vary": "accept-encoding"}
    taken = {name.partition(";")[0].strip() for name in accepts.split(",")}
    for name, packed in (("br", file.tight), ("gzip", file.packed)):
        if packed is not None and name in taken:
            return Response(packed, media_type=file.kind, headers={**headers, "content-encoding": name})
    return Response(file.body, media_type=file.kind, headers=headers)
