"""One contract for both stores: a folder, and a real S3 server."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.domains.files.client import PART, FolderStore, ObjectStore, S3Store, check_key
from server.domains.files.errors import BadKey, NoSuchObject, StoreAway
from server.embedded import S3Endpoint


def s3_store(server: S3Endpoint, **changes: str) -> S3Store:
    choices = {
        "endpoint": server.url,
        "region": server.region,
        "bucket": server.bucket,
        "access_key": server.access_key,
        "secret_key": server.secret_key,
    }
    return S3Store(**{**choices, **changes})


@pytest.fixture(params=["folder", "s3"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ObjectStore]:
    """Give each kind of store in turn."""
    if request.param == "folder":
        yield FolderStore(tmp_path / "store")
    else:
        async with s3_store(request.getfixturevalue("s3")) as store:
            yield store


@pytest.fixture
def prefix() -> str:
    """Give a prefix of the test's own: the bucket is shared."""
    return f"t{uuid.uuid4().hex}"


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def content(store: ObjectStore, key: str) -> bytes:
    return b"".join([chunk async for chunk in store.read(key)])


@pytest.mark.parametrize("size", [0, 1, 1000, PART - 1, PART, PART + 1, 2 * PART + 5])
async def test_what_is_put_is_read(store: ObjectStore, prefix: str, size: int) -> None:
    """Every byte comes back, around the border of a part too."""
    data = bytes(i % 251 for i in range(1000)) * (size // 1000 + 1)
    data = data[:size]
    key = f"{prefix}/some/file.bin"
    pieces = [data[i : i + 3_000_000] for i in range(0, len(data), 3_000_000)]
    assert await store.put(key, chunks(*pieces)) == size
    assert await content(store, key) == data
    assert (await store.find(key)).size == size


async def test_a_second_put_takes_the_place_of_the_first(store: ObjectStore, prefix: str) -> None:
    """A key has one object."""
    await store.put(f"{prefix}/a", chunks(b"first"))
    await store.put(f"{prefix}/a", chunks(b"second"))
    assert await content(store, f"{prefix}/a") == b"second"
    assert [entry.key async for entry in store.under(f"{prefix}/")] == [f"{prefix}/a"]


async def test_objects_are_found_by_prefix(store: ObjectStore, prefix: str) -> None:
    """All keys that begin so, and no other."""
    for name in ("b", "a/2", "a-1", "c"):
        await store.put(f"{prefix}/{name}", chunks(name.encode()))
    await store.put(f"{prefix}x/a", chunks(b"another"))
    found = {entry.key.removeprefix(f"{prefix}/") async for entry in store.under(f"{prefix}/")}
    assert found == {"a-1", "a/2", "b", "c"}


async def test_what_is_missing_is_said_so(store: ObjectStore, prefix: str) -> None:
    """Reading and finding raise; deleting what is not there does not."""
    key = f"{prefix}/nothing"
    with pytest.raises(NoSuchObject):
        await content(store, key)
    with pytest.raises(NoSuchObject):
        await store.find(key)
    await store.delete(key)


async def test_a_put_that_fails_leaves_what_was_there(store: ObjectStore, prefix: str) -> None:
    """Half an object is never seen, whether it was small or in its second part."""
    await store.put(f"{prefix}/a", chunks(b"whole"))

    async def broken(first: bytes) -> AsyncIterator[bytes]:
        yield first
        raise ValueError("the source broke")

    for first in (b"half", b"x" * (PART + 1)):
        with pytest.raises(ValueError, match="the source broke"):
            await store.put(f"{prefix}/a", broken(first))
    assert await content(store, f"{prefix}/a") == b"whole"
    assert [entry.key async for entry in store.under(f"{prefix}/")] == [f"{prefix}/a"]


async def test_a_deleted_object_is_gone(store: ObjectStore, prefix: str) -> None:
    """Its key is free again."""
    await store.put(f"{prefix}/a", chunks(b"here"))
    await store.delete(f"{prefix}/a")
    with pytest.raises(NoSuchObject):
        await store.find(f"{prefix}/a")


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "a//b", "../a", "a/../b", "a/.", "é", "a b", "a\n", "x" * 501]
)
def test_a_key_cannot_leave_its_place(key: str) -> None:
    """What could name another folder is refused before it is used."""
    with pytest.raises(BadKey):
        check_key(key)


async def test_a_wrong_secret_is_said_so(s3: S3Endpoint, prefix: str) -> None:
    """The store refuses, and the sentence says so without the secret."""
    async with s3_store(s3, secret_key="not-the-secret") as store:
        with pytest.raises(StoreAway) as raised:
            await store.put(f"{prefix}/a", chunks(b"x"))
    assert "refuses" in raised.value.detail
    assert "not-the-secret" not in raised.value.detail


async def test_a_store_that_is_away_is_said_so(s3: S3Endpoint, prefix: str) -> None:
    """No answer is an error that says so, not a hang."""
    async with s3_store(s3, endpoint="http://127.0.0.1:1") as store:
        with pytest.raises(StoreAway, match="does not answer"):
            await store.put(f"{prefix}/a", chunks(b"x"))
