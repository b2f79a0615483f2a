"""`narthex tenant export`: everything a church wrote, as documented JSON lines that any program can read."""

from __future__ import annotations

import hashlib
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from server.cli.backup.place import place
from server.cli.errors import Stopped
from server.cli.installation import churches, program_version, settings
from server.cli.options import Json
from server.cli.screen import emit, progress, say
from server.domains.tenants.models import Tenant
from server.kit import carry
from server.settings import Settings

# what serves the program and says nothing of the church
MACHINERY = frozenset({"alembic_version", "idempotency_keys", "processed", "topic_events", "topics"})
# what is opened one at a time, by a permission of its own and with a reason in the audit log
SEALED = re.compile(r"_sealed$|^undos_kept$")
# rows that stay here when one of these columns names what is secluded: words that only those in it read, who they
# are, and what the team wrote down about them
SECLUDED: Mapping[str, tuple[str, Sequence[str]]] = {
    "messages_messages": ("of one-to-one prayer", ["room_id"]),
    "hosting_reports": ("of one-to-one prayer", ["room_id"]),
    "rooms_members": ("of one-to-one prayer", ["room_id"]),
    "rooms_reads": ("of one-to-one prayer", ["room_id"]),
    "concerns_concerns": ("about one-to-one prayer", ["session_id"]),
    "concerns_present": ("about one-to-one prayer", ["session_id"]),
    "moderation_notes": ("about one-to-one prayer or a sealed asker", ["case_id"]),
    "followups_tasks": ("about one-to-one prayer or a sealed asker", ["session_id", "request_id"]),
}
# who asked for one-to-one prayer, and with which first words; that it took place stays in the table
FIRST_WORDS = {"care_sessions": frozenset({"asker_id", "asker_name", "topic"})}
# tables of what vouches for people or tells where they were, and columns with which one could pass for somebody
VOUCHING = re.compile(r"^(sessions|links|factors|auth_exchanged|safety_traces)(_|$)")
SECRET = re.compile(r"(^|_)(secret|seed|sealed|password|token|private)(_|$)|(^|_)code_hash$")
README = """\
Everything that {name} wrote and kept in Narthex, taken on {at} UTC.

tables/NAME.jsonl   one table: each line is one row, a JSON object (RFC 8259, UTF-8); names are the columns.
                    Times are RFC 3339, identifiers are UUIDs, bytes are hexadecimal and begin with \\x.
manifest.json       the church, and for each table its columns with their Postgres types, how many rows it has
                    and the SHA-256 of its file; `left_out` says what is not here and why.

All tables show the same moment.
"""


class Table(msgspec.Struct, frozen=True):
    """What the manifest says of one table."""

    columns: dict[str, str]
    rows: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What an export is."""

    church: dict[str, str]
    made_at: datetime
    narthex: str
    revision: str
    tables: dict[str, Table]
    left_out: dict[str, str]
    format: int = 1


async def export(slug: str, *, to: str | None = None, json: Json = False) -> None:
    """Write everything a church wrote into one zip file of JSON lines; secrets are left out.

    Parameters
    ----------
    slug
        Its short name.
    to
        A folder, or s3:PREFIX in the installation's bucket. Otherwise the bucket where one is configured, else the
        folder for data.
    json
        Write where it is as one JSON object.
    """
    found = settings("database_url", "owner_url")
    async with churches(found) as service:
        tenant = await service.by_slug(slug)
    async with place(found, to, default="exports") as target:
        found.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="export-", dir=found.data_dir) as folder:
            path = Path(folder) / "export.zip"
            with progress(f"Exporting {tenant.slug}"):
                manifest = write(found, tenant, path)
            where = await target.keep(path, f"{tenant.slug}-{manifest.made_at:%Y%m%dT%H%M%SZ}.zip")
    total = sum(table.rows for table in manifest.tables.values())
    if json:
        emit({"church": tenant.slug, "export": where, "tables": len(manifest.tables), "rows": total})
    else:
        say(f"{tenant.name}: {where} ({total:,} rows of {len(manifest.tables)} tables)")


def write(found: Settings, tenant: Tenant, path: Path) -> Manifest:
    """Write the zip file from one moment of the church."""
    with (
        carry.snapshot(found.owner_of(tenant.shard)) as moment,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        revision = carry.revision(moment.connection, tenant.id)
        if revision is None:
            raise Stopped(f"{tenant.slug} has no data here, which `narthex doctor` explains.")
        found_tables = carry.tables(moment.connection, tenant.id)
        manifest = Manifest(
            church={"id": tenant.id, "slug": tenant.slug, "name": tenant.name},
            made_at=datetime.now(UTC),
            narthex=program_version(),
            revision=revision,
            tables=dict(_tables(archive, moment.connection, tenant, found_tables)),
            left_out=dict(_left_out(found_tables)),
        )
        archive.writestr("manifest.json", msgspec.json.format(msgspec.json.encode(manifest), indent=2))
        archive.writestr(
            "README.txt", README.format(name=tenant.name, at=f"{manifest.made_at:%Y-%m-%d %H:%M}")
        )
    return manifest


Columns = Mapping[str, Sequence[tuple[str, str]]]


def _tables(
    archive: zipfile.ZipFile, connection: carry.Connection, tenant: Tenant, found: Columns
) -> Iterator[tuple[str, Table]]:
    secluded = carry.secluded(connection, tenant.id)
    for name, columns in found.items():
        if name in MACHINERY or VOUCHING.match(name) or SEALED.search(name):
            continue
        private = FIRST_WORDS.get(name, frozenset())
        chosen = {c: kind for c, kind in columns if c not in private and not SECRET.search(c)}
        without = SECLUDED[name][1] if name in SECLUDED else ()
        with archive.open(f"tables/{name}.jsonl", "w", force_zip64=True) as file:
            lines = carry.rows(connection, tenant.id, name, list(chosen), without=without, ids=secluded)
            count, digest = _copy(lines, file.write)
        yield name, Table(chosen, count, digest)


def _copy(lines: Iterable[str], write: Callable[[bytes], object]) -> tuple[int, str]:
    total, count = hashlib.sha256(), 0
    for line in lines:
        data = line.encode() + b"\n"
        total.update(data)
        write(data)
        count += 1
    return count, total.hexdigest()


def _left_out(found: Columns) -> Iterator[tuple[str, str]]:
    for name, columns in found.items():
        if name in MACHINERY:
            yield name, "serves the program"
        elif VOUCHING.match(name):
            yield name, "vouches for people, or tells which device they used"
        elif SEALED.search(name):
            yield name, "is opened one at a time, with a reason that the audit log keeps"
        else:
            if name in SECLUDED:
                yield f"{name} {SECLUDED[name][0]}", "only those who were in it read it"
            for column, _ in columns:
                if column in FIRST_WORDS.get(name, ()):
                    yield f"{name}.{column}", "only those who were in it read it"
                elif SECRET.search(column):
                    yield f"{name}.{column}", "one could pass for somebody with it"
