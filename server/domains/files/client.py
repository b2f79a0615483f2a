"""The object store: S3 through aiobotocore, or a folder where no S3 is configured.

One client serves a process for its whole life, because each one made anew leaks; every body is read inside
`async with`, because one left unread keeps its connection for ever.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol, Self

from aiobotocore.config import AioConfig  # type: ignore[import-untyped]
from aiobotocore.session import get_session  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

from server.domains.files.errors import BadKey, NoSuchObject, StoreAway
from server.domains.files.models import StoredObject

PART = 8 * 1024 * 1024  # bytes; S3 takes parts from 5 MiB on, and 10,000 of them make 80 GiB
CHUNK = 256 * 1024  # bytes read at a time
_KEY = re.compile(r"(?!.*(?:^|/)\.{1,2}(?:/|$))[A-Za-z0-9._-]{1,255}(?:/[A-Za-z0-9._-]{1,255})*")


class ObjectStore(Protocol):
    """Keep objects by key, whole or not at all: a reader never sees half of one that is being written."""

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """Keep what the chunks make, in place of what was there, and return its size in bytes."""
        ...

    def read(self, key: str) -> AsyncIterator[bytes]:
        """Return the chunks of an object; raise NoSuchObject at the first."""
        ...

    async def find(self, key: str) -> StoredObject:
        """Return what is known of an object; raise NoSuchObject."""
        ...

    def under(self, prefix: str) -> AsyncIterator[StoredObject]:
        """Return the objects whose keys begin so, in no order that two stores would share."""
        ...

    async def delete(self, key: str) -> None:
        """Forget an object; one that is not there is no error."""
        ...


def check_key(key: str) -> str:
    """Return the key; raise BadKey for one that could leave its place."""
    if len(key) > 500 or not _KEY.fullmatch(key):
        raise BadKey()
    return key


class S3Store:
    """An S3 bucket; `async with` it once in a process."""

    def __init__(self, *, endpoint: str, region: str, bucket: str, access_key: str, secret_key: str) -> None:
        self._bucket = bucket
        self._choices: dict[str, Any] = {
            "endpoint_url": endpoint,
            "region_name": region,
            "aws_access_key_id": access_key,
            "aws_secret_access_key": secret_key,
            "config": AioConfig(
                connect_timeout=5,
                read_timeout=60,
                retries={"max_attempts": 3, "mode": "standard"},
                s3={"addressing_style": "path"},
                # servers other than Amazon's often do not know the newer checksums
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        }
        self._running = AsyncExitStack()
        self._client: Any = None

    async def __aenter__(self) -> Self:
        self._client = await self._running.enter_async_context(
            get_session().create_client("s3", **self._choices)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """Send small objects at once and large ones in parts; a failure leaves no parts behind."""
        check_key(key)
        parts = _parts(chunks)
        first = await anext(parts, b"")
        if len(first) < PART:
            with _translated(key):
                await self._client.put_object(Bucket=self._bucket, Key=key, Body=first)
            return len(first)
        return await self._put_parts(key, first, parts)

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """Return the chunks of an object."""
        check_key(key)
        with _translated(key):
            answer = await self._client.get_object(Bucket=self._bucket, Key=key)
            async with answer["Body"] as body:
                while chunk := await body.read(CHUNK):
                    yield chunk

    async def find(self, key: str) -> StoredObject:
        """Return what is known of an object."""
        check_key(key)
        with _translated(key):
            answer = await self._client.head_object(Bucket=self._bucket, Key=key)
        return StoredObject(key, answer["ContentLength"], answer["LastModified"])

    async def under(self, prefix: str) -> AsyncIterator[StoredObject]:
        """Return the objects whose keys begin so, a thousand a request."""
        with _translated(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            async for page in pages:
                for entry in page.get("Contents", ()):
                    yield StoredObject(entry["Key"], entry["Size"], entry["LastModified"])

    async def delete(self, key: str) -> None:
        """Forget an object."""
        check_key(key)
        with _translated(key):
            await self._client.delete_object(Bucket=self._bucket, Key=key)

    async def _put_parts(self, key: str, first: bytes, parts: AsyncIterator[bytes]) -> int:
        place = {"Bucket": self._bucket, "Key": key}
        with _translated(key):
            upload = (await self._client.create_multipart_upload(**place))["UploadId"]
            try:
                done, size = [await self._put_part(place, upload, 1, first)], len(first)
                async for part in parts:
                    done.append(await self._put_part(place, upload, len(done) + 1, part))
                    size += len(part)
                await self._client.complete_multipart_upload(
                    **place, UploadId=upload, MultipartUpload={"Parts": done}
                )
            except BaseException:
                await self._client.abort_multipart_upload(**place, UploadId=upload)
                raise
        return size

    async def _put_part(self, place: dict[str, str], upload: str, number: int, part: bytes) -> dict[str, Any]:
        answer = await self._client.upload_part(**place, UploadId=upload, PartNumber=number, Body=part)
        return {"PartNumber": number, "ETag": answer["ETag"]}


class FolderStore:
    """A folder of this machine, for installations without S3; files are readable by this account only."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """Write beside and rename."""
        path = self._path(key)
        await asyncio.to_thread(path.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
        size = 0
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                async for chunk in chunks:
                    size += await asyncio.to_thread(file.write, chunk)
                await asyncio.to_thread(_settle, file)
            partial.rename(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        return size

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """Return the chunks of an object."""
        path = self._path(key)
        if not path.is_file():
            raise NoSuchObject(f"There is no file {key}.")
        with path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                yield chunk

    async def find(self, key: str) -> StoredObject:
        """Return what is known of an object."""
        path = self._path(key)
        if not path.is_file():
            raise NoSuchObject(f"There is no file {key}.")
        return _stored(key, path)

    async def under(self, prefix: str) -> AsyncIterator[StoredObject]:
        """Return the objects whose keys begin so."""
        for path in await asyncio.to_thread(self._files):
            key = path.relative_to(self._root).as_posix()
            if key.startswith(prefix):
                yield _stored(key, path)

    async def delete(self, key: str) -> None:
        """Forget an object, and folders that are empty without it."""
        path = self._path(key)
        path.unlink(missing_ok=True)
        with suppress(OSError):  # not empty, or gone already
            for folder in list(path.parents)[: key.count("/")]:
                folder.rmdir()

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)

    def _files(self) -> Sequence[Path]:
        return [
            path for path in self._root.rglob("*") if path.is_file() and not path.name.endswith(".partial")
        ]


async def _parts(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Join chunks to parts of PART bytes; the last one may be shorter."""
    kept = bytearray()
    async for chunk in chunks:
        kept += chunk
        while len(kept) >= PART:
            yield bytes(kept[:PART])
            del kept[:PART]
    if kept:
        yield bytes(kept)


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Turn the library's errors into ours: what is missing, and a store that is away or refuses us."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in ("NoSuchKey", "404", "NotFound"):
            raise NoSuchObject(f"There is no file {what}.") from None
        raise StoreAway(f"The file store refuses {what}: {code or error}.") from error
    except (BotoCoreError, OSError, TimeoutError) as error:
        raise StoreAway(f"The file store does not answer: {type(error).__name__}.") from error


def _settle(file: BinaryIO) -> None:
    """Have the bytes on the disk before the name points to them."""
    file.flush()
    os.fsync(file.fileno())


def _stored(key: str, path: Path) -> StoredObject:
    status = path.stat()
    return StoredObject(key, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))
