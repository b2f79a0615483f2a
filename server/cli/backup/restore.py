"""`narthex restore`: put churches back as an archive has them."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
import psycopg

from server.cli import pgtools
from server.cli.backup import archive
from server.cli.backup.archive import Manifest
from server.cli.backup.place import Place, place, split
from server.cli.errors import Stopped, explain
from server.cli.installation import opened, settings
from server.cli.options import Flag
from server.cli.screen import complain, progress, say
from server.domains.tenants import policy
from server.domains.tenants.errors import NoSuchChurch
from server.domains.tenants.models import Tenant
from server.kit import carry, migrations
from server.kit.carry import Announcement, Listing
from server.kit.errors import AppError
from server.settings import Settings
from server.wiring import Wiring


async def restore(source: str, *, yes: Flag = False, slug: str | None = None, shard: str = "main") -> int:
    """Put a church back as an archive has it, whether it is there or was deleted; or all churches of a backup.

    The archive is checked before anything is touched. What a church did since the backup is lost. People who are
    connected get everything anew by themselves.

    Parameters
    ----------
    source
        An archive, or a folder of archives; s3:KEY and s3:PREFIX for those in the installation's bucket.
    yes
        Do not ask before a church that is there is replaced.
    slug
        Another short name for a deleted church whose own has been taken meanwhile.
    shard
        Where a church that is not there any more shall live.
    """
    found = settings("database_url", "owner_url", "secret_key")
    if shard not in found.shard_urls():
        raise Stopped(
            f"There is no shard {shard!r}; NARTHEX_SHARDS names {', '.join(found.shard_urls())}.", code=2
        )
    if slug is not None:
        policy.check_slug(slug)
    where, name = split(source)
    async with place(found, where) as home, opened(found) as wiring:
        names = [name] if name else await home.archives()
        if not names:
            raise Stopped(f"There is no archive in {home}.")
        if len(names) > 1 and (slug is not None or not yes):
            raise Stopped(f"{home} holds {len(names)} archives: add --yes, and no --slug.", code=2)
        run = _Restore(found, wiring, yes=yes, slug=slug, shard=shard)
        return await _all(run, home, names)


def _workshop(beside: Path) -> tempfile.TemporaryDirectory[str]:
    """Give a folder for parts on the disk for data: a church can be larger than /tmp."""
    beside.mkdir(mode=0o700, parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="restore-", dir=beside)


async def _all(run: _Restore, home: Place, names: Sequence[str]) -> int:
    """Restore archive by archive; where there are several, one that fails is named and the others go on."""
    if len(names) == 1:
        async with home.fetched(names[0]) as path:
            say(await run.archive(path, names[0]))
        return 0
    failed = 0
    with progress("Restoring", len(names)) as advance:
        for name in names:
            try:
                async with home.fetched(name) as path:
                    say(await run.archive(path, name))
            except (Stopped, AppError, OSError, psycopg.Error) as error:
                known = explain(error)
                complain(f"{name} is not restored: {known.sentence if known else error}")
                failed += 1
            advance()
    return 1 if failed else 0


async def _ended(work: asyncio.Future[None]) -> None:
    """Wait until work in a thread has ended, also when we are interrupted: a church half restored must stay shut."""
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise


def _did(work: asyncio.Future[None]) -> bool:
    return work.done() and not work.cancelled() and work.exception() is None


class _Restore:
    """One run: where to, and what was answered beforehand."""

    def __init__(self, found: Settings, wiring: Wiring, *, yes: bool, slug: str | None, shard: str) -> None:
        self._found = found
        self._wiring = wiring
        self._yes = yes
        self._slug = slug
        self._shard = shard

    async def archive(self, path: Path, name: str) -> str:
        """Check an archive and put back what it holds; return what was done as a sentence."""
        with _workshop(self._found.data_dir) as folder:
            manifest = archive.unpack(path, Path(folder))
            if manifest.kind == "installation":
                people = msgspec.json.decode((Path(folder) / "operators.json").read_bytes())
                added = carry.add_operators(self._found.owner_url, people)
                return f"{added} operators are back."
            self._check(manifest, name)
            return await self._church(manifest, Path(folder))

    def _check(self, manifest: Manifest, name: str) -> None:
        known = {script.revision for script in migrations.script_directory("tenant").walk_revisions()}
        if manifest.revision not in known:
            raise Stopped(
                f"{name} stands at {manifest.revision}, which this program does not know: it was made by a newer "
                f"Narthex ({manifest.narthex}), so restore it with that one."
            )

    async def _church(self, manifest: Manifest, folder: Path) -> str:
        listing = msgspec.json.decode((folder / "listing.json").read_bytes(), type=Listing)
        lines = (folder / "announced.jsonl").read_bytes().splitlines()
        announced = [msgspec.json.decode(line, type=Announcement) for line in lines]
        there = await self._there(manifest.church)
        if there is not None:
            self._ask(there, manifest)
            if there.status == "active":
                await self._wiring.tenants.suspend(there.slug)
        tenant = there or await self._enlist(listing)
        open_again = (there.status if there else listing.status) == "active"
        loading = asyncio.ensure_future(
            asyncio.to_thread(self._load, tenant, folder / "church.dump", manifest, announced)
        )
        try:
            with progress(f"Restoring {tenant.slug}"):
                await _ended(loading)
        finally:
            if there is None and not _did(loading):
                carry.delist(self._found.owner_url, tenant.id)
                open_again = False
            self._forget_cached(tenant)
            if open_again and not carry.is_aside(self._found.owner_of(tenant.shard), tenant.id):
                await self._wiring.tenants.resume(tenant.slug)
        done = f"{tenant.name} is as it was on {manifest.made_at:%Y-%m-%d at %H:%M} UTC."
        return done if open_again else f"{done} It is paused: `narthex tenant resume {tenant.slug}` opens it."

    async def _there(self, tenant_id: str) -> Tenant | None:
        try:
            tenant = await self._wiring.tenants.by_id(tenant_id)
        except NoSuchChurch:
            return None
        if tenant.status in ("creating", "deleting"):
            raise Stopped(
                f"{tenant.slug} is {tenant.status}: `narthex tenant delete {tenant.slug}` first, then restore it."
            )
        if tenant.status == "active" and carry.is_aside(self._found.owner_of(tenant.shard), tenant.id):
            raise Stopped(
                f"{tenant.slug} was opened by hand after a restore that never ended, and what it wrote since would be "
                f"lost. If it may be: `narthex tenant suspend {tenant.slug}`, then restore it again."
            )
        return tenant

    async def _enlist(self, listing: Listing) -> Tenant:
        listing = msgspec.structs.replace(listing, slug=self._slug or listing.slug)
        try:
            carry.enlist(self._found.owner_url, listing, shard=self._shard)
        except psycopg.errors.UniqueViolation:
            raise Stopped(
                f"Another church is called {listing.slug} by now: give this one another short name with --slug."
            ) from None
        return await self._wiring.tenants.by_id(listing.id)

    def _ask(self, tenant: Tenant, manifest: Manifest) -> None:
        if self._yes:
            return
        if not sys.stdin.isatty():
            raise Stopped(f"{tenant.slug} is there and would be replaced: add --yes to do so.", code=2)
        say(f"{tenant.name} is there. What it did since {manifest.made_at:%Y-%m-%d %H:%M} UTC would be lost.")
        if input(f"Type {tenant.slug} to replace it: ").strip() != tenant.slug:
            raise Stopped("Not restored: that was another name.")

    def _load(
        self, tenant: Tenant, dump: Path, manifest: Manifest, announced: Sequence[Announcement]
    ) -> None:
        """Put the schema in place; when that fails, what was there is there again."""
        owner_url = self._found.owner_of(tenant.shard)
        pg_restore = pgtools.find("pg_restore", max(manifest.postgres, pgtools.server_major(owner_url)))
        kept = carry.set_aside(owner_url, tenant.id)
        try:
            migrations.create_empty(owner_url, tenant.id)
            words = [f"--schema={tenant.ref.schema}", "--single-transaction", "--exit-on-error", "--no-owner"]
            pgtools.run(pg_restore, [*words, f"--dbname={pgtools.database_of(owner_url)}", dump], owner_url)
            for failure in migrations.upgrade_churches(owner_url, [tenant.id]):
                raise Stopped(f"{tenant.slug} could not be migrated: {failure.error}")
            carry.settle(owner_url, tenant.id, announced)
        except BaseException:
            if carry.take_back(owner_url, tenant.id, kept=kept):
                raise
        # from here on the church is restored, whatever becomes of what it replaced
        try:
            carry.forget_replaced(owner_url, tenant.id)
        except psycopg.Error as error:
            complain(f"What {tenant.slug} was before is still kept, until its next restore: {error}")

    def _forget_cached(self, tenant: Tenant) -> None:
        """Tell every process that what it remembers of this church is of another time."""
        for cache in self._wiring.caches:
            self._wiring.caches.tell(cache.name, tenant.id)
