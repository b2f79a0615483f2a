"""`narthex backup`: one church, some, or all."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psycopg

from server.cli import pgtools
from server.cli.backup import archive
from server.cli.backup.archive import SUFFIX, Manifest
from server.cli.backup.place import Place, place
from server.cli.errors import Stopped, explain
from server.cli.installation import churches, every_church, program_version, settings
from server.cli.options import Flag, Json
from server.cli.screen import complain, emit, note, progress, say
from server.domains.tenants.models import Tenant
from server.kit import carry
from server.kit.errors import AppError
from server.settings import Settings

LOCK_SECONDS = 30  # a migration that is running may hold tables; pg_dump waits that long for them


class Kept(msgspec.Struct, frozen=True):
    """A finished backup; `size` in bytes."""

    church: str
    archive: str
    size: int


async def backup(*slugs: str, all: Flag = False, to: str | None = None, json: Json = False) -> int:
    """Write churches into archives, each as it was at one moment, while they go on.

    Parameters
    ----------
    slugs
        The short names of the churches.
    all
        All churches, and the operators of the installation, in a folder of their own.
    to
        A folder, or s3:PREFIX in the installation's bucket. Otherwise the bucket where one is configured, else the
        folder for data.
    json
        Write one JSON object a line.
    """
    found = settings("database_url", "owner_url")
    if bool(slugs) == all:
        raise Stopped("Give the short names of churches, or --all.", code=2)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    async with churches(found) as service:
        chosen = (
            [t async for t in every_church(service)] if all else [await service.by_slug(s) for s in slugs]
        )
    failed = 0
    async with place(found, to) as target:
        if all:
            target = target.inside(stamp)
            _tell(await _installation(found, target, stamp), json)
        with progress("Backing up churches", len(chosen)) as advance:
            for tenant in chosen:
                failed += not await _one(found, tenant, target, stamp, json)
                advance()
    if all and not failed and not json:
        say(f"`narthex restore {target}` brings all of it back.")
    return 1 if failed else 0


async def _one(found: Settings, tenant: Tenant, target: Place, stamp: str, json: bool) -> bool:
    """Back up one church; one that fails is named, and the others go on."""
    if tenant.status in ("creating", "deleting"):
        note(f"{tenant.slug} is {tenant.status} and is left out.")
        return True
    try:
        _tell(await _church(found, tenant, target, stamp), json)
    except (Stopped, AppError, OSError, psycopg.Error) as error:
        known = explain(error)
        complain(f"{tenant.slug} is not backed up: {known.sentence if known else error}")
        return False
    return True


async def _church(found: Settings, tenant: Tenant, target: Place, stamp: str) -> Kept:
    owner_url = found.owner_of(tenant.shard)
    major = pgtools.server_major(owner_url)
    pg_dump = pgtools.find("pg_dump", major)
    with _workshop(found) as folder:
        with psycopg.connect(found.owner_url) as control:
            listing = carry.listing(control, tenant.id)
        (folder / "listing.json").write_bytes(msgspec.json.encode(listing))
        with carry.snapshot(owner_url) as moment:
            revision = carry.revision(moment.connection, tenant.id)
            if revision is None:
                raise Stopped("it has no data here, which `narthex doctor` explains.")
            with (folder / "announced.jsonl").open("wb") as lines:
                for announced in carry.announcements(moment.connection, tenant.id):
                    lines.write(msgspec.json.encode(announced) + b"\n")
            words = ["--format=custom", f"--schema={tenant.ref.schema}", f"--snapshot={moment.name}"]
            words += [f"--lock-wait-timeout={LOCK_SECONDS}s", f"--file={folder / 'church.dump'}"]
            pgtools.run(pg_dump, words, owner_url)
        manifest = Manifest(
            kind="church",
            made_at=datetime.now(UTC),
            narthex=program_version(),
            postgres=pgtools.major_of(pg_dump),
            parts=archive.described(folder, archive.PARTS["church"]),
            church=tenant.id,
            slug=tenant.slug,
            name=tenant.name,
            revision=revision,
        )
        return await _keep(folder, manifest, target, f"{tenant.slug}-{stamp}{SUFFIX}", tenant.slug)


async def _installation(found: Settings, target: Place, stamp: str) -> Kept:
    """Back up what belongs to no church: the operators. Lists of churches are in the churches' own archives."""
    with _workshop(found) as folder:
        with psycopg.connect(found.owner_url) as control:
            people = carry.operators(control)
        (folder / "operators.json").write_bytes(msgspec.json.encode(people))
        manifest = Manifest(
            kind="installation",
            made_at=datetime.now(UTC),
            narthex=program_version(),
            postgres=pgtools.server_major(found.owner_url),
            parts=archive.described(folder, archive.PARTS["installation"]),
        )
        return await _keep(folder, manifest, target, f"_installation-{stamp}{SUFFIX}", "")


async def _keep(folder: Path, manifest: Manifest, target: Place, name: str, slug: str) -> Kept:
    finished = folder / "finished"
    archive.write(finished, manifest, folder)
    return Kept(slug, await target.keep(finished, name), finished.stat().st_size)


def _workshop(found: Settings) -> _Folder:
    """Give a folder for parts on the disk for data: a church can be larger than /tmp."""
    found.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return _Folder(found.data_dir)


class _Folder(tempfile.TemporaryDirectory[str]):
    """A temporary folder as a Path, readable by this account only."""

    def __init__(self, beside: Path) -> None:
        super().__init__(prefix="backup-", dir=beside)

    def __enter__(self) -> Path:  # type: ignore[override]
        return Path(super().__enter__())


def _tell(kept: Kept, json: bool) -> None:
    if json:
        emit(kept)
    else:
        say(f"{kept.church or 'The installation'}: {kept.archive} ({kept.size / 1e6:,.1f} MB)")
