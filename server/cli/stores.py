"""Open the object store that the settings name: the S3 bucket, or a folder of this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.domains.files.client import FolderStore, ObjectStore, S3Store
from server.settings import Settings


@asynccontextmanager
async def store_of(found: Settings) -> AsyncIterator[ObjectStore]:
    """Open the store for as long as the block runs."""
    if not found.s3_endpoint:
        yield FolderStore(found.data_dir)
        return
    s3 = S3Store(
        endpoint=found.s3_endpoint,
        region=found.s3_region,
        bucket=found.s3_bucket,
        access_key=found.s3_access_key,
        secret_key=found.s3_secret_key,
    )
    async with s3 as store:
        yield store
