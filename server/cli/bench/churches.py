"""P9: many churches on one shard: making one, migrating all, reading one or all in turn, what a back-end holds."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from server.cli import migrate
from server.cli.bench import people
from server.cli.bench.people import Signed
from server.cli.bench.readers import Read, Readers
from server.cli.bench.report import Report, middle
from server.cli.bench.stage import Stage
from server.cli.screen import progress
from server.kit import catalog, migrations
from server.kit.db import SLOTS_PER_CONNECTION_LIFE

TARGETS = {
    "P9_create_s": "≤ 0.2",
    "P9_migrate_s": "≤ 30 for 1,000",
    "P9_p95_ratio": "≤ 1.2",
    "P9_backend_mb": "≤ 150",
}
PEOPLE = 10  # accounts of a church
# one person of each church reads as many at once would
NO_LIMITS = {
    "address_per_minute": 10_000_000,
    "person_per_minute": 10_000_000,
    "church_per_minute": 10_000_000,
}
# a column with a default and an index, which is what most migrations are
LATER = '''"""A later migration, made up by the bench."""
from server.kit.migrations import run
revision = "9001"
down_revision = "{head}"
def upgrade() -> None:
    run("alter table accounts_people add column bench text not null default ''")
    run("create index accounts_people_bench on accounts_people (bench)")
'''


def churches(*, churches: int = 1000, seconds: float = 20.0, rounds: int = 3, rate: float = 100.0) -> Report:
    """Create, read and migrate; reads are paced so that their times are of answers and not of a queue."""
    with Stage(workers=1, settings=NO_LIMITS) as stage:
        with progress("Creating churches", churches) as advance:
            made, took = people.create(stage.settings, churches, advance)
        signed = people.sign_in(stage.settings, made, people=PEOPLE)
        stage.start()
        readers = Readers(stage.host, stage.port)
        try:
            one, all_, ratios = _compare(readers, signed, seconds, rounds, rate)
            backend, reads = _touch_all(stage, readers, signed, seconds * rounds)
        finally:
            readers.close()
        with _later_migration():
            migrated = _migrate(stage)
    took.sort()
    figures = {
        "P9_create_s": middle(took),
        "P9_create_p95_s": took[int(len(took) * 0.95)],
        "P9_migrate_s": migrated,
        "P9_p95_one_ms": middle(one),
        "P9_p95_all_ms": middle(all_),
        "P9_p95_ratio": middle(ratios),
        "P9_backend_mb": backend,
        "P9_backend_reads": reads,
    }
    notes = [
        f"A read is a page of a church's {PEOPLE} accounts, which stand for members.",
        f"The back-ends were watched for {seconds * rounds:.0f} s of reading all churches as fast as it goes, and not"
        f" for an hour; each is replaced after {SLOTS_PER_CONNECTION_LIFE:,} statements, so the reads count.",
    ]
    params: dict[str, object] = {"churches": churches, "seconds": seconds, "rounds": rounds, "rate": rate}
    return Report("churches", params, figures, targets=TARGETS, notes=notes)


def _compare(
    readers: Readers, signed: list[Signed], seconds: float, rounds: int, rate: float
) -> tuple[list[float], list[float], list[float]]:
    """Read one church and all in turn, one after the other, several times."""
    alone, everybody = _reads(signed[:1]), _reads(signed)
    readers.read(everybody, max(1.0, len(signed) / rate), connections=4)  # so that no first read is counted
    one, all_ = [], []
    for _ in range(rounds):
        one.append(readers.read(alone, seconds, connections=4, rate=rate).p95_ms)
        all_.append(readers.read(everybody, seconds, connections=4, rate=rate).p95_ms)
    return one, all_, [b / a for a, b in zip(one, all_, strict=True)]


def _touch_all(stage: Stage, readers: Readers, signed: list[Signed], seconds: float) -> tuple[float, float]:
    """Read all churches as fast as it goes; return the most MB a back-end of ours held meanwhile, and the reads."""
    most, ended = [0], threading.Event()

    def watch() -> None:
        with psycopg.connect(stage.embedded.postgres_url("postgres"), autocommit=True) as connection:
            while not ended.wait(0.5):
                most.append(max(map(private_of, catalog.backends(connection, "narthex")), default=0))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        answer = readers.read(_reads(signed), seconds, connections=16)
    finally:
        ended.set()
        watcher.join()
    return max(most) / 1e6, float(answer.count)


def _migrate(stage: Stage) -> float:
    """Migrate every church and return the seconds it took, finding out who is behind included."""
    began = time.perf_counter()
    result = migrate.run(stage.settings)
    took = time.perf_counter() - began
    if result.failed or not result.migrated:
        raise RuntimeError(f"{len(result.failed)} churches failed, {result.migrated} were migrated")
    return took


@contextmanager
def _later_migration() -> Iterator[None]:
    """Let the history have one more step, in a copy, for as long as the block runs."""
    before = migrations.ROOT
    with tempfile.TemporaryDirectory(prefix="narthex-bench-") as folder:
        root = Path(folder) / "migrations"
        shutil.copytree(before, root, ignore=shutil.ignore_patterns("__pycache__"))
        head = str(migrations.script_directory("tenant").get_current_head())
        (root / "tenant" / "versions" / "9001_bench.py").write_text(LATER.replace("{head}", head))
        migrations.ROOT = root
        try:
            yield
        finally:
            migrations.ROOT = before


def _reads(signed: list[Signed]) -> list[Read]:
    return [Read(f"/api/v1/{one.church.slug}/accounts?limit=50", one.token) for one in signed]


def private_of(pid: int) -> int:
    """Return what memory only this process has, in bytes; 0 when it has ended (proc(5), smaps_rollup)."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) * 1024
